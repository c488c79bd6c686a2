// The sections that make screens: what the form engine shows, without the parts that nobody fills.

import {
  type HouseholdFile,
  type ShownItem,
  type ShownSection,
  isFieldItem,
  isRowsItem,
  pathInRow,
  pathsOfSection,
  questionsOf,
  rowsOf,
} from "@/forms";

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

/**
 * What 无变化 puts back in a section: its questions, those hidden now that no other section shows, and the tables whose
 * rows it adds to or takes from.
 */
export function ownedBy(
  view: ShownSection,
  layout: readonly ShownSection[],
  files: readonly (HouseholdFile | null)[],
): { readonly paths: readonly string[]; readonly tables: readonly string[] } {
  const shownBy = (views: readonly ShownSection[]) =>
    views.flatMap(({ items }) => items.flatMap(questionsOf)).map(({ path }) => path);
  const elsewhere = new Set(shownBy(layout.filter((other) => other !== view)));
  const { patterns, tables } = indexOf(view);
  const all = [...patterns].flatMap((pattern) => {
    const [table = "", star] = pattern.split("/");
    if (star !== "*") return [pattern];
    return files.flatMap((file) => rowsOf(file, table)).map(({ id }) => pathInRow(pattern, id));
  });
  const hidden = all.filter((path) => !elsewhere.has(path));
  return { paths: [...new Set([...shownBy([view]), ...hidden])], tables: [...tables] };
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
