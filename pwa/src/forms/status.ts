// Where each section of a visit stands, for lists and progress bars.

import type { Change } from "./changes";
import type { Problem, Section } from "./definition";
import type { Evaluation } from "./validate";
import { type ShownSection, questionsOf } from "./visibility";

export interface SectionSummary {
  readonly key: string;
  /** Questions that show. */
  readonly questions: number;
  /** Required and without an answer. */
  readonly missing: number;
  /** Errors other than missing answers. */
  readonly errors: number;
  readonly warnings: number;
  /** Paths that differ from the file before the visit. */
  readonly changed: number;
  /** The section was answered with 无变化. */
  readonly unchanged: boolean;
}

const MISSING = new Set(["value.required", "rows.too_few"]);

/** Concrete paths and tables of a section as it shows now. */
export function pathsOfSection({ items }: ShownSection): { readonly paths: ReadonlySet<string>; readonly tables: ReadonlySet<string> } {
  const paths = new Set<string>();
  const tables = new Set<string>();
  for (const item of items) {
    if (item.is === "rows" && !item.item.fixed) tables.add(item.item.rows);
    for (const { path } of questionsOf(item)) paths.add(path);
  }
  return { paths, tables };
}

/** Each problem and change belongs to the first section that shows its path, or adds and removes its rows. */
export function sectionOfPath(sections: readonly ShownSection[], path: string): Section | null {
  const shown = sections.map((one) => ({ section: one.section, ...pathsOfSection(one) }));
  return ownerOf(shown, path)?.section ?? null;
}

interface Places {
  readonly paths: ReadonlySet<string>;
  readonly tables: ReadonlySet<string>;
}

function ownerOf<P extends Places>(places: readonly P[], path: string): P | undefined {
  const table = path.split("/")[0] ?? "";
  return places.find(({ paths }) => paths.has(path)) ?? places.find(({ tables }) => tables.has(table));
}

/** Summaries of all sections that show, in the form's order. `unchanged` are the keys answered with 无变化. */
export function summariseSections(evaluation: Evaluation, unchanged: readonly string[]): SectionSummary[] {
  const places = evaluation.sections.map((shown) => ({ key: shown.section.key, ...pathsOfSection(shown) }));
  const problems = groupByOwner(places, evaluation.problems);
  const changes = groupByOwner<Change>(places, evaluation.changes);
  return places.map(({ key, paths }) => {
    const mine = problems.get(key) ?? [];
    const errors = mine.filter(({ severity }) => severity === "E");
    const missing = errors.filter(({ code }) => MISSING.has(code)).length;
    return {
      key,
      questions: paths.size,
      missing,
      errors: errors.length - missing,
      warnings: mine.length - errors.length,
      changed: (changes.get(key) ?? []).length,
      unchanged: unchanged.includes(key),
    };
  });
}

function groupByOwner<T extends Pick<Problem, "path">>(
  places: readonly (Places & { readonly key: string })[],
  found: readonly T[],
): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of found) {
    const key = ownerOf(places, one.path)?.key;
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return groups;
}
