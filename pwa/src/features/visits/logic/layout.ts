// The sections that make screens: what the form engine shows, without the parts that nobody fills.

import { type Question, type ShownItem, type ShownSection, isFieldItem, isRowsItem, pathsOfSection, questionsOf } from "@/forms";

export type RowsShown = Extract<ShownItem, { is: "rows" }>;

/** `places` are the parts that other features fill. A section that only speaks or counts is no screen. */
export function layoutOf(sections: readonly ShownSection[], places: ReadonlySet<string>): ShownSection[] {
  return sections
    .map(({ section, items }) => ({ section, items: items.filter((item) => isOnScreen(item, places)) }))
    .filter(({ items }) => items.some(({ is }) => is !== "words" && is !== "figure"));
}

function isOnScreen(item: ShownItem, places: ReadonlySet<string>): boolean {
  if (item.is === "place") return places.has(item.item.place);
  // A second look at rows that asks nothing of them is no question.
  return item.is !== "rows" || !item.item.fixed || item.cards.some(({ questions }) => questions.length > 0);
}

/** Every question of a section that shows, and the tables whose rows it adds to or takes from. */
export function asksOf(view: ShownSection): { readonly questions: readonly Question[]; readonly tables: readonly string[] } {
  const tables = view.items.flatMap((item) => (item.is === "rows" && !item.item.fixed ? [item.item.rows] : []));
  return { questions: view.items.flatMap(questionsOf), tables };
}

/** A section with quick answers to where a path belongs; made once for each look of the engine. */
export interface SectionIndex {
  readonly view: ShownSection;
  readonly paths: ReadonlySet<string>;
  readonly tables: ReadonlySet<string>;
  /** Patterns that may be asked, shown now or not. */
  readonly patterns: ReadonlySet<string>;
}

export function indexOf(view: ShownSection): SectionIndex {
  const patterns = new Set<string>();
  for (const item of view.section.items) {
    if (isFieldItem(item)) patterns.add(item.path);
    else if (isRowsItem(item)) item.items.forEach((cell) => isFieldItem(cell) && patterns.add(cell.path));
  }
  return { view, ...pathsOfSection(view), patterns };
}
