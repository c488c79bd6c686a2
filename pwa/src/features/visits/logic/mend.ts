// A returned visit opened again: what was proposed, put onto the file as it is now.

import {
  type Change,
  type Definitions,
  type Dictionary,
  type Form,
  type HouseholdFile,
  type Json,
  applyChanges,
  fieldAt,
  isObject,
  meansTheSame,
  own,
  parsePath,
  valueAt,
} from "@/forms";
import type { Draft } from "@/db/rows";
import type { Proposal } from "@/db/wire";
import { type Merged, merge } from "@/sync/rebase";
import type { SetAside, VisitDraft } from "./draft";

type Known = Pick<Definitions, "dictionary" | "codes">;

/**
 * The draft of the next revision. A section that was not answered with 无变化 stays open, with what was proposed in
 * it. Where the file has changed since the caseworker saw it, the same merge as the server's decides what stands;
 * what it cannot decide, or decides against the proposal, keeps the file's value with the proposed one beside it:
 * nobody's change is written over unseen.
 */
export function reopened(definitions: Known, form: Form, begun: Draft, proposal: Proposal): VisitDraft {
  const { dictionary } = definitions;
  const current = begun.answers.file;
  const mine = proposal.changes as readonly Change[];
  const merged = merge({
    definitions,
    // A household that the server does not know yet is as its caseworker left it.
    base: begun.base_rev > 0 ? asSeen(dictionary, current, mine) : current,
    current,
    mine,
    mineAt: proposal.ended_at,
    // The phone knows of no value when it was written.
    theirsAt: () => null,
  });
  const applied = applyChanges(dictionary, current, merged.accepted);
  const setAside = mine.flatMap((change) => leftOut(merged, change));
  const opened = form.sections
    .filter(({ key, unchanged }) => unchanged === true && !proposal.unchanged.includes(key))
    .map(({ key }) => key);
  return {
    ...begun,
    answers: { ...begun.answers, file: applied.is === "applied" ? applied.file : current },
    opened,
    ...(setAside.length > 0 ? { setAside } : {}),
  };
}

/**
 * What the caseworker had before them, as far as the phone still knows: the file as it is now, and where they changed
 * something, what they saw there.
 */
function asSeen(dictionary: Dictionary, current: HouseholdFile, mine: readonly Change[]): HouseholdFile {
  let file = current;
  for (const { path, from } of mine) {
    const at = parsePath(path);
    const field = fieldAt(dictionary, path);
    // A mask of what stands there is no other value.
    if (field && meansTheSame(field, valueAt({ file: current, visit: {} }, path), from)) continue;
    if (at?.is === "scalar") file = { ...file, [at.key]: from };
    else if (at) file = { ...file, [at.rows]: { ...table(file, at.rows), [at.id]: at.is === "row" ? from : withCell(file, at, from) } };
  }
  return file;
}

type Entries = Readonly<Record<string, Json>>;
const entries = (value: Json | undefined): Entries => (isObject(value) ? value : {});
const table = (file: HouseholdFile, rows: string): Entries => entries(own(file, rows));
const withCell = (file: HouseholdFile, at: { rows: string; id: string; key: string }, value: Json): Entries => ({
  ...entries(own(table(file, at.rows), at.id)),
  [at.key]: value,
});

const UNKNOWN: ReadonlySet<string> = new Set(["path.malformed", "path.unknown", "path.twice"]);

/** A proposed change that is not in the draft any more. */
function leftOut({ already, clashes, refused, settled }: Merged, { path, to }: Change): SetAside[] {
  const isThis = (one: { readonly path: string }): boolean => one.path === path;
  const refusal = refused.find(isThis);
  if (refusal) return [{ path, to, why: UNKNOWN.has(refusal.code) ? "unknown" : "moved" }];
  const isClashing = clashes.some(({ paths, waiting }) =>
    [...paths, ...waiting.map((change) => change.path)].some((of) => path === of || path.startsWith(`${of}/`)),
  );
  const isOutdone = settled.some((one) => isThis(one) && one.won === "theirs");
  return isOutdone || (isClashing && !already.some(isThis)) ? [{ path, to, why: "moved" }] : [];
}
