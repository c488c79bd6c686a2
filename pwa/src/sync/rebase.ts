// What becomes of a visit when somebody else changed the file meanwhile: the server's domain/sync/merge, under the
// same cases (tests/vectors/merge.json). The phone shows with it what a person must decide, and brings a draft on
// top of a newer file. Pure: no clock, no database.

import { decide } from "./rebase/policy";
import { findGroupClashes } from "./rebase/groups";
import { holdBack } from "./rebase/references";
import { readSides } from "./rebase/read";
import { findGoneRows } from "./rebase/rows";
import type { Clash, Merged, Rebase, Sorting } from "./rebase/types";

export { type ResolveError, type Resolved, resolve } from "./rebase/resolve";
export type { Choice, Clash, ClashKind, Merged, Rebase, Refused, Settled } from "./rebase/types";

/** Rebases the changes of a visit on the file as it is now; every change is in one of the lists. */
export function merge(rebase: Rebase): Merged {
  const out: Sorting = { accepted: [], already: [], clashes: [], settled: [], refused: [] };
  const { sides, open } = readSides(rebase, out);
  findGoneRows(sides, open, out);
  findGroupClashes(sides, open, out);
  decide(rebase, sides, open, out);
  holdBack(sides, out);
  return {
    accepted: out.accepted.sort(byPath),
    already: out.already.sort(byPath),
    clashes: out.clashes.map(whole).sort(byPath),
    settled: out.settled.sort(byPath),
    refused: out.refused.sort(byPath),
    isBesideOthers: sides.their.length > 0,
  };
}

const byPath = (a: { readonly path: string }, b: { readonly path: string }): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : 0;

const whole = (clash: Clash): Clash => ({
  ...clash,
  waiting: [...clash.waiting].sort(byPath),
  paths: [...new Set([...clash.paths, ...clash.waiting.map(({ path }) => path)])].sort(),
});
