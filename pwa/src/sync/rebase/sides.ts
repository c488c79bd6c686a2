// The three files and what is asked about them.

import {
  type Change,
  type Definitions,
  type Dictionary,
  type HouseholdFile,
  type Json,
  applyChanges,
  fieldAt,
  fieldOfPattern,
  isObject,
  meansTheSame,
  own,
  parsePath,
} from "../../forms";
import type { Open } from "./types";

export interface Sides {
  readonly definitions: Pick<Definitions, "dictionary" | "codes">;
  readonly dictionary: Dictionary;
  readonly base: HouseholdFile;
  readonly current: HouseholdFile;
  /** The base with my changes that may be made at all. */
  readonly mine: HouseholdFile;
  readonly their: readonly Change[];
}

/** The value at a path, null when there is none. */
export const at = (file: HouseholdFile, path: string): Json =>
  path.split("/").reduce<Json>((value, key) => own(value, key), file as Json);

export const hasRow = (file: HouseholdFile, rows: string, id: string): boolean => isObject(own(own(file, rows), id));

/** The same path, or one inside that row. */
export const isWithin = (path: string, of: string): boolean => path === of || path.startsWith(`${of}/`);

/** The file with changes that can be in any file; what cannot stays out. */
export function withChanges(dictionary: Dictionary, file: HouseholdFile, changes: readonly Change[]): HouseholdFile {
  const applied = applyChanges(dictionary, file, changes);
  return applied.is === "applied" ? applied.file : file;
}

/** Whether two values of a path stand for the same. */
export function isSame({ dictionary }: Sides, path: string, a: Json, b: Json): boolean {
  const parsed = parsePath(path);
  if (parsed?.is !== "row" || !isObject(a) || !isObject(b)) return meansTheSame(fieldAt(dictionary, path), a, b);
  const columns = [...Object.keys(a), ...Object.keys(b)];
  return columns.every((key) =>
    meansTheSame(fieldOfPattern(dictionary, `${parsed.rows}/*/${key}`), own(a, key), own(b, key)),
  );
}

/** Whether the file still holds what the visit began with. */
export const isUntouched = (sides: Sides, path: string): boolean =>
  isSame(sides, path, at(sides.base, path), at(sides.current, path));

/** The row that a path is in when the base does not have it: it comes whole or not at all. Else the path. */
export function newRow({ base }: Sides, path: string): string {
  const parsed = parsePath(path);
  return parsed?.is === "cell" && !hasRow(base, parsed.rows, parsed.id) ? `${parsed.rows}/${parsed.id}` : path;
}

/** The change as it is made now: from what the file holds. */
export const rebased = ({ current }: Sides, change: Change): Change => ({ ...change, from: at(current, change.path) });

/** The open changes that belong to something, taken out. */
export function take(open: Open, belongs: (change: Change) => boolean): Change[] {
  const taken = [...open.values()].filter(belongs);
  for (const { path } of taken) open.delete(path);
  return taken;
}
