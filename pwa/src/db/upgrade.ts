// Versions of the two local databases. A version that was shipped is never edited: add the next one.
// Queued operations are never migrated; the server understands every version that was ever shipped.
import type { Dexie } from "dexie";

export function upgradeUserDatabase(db: Dexie): void {
  db.version(1).stores({
    households: "id, gen",
    files: "id",
    visits: "id, household_id, open, gen",
    drafts: "id, household_id, updated_at",
    outbox: "id, order, subject, household_id, state",
    receipts: "op_id, subject, settled_at_ms, order",
    meta: "key",
  });
  db.version(2).stores({ conflicts: "id, household_id, visit_id, open, gen" });
}

export function upgradeDeviceDatabase(db: Dexie): void {
  db.version(1).stores({ users: "id", devices: "login", meta: "key" });
}
