// What a person's decision about a clash writes into the file.

import {
  type Change,
  type Definitions,
  type Field,
  type HouseholdFile,
  type Json,
  checkValue,
  fieldAt,
  fieldOfPattern,
  isMasked,
  isObject,
  maskOf,
  meansTheSame,
  normalise,
  own,
  parsePath,
  sameValue,
} from "../../forms";
import { isInput } from "./policy";
import { newlyMissing } from "./references";
import { at, withChanges } from "./sides";
import type { Choice, Clash } from "./types";

export interface ResolveError {
  readonly code: string;
  readonly path?: string;
  readonly paths?: readonly string[];
}
export type Resolved =
  | { readonly is: "changes"; readonly changes: readonly Change[] }
  | { readonly is: "error"; readonly error: ResolveError };

/** Thrown inside this file only. */
class Refusal extends Error {
  readonly error: ResolveError;
  constructor(code: string, path?: string) {
    super(code);
    this.error = path === undefined ? { code } : { code, path };
  }
}

/** The values of one side by their paths. */
function partsOf({ kind, path, mine }: Clash, side: Json): readonly (readonly [string, Json])[] {
  if (kind !== "group") return [[path, side]];
  if (!isObject(side) || Object.keys(side).length === 0) throw new Refusal("conflict.value_missing");
  const asked = new Set(isObject(mine) ? Object.keys(mine) : []);
  const keys = Object.keys(side).sort();
  const foreign = keys.find((key) => !asked.has(key));
  if (foreign !== undefined) throw new Refusal("conflict.value_not_asked", foreign);
  return keys.map((key) => [key, own(side, key)] as const);
}

/**
 * The changes that a decision makes to `file`. `other` has the clash's own shape: the value of the path, the row or
 * null, an object of path → value; what such an object does not name stays theirs.
 */
export function resolve(
  definitions: Definitions,
  clash: Clash,
  choice: Choice,
  other: Json | undefined,
  file: HouseholdFile,
  today: string,
): Resolved {
  if (choice === "theirs" || choice === "revisit") return { is: "changes", changes: [] };
  if (choice === "other" && other === undefined) return { is: "error", error: { code: "conflict.value_missing" } };
  const { dictionary } = definitions;
  try {
    const written = partsOf(clash, choice === "mine" ? clash.mine : (other ?? null)).flatMap(([path, value]) =>
      steps(path, at(file, path), choice === "mine" ? value : settle(definitions, clash, path, value)),
    );
    const waiting = clash.waiting
      .filter(({ path }) => !written.some((change) => change.path === path))
      .map((change) => ({ ...change, from: at(file, change.path) }));
    const changes = [...written, ...waiting]
      .filter(({ from, to }) => !sameValue(from, to))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    const after = withChanges(dictionary, file, changes);
    const broken = newlyMissing(dictionary, file, after).map(({ path }) => path);
    if (broken.length > 0) return { is: "error", error: { code: "conflict.breaks", paths: broken } };
    if (choice === "other") for (const change of changes) check(definitions, clash, change, after, today);
    return { is: "changes", changes };
  } catch (error) {
    if (error instanceof Refusal) return { is: "error", error: error.error };
    throw error;
  }
}

/** From one value of a path to another: a row is written cell by cell, and taken away whole. */
function steps(path: string, from: Json, to: Json): Change[] {
  if (parsePath(path)?.is !== "row" || !isObject(to)) return [{ path, from, to }];
  const columns = new Set([...Object.keys(isObject(from) ? from : {}), ...Object.keys(to)]);
  return [...columns].map((key) => ({ path: `${path}/${key}`, from: own(from, key), to: own(to, key) }));
}

const sideAt = ({ kind }: Clash, side: Json, path: string): Json => (kind === "group" ? own(side, path) : side);

/** A value of one's own as the file keeps it. */
function settle({ dictionary }: Definitions, clash: Clash, path: string, value: Json): Json {
  const sides = [clash.theirs, clash.mine, clash.base].map((side) => sideAt(clash, side, path));
  const parsed = parsePath(path);
  if (parsed?.is !== "row") {
    const field = fieldAt(dictionary, path);
    if (!field) throw new Refusal("conflict.value_not_asked", path);
    return uncover(field, path, value, sides);
  }
  if (normalise(undefined, value) === null) return null;
  if (!isObject(value)) throw new Refusal("value.type", path);
  const row: Record<string, Json> = {};
  for (const key of Object.keys(value).sort()) {
    const cell = `${path}/${key}`;
    const field = fieldOfPattern(dictionary, `${parsed.rows}/*/${key}`);
    if (!field) throw new Refusal("conflict.value_not_asked", cell);
    const known = sides.map((side) => own(side, key));
    const settled = uncover(field, cell, own(value, key), known);
    if (!isInput(field) && !known.slice(0, 2).some((side) => sameValue(side, settled))) {
      throw new Refusal("conflict.value_not_asked", cell);
    }
    if (settled !== null) row[key] = settled;
  }
  return Object.keys(row).length > 0 ? row : null;
}

/** The normalised value; the covered form of a side's value is that value. */
function uncover(field: Field, path: string, typed: Json, sides: readonly Json[]): Json {
  const value = normalise(field, typed);
  if (maskOf(field) === undefined || !isMasked(value)) return value;
  const meant = [...new Set(sides.filter((side) => side !== null && meansTheSame(field, value, side)))];
  const [only] = meant;
  if (only === undefined || meant.length > 1) throw new Refusal("conflict.value_covered", path);
  return only;
}

function check(definitions: Definitions, clash: Clash, change: Change, file: HouseholdFile, today: string): void {
  // What a side wrote was checked when it arrived.
  const isASide = [clash.theirs, clash.mine].some((side) => sameValue(sideAt(clash, side, change.path), change.to));
  const field = fieldAt(definitions.dictionary, change.path);
  if (isASide || !field) return;
  const finding = checkValue(field, change.to, { definitions, file, today });
  if (finding?.severity === "E") throw new Refusal(finding.code, change.path);
}
