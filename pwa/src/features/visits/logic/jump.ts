// From a problem to its field: the screen, the card to open, the element to focus.

import type { ShownSection } from "@/forms";
import { CHECK_SCREEN } from "./draft";

export interface Target {
  readonly screen: string;
  readonly path: string;
  /** The card to open: `persons/<uuid>`. */
  readonly row: string | null;
}

/** Id of the element that takes the focus for a path. */
export const fieldId = (path: string): string => `q-${path.replace(/[^a-zA-Z0-9_-]/g, "-")}`;

/** Where a path is asked now; the check screen when no section shows it. */
export function targetOf(layout: readonly ShownSection[], path: string): Target {
  const [table = "", row, key] = path.split("/");
  for (const { section, items } of layout) {
    for (const one of items) {
      if (one.is === "field" && one.item.path === path) return { screen: section.key, path, row: null };
      if (one.is !== "rows" || one.item.rows !== table) continue;
      if (row === undefined && one.item.fixed) continue;
      if (row === undefined) return { screen: section.key, path, row: null };
      const card = one.cards.find(({ id }) => id === row);
      const isAsked = card && (key === undefined || card.questions.some((question) => question.path === path));
      if (isAsked) return { screen: section.key, path, row: `${table}/${row}` };
    }
  }
  return { screen: CHECK_SCREEN, path, row: null };
}
