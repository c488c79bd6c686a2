// A row that one side took away and the other side wrote in or named: always a person's decision.

import { type Change, fieldAt, parsePath } from "../../forms";
import { referencesOf } from "./references";
import { type Sides, at, hasRow, isUntouched, isWithin, newRow, rebased, take } from "./sides";
import type { Clash, Open, Sorting } from "./types";

export function findGoneRows(sides: Sides, open: Open, out: Sorting): void {
  const named = referencesOf(sides.dictionary, sides.current);
  const isNamedSince = (row: string) =>
    named.some(({ path, row: of, id }) => of === row && at(sides.base, path) !== id);
  const takenByMe = take(
    open,
    ({ path }) => parsePath(path)?.is === "row" && (!isUntouched(sides, path) || isNamedSince(path)),
  );
  for (const { path } of takenByMe) out.clashes.push(clashOf(sides, path, []));
  for (const { path } of sides.their) {
    const parsed = parsePath(path);
    if (parsed?.is !== "row" || !hasRow(sides.mine, parsed.rows, parsed.id)) continue;
    const names = ({ path: mine, to }: Change): boolean =>
      to === parsed.id && fieldAt(sides.dictionary, mine)?.rows === parsed.rows;
    const naming = new Set([...open.values()].filter(names).map((change) => newRow(sides, change.path)));
    const mine = take(open, (change) => isWithin(change.path, path) || naming.has(newRow(sides, change.path)));
    if (mine.length === 0) continue;
    const waiting = mine.filter((change) => !isWithin(change.path, path)).map((change) => rebased(sides, change));
    out.clashes.push(clashOf(sides, path, waiting));
  }
}

const clashOf = (sides: Sides, path: string, waiting: readonly Change[]): Clash => ({
  kind: "row_gone",
  path,
  paths: [path],
  base: at(sides.base, path),
  theirs: at(sides.current, path),
  mine: at(sides.mine, path),
  waiting,
});
