// No change goes into the file that would make it name a row that is not there.

import {
  type Change,
  type Dictionary,
  type Field,
  type HouseholdFile,
  type Json,
  fieldOfPattern,
  isObject,
  isTable,
  own,
  rowsOf,
} from "../../forms";
import { membershipOf } from "./groups";
import { type Sides, isWithin, newRow, withChanges } from "./sides";
import type { Clash, Sorting } from "./types";

/** A value that names a row. */
export interface Reference {
  readonly path: string;
  /** The path of the row that is named. */
  readonly row: string;
  readonly id: string;
  readonly isMissing: boolean;
}

/** Every reference of a file, by path. */
export function referencesOf(dictionary: Dictionary, file: HouseholdFile): Reference[] {
  const found: Reference[] = [];
  const note = (path: string, field: Field | undefined, id: Json | undefined): void => {
    if (field?.type !== "ref" || field.rows === undefined || typeof id !== "string") return;
    const isMissing = !isObject(own(own(file, field.rows), id));
    found.push({ path, row: `${field.rows}/${id}`, id, isMissing });
  };
  for (const key of Object.keys(file)) {
    if (!isTable(dictionary, key)) note(key, fieldOfPattern(dictionary, key), file[key]);
    else {
      for (const { id, row } of rowsOf(file, key)) {
        for (const column of Object.keys(row)) {
          note(`${key}/${id}/${column}`, fieldOfPattern(dictionary, `${key}/*/${column}`), row[column]);
        }
      }
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** References that name a missing row in one file, and not already in the other. */
export function newlyMissing(dictionary: Dictionary, before: HouseholdFile, after: HouseholdFile): Reference[] {
  const known = referencesOf(dictionary, before).filter(({ isMissing }) => isMissing);
  const isKnown = ({ path, id }: Reference) => known.some((one) => one.path === path && one.id === id);
  return referencesOf(dictionary, after).filter((one) => one.isMissing && !isKnown(one));
}

/**
 * Takes out of `accepted` what would leave a reference dangling that the file does not have yet: it waits for the
 * clash that the row waits for, or is refused when the visit contradicts itself.
 */
export function holdBack(sides: Sides, out: Sorting): void {
  keepGroupsWhole(sides, out);
  let isProgress = true;
  while (isProgress) {
    const after = withChanges(sides.dictionary, sides.current, out.accepted);
    const [broken] = newlyMissing(sides.dictionary, sides.current, after);
    isProgress = broken !== undefined && takeBack(sides, out, broken);
  }
}

/** When something of a group waits for a row that is gone, the rest of what I wrote in the group waits, too. */
function keepGroupsWhole(sides: Sides, out: Sorting): void {
  out.clashes.forEach((clash, at) => {
    const units = new Set(clash.waiting.map(({ path }) => unitOf(sides, path)));
    wait(out, at, ({ path }) => units.has(unitOf(sides, path)));
  });
}

/** Holds back one unit; false when there is none. */
function takeBack(sides: Sides, out: Sorting, broken: Reference): boolean {
  const isWritten = out.accepted.some(({ path }) => path === broken.path);
  // Either I named a row that waits, or I took a row away while what names it stays.
  const [atFault, cause] = isWritten ? [broken.path, broken.row] : [broken.row, broken.path];
  const concerned = out.accepted.filter(({ path }) => isWithin(path, atFault));
  const clash = out.clashes.findIndex((one) => holds(one, cause));
  if (clash >= 0) {
    const units = new Set(concerned.map(({ path }) => unitOf(sides, path)));
    wait(out, clash, ({ path }) => units.has(unitOf(sides, path)));
  } else {
    const taken = remove(out, (change) => concerned.includes(change));
    out.refused.push(...taken.map(({ path, to }) => ({ path, code: "ref.unknown", mine: to })));
  }
  return concerned.length > 0;
}

/** Lets accepted changes wait for a clash. */
function wait(out: Sorting, at: number, belongs: (change: Change) => boolean): void {
  const clash = out.clashes[at];
  if (clash) out.clashes[at] = { ...clash, waiting: [...clash.waiting, ...remove(out, belongs)] };
}

function remove(out: Sorting, belongs: (change: Change) => boolean): Change[] {
  const taken = out.accepted.filter(belongs);
  out.accepted = out.accepted.filter((change) => !taken.includes(change));
  out.settled = out.settled.filter(({ path }) => !taken.some((change) => change.path === path));
  return taken;
}

/** Whether a clash decides about a path, or about its row. */
const holds = ({ paths, waiting }: Clash, path: string): boolean =>
  [...paths, ...waiting.map((change) => change.path)].some((of) => isWithin(path, of) || isWithin(of, path));

/** What goes into the file together or not at all. */
function unitOf(sides: Sides, path: string): string {
  const { rows, field } = membershipOf(sides, path);
  return rows ?? field ?? newRow(sides, path);
}
