// Bugs that the simulator must find. In the app: a piece of a module put in the place of the right one when the
// simulator is bundled. In the server: a trigger in the database. The shipped programs have no switch for any of them.

export interface Planted {
  readonly name: string;
  /** The invariant that it breaks. */
  readonly breaks: string;
  readonly file?: string;
  readonly find?: string;
  readonly with?: string;
  readonly sql?: string;
}

const OUTBOX = "pwa/src/sync/outbox.ts";
const PULL = "pwa/src/sync/pull.ts";
const ENGINE = "pwa/src/sync/engine.ts";

export const PLANTED: readonly Planted[] = [
  { name: "outbox_emptied_on_send", breaks: "I1", file: OUTBOX, find: "    await db.outbox.bulkPut(taken.map((row) => ({ ...row, state: \"sending\" as const })));", with: "    await db.outbox.bulkDelete(taken.map((row) => row.id));" },
  { name: "refused_work_dropped", breaks: "I1", file: OUTBOX, find: "      await store.db.outbox.put({ ...row, state: \"answered\", receipt: first ?? receipt });", with: "      await store.db.outbox.delete(row.id);" },
  { name: "renumber_drops_the_last", breaks: "I1", file: OUTBOX, find: "  const rows = await unanswered(store);\n  await db.outbox.bulkPut(rows.map((row, at)", with: "  const rows = await unanswered(store);\n  const extra = rows.length > 1 ? rows.pop() : undefined;\n  if (extra) await db.outbox.delete(extra.id);\n  await db.outbox.bulkPut(rows.map((row, at)" },
  { name: "fork_not_handled", breaks: "I5", file: OUTBOX, find: "    if (device.epoch === epochSeen) await renumber(store, device);", with: "    if (device.epoch !== epochSeen) await renumber(store, device);" },
  { name: "restored_server_not_offered_again", breaks: "I1", file: OUTBOX, find: "    await offerAgain(store, [...stuck, ...kept.flatMap((row) => (row.kept ? [row.kept] : []))]);\n    await renumber(store, device);\n    const pull", with: "    await renumber(store, device);\n    const pull" },
  { name: "receipts_not_kept", breaks: "I1", file: "pwa/src/sync/push.ts", find: "  const news = await applyReceipts(store, result.data.receipts,", with: "  await store.db.outbox.bulkDelete(batch.ops.map((op) => op.id));\n  const news = await applyReceipts(store, result.data.receipts," },
  { name: "cursor_kept_page_dropped", breaks: "I4", file: PULL, find: "    const households = await storeChanges(db, now.gen, page);", with: "    const households = page.changes.length % 3 === 2 ? 0 : await storeChanges(db, now.gen, page);" },
  { name: "eviction_ignored", breaks: "I11", file: PULL, find: "      if (kind === \"household\") await evictHousehold(", with: "      if (kind === \"houshold\") await evictHousehold(" },
  { name: "sweep_forgotten", breaks: "I11", file: PULL, find: "    if (complete) await sweep(store, now.gen);", with: "" },
  { name: "sweep_takes_own_visits", breaks: "I4", file: PULL, find: "visit.gen === gen;", with: "visit.gen === -1;" },
  { name: "no_retry_timer", breaks: "I5", file: ENGINE, find: "      arm(waitMs);", with: "" },
  { name: "no_poll_timer", breaks: "I5", file: ENGINE, find: "      arm(pending > 0 ? FIRST_BACKOFF_MS : POLL_MS);", with: "" },
  { name: "body_wait_endless", breaks: "I5", file: "pwa/src/api/client.ts", find: "const cancel = ports.timer(limitMs, () => {", with: "const cancel = ports.timer(limitMs * 1e6, () => {" },
  { name: "saved_and_deleted_at_times", breaks: "I1", file: "pwa/src/sync/submit.ts", find: "      await storeSubmission(store, opId, draft, proposal, hash);", with: "      await storeSubmission(store, opId, draft, proposal, hash);\n      if (hash.startsWith(\"0\")) await db.outbox.delete(opId);" },
  { name: "server_forgets_feed_rows", breaks: "I4", sql: "CREATE TRIGGER planted AFTER INSERT ON changes WHEN NEW.seq % 5 = 0 BEGIN DELETE FROM changes WHERE seq = NEW.seq; END" },
  { name: "server_forgets_evictions", breaks: "I11", sql: "CREATE TRIGGER planted AFTER INSERT ON changes WHEN NEW.kind = 'evict' BEGIN DELETE FROM changes WHERE seq = NEW.seq; END" },
  { name: "server_forgets_audit", breaks: "I14", sql: "CREATE TRIGGER planted AFTER INSERT ON audit WHEN NEW.seq % 7 = 0 BEGIN DELETE FROM audit WHERE shard = NEW.shard AND seq = NEW.seq; END" },
  { name: "server_forgets_a_revision", breaks: "I1", sql: "CREATE TRIGGER planted AFTER INSERT ON visit_revisions WHEN NEW.rowid % 4 = 0 BEGIN DELETE FROM visit_revisions WHERE visit_id = NEW.visit_id AND rev = NEW.rev; END" },
  { name: "server_number_stands_still", breaks: "I1", sql: "CREATE TRIGGER planted AFTER UPDATE OF next_seq ON devices WHEN NEW.next_seq = 3 BEGIN UPDATE devices SET next_seq = 2 WHERE id = NEW.id; END" },
  { name: "ended_session_goes_on", breaks: "I12", sql: "CREATE TRIGGER planted AFTER UPDATE OF revoked_at ON sessions WHEN NEW.revoked_at IS NOT NULL BEGIN UPDATE sessions SET revoked_at = NULL WHERE id = NEW.id; END" },
  { name: "file_hash_of_another", breaks: "I4", sql: "CREATE TRIGGER planted AFTER UPDATE OF rev ON households WHEN NEW.rev > OLD.rev BEGIN UPDATE households SET hash = OLD.hash WHERE id = NEW.id; END" },
  { name: "reviewer_is_visitor", breaks: "I9", sql: "CREATE TRIGGER planted AFTER UPDATE OF review ON visits WHEN NEW.review IS NOT NULL BEGIN UPDATE visits SET visitor_id = json_extract(NEW.review, '$.by') WHERE id = NEW.id; END" },
];
