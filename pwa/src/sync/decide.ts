// What the user decides about conflicts: an operation for each, all of them in one transaction.
import { decode } from "@/db/codec";
import type { Store } from "@/db/database";
import { touch, writeAll } from "@/db/meta";
import type { LocalVisit } from "@/db/rows";
import { timeText } from "@/db/time";
import type { ConflictBody, DecideConflictBody } from "@/db/wire";
import { appendOperation, settle } from "./outbox";
import { keepCopy } from "./secondCopy";

/** Decides open conflicts, offline or not. What was decided or taken away meanwhile is passed over; says how many were new. */
export async function decideConflicts(store: Store, decisions: readonly DecideConflictBody[]): Promise<number> {
  const { db } = store;
  const decided = await writeAll(db, async () => {
    let count = 0;
    for (const decision of decisions) {
      const row = await db.conflicts.get(decision.conflict_id);
      const ops = await db.outbox.where("subject").equals(decision.conflict_id).toArray();
      if (row?.open !== 1 || ops.some((op) => op.state !== "answered")) continue;
      // Another word after a refusal: the refused one is dealt with.
      for (const op of ops) if (op.receipt) await settle(store, op, op.receipt, "edited");
      const opId = store.platform.newId();
      await appendOperation(store, opId, {
        kind: "conflict.decide",
        subject: row.id,
        household_id: row.household_id,
        after: null,
        body: decision,
        visit: await visitOf(store, decode(row.body), opId),
        draft: null,
      });
      count += 1;
    }
    if (count > 0) await touch(db);
    return count;
  });
  await keepCopy(store);
  return decided;
}

/** What the page of deliveries shows of the visit that the conflict belongs to. */
async function visitOf({ db, platform }: Store, body: ConflictBody, opId: string): Promise<LocalVisit> {
  const row = await db.visits.get(body.mine.visit_id);
  const server = row?.server ? decode(row.server) : null;
  const local = row?.local ? decode(row.local) : null;
  const household = await db.households.get(body.household_id);
  const summary = household && decode(household.summary);
  return {
    rev: body.mine.visit_rev,
    visit_type: server?.visit_type ?? local?.visit_type ?? "",
    outcome: server?.outcome ?? local?.outcome ?? "",
    base_rev: server?.base_rev ?? local?.base_rev ?? 0,
    started_at: server?.started_at ?? local?.started_at ?? body.mine.at,
    ended_at: server?.ended_at ?? local?.ended_at ?? body.mine.at,
    saved_at: timeText(platform.nowMs()),
    hash: server?.hash ?? local?.hash ?? "",
    op_id: opId,
    household_name: summary?.name ?? body.household_name ?? "",
    address: summary?.address ?? "",
  };
}
