// Paths of a household file: `residence_address`, `persons/<uuid>/name`, `persons/<uuid>` (a whole row);
// `visit/outcome` for answers about the visit. A pattern has `*` for the row's id.

import type { Dictionary, Draft, Field, Json, Row } from "./definition";

const KEY = /^[a-z][a-z0-9_]*$/;
const ROW_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const VISIT = "visit/";

export type FilePath =
  | { readonly is: "scalar"; readonly key: string }
  | { readonly is: "row"; readonly rows: string; readonly id: string }
  | { readonly is: "cell"; readonly rows: string; readonly id: string; readonly key: string };

/** Parts of a path of a file; null when it can never be one. */
export function parsePath(path: string): FilePath | null {
  const parts = path.split("/");
  const [first, id, key] = parts;
  if (first === undefined || !KEY.test(first)) return null;
  if (parts.length === 1) return { is: "scalar", key: first };
  if (first === "visit" || id === undefined || !ROW_ID.test(id)) return null;
  if (parts.length === 2) return { is: "row", rows: first, id };
  if (parts.length === 3 && key !== undefined && KEY.test(key)) return { is: "cell", rows: first, id, key };
  return null;
}

// The dictionary's pattern of a concrete path: `persons/<uuid>/name` → `persons/*/name`.
export function patternOf(path: string): string {
  if (path.startsWith(VISIT)) return path;
  const parts = path.split("/");
  return parts.length === 3 ? `${parts[0]}/*/${parts[2]}` : path;
}

/** The concrete path of a pattern in one row. */
export const pathInRow = (pattern: string, rowId: string): string => pattern.replace("*", rowId);

export const isVisitPath = (path: string): boolean => path.startsWith(VISIT);
/** Key of an answer about the visit: `visit/outcome` → `outcome`. */
export const visitKey = (path: string): string => path.slice(VISIT.length);

export const isObject = (value: unknown): value is Readonly<Record<string, Json>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Own property of a JSON object, null when it is missing. */
export function own(from: unknown, key: string): Json {
  if (!isObject(from) || !Object.prototype.hasOwnProperty.call(from, key)) return null;
  return from[key] ?? null;
}

/** The rows of a table, ordered by id. */
export function rowsOf(file: unknown, rows: string): readonly { readonly id: string; readonly row: Row }[] {
  const table = own(file, rows);
  if (!isObject(table)) return [];
  return Object.keys(table)
    .sort()
    .map((id) => ({ id, row: isObject(table[id]) ? table[id] : {} }));
}

/** The value at a concrete path of a draft, null when absent. */
export function valueAt(draft: Pick<Draft, "file" | "visit">, path: string): Json {
  if (isVisitPath(path)) return own(draft.visit, visitKey(path));
  const parts = path.split("/");
  let at: Json = own(draft.file, parts[0] ?? "");
  for (const part of parts.slice(1)) at = own(at, part);
  return at;
}

// The field of a pattern, `persons/*/name` for example.
export const fieldOfPattern = (dictionary: Dictionary, pattern: string): Field | undefined =>
  Object.prototype.hasOwnProperty.call(dictionary.fields, pattern) ? dictionary.fields[pattern] : undefined;

/** The field of a concrete path. */
export const fieldAt = (dictionary: Dictionary, path: string): Field | undefined =>
  fieldOfPattern(dictionary, patternOf(path));

/** Whether a key of a file is the name of a table of rows. */
export const isTable = (dictionary: Dictionary, key: string): boolean =>
  Object.prototype.hasOwnProperty.call(dictionary.rows, key);
