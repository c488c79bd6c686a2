// Reading visits: time lines, what needs the user, and how much stands where.
import type { Store } from "./database";
import { decode } from "./codec";
import { readAll } from "./meta";
import type { DraftRow, HouseholdRow, NeedsMe, OutboxRow, VisitEntry, VisitRow, WorkCounts } from "./rows";
import { openConflicts } from "./conflicts";
import { stuckOf, visitEntry } from "./visitEntries";

/** Everything about a number of visits, put together by visit. */
export function entriesOf(
  store: Store,
  rows: readonly VisitRow[],
  ops: readonly OutboxRow[],
  drafts: readonly DraftRow[],
  households: ReadonlyMap<string, HouseholdRow>,
  conflicts: ReadonlyMap<string, number>,
): VisitEntry[] {
  const rowOf = new Map(rows.map((row) => [row.id, row]));
  const draftOf = new Map(drafts.map((draft) => [draft.id, draft]));
  const opsOf = new Map<string, OutboxRow[]>();
  for (const op of [...ops].sort((a, b) => a.order - b.order)) {
    opsOf.set(op.subject, [...(opsOf.get(op.subject) ?? []), op]);
  }
  const entries: VisitEntry[] = [];
  for (const id of new Set([...rowOf.keys(), ...opsOf.keys(), ...draftOf.keys()])) {
    const found = opsOf.get(id) ?? [];
    const household_id = draftOf.get(id)?.household_id ?? found[0]?.household_id ?? rowOf.get(id)?.household_id ?? "";
    const household = households.get(household_id);
    const entry = visitEntry(
      { id, household_id, row: rowOf.get(id), ops: found, draft: draftOf.get(id), open_conflicts: conflicts.get(id) ?? 0 },
      {
        user_id: store.user.id,
        user_name: store.user.name,
        household: household ? decode(household.summary) : { name: "", address: "" },
        is_here: household !== undefined,
      },
    );
    if (entry) entries.push(entry);
  }
  return entries.sort((a, b) => (a.started_at < b.started_at ? 1 : a.started_at > b.started_at ? -1 : 0));
}

async function householdsOf(store: Store, ids: readonly string[]): Promise<Map<string, HouseholdRow>> {
  const rows = await store.db.households.bulkGet([...new Set(ids)]);
  return new Map(rows.flatMap((row) => (row ? [[row.id, row] as const] : [])));
}

/** The visits that are not finished: drafts, unsent, waiting, returned. */
export function listOpenVisits(store: Store): Promise<VisitEntry[]> {
  const { db } = store;
  return readAll(db, async () => {
    const rows = await db.visits.where("open").equals(1).toArray();
    const ops = await db.outbox.toArray();
    const drafts = await db.drafts.toArray();
    // A closed visit may have an answered operation, for instance a refused withdrawal.
    const missing = ops.map((op) => op.subject).filter((id) => !rows.some((row) => row.id === id));
    const others = (await db.visits.bulkGet([...new Set(missing)])).flatMap((row) => (row ? [row] : []));
    const all = [...rows, ...others];
    const households = await householdsOf(store, [...all, ...ops, ...drafts].map((row) => row.household_id));
    return entriesOf(store, all, ops, drafts, households, await openConflicts(store));
  });
}

/** The time line of one household, newest first. */
export function listVisitsOf(store: Store, householdId: string): Promise<VisitEntry[]> {
  const { db } = store;
  return readAll(db, async () => {
    const rows = await db.visits.where("household_id").equals(householdId).toArray();
    const ops = await db.outbox.where("household_id").equals(householdId).toArray();
    const drafts = await db.drafts.where("household_id").equals(householdId).toArray();
    return entriesOf(store, rows, ops, drafts, await householdsOf(store, [householdId]), await openConflicts(store));
  });
}

/** One visit, or `undefined` when the phone holds nothing of it. */
export function findVisit(store: Store, visitId: string): Promise<VisitEntry | undefined> {
  const { db } = store;
  return readAll(db, async () => {
    const row = await db.visits.get(visitId);
    const ops = await db.outbox.where("subject").equals(visitId).toArray();
    const draft = await db.drafts.get(visitId);
    const ids = [row, draft, ...ops].flatMap((trace) => (trace ? [trace.household_id] : []));
    const drafts = draft ? [draft] : [];
    const households = await householdsOf(store, ids);
    return entriesOf(store, row ? [row] : [], ops, drafts, households, await openConflicts(store))[0];
  });
}

const URGENCY: Record<NeedsMe["is"], number> = { returned: 0, stuck: 1 };

/** My visits that came back, and what the server refused or put aside of them. Conflicts are told by `countConflicts`. */
export async function listNeedsMe(store: Store): Promise<NeedsMe[]> {
  const needs: NeedsMe[] = [];
  for (const visit of await listOpenVisits(store)) {
    if (!visit.mine) continue;
    if (visit.stuck) needs.push({ is: "stuck", visit, operation: visit.stuck });
    else if (visit.status === "returned" && !visit.withdrawing) {
      needs.push({ is: "returned", visit, review: visit.review });
    }
  }
  return needs.sort((a, b) => URGENCY[a.is] - URGENCY[b.is]);
}

export async function countWork(store: Store): Promise<WorkCounts> {
  const ops = await store.db.outbox.toArray();
  const visits = (await listOpenVisits(store)).filter((visit) => visit.mine);
  const waiting = new Set(["delivered", "in_review", "conflict"]);
  return {
    drafts: visits.filter((visit) => visit.status === "draft").length,
    unsent: ops.filter((op) => op.state !== "answered").length,
    stuck: ops.filter((op) => stuckOf(op) !== null).length,
    waiting: visits.filter((visit) => waiting.has(visit.status)).length,
    returned: visits.filter((visit) => visit.status === "returned").length,
  };
}
