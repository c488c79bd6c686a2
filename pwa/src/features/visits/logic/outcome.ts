// What leaves the phone when a visit is finished, and what still stands in its way. The rules run over the file as
// the server will see it: without the changes that are not asked any more.

import {
  type Change,
  type Definitions,
  type Draft as Answers,
  type Evaluation,
  type Form,
  type Json,
  type Meta,
  type Problem,
  applyChanges,
  evaluateDraft,
  valueAt,
} from "@/forms";
import { type VisitDraft, reasonFor } from "./draft";
import { declaredNone } from "./flow";

const MOST_ROUNDS = 6;

/** Paths that the form asks now: its questions, the ticks for "nothing to enter", the tables that take rows. */
export function askedNow({ sections, visible }: Pick<Evaluation, "sections" | "visible">): (path: string) => boolean {
  const paths = new Set(visible);
  const tables = new Set<string>();
  for (const { items } of sections) {
    for (const one of items) {
      if (one.is !== "rows") continue;
      if (one.item.none !== undefined) paths.add(one.item.none);
      if (!one.item.fixed) tables.add(one.item.rows);
    }
  }
  return (path) => {
    const parts = path.split("/");
    return paths.has(path) || (parts.length === 2 && tables.has(parts[0] ?? ""));
  };
}

export interface Settled {
  readonly evaluation: Evaluation;
  readonly answers: Answers;
}

/** Leaves out what is not asked and looks again, until nothing more falls away. */
export function settle(definitions: Definitions, form: Form, draft: VisitDraft, meta: Meta): Settled {
  let answers: Answers = draft.answers;
  let evaluation = evaluateDraft(definitions, form, draft.base, answers, meta);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const isAsked = askedNow(evaluation);
    const kept = evaluation.changes.filter(({ path }) => isAsked(path));
    const visit = Object.entries(evaluation.situation.visit).filter(([key]) => isAsked(`visit/${key}`));
    const isStable =
      kept.length === evaluation.changes.length && visit.length === Object.keys(evaluation.situation.visit).length;
    const applied = applyChanges(definitions.dictionary, draft.base, kept);
    if (applied.is === "refused") break;
    const later = draft.answers.later.filter(isAsked);
    answers = { file: applied.file, visit: Object.fromEntries(visit), later };
    evaluation = evaluateDraft(definitions, form, draft.base, answers, meta);
    if (isStable) break;
  }
  return { evaluation, answers };
}

export interface Content {
  readonly visit: Record<string, Json>;
  readonly changes: Change[];
  readonly later: string[];
  readonly unchanged: string[];
  readonly warnings: { code: string; path: string; reason: string }[];
}

/** Sections that count as "无变化": answered so, or all that could be when the household said that nothing changed. */
export function unchangedSections(form: Form, draft: VisitDraft): string[] {
  const all = form.sections.filter(({ unchanged }) => unchanged === true).map(({ key }) => key);
  const isNone = draft.base_rev > 0 && declaredNone(draft.answers.visit["changes_declared"]);
  return all.filter((key) => draft.unchanged.includes(key) || (isNone && !(draft.opened ?? []).includes(key)));
}

/** The part of the proposal that comes from the answers. `laterReason` explains a question that was put off. */
export function contentOf(form: Form, draft: VisitDraft, { evaluation }: Settled, laterReason: string): Content {
  return {
    visit: Object.fromEntries(Object.entries(evaluation.situation.visit).map(([key, value]) => [key, value ?? null])),
    changes: [...evaluation.changes],
    later: evaluation.visible.filter((path) => draft.answers.later.includes(path) && !hasValue(evaluation, path)),
    unchanged: unchangedSections(form, draft),
    warnings: evaluation.problems
      .filter(({ severity }) => severity === "W")
      .map(({ code, path }) => ({ code, path, reason: reasonOf(draft, code, path, laterReason) })),
  };
}

const hasValue = ({ situation }: Evaluation, path: string): boolean => valueAt(situation, path) !== null;

export const reasonOf = (draft: VisitDraft, code: string, path: string, laterReason: string): string =>
  reasonFor(draft, code, path) || (code === "value.later" ? laterReason : "");

export interface Blockers {
  readonly errors: readonly Problem[];
  /** Warnings that still need a reason. */
  readonly unexplained: readonly Problem[];
}

export function blockersOf(draft: VisitDraft, problems: readonly Problem[], laterReason: string): Blockers {
  return {
    errors: problems.filter(({ severity }) => severity === "E"),
    unexplained: problems.filter(
      ({ severity, code, path }) => severity === "W" && reasonOf(draft, code, path, laterReason).trim() === "",
    ),
  };
}
