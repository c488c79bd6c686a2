// Reads the three files: what each side changed since the base, and what of mine no visit may change.

import {
  type Change,
  type Dictionary,
  type HouseholdFile,
  applyChanges,
  changesBetween,
  normaliseFile,
  sameValue,
  settleFile,
} from "../../forms";
import { refusalOf } from "./policy";
import { type Sides, at, isSame, isUntouched, withChanges } from "./sides";
import type { Open, Rebase, Sorting } from "./types";

const refuse = (out: Sorting, { path, to }: Change, code: string): void => {
  out.refused.push({ path, code, mine: to });
};

export function readSides(rebase: Rebase, out: Sorting): { sides: Sides; open: Open } {
  const { definitions } = rebase;
  const { dictionary } = definitions;
  const base = normaliseFile(dictionary, rebase.base);
  const current = settleFile(dictionary, base, rebase.current);
  const their = changesBetween(dictionary, base, current);
  const wanted = settleFile(dictionary, base, write(dictionary, base, rebase.mine, out));
  const begun: Sides = { definitions, dictionary, base, current, mine: wanted, their };
  const open: Open = new Map();
  for (const change of changesBetween(dictionary, base, wanted)) {
    const malformed = applyChanges(dictionary, null, [change]);
    const refusal = refusalOf(begun, change);
    if (malformed.is === "refused") refuse(out, change, malformed.code);
    else if (!isUntouched(begun, change.path) && isSame(begun, change.path, change.to, at(current, change.path))) {
      out.already.push(change);
    } else if (refusal !== null) refuse(out, change, refusal);
    else open.set(change.path, change);
  }
  // What was refused is not on my side any more: a row that has nothing else is none.
  const mine = withChanges(dictionary, base, [...open.values(), ...out.already]);
  return { sides: { ...begun, mine }, open };
}

/** The base with the wanted changes in the order of their paths; changes of one path that disagree are refused. */
function write(dictionary: Dictionary, base: HouseholdFile, wanted: readonly Change[], out: Sorting): HouseholdFile {
  const byPath = new Map<string, Change[]>();
  for (const change of wanted) byPath.set(change.path, [...(byPath.get(change.path) ?? []), change]);
  let file = base;
  for (const [, same] of [...byPath].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [first] = same;
    if (!first) continue;
    const applied = applyChanges(dictionary, file, [first]);
    if (same.some(({ to }) => !sameValue(to, first.to))) same.forEach((change) => refuse(out, change, "path.twice"));
    else if (applied.is === "refused") refuse(out, first, applied.code);
    else file = applied.file;
  }
  return file;
}
