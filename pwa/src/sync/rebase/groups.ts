// Guarded groups: when both sides changed something in one, and the results differ, it clashes as a whole.

import { type Change, type Dictionary, type HouseholdFile, type Json, fieldAt, parsePath } from "../../forms";
import { isInput } from "./policy";
import { type Sides, at, hasRow, isSame, isWithin, take } from "./sides";
import type { Clash, Open, Sorting } from "./types";

/** The groups that a change belongs to. */
interface Membership {
  /** The group that knows which rows there are, for a whole row and every cell of a new one. */
  readonly rows: string | undefined;
  /** The group of the field: `income`, `persons/<id>#identity`. */
  readonly field: string | undefined;
}

const groupOfRows = ({ groups }: Dictionary, table: string): string | undefined =>
  Object.keys(groups).sort().find((name) => groups[name]?.rows === table);

export function membershipOf({ dictionary, base }: Sides, path: string): Membership {
  const parsed = parsePath(path);
  const isOfRows = parsed?.is === "row" || (parsed?.is === "cell" && !hasRow(base, parsed.rows, parsed.id));
  const field = fieldAt(dictionary, path);
  const group = field && isInput(field) ? field.group : undefined;
  const isPerRow = group !== undefined && dictionary.groups[group]?.per !== undefined && parsed?.is === "cell";
  return {
    rows: isOfRows ? groupOfRows(dictionary, parsed.rows) : undefined,
    field: isPerRow ? `${parsed.rows}/${parsed.id}#${group}` : group,
  };
}

interface Touched {
  readonly mine: Set<string>;
  readonly their: Set<string>;
}

export function findGroupClashes(sides: Sides, open: Open, out: Sorting): void {
  const touched = new Map<string, Touched>();
  const touch = (path: string, side: keyof Touched): void => {
    const { rows, field } = membershipOf(sides, path);
    for (const group of [rows, field]) {
      if (group === undefined) continue;
      const known = touched.get(group) ?? { mine: new Set<string>(), their: new Set<string>() };
      known[side].add(path);
      touched.set(group, known);
    }
  };
  for (const path of [...open.keys(), ...out.already.map((change) => change.path)]) touch(path, "mine");
  // A row that is gone on one side has a clash of its own.
  const isElsewhere = (path: string) => out.clashes.some((clash) => isWithin(path, clash.path));
  for (const { path } of sides.their) if (!isElsewhere(path)) touch(path, "their");

  const clashing = [...touched]
    .filter(([, { mine, their }]) => mine.size > 0 && their.size > 0)
    .filter(([, { mine, their }]) => [...mine, ...their].some((path) => differs(sides, path)))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const taken = new Map<string, Change[]>();
  // Whole rows first: no cell of a row that waits may go into the file by another group's decision.
  for (const by of ["rows", "field"] as const) {
    for (const [group] of clashing) {
      const mine = take(open, ({ path }) => membershipOf(sides, path)[by] === group);
      taken.set(group, [...(taken.get(group) ?? []), ...mine]);
    }
  }
  for (const [group, { their }] of clashing) {
    const mine = taken.get(group) ?? [];
    if (mine.length > 0) out.clashes.push(clashOf(sides, group, [...mine.map(({ path }) => path), ...their]));
  }
}

const differs = (sides: Sides, path: string): boolean =>
  !isSame(sides, path, at(sides.mine, path), at(sides.current, path));

function clashOf(sides: Sides, group: string, touched: readonly string[]): Clash {
  const shown = new Set(touched.map((path) => shownAs(sides, group, path)));
  const paths = [...shown].filter((path) => differs(sides, path)).sort();
  const valuesOf = (file: HouseholdFile): Json => Object.fromEntries(paths.map((path) => [path, at(file, path)]));
  return {
    kind: "group",
    path: group,
    paths,
    base: valuesOf(sides.base),
    theirs: valuesOf(sides.current),
    mine: valuesOf(sides.mine),
    waiting: [],
  };
}

/** A row that only one side has is decided as a whole. */
function shownAs({ dictionary, mine, current }: Sides, group: string, path: string): string {
  const parsed = parsePath(path);
  if (parsed?.is !== "cell" || groupOfRows(dictionary, parsed.rows) !== group) return path;
  const { rows, id } = parsed;
  return hasRow(mine, rows, id) === hasRow(current, rows, id) ? path : `${rows}/${id}`;
}
