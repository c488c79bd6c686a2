// What the dictionary says about a single path that both sides changed.

import {
  type Change,
  type Field,
  type Json,
  codeTable,
  fieldAt,
  fieldOfPattern,
  normalise,
  parsePath,
} from "../../forms";
import { type Sides, at, isSame, isUntouched, rebased } from "./sides";
import type { Open, Rebase, Settled, Sorting } from "./types";

/** Whether a visit may write the field at all. */
export const isInput = ({ merge }: Field): boolean => merge !== "SRV" && merge !== "STATE" && merge !== "DER";

/** Why no visit may make this change, whatever the others did. */
export function refusalOf({ dictionary, base, current }: Sides, { path }: Change): string | null {
  const parsed = parsePath(path);
  if (parsed?.is === "row") {
    const columns = [base, current].flatMap((file) => Object.keys(Object(at(file, path)) as object));
    const isFixed = columns.some((key) => fieldOfPattern(dictionary, `${parsed.rows}/*/${key}`)?.merge === "IMM");
    return isFixed ? "value.immutable" : null;
  }
  switch (fieldAt(dictionary, path)?.merge) {
    case "SRV":
      return "value.server_only";
    case "STATE":
      return "value.by_command";
    case "DER":
      return "value.derived";
    case "IMM":
      return at(base, path) === null && at(current, path) === null ? null : "value.immutable";
    default:
      return null;
  }
}

/** The three values of a path that both sides changed, and differently. */
interface Three {
  readonly base: Json;
  readonly theirs: Json;
  readonly mine: Json;
  /** False also when nobody knows when theirs was written: then the file keeps what it holds. */
  readonly isMineLater: boolean;
}

/** Sorts what belongs to no row that is gone and to no group that clashes. */
export function decide(rebase: Rebase, sides: Sides, open: Open, out: Sorting): void {
  for (const change of open.values()) {
    const { path, to: mine } = change;
    const field = fieldAt(sides.dictionary, path);
    if (!field || isUntouched(sides, path)) {
      out.accepted.push(rebased(sides, change));
      continue;
    }
    const theirsAt = rebase.theirsAt(path);
    const isMineLater = theirsAt !== null && sortable(rebase.mineAt) > sortable(theirsAt);
    const [base, theirs] = [at(sides.base, path), at(sides.current, path)];
    const kept = keptOf(sides, field, path, { base, theirs, mine, isMineLater });
    if (kept === undefined) {
      out.clashes.push({ kind: "path", path, paths: [path], base, theirs, mine, waiting: [] });
      continue;
    }
    const won: Settled["won"] = isSame(sides, path, kept, theirs)
      ? "theirs"
      : isSame(sides, path, kept, mine)
        ? "mine"
        : "both";
    out.settled.push({ path, policy: field.merge, base, theirs, mine, kept, won });
    if (won !== "theirs") out.accepted.push({ path, from: theirs, to: kept });
  }
}

/** Times in UTC with any number of decimals, so that they compare as texts. */
const sortable = (time: string): string =>
  time.replace(/(?:\.(\d*))?Z$/, (_all, decimals?: string) => `.${(decimals ?? "").padEnd(6, "0")}`);

/** The value that stays; undefined when a person must say. */
function keptOf(sides: Sides, field: Field, path: string, three: Three): Json | undefined {
  const later = three.isMineLater ? three.mine : three.theirs;
  switch (field.merge) {
    case "AUTO":
      return later;
    case "APP":
      return field.type === "text" && parsePath(path)?.is === "scalar" ? appended(field, three) : later;
    case "UNI":
      return united(field, three);
    case "MAX":
      return ranked(sides, field, three, 1);
    case "MIN":
      return ranked(sides, field, three, -1);
    default:
      return undefined;
  }
}

/** Theirs, and below it what I added. */
function appended(field: Field, { base, theirs, mine }: Three): Json | undefined {
  const [before, their, my] = [base ?? "", theirs ?? "", mine ?? ""];
  if (typeof before !== "string" || typeof their !== "string" || typeof my !== "string") return undefined;
  const added = normalise(field, my.startsWith(before) ? my.slice(before.length) : my);
  if (typeof added !== "string" || `\n${their}\n`.includes(`\n${added}\n`)) return theirs;
  const kept = their === "" ? added : `${their}\n${added}`;
  return field.max === undefined || [...kept].length <= field.max ? kept : undefined;
}

/** What either side added, without what either side took out. */
function united(field: Field, three: Three): Json | undefined {
  const sets = [three.base, three.theirs, three.mine].map(membersOf);
  const [base, theirs, mine] = sets;
  if (!base || !theirs || !mine) return undefined;
  const kept = [...new Set([...theirs, ...mine])].filter(
    (code) => (theirs.has(code) && mine.has(code)) || !base.has(code),
  );
  return field.max === undefined || kept.length <= field.max ? normalise(field, kept) : undefined;
}

function membersOf(value: Json): Set<string> | null {
  if (value === null) return new Set();
  const isSet = Array.isArray(value) && value.every((code) => typeof code === "string");
  return isSet ? new Set(value as string[]) : null;
}

/** The larger (1) or smaller (-1) of two; something is more and less than nothing. */
function ranked(sides: Sides, field: Field, { theirs, mine }: Three, wanted: 1 | -1): Json | undefined {
  if (mine === null) return theirs;
  if (theirs === null) return mine;
  const [a, b] = [mine, theirs].map((value) => rankOf(sides, field, value));
  if (a === undefined || b === undefined || typeof a !== typeof b) return undefined;
  return (wanted === 1 ? a > b : a < b) ? mine : theirs;
}

function rankOf({ definitions }: Sides, field: Field, value: Json): number | string | undefined {
  if (Number.isSafeInteger(value)) return value as number;
  if (typeof value !== "string") return undefined;
  if (field.type === "date" || field.type === "month") return value;
  const at = field.type === "code" ? [...codeTable(definitions.codes, field.codes ?? "").keys()].indexOf(value) : -1;
  // Not a number, so that it is never compared with one.
  return at < 0 ? undefined : String(at).padStart(6, "0");
}
