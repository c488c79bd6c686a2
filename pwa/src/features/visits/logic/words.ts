// Values as people read them: in a summary, beside a changed answer, in the list of what will be sent.

import { type Definitions, type Field, type HouseholdFile, type Json, type Language, formatValue, own, rowTitle, rowsOf } from "@/forms";
import { TEMPORARY_COMMUNITY } from "./regions";

/** The few words that are not data. */
export interface Vocabulary {
  readonly none: string;
  readonly located: string;
  readonly temporary: string;
}
export interface Speaker {
  readonly definitions: Definitions;
  readonly language: Language;
  readonly vocabulary: Vocabulary;
  readonly file: HouseholdFile;
}

export function valueText({ definitions, language, vocabulary, file }: Speaker, field: Field | undefined, value: Json): string {
  if (field === undefined || value === null) return value === null ? vocabulary.none : String(value);
  // A position is private and says nothing to its reader; a temporary community has no name yet.
  if (field.type === "geo") return vocabulary.located;
  if (field.level === "community" && String(value).endsWith(TEMPORARY_COMMUNITY)) return vocabulary.temporary;
  return formatValue(definitions, field, value, language, file) ?? vocabulary.none;
}

/** What stands for a row in a list: its name, its category; null when that is not filled in. */
export const titleOf = ({ definitions, file, language }: Speaker, rows: string, id: string): string | null =>
  rowTitle(definitions, file, rows, id, language);

const SUMMARY: Readonly<Record<string, readonly string[]>> = {
  persons: ["relation", "birth_date", "work_status", "health"],
  income_items: ["person_id", "amount", "period"],
  expense_items: ["person_id", "amount", "period"],
  vehicles: ["use", "value", "bought_year"],
  relief_items: ["amount", "received_on"],
};

/** A few more words about a row, below its title. */
export function rowSummary(speaker: Speaker, rows: string, id: string): string {
  const row = own(own(speaker.file, rows), id);
  const parts = (SUMMARY[rows] ?? []).flatMap((key) => {
    const value = own(row, key);
    const field = speaker.definitions.dictionary.fields[`${rows}/*/${key}`];
    return value === null || !field ? [] : [valueText(speaker, field, value)];
  });
  return parts.join(" · ");
}

/** The name of a path: the question, for a cell with the row that it belongs to. */
export function pathLabel(speaker: Speaker, path: string): string {
  const { dictionary } = speaker.definitions;
  const [first = "", id, key] = path.split("/");
  if (first === "visit" || id === undefined) {
    return (dictionary.fields[path] ?? dictionary.rows[path])?.[speaker.language] ?? path;
  }
  const table = dictionary.rows[first]?.[speaker.language] ?? first;
  const number = rowsOf(speaker.file, first).findIndex((row) => row.id === id) + 1;
  const title = titleOf(speaker, first, id) ?? (number > 0 ? `${table} ${number}` : table);
  return key === undefined ? title : `${title} · ${dictionary.fields[`${first}/*/${key}`]?.[speaker.language] ?? key}`;
}
