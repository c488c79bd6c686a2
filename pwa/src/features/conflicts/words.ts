// A conflict in the words of the office: which places, and what each side says there. Pure.
import {
  type Definitions,
  type Field,
  type HouseholdFile,
  type Json,
  type Language,
  codeTable,
  fieldAt,
  formatValue,
  labelOf,
  parsePath,
  rowTitle,
} from "@/forms";
import type { ConflictBody } from "@/db/wire";

/** One place and the three values that stand for it; `null` where there is none. */
export interface Place {
  readonly path: string;
  readonly label: string;
  readonly base: string | null;
  readonly theirs: string | null;
  readonly mine: string | null;
}

interface Reader {
  readonly definitions: Definitions;
  readonly language: Language;
  readonly file: HouseholdFile;
}

type Row = Readonly<Record<string, Json>>;

const isRow = (value: unknown): value is Row => typeof value === "object" && value !== null && !Array.isArray(value);

function textOf(reader: Reader, path: string, value: unknown): string | null {
  const { definitions, language, file } = reader;
  if (parsePath(path)?.is === "row") return isRow(value) ? rowText(reader, path, value) : null;
  const field = fieldAt(definitions.dictionary, path);
  return field ? formatValue(definitions, field, value as Json, language, file) : value === null ? null : String(value);
}

/** A whole row: its values in the order of the dictionary. */
function rowText(reader: Reader, path: string, row: Row): string | null {
  const { definitions, language, file } = reader;
  const parts = Object.keys(row).flatMap((column) => {
    const field = fieldAt(definitions.dictionary, `${path}/${column}`);
    const text = field && formatValue(definitions, field, row[column], language, file);
    return field && text ? [`${field[language]} ${text}`] : [];
  });
  return parts.length > 0 ? parts.join(language === "zh" ? "，" : ", ") : null;
}

const valueAt = (value: unknown, path: string): unknown => (isRow(value) ? (value[path] ?? null) : null);

/** The places of a conflict; a group has several, which are decided together. */
export function placesOf(reader: Reader, body: ConflictBody): Place[] {
  const { definitions, language } = reader;
  if (body.kind !== "group") {
    const text = (value: unknown): string | null => textOf(reader, body.path, value);
    const { base, theirs, mine } = body;
    return [{ path: body.path, label: labelOf(definitions, body.path, language), base: text(base), theirs: text(theirs.value), mine: text(mine.value) }];
  }
  const paths = isRow(body.mine.value) ? Object.keys(body.mine.value) : [];
  return paths.map((path) => ({
    path,
    label: labelOf(definitions, path, language),
    base: textOf(reader, path, valueAt(body.base, path)),
    theirs: textOf(reader, path, valueAt(body.theirs.value, path)),
    mine: textOf(reader, path, valueAt(body.mine.value, path)),
  }));
}

/** What the conflict is about: the field, the group or the row, and whose it is. */
export function titleOf({ definitions, language, file }: Reader, body: ConflictBody): string {
  const [place = "", group] = body.path.split("#");
  const [table = "", id] = place.split("/");
  const row = id === undefined ? null : (rowTitle(definitions, file, table, id, language) ?? nameIn(definitions, table, body));
  const name =
    body.kind === "group"
      ? (definitions.dictionary.groups[group ?? place]?.[language] ?? place)
      : labelOf(definitions, body.path, language);
  return row === null ? name : `${row} · ${name}`;
}

/** A row that the file does not hold any more is named by what one of the sides says of it. */
function nameIn(definitions: Definitions, table: string, body: ConflictBody): string | null {
  const column = definitions.dictionary.rows[table]?.title;
  if (column === undefined) return null;
  for (const value of [body.mine.value, body.base, body.theirs.value]) {
    const name = isRow(value) ? value[column] : null;
    if (typeof name === "string") return name;
  }
  return null;
}

/** How a value of one's own can be entered on the card; the rest is asked again at the door. */
export type Entry =
  | { readonly is: "text" }
  | { readonly is: "choice"; readonly options: { readonly value: string; readonly text: string }[] };

const TYPED: ReadonlySet<Field["type"]> = new Set<Field["type"]>(["text", "date"]);

export function entryOf({ definitions, language }: Reader, body: ConflictBody): Entry | null {
  if (body.kind !== "path") return null;
  const field = fieldAt(definitions.dictionary, body.path);
  if (!field || field.mask !== undefined) return null;
  if (TYPED.has(field.type)) return { is: "text" };
  if (field.type !== "code") return null;
  const codes = [...codeTable(definitions.codes, field.codes ?? "")];
  return { is: "choice", options: codes.map(([value, code]) => ({ value, text: code[language] })) };
}
