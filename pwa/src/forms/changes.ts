// The difference between two household files, path by path, and its inverse.

import type { Dictionary, Field, HouseholdFile, Json } from "./definition";
import { covers } from "./mask";
import { normalise, sameValue } from "./normalise";
import { fieldOfPattern, isObject, isTable, own, parsePath } from "./path";

export interface Change {
  readonly path: string;
  /** What the author saw; null when there was nothing. */
  readonly from: Json;
  readonly to: Json;
}

export type PathRefusal = "path.malformed" | "path.unknown";
export type Applied =
  | { readonly is: "applied"; readonly file: HouseholdFile }
  | { readonly is: "refused"; readonly code: PathRefusal; readonly path: string };

type Entries = Readonly<Record<string, Json | undefined>>;

const nothing: Entries = {};
const entries = (value: Json | undefined): Entries => (isObject(value) ? value : nothing);
const keysOf = (a: Entries, b: Entries): string[] => [...new Set([...Object.keys(a), ...Object.keys(b)])];
const isRows = (value: Json): boolean => value === null || isObject(value);

/** The normalised value; the mask of the value before stands for that value. */
function settleValue(field: Field | undefined, before: Json | undefined, value: Json | undefined): Json {
  const after = normalise(field, value);
  return field && before !== undefined && covers(field, after, before) ? before : after;
}

/**
 * The file with every value normalised, absent ones left out, masks of values in `base` put back.
 * A row without values is nothing, except while a card was just added: then `keepEmptyRows`.
 */
export function settleFile(
  dictionary: Dictionary,
  base: HouseholdFile | null,
  file: HouseholdFile,
  keepEmptyRows = false,
): HouseholdFile {
  const settled: Record<string, Json> = {};
  for (const key of Object.keys(file)) {
    const value = own(file, key);
    const before = own(base, key);
    if (isTable(dictionary, key) && isObject(value)) {
      const rows: Record<string, Json> = {};
      for (const id of Object.keys(value)) {
        const row = value[id];
        if (!isObject(row)) continue;
        const cells = settleRow(dictionary, key, entries(own(before, id)), row);
        if (keepEmptyRows || Object.keys(cells).length > 0) rows[id] = cells;
      }
      if (Object.keys(rows).length > 0) settled[key] = rows;
    } else {
      const after = settleValue(fieldOfPattern(dictionary, key), before, value);
      if (after !== null) settled[key] = after;
    }
  }
  return settled;
}

/** The normal form of a file: values normalised; absent values, empty rows and empty tables left out. */
export const normaliseFile = (dictionary: Dictionary, file: HouseholdFile | null): HouseholdFile =>
  settleFile(dictionary, null, file ?? {});

function settleRow(dictionary: Dictionary, table: string, before: Entries, row: Entries): Record<string, Json> {
  const cells: Record<string, Json> = {};
  for (const key of Object.keys(row)) {
    const after = settleValue(fieldOfPattern(dictionary, `${table}/*/${key}`), before[key], row[key]);
    if (after !== null) cells[key] = after;
  }
  return cells;
}

/** What has to happen to `base` to become `file`, sorted by path. The mask of a value in `base` means unchanged. */
export function changesBetween(dictionary: Dictionary, base: HouseholdFile | null, file: HouseholdFile): Change[] {
  const changes: Change[] = [];
  const compare = (path: string, pattern: string, before: Json | undefined, after: Json | undefined): void => {
    const field = fieldOfPattern(dictionary, pattern);
    const from = normalise(field, before);
    const to = normalise(field, after);
    // Only this way round: a full value typed over a mask is a change, even if it has that mask.
    const isSame = sameValue(from, to) || (field !== undefined && covers(field, to, from));
    if (!isSame) changes.push({ path, from, to });
  };
  const compareRow = (table: string, id: string, before: Entries, after: Entries): void => {
    if (Object.keys(settleRow(dictionary, table, nothing, after)).length === 0) {
      const gone = settleRow(dictionary, table, nothing, before);
      if (Object.keys(gone).length > 0) changes.push({ path: `${table}/${id}`, from: gone, to: null });
      return;
    }
    for (const key of keysOf(before, after)) {
      compare(`${table}/${id}/${key}`, `${table}/*/${key}`, before[key], after[key]);
    }
  };
  for (const key of keysOf(base ?? nothing, file)) {
    const before = own(base, key);
    const after = own(file, key);
    if (isTable(dictionary, key) && isRows(before) && isRows(after)) {
      const [old, now] = [entries(before), entries(after)];
      for (const id of keysOf(old, now)) {
        if (old[id] !== now[id]) compareRow(key, id, entries(old[id]), entries(now[id]));
      }
    } else {
      compare(key, key, before, after);
    }
  }
  return changes.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Why a change cannot be put into any file, null when it can. */
function refusalOf(dictionary: Dictionary, change: Change): PathRefusal | null {
  const path = parsePath(change.path);
  if (!path) return "path.malformed";
  switch (path.is) {
    case "scalar":
      if (isTable(dictionary, path.key)) return "path.malformed";
      return fieldOfPattern(dictionary, path.key) ? null : "path.unknown";
    case "row":
      if (normalise(undefined, change.to) !== null) return "path.malformed";
      return isTable(dictionary, path.rows) ? null : "path.unknown";
    case "cell":
      return fieldOfPattern(dictionary, `${path.rows}/*/${path.key}`) ? null : "path.unknown";
  }
}

/** The object with one key written; an absent value takes the key away. */
function withKey(from: Entries, key: string, value: Json): Record<string, Json> {
  const { [key]: _before, ...rest } = from as Readonly<Record<string, Json>>;
  return normalise(undefined, value) === null ? rest : { ...rest, [key]: value };
}

/** The same for an object inside: one that has nothing left goes, too. */
const withEntries = (from: Entries, key: string, value: Record<string, Json>): Record<string, Json> =>
  withKey(from, key, Object.keys(value).length > 0 ? value : null);

/** A file with the changes put in, values as they are. The base may be absent: a new household. */
export function applyChanges(dictionary: Dictionary, base: HouseholdFile | null, changes: readonly Change[]): Applied {
  let file: Entries = base ?? nothing;
  for (const change of changes) {
    const code = refusalOf(dictionary, change);
    const path = parsePath(change.path);
    if (code !== null || path === null) return { is: "refused", code: code ?? "path.malformed", path: change.path };
    if (path.is === "scalar") {
      file = withKey(file, path.key, change.to);
      continue;
    }
    const rows = entries(own(file, path.rows));
    const changed =
      path.is === "row"
        ? withKey(rows, path.id, null)
        : withEntries(rows, path.id, withKey(entries(own(rows, path.id)), path.key, change.to));
    file = withEntries(file, path.rows, changed);
  }
  return { is: "applied", file };
}
