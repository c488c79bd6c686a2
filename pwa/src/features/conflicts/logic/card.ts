// A conflict as three lines to read: before, theirs, mine. Pure.
import {
  type HouseholdFile,
  type Json,
  type Reading,
  fieldAt,
  isObject,
  own,
  parsePath,
} from "@/forms";
import type { ConflictBody } from "@/db/wire";
import { type Twice, isTwice, twiceOf } from "./twice";

/** One value of a line; a group and a row have several. */
export interface Part {
  readonly path: string;
  /** Null where the card's name says it. */
  readonly label: string | null;
  /** Null when there is no value. */
  readonly text: string | null;
  /** Theirs and mine say the same here. */
  readonly same: boolean;
}

export interface Card {
  /** Empty where the question has no path. */
  readonly name: string;
  readonly base: readonly Part[];
  readonly theirs: readonly Part[];
  readonly mine: readonly Part[];
  /** What else goes into the file with mine, and not without it. */
  readonly along: readonly Part[];
  /** Theirs is what the file held before: the other visit was not approved. */
  readonly back: boolean;
  /** The two look the same because they are masked. */
  readonly masked: boolean;
  /** Instead of three lines: two files that may be one household. */
  readonly twice: Twice | null;
}

export type Side = "base" | "theirs" | "mine";

/** The value of one side, which the schema only knows as some JSON. */
export const sideOf = (body: ConflictBody, side: Side): Json => (side === "base" ? body.base : body[side].value) as Json;

/** The name of a group: `income`, or `persons/<id>#identity` with whose it is. */
function groupName(reading: Reading, path: string, file: HouseholdFile): string {
  const [row = "", group] = path.includes("#") ? path.split("#") : ["", path];
  const label = reading.definitions.dictionary.groups[group ?? ""]?.[reading.language] ?? path;
  const [table = "", id = ""] = row.split("/");
  return row === "" ? label : `${reading.rowName(table, id, file)} · ${label}`;
}

/** The paths of a conflict's values, in the order of the dictionary's labels. */
export function pathsOf(body: ConflictBody): string[] {
  const sides = [sideOf(body, "mine"), sideOf(body, "theirs"), sideOf(body, "base")];
  const keys = [...new Set(sides.flatMap((side) => (isObject(side) ? Object.keys(side) : [])))].sort();
  if (body.kind === "group") return keys;
  return body.kind === "row_gone" ? keys.map((key) => `${body.path}/${key}`) : [body.path];
}

function valueOf(body: ConflictBody, side: Side, path: string): Json {
  const value = sideOf(body, side);
  if (body.kind === "path") return value;
  return own(value, body.kind === "group" ? path : (path.split("/")[2] ?? ""));
}

/** The file with the rows that only the conflict holds, so that they have their name. */
function knownFile(body: ConflictBody, file: HouseholdFile): HouseholdFile {
  const parsed = parsePath(body.path);
  if (body.kind !== "row_gone" || parsed?.is !== "row" || isObject(own(own(file, parsed.rows), parsed.id))) return file;
  const row = [sideOf(body, "theirs"), sideOf(body, "mine"), sideOf(body, "base")].find(isObject) ?? {};
  const table = own(file, parsed.rows);
  return { ...file, [parsed.rows]: { ...(isObject(table) ? table : {}), [parsed.id]: row } };
}

/** A value in words; a whole row as its cells, one after the other. */
function textOf(reading: Reading, path: string, value: Json, file: HouseholdFile): string | null {
  if (value === null) return null;
  if (parsePath(path)?.is === "row" && isObject(value)) {
    const cells = Object.entries(value).flatMap(([key, cell]) => {
      const text = textOf(reading, `${path}/${key}`, cell, file);
      return text === null ? [] : [`${reading.label(`${path}/${key}`)} ${text}`];
    });
    return cells.join(reading.language === "zh" ? "；" : "; ");
  }
  const text = reading.text(path, value, file);
  if (text !== null) return text;
  // A person or item that is not in this file: at least what kind of thing is meant.
  const rows = fieldAt(reading.definitions.dictionary, path)?.rows;
  return rows !== undefined && value !== "" ? reading.label(rows) : null;
}

/** A value of a conflict's own shape in one line. */
export function valueText(reading: Reading, body: ConflictBody, value: Json, household: HouseholdFile): string {
  const file = knownFile(body, household);
  if (body.kind !== "group") return textOf(reading, body.path, value, file) ?? "";
  const parts = Object.entries(isObject(value) ? value : {}).map(([path, one]) => {
    return `${reading.fullLabel(path, file)} ${textOf(reading, path, one, file) ?? ""}`;
  });
  return parts.join(reading.language === "zh" ? "；" : "; ");
}

export function cardOf(reading: Reading, body: ConflictBody, household: HouseholdFile): Card {
  if (isTwice(body)) {
    return { name: "", base: [], theirs: [], mine: [], along: [], back: false, masked: false, twice: twiceOf(reading, body) };
  }
  const file = knownFile(body, household);
  const paths = pathsOf(body);
  const texts = (side: Side): (string | null)[] => paths.map((path) => textOf(reading, path, valueOf(body, side, path), file));
  const [theirs, mine] = [texts("theirs"), texts("mine")];
  const parts = (side: Side): Part[] => {
    // Nothing of a row that is gone is listed as empty.
    if (body.kind === "row_gone" && !isObject(sideOf(body, side))) return [];
    const own_texts = side === "theirs" ? theirs : side === "mine" ? mine : texts("base");
    return paths.flatMap((path, at) => {
      const text = own_texts[at] ?? null;
      const label = body.kind === "path" ? null : body.kind === "group" ? reading.fullLabel(path, file) : reading.label(path);
      if (body.kind === "row_gone" && text === null) return [];
      return [{ path, label, text, same: theirs[at] === mine[at] }];
    });
  };
  const name = body.kind === "group" ? groupName(reading, body.path, file) : reading.fullLabel(body.path, file);
  const masked = body.kind !== "row_gone" && paths.every((_, at) => theirs[at] === mine[at]);
  // A change may name a row that only mine holds.
  const along = body.waiting.map(({ path, to }): Part => {
    const value = to as Json;
    return { path, label: reading.fullLabel(path, file), text: textOf(reading, path, value, file), same: false };
  });
  const back = body.theirs.by === null && paths.every((_, at) => theirs[at] === texts("base")[at]);
  return { name, base: parts("base"), theirs: parts("theirs"), mine: parts("mine"), along, back, masked, twice: null };
}
