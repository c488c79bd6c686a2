// Reading conflicts: what two people found differently at one door, and what I have decided about it.
import type { HouseholdFile } from "@/forms/definition";
import { decode } from "./codec";
import type { Store } from "./database";
import { readAll } from "./meta";
import type { ConflictItem, ConflictRow, OutboxRow } from "./rows";
import { stuckOf } from "./visitEntries";
import type { DecideConflictBody } from "./wire";

/** The decision that an operation carries. */
const decisionOf = (row: OutboxRow): DecideConflictBody => decode(row.op).body as unknown as DecideConflictBody;

/** The newest decision about each conflict that is still in the outbox, by conflict. */
async function decisionsHere({ db }: Store): Promise<Map<string, OutboxRow>> {
  const ops = (await db.outbox.toArray()).filter((op) => op.kind === "conflict.decide");
  return new Map(ops.sort((a, b) => a.order - b.order).map((op) => [op.subject, op]));
}

/**
 * Conflicts of my own visits that somebody must decide, by household, the oldest first; those that I have decided stay
 * until the server has taken it, and those that it did not take until I have seen why.
 */
export function listConflicts(store: Store): Promise<ConflictItem[]> {
  const { db } = store;
  return readAll(db, async () => {
    const decisions = await decisionsHere(store);
    const open = await db.conflicts.where("open").equals(1).toArray();
    const answered = (await db.conflicts.bulkGet([...decisions.keys()])).filter((row) => row !== undefined);
    const rows = new Map([...open, ...answered].map((row) => [row.id, row]));
    const items: ConflictItem[] = [];
    for (const row of rows.values()) {
      const decision = decisions.get(row.id);
      if (decode(row.body).mine.by.id === store.user.id) items.push(await itemOf(store, row, decision));
    }
    return items.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  });
}

const keyOf = ({ body }: ConflictItem): string => `${body.household_id} ${body.created_at} ${body.id}`;

async function itemOf({ db }: Store, row: ConflictRow, decision: OutboxRow | undefined): Promise<ConflictItem> {
  const body = decode(row.body);
  const file = await db.files.get(row.household_id);
  const household = await db.households.get(row.household_id);
  const summary = household && decode(household.summary);
  const typeOf = async (id: string | null): Promise<string | null> => {
    const visit = id === null ? undefined : await db.visits.get(id);
    if (visit?.server) return decode(visit.server).visit_type;
    return visit?.local ? decode(visit.local).visit_type : null;
  };
  return {
    body,
    household_name: summary?.name ?? body.household_name ?? "",
    address: summary?.address ?? "",
    file: file ? (decode(file.body).file as HouseholdFile) : {},
    visit_types: { theirs: await typeOf(body.theirs.visit_id), mine: await typeOf(body.mine.visit_id) },
    decision: decision ? decisionOf(decision) : null,
    stuck: decision ? stuckOf(decision) : null,
  };
}

/** How many conflicts wait for a word of mine. */
export async function countConflicts(store: Store): Promise<number> {
  return (await listConflicts(store)).filter((item) => item.decision === null || item.stuck !== null).length;
}

/** How many undecided conflicts each visit has; one that was decided here counts as decided. Part of a transaction. */
export async function openConflicts(store: Store): Promise<Map<string, number>> {
  const decisions = await decisionsHere(store);
  const counts = new Map<string, number>();
  for (const { id, visit_id } of await store.db.conflicts.where("open").equals(1).toArray()) {
    if (decisions.has(id) && decisions.get(id)?.state !== "answered") continue;
    counts.set(visit_id, (counts.get(visit_id) ?? 0) + 1);
  }
  return counts;
}
