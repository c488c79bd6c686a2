// Reading conflicts: what two people found differently at one door, and what I have decided.
import type { HouseholdFile } from "@/forms/definition";
import { decode } from "./codec";
import type { Store } from "./database";
import { readAll } from "./meta";
import type { ConflictItem, OutboxRow } from "./rows";
import { stuckOf } from "./visitEntries";
import type { DecideConflictBody } from "./wire";

/** The decision that an operation carries. */
export const decisionOf = (row: OutboxRow): DecideConflictBody => decode(row.op).body as unknown as DecideConflictBody;

/** Open conflicts of my own visits, by household, the oldest first. */
export function listConflicts(store: Store): Promise<ConflictItem[]> {
  const { db } = store;
  return readAll(db, async () => {
    const rows = await db.conflicts.where("open").equals(1).toArray();
    const bodies = rows.map((row) => decode(row.body)).filter((body) => body.mine.by.id === store.user.id);
    bodies.sort((a, b) => {
      const [first, second] = [`${a.household_id} ${a.created_at} ${a.id}`, `${b.household_id} ${b.created_at} ${b.id}`];
      return first < second ? -1 : first > second ? 1 : 0;
    });
    const items: ConflictItem[] = [];
    for (const body of bodies) {
      const ops = await db.outbox.where("subject").equals(body.id).sortBy("order");
      const last = ops[ops.length - 1];
      const file = await db.files.get(body.household_id);
      const household = await db.households.get(body.household_id);
      const summary = household && decode(household.summary);
      items.push({
        body,
        household_name: body.household_name ?? summary?.name ?? "",
        address: summary?.address ?? "",
        file: file ? (decode(file.body).file as HouseholdFile) : {},
        pending: last && last.state !== "answered" ? decisionOf(last).choice : null,
        stuck: last ? stuckOf(last) : null,
      });
    }
    return items;
  });
}

/** How many conflicts wait for me. */
export async function countConflicts(store: Store): Promise<number> {
  return (await listConflicts(store)).filter((item) => item.pending === null).length;
}
