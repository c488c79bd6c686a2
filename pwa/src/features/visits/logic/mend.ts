// A returned visit opened again: what was proposed, put onto the file as it is now.

import {
  type Change,
  type Dictionary,
  type Form,
  type HouseholdFile,
  type Json,
  applyChanges,
  fieldAt,
  fieldOfPattern,
  isObject,
  meansTheSame,
  normalise,
  valueAt,
} from "@/forms";
import type { Draft } from "@/db/rows";
import type { Proposal } from "@/db/wire";
import type { SetAside, VisitDraft } from "./draft";

/**
 * The draft of the next revision. A section that was not answered with 无变化 stays open, with what was proposed in
 * it. Where the file has changed since the caseworker saw it, the file's value stands and the proposed one is shown
 * beside it: nobody's change is written over unseen.
 */
export function reopened(dictionary: Dictionary, form: Form, begun: Draft, proposal: Proposal): VisitDraft {
  const setAside: SetAside[] = [];
  let file: HouseholdFile = begun.answers.file;
  for (const change of proposal.changes as readonly Change[]) {
    if (begun.base_rev > 0 && isMoved(dictionary, begun.base, change)) {
      setAside.push({ path: change.path, to: change.to, why: "moved" });
      continue;
    }
    const applied = applyChanges(dictionary, file, [change]);
    if (applied.is === "applied") file = applied.file;
    else setAside.push({ path: change.path, to: change.to, why: "unknown" });
  }
  const opened = form.sections
    .filter(({ key, unchanged }) => unchanged === true && !proposal.unchanged.includes(key))
    .map(({ key }) => key);
  return { ...begun, answers: { ...begun.answers, file }, opened, ...(setAside.length > 0 ? { setAside } : {}) };
}

/** Whether the file holds neither what the caseworker saw nor what they proposed. */
function isMoved(dictionary: Dictionary, base: HouseholdFile | null, { path, from, to }: Change): boolean {
  const now = valueAt({ file: base ?? {}, visit: {} }, path);
  return !isSame(dictionary, path, now, from) && !isSame(dictionary, path, now, to);
}

/** Two values of a path, masked or not; a whole row cell by cell. */
function isSame(dictionary: Dictionary, path: string, a: Json, b: Json): boolean {
  const [table = "", row, key] = path.split("/");
  if (row === undefined || key !== undefined) {
    const field = fieldAt(dictionary, path);
    return meansTheSame(field, normalise(field, a), normalise(field, b));
  }
  if (!isObject(a) || !isObject(b)) return a === b;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((cell) => {
    const field = fieldOfPattern(dictionary, `${table}/*/${cell}`);
    return meansTheSame(field, normalise(field, a[cell]), normalise(field, b[cell]));
  });
}
