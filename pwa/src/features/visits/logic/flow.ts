// From section to section: where each stands, what comes next, and the short way for a household where
// nothing has changed.

import { type Json, type Problem, type ShownSection, patternOf } from "@/forms";
import { CHECK_SCREEN, type VisitDraft } from "./draft";
import type { SectionIndex } from "./layout";

/** `open` has errors or is not answered yet, `undecided` waits for 无变化 or 有变化. */
export type SectionStatus = "unseen" | "undecided" | "unchanged" | "open" | "complete";

export interface SectionState {
  readonly key: string;
  readonly status: SectionStatus;
  readonly errors: number;
  readonly warnings: number;
  readonly later: number;
}

/** Only a revisit of a file that is there asks per section whether anything changed. */
export const asksUnchanged = (view: ShownSection, isRevisit: boolean): boolean =>
  isRevisit && view.section.unchanged === true;

/** Whether a problem's path lies in a section: one of its questions, one of its tables, or a row of one. */
export function belongsTo({ paths, tables, patterns }: SectionIndex, path: string): boolean {
  if (paths.has(path)) return true;
  const [table = "", row, key] = path.split("/");
  if (!tables.has(table)) return false;
  return row === undefined || key === undefined || patterns.has(patternOf(path));
}

export function sectionStates(
  index: readonly SectionIndex[],
  draft: { readonly unchanged: readonly string[]; readonly opened: readonly string[]; readonly later: readonly string[] },
  problems: readonly Problem[],
  seen: ReadonlySet<string>,
  isRevisit: boolean,
): SectionState[] {
  return index.map((one) => {
    const { key } = one.view.section;
    const mine = problems.filter(({ path }) => belongsTo(one, path));
    const errors = mine.filter(({ severity }) => severity === "E").length;
    const counts = {
      key,
      errors,
      warnings: mine.length - errors,
      later: draft.later.filter((path) => belongsTo(one, path)).length,
    };
    return { ...counts, status: statusOf(one.view, draft, errors, seen, isRevisit) };
  });
}

function statusOf(
  view: ShownSection,
  draft: { readonly unchanged: readonly string[]; readonly opened: readonly string[] },
  errors: number,
  seen: ReadonlySet<string>,
  isRevisit: boolean,
): SectionStatus {
  const { key } = view.section;
  if (asksUnchanged(view, isRevisit)) {
    if (draft.unchanged.includes(key)) return errors > 0 ? "open" : "unchanged";
    if (!draft.opened.includes(key)) return "undecided";
  } else if (!seen.has(key)) return "unseen";
  return errors > 0 ? "open" : "complete";
}

/** Sections of a revisit that were answered with neither 无变化 nor 有变化. */
export const undecided = (states: readonly SectionState[]): string[] =>
  states.filter(({ status }) => status === "undecided").map(({ key }) => key);

export function step(layout: readonly ShownSection[], screen: string, by: 1 | -1): string {
  const keys = [...layout.map(({ section }) => section.key), CHECK_SCREEN];
  const at = keys.indexOf(screen);
  // The section went out of sight (another outcome was chosen): start again at the first.
  if (at < 0) return keys[0] ?? CHECK_SCREEN;
  return keys[Math.min(Math.max(at + by, 0), keys.length - 1)] ?? CHECK_SCREEN;
}

const CHANGES = "visit/changes_declared";
const asks = (view: ShownSection, path: string): boolean =>
  view.items.some((one) => one.is === "field" && one.item.path === path);

/** Whether the household said that nothing has changed. */
export const declaredNone = (declared: Json | undefined): boolean =>
  Array.isArray(declared) && declared.length === 1 && declared[0] === "none";

export interface ShortWay {
  /** Sections that one tap answers with 无变化. */
  readonly unchanged: readonly string[];
  /** The first section after them that still asks something. */
  readonly to: string;
}

/**
 * After "nothing has changed", one tap answers every section that offers 无变化 and leads to the first one
 * that still asks something. Sections that were opened for editing keep their changes.
 * Null where it does not apply: the screen does not ask what changed, or something has.
 */
export function shortWay(
  layout: readonly ShownSection[],
  screen: string,
  draft: Pick<VisitDraft, "opened" | "answers">,
  isRevisit: boolean,
): ShortWay | null {
  const at = layout.findIndex(({ section }) => section.key === screen);
  const here = layout[at];
  if (!isRevisit || !here || !asks(here, CHANGES) || !declaredNone(draft.answers.visit["changes_declared"])) return null;
  const unchanged = layout
    .filter((view) => asksUnchanged(view, true) && !(draft.opened ?? []).includes(view.section.key))
    .map(({ section }) => section.key);
  if (unchanged.length === 0) return null;
  const next = layout.slice(at + 1).find(({ section }) => !unchanged.includes(section.key));
  return { unchanged, to: next?.section.key ?? CHECK_SCREEN };
}
