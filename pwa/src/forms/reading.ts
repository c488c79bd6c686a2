// How a page reads a file: labels and values in one language.

import type { Definitions, Form, HouseholdFile, Json, Language } from "./definition";
import { codeLabel, formatValue, labelOf, regionLabel, rowTitle } from "./display";
import { fieldAt } from "./path";

export interface Reading {
  readonly definitions: Definitions;
  readonly language: Language;
  /** What the caseworker was asked at a path. */
  label(path: string): string;
  /** The same with the row it stands in, for a place outside of that row. */
  fullLabel(path: string, file: HouseholdFile): string;
  /** Null when there is no value. */
  text(path: string, value: Json, file: HouseholdFile): string | null;
  rowName(table: string, id: string, file: HouseholdFile): string;
  code(table: string, code: string): string;
  region(code: string): string;
  /** The question that a warning code asks, as the form puts it. */
  warning(form: Form | undefined, code: string): string;
}

export function readingOf(definitions: Definitions, language: Language): Reading {
  const label = (path: string): string => labelOf(definitions, path, language);
  const rowName = (table: string, id: string, file: HouseholdFile): string =>
    rowTitle(definitions, file, table, id, language) ?? label(table);
  return {
    definitions,
    language,
    label,
    rowName,
    fullLabel(path, file) {
      const [table = "", id, key] = path.split("/");
      if (id === undefined || table === "visit") return label(path);
      const row = rowName(table, id, file);
      return key === undefined ? row : `${row} · ${label(path)}`;
    },
    text(path, value, file) {
      const field = fieldAt(definitions.dictionary, path);
      if (field) return formatValue(definitions, field, value, language, file);
      return value === null ? null : typeof value === "string" ? value : JSON.stringify(value);
    },
    code: (table, code) => codeLabel(definitions, table, code, language),
    region: (code) => regionLabel(definitions, code, language),
    warning: (form, code) => form?.checks.find((check) => check.code === code)?.[language] ?? code,
  };
}
