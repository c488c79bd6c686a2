// What of a form shows for a draft: its sections, their items, and for rows the questions of each card.

import { holds } from "./condition";
import type {
  CardItem,
  Condition,
  FieldItem,
  FigureItem,
  Form,
  Item,
  PlaceItem,
  RowsItem,
  Section,
  WordsItem,
} from "./definition";
import { isFieldItem, isRowsItem } from "./definition";
import { pathInRow } from "./path";
import type { Situation } from "./situation";

/** A question that shows, at its concrete path. */
export interface Question {
  readonly path: string;
  readonly item: FieldItem;
  readonly required: boolean;
}
export type ShownCardItem =
  | { readonly is: "field"; readonly item: FieldItem; readonly question: Question }
  | { readonly is: "figure"; readonly item: FigureItem }
  | { readonly is: "words"; readonly item: WordsItem }
  | { readonly is: "place"; readonly item: PlaceItem };
export interface Card {
  /** Id of the row. */
  readonly id: string;
  readonly items: readonly ShownCardItem[];
  /** The questions among the items. */
  readonly questions: readonly Question[];
}
export interface ShownRows {
  readonly is: "rows";
  readonly item: RowsItem;
  readonly cards: readonly Card[];
  /** Rows that there must be at least, now. */
  readonly min: number;
}
export type ShownItem = ShownCardItem | ShownRows;
export interface ShownSection {
  readonly section: Section;
  readonly items: readonly ShownItem[];
}

const shows = (condition: Condition | undefined, data: unknown): boolean =>
  condition === undefined || holds(condition, data);

/** How many rows there must be: a number, or a condition that means one; none when there is nothing to enter. */
function minimumOf(item: RowsItem, situation: Situation): number {
  if (item.none !== undefined && situation.visit[item.none.replace(/^visit\//, "")] === true) return 0;
  if (typeof item.min === "number") return item.min;
  return item.min !== undefined && holds(item.min, situation.data) ? 1 : 0;
}

function shownCardItem(item: CardItem, rowId: string | null, data: unknown): ShownCardItem {
  if (isFieldItem(item)) {
    const path = rowId === null ? item.path : pathInRow(item.path, rowId);
    const required = item.required !== undefined && holds(item.required, data);
    return { is: "field", item, question: { path, item, required } };
  }
  if ("figure" in item) return { is: "figure", item };
  return "words" in item ? { is: "words", item } : { is: "place", item };
}

function shownRows(item: RowsItem, situation: Situation): ShownRows {
  const cards = situation.rows(item.rows).map(({ id, data }) => {
    const items = item.items.filter((cell) => shows(cell.show, data)).map((cell) => shownCardItem(cell, id, data));
    return { id, items, questions: items.flatMap(questionsOf) };
  });
  return { is: "rows", item, cards, min: minimumOf(item, situation) };
}

const shownItem = (item: Item, situation: Situation): ShownItem =>
  isRowsItem(item) ? shownRows(item, situation) : shownCardItem(item, null, situation.data);

/** The sections that show, in the form's order, with the items that show. */
export function shownSections(form: Form, situation: Situation): ShownSection[] {
  const { data } = situation;
  return form.sections
    .filter((section) => shows(section.show, data))
    .map((section) => ({
      section,
      items: section.items.filter((item) => shows(item.show, data)).map((item) => shownItem(item, situation)),
    }));
}

/** The questions of an item, in order. */
export function questionsOf(item: ShownItem): readonly Question[] {
  if (item.is === "field") return [item.question];
  return item.is === "rows" ? item.cards.flatMap(({ questions }) => questions) : [];
}

/** The concrete paths that show, in the form's order, rows by id; a path asked twice stands once. */
export function visiblePaths(sections: readonly ShownSection[]): string[] {
  const paths = new Set<string>();
  for (const { items } of sections) {
    for (const item of items) for (const { path } of questionsOf(item)) paths.add(path);
  }
  return [...paths];
}
