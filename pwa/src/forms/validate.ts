// What is wrong with a draft: values, required answers, numbers of rows, changes that were not asked for, and
// the form's own checks. The same function on the phone and on the server.

import type { Change } from "./changes";
import { holds } from "./condition";
import type { Definitions, Draft, Field, Form, HouseholdFile, Json, Meta, Problem } from "./definition";
import type { Figures } from "./derive";
import { isMasked, maskOf } from "./mask";
import { meansTheSame, normalise } from "./normalise";
import { fieldAt, isVisitPath, pathInRow, valueAt } from "./path";
import { type Situation, situationOf } from "./situation";
import { checkValue } from "./value";
import { type Question, type ShownItem, type ShownSection, questionsOf, shownSections, visiblePaths } from "./visibility";

export interface Validation {
  readonly problems: readonly Problem[];
  readonly derived: Figures;
  /** Concrete paths that show, in the form's order. */
  readonly visible: readonly string[];
}

/** A validation with everything that the screens need beside it. */
export interface Evaluation extends Validation {
  readonly sections: readonly ShownSection[];
  readonly changes: readonly Change[];
  readonly situation: Situation;
}

const error = (code: string, path: string, params?: Readonly<Record<string, Json>>): Problem =>
  params ? { code, severity: "E", path, params } : { code, severity: "E", path };

/** Whether the covered form of the value in the file was left as it was: then nothing looks at it. */
function isCovered(field: Field, path: string, { base, draft }: Situation): boolean {
  const typed = valueAt(draft, path);
  const before = isVisitPath(path) ? null : valueAt({ file: base ?? {}, visit: {} }, path);
  if (maskOf(field) === undefined || !isMasked(typed) || before === null) return false;
  return meansTheSame(field, normalise(field, typed), normalise(field, before));
}

/** What stands in the place of an answer that is required and missing. */
const missing = (situation: Situation, path: string, otherwise: Problem): Problem =>
  situation.isPartial && situation.later.has(path) ? { code: "value.later", severity: "W", path } : otherwise;

function checkQuestion({ path, required }: Question, situation: Situation): Problem | null {
  const { definitions, file, meta } = situation;
  const value = valueAt(situation, path);
  if (value === null) return required ? missing(situation, path, error("value.required", path)) : null;
  const field = fieldAt(definitions.dictionary, path);
  if (!field || isCovered(field, path, situation)) return null;
  const finding = checkValue(field, value, { definitions, file, today: meta.today });
  return finding && { ...finding, path };
}

function checkRows(item: ShownItem, situation: Situation): Problem | null {
  if (item.is !== "rows") return null;
  const table = item.item.rows;
  const count = item.cards.length;
  const max = situation.definitions.dictionary.rows[table]?.max;
  if (count < item.min) return missing(situation, table, error("rows.too_few", table, { min: item.min }));
  return max !== undefined && count > max ? error("rows.too_many", table, { max }) : null;
}

/** Changes to what the form does not ask, or not now. A row may go where its cards may. */
function notAsked(situation: Situation, sections: readonly ShownSection[], visible: ReadonlySet<string>): Problem[] {
  const open = new Set<string>();
  for (const { items } of sections) {
    for (const item of items) if (item.is === "rows" && !item.item.fixed) open.add(item.item.rows);
  }
  const isAsked = (path: string): boolean => {
    const parts = path.split("/");
    return visible.has(path) || (parts.length === 2 && open.has(parts[0] ?? ""));
  };
  return situation.changes.filter(({ path }) => !isAsked(path)).map(({ path }) => error("value.not_asked", path));
}

function runChecks(form: Form, situation: Situation): Problem[] {
  const problems: Problem[] = [];
  for (const check of form.checks) {
    const { code, severity, at, each, when } = check;
    if (each === undefined) {
      if (holds(when, situation.data)) problems.push({ code, severity, path: at });
      continue;
    }
    for (const { id, data } of situation.rows(each)) {
      if (holds(when, data)) problems.push({ code, severity, path: pathInRow(at, id) });
    }
  }
  return problems;
}

export function evaluateDraft(
  definitions: Definitions,
  form: Form,
  base: HouseholdFile | null,
  draft: Draft,
  meta: Meta,
): Evaluation {
  const situation = situationOf(definitions, base, draft, meta);
  const sections = shownSections(form, situation);
  const visible = visiblePaths(sections);
  const problems: Problem[] = [];
  // A path may stand in the form twice; what is wrong with it is said once.
  const said = new Set<string>();
  const add = (problem: Problem | null): void => {
    if (!problem || said.has(`${problem.path} ${problem.code}`)) return;
    said.add(`${problem.path} ${problem.code}`);
    problems.push(problem);
  };
  for (const { items } of sections) {
    for (const item of items) {
      add(checkRows(item, situation));
      for (const question of questionsOf(item)) add(checkQuestion(question, situation));
    }
  }
  problems.push(...notAsked(situation, sections, new Set(visible)), ...runChecks(form, situation));
  return { problems, derived: situation.derived.figures, visible, sections, changes: situation.changes, situation };
}

/** What is wrong with a draft, the derived figures, and what shows. `base` is null for a new household. */
export function validate(
  definitions: Definitions,
  form: Form,
  base: HouseholdFile | null,
  draft: Draft,
  meta: Meta,
): Validation {
  const { problems, derived, visible } = evaluateDraft(definitions, form, base, draft, meta);
  return { problems, derived, visible };
}
