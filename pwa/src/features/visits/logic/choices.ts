// What a question offers to choose from, in the order in which it is offered.

import type { Codes, HouseholdFile, Json, Language } from "@/forms";

export interface Choice {
  readonly code: string;
  readonly label: string;
  /** One of the common ones. */
  readonly top?: boolean;
}

/** The codes of a table: the common ones first, retired ones only where they are the value now. */
export function codeChoices(codes: Codes, table: string, language: Language, value: Json): Choice[] {
  const isChosen = (code: string): boolean => (Array.isArray(value) ? value.includes(code) : value === code);
  const offered = (codes.tables[table] ?? []).filter(({ code, retired }) => retired !== true || isChosen(code));
  const top = offered.filter((one) => one.top === true);
  const rest = offered.filter((one) => one.top !== true);
  return [...top, ...rest].map((one) => ({ code: one.code, label: one[language], top: one.top === true }));
}

/** Choices whose label has every word that was typed, in any order; case does not matter. */
export function matching(choices: readonly Choice[], words: string): Choice[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return choices.filter(({ label }) => wanted.every((word) => label.toLowerCase().includes(word)));
}

/** The rows of a table as choices, by the field that stands for them; nameless ones by number. */
export function rowChoices(file: HouseholdFile, rows: string, title: string, nameless: (number: number) => string): Choice[] {
  const table = file[rows];
  if (typeof table !== "object" || table === null || Array.isArray(table)) return [];
  return Object.keys(table)
    .sort()
    .map((id, index) => {
      const row = table[id];
      const name = typeof row === "object" && row !== null && !Array.isArray(row) ? row[title] : null;
      return { code: id, label: typeof name === "string" && name !== "" ? name : nameless(index + 1) };
    });
}
