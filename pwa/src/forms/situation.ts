// A draft as the rules see it: settled values, changes, derived figures, and the data of conditions.

import { type Change, changesBetween, settleFile } from "./changes";
import type { Definitions, Dictionary, Draft, HouseholdFile, Json, Meta, VisitAnswers } from "./definition";
import { type Derived, derive } from "./derive";
import { normalise } from "./normalise";
import { fieldOfPattern, rowsOf } from "./path";

export interface RowInSight {
  readonly id: string;
  /** Data of conditions in which `row` is this row. */
  readonly data: unknown;
}

export interface Situation {
  readonly definitions: Definitions;
  readonly meta: Meta;
  /** The file that the visit began with, null for a household that is not filed yet. */
  readonly base: HouseholdFile | null;
  /** As it was typed. */
  readonly draft: Draft;
  /** Settled; rows that have no values yet are still there. */
  readonly file: HouseholdFile;
  readonly visit: VisitAnswers;
  readonly later: ReadonlySet<string>;
  readonly changes: readonly Change[];
  readonly derived: Derived;
  readonly isPartial: boolean;
  /** Data of conditions outside of rows. */
  readonly data: unknown;
  /** The rows of a table, ordered by id. */
  readonly rows: (table: string) => readonly RowInSight[];
}

function settleVisit(dictionary: Dictionary, visit: VisitAnswers): VisitAnswers {
  const settled: Record<string, Json> = {};
  for (const key of Object.keys(visit)) {
    const value = normalise(fieldOfPattern(dictionary, `visit/${key}`), visit[key]);
    if (value !== null) settled[key] = value;
  }
  return settled;
}

export function situationOf(definitions: Definitions, base: HouseholdFile | null, draft: Draft, meta: Meta): Situation {
  const { dictionary } = definitions;
  const file = settleFile(dictionary, base, draft.file, true);
  const visit = settleVisit(dictionary, draft.visit);
  const changes = changesBetween(dictionary, base, file);
  const derived = derive(definitions, file, visit, changes, meta);
  const isPartial = visit["outcome"] === "partial";

  const tables = new Map<string, readonly Readonly<Record<string, unknown>>[]>();
  for (const table of Object.keys(dictionary.rows)) {
    const rows = rowsOf(file, table).map(({ id, row }) =>
      table === "persons" ? { ...row, id, d: derived.persons.get(id) } : { ...row, id },
    );
    tables.set(table, rows);
  }
  const data = {
    file: { ...file, ...Object.fromEntries(tables) },
    visit,
    row: null,
    derived: derived.figures,
    today: meta.today,
    is_new: base === null,
    is_partial: isPartial,
  };
  const inSight = new Map<string, readonly RowInSight[]>();
  const rows = (table: string): readonly RowInSight[] => {
    let found = inSight.get(table);
    if (!found) {
      found = (tables.get(table) ?? []).map((row) => ({ id: String(row["id"]), data: { ...data, row } }));
      inSight.set(table, found);
    }
    return found;
  };
  return { definitions, meta, base, draft, file, visit, later: new Set(draft.later), changes, derived, isPartial, data, rows };
}
