// What the household page shows of a file: people, place, values by section. Pure.
import {
  type Definitions,
  type Form,
  type HouseholdFile,
  type Json,
  type Language,
  fieldAt,
  formatValue,
  isFieldItem,
  isRowsItem,
  rowTitle,
} from "@/forms";

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly is_worker: boolean;
  readonly facts: readonly string[];
  /** In clear, to be dialled; `null` when there is none. */
  readonly phone: string | null;
}

export interface Fact {
  readonly key: string;
  readonly label: string;
  readonly value: string | null;
}
export interface RowFacts {
  readonly key: string;
  readonly title: string;
  readonly facts: readonly Fact[];
}
export interface SectionFacts {
  readonly key: string;
  readonly title: string;
  readonly facts: readonly Fact[];
  readonly rows: readonly RowFacts[];
}

/** Facts about a person that stand under the name, in this order. */
const PERSON_FACTS = ["relation", "sex", "work_status", "health"];
/** Shown in cards of their own, not among the values. */
const ELSEWHERE = new Set(["residence_address", "residence_note", "residence_geo", "banner_code", "town_code", "community_code"]);
/** How the office classes a household is not for a screen that the household may look at. */
const INTERNAL_GROUP = "hardship";

function tableOf(file: HouseholdFile, table: string): [string, Record<string, Json>][] {
  const rows = file[table];
  if (typeof rows !== "object" || rows === null || Array.isArray(rows)) return [];
  return Object.entries(rows)
    .filter((entry): entry is [string, Record<string, Json>] => {
      const row = entry[1];
      return typeof row === "object" && row !== null && !Array.isArray(row);
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Who lives there, the worker first, then the older ones first. */
export function peopleOf(
  definitions: Definitions,
  file: HouseholdFile,
  clear: Readonly<Record<string, string>>,
  language: Language,
  ageText: (birthDate: string) => string,
): Person[] {
  const people = tableOf(file, "persons").map(([id, row]) => {
    const facts = PERSON_FACTS.flatMap((name) => {
      const field = fieldAt(definitions.dictionary, `persons/${id}/${name}`);
      const text = field && formatValue(definitions, field, row[name], language, file);
      return text ? [text] : [];
    });
    const born = row["birth_date"];
    return {
      id,
      name: typeof row["name"] === "string" ? row["name"] : "",
      is_worker: row["is_worker"] === true,
      born: typeof born === "string" ? born : "9999",
      facts: typeof born === "string" ? [...facts.slice(0, 2), ageText(born), ...facts.slice(2)] : facts,
      phone: clear[`persons/${id}/phone`] ?? clear[`persons/${id}/phone_alt`] ?? null,
    };
  });
  return people.sort((a, b) => Number(b.is_worker) - Number(a.is_worker) || (a.born < b.born ? -1 : 1));
}

/** The file as the form orders it; only what has a value. */
export function sectionsOf(definitions: Definitions, form: Form, file: HouseholdFile, language: Language): SectionFacts[] {
  const sections: SectionFacts[] = [];
  const seen = new Set<string>();
  const fact = (path: string, value: Json | undefined): Fact[] => {
    const field = fieldAt(definitions.dictionary, path);
    if (!field || field.group === INTERNAL_GROUP) return [];
    const text = formatValue(definitions, field, value, language, file);
    return text === null ? [] : [{ key: path, label: field[language], value: text }];
  };
  for (const section of form.sections) {
    const facts: Fact[] = [];
    const rows: RowFacts[] = [];
    for (const item of section.items) {
      if (isFieldItem(item)) {
        if (item.path.startsWith("visit/") || ELSEWHERE.has(item.path) || seen.has(item.path)) continue;
        seen.add(item.path);
        facts.push(...fact(item.path, file[item.path]));
      } else if (isRowsItem(item)) {
        for (const [id, row] of tableOf(file, item.rows)) {
          const inside = item.items.filter(isFieldItem).flatMap(({ path }) => {
            const concrete = path.replace("*", id);
            if (seen.has(concrete)) return [];
            seen.add(concrete);
            return fact(concrete, row[concrete.split("/")[2] ?? ""]);
          });
          const title = rowTitle(definitions, file, item.rows, id, language);
          if (inside.length > 0) {
            rows.push({ key: `${item.rows}/${id}`, title: title ?? definitions.dictionary.rows[item.rows]?.[language] ?? "", facts: inside });
          }
        }
      }
    }
    if (facts.length + rows.length > 0) sections.push({ key: section.key, title: section[language], facts, rows });
  }
  return sections;
}

/** Full years between two days, both `yyyy-mm-dd`. */
export function yearsBetween(from: string, to: string): number {
  const years = Number(to.slice(0, 4)) - Number(from.slice(0, 4));
  return to.slice(5) < from.slice(5) ? years - 1 : years;
}
