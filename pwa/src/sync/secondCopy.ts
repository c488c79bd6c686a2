// Keeps the journal in step with the outbox, and brings back from it what IndexedDB has lost.
//
// IndexedDB commits first, then the journal: a kill in between leaves an operation with one copy, which the next
// start completes. Whatever the journal does, saving goes on; how it is doing stands in `meta`.
import { decode, encode } from "@/db/codec";
import type { Store } from "@/db/database";
import { summaryOfDraft } from "@/db/households";
import { readRecords, unsettledOf, writeRecords, type Journal, type JournalRecord } from "@/db/journal";
import { readMeta, touch, writeAll, writeMeta, type JournalMeta } from "@/db/meta";
import type { JournalFile } from "@/db/platform";
import type { OutboxRow } from "@/db/rows";
import { renumber } from "./outbox";

/** So many settled records in the file are worth writing it anew. */
const COMPACT_SETTLED = 200;

/**
 * Writes to the journal what changed in the outbox since this window last looked; resolves when it is on the disk,
 * or has failed and the user is told. At the first call it also brings back what only the journal has.
 */
export async function keepCopy(store: Store): Promise<void> {
  await keep(store, false);
}

/**
 * The same, and then the file holds nothing but what is still to be sent. Whether that is so: when it is not, the
 * receipts must stay, or what was answered would look lost.
 */
export async function forgetSettled(store: Store): Promise<boolean> {
  return keep(store, true);
}

async function keep(store: Store, anew: boolean): Promise<boolean> {
  const { journal } = store;
  if (!journal) return true;
  try {
    await journal.alone(async (file) => {
      if (journal.held === null) await compare(store, journal, file);
      else await follow(store, journal, journal.held, file);
      if (anew) await rewrite(store, journal, file);
    });
    await note(store, "kept");
    return true;
  } catch {
    // What is in the file is not known any more: the next call reads it.
    journal.held = null;
    await note(store, "failing");
    return false;
  }
}

async function note(store: Store, is: JournalMeta["is"]): Promise<void> {
  try {
    await store.db.transaction("rw", store.db.meta, async () => {
      const there = await readMeta(store.db, "journal");
      if (there.is !== is) await writeMeta(store.db, "journal", { ...there, is });
    });
  } catch {
    // The database fails, too, or is closed: whoever saves next is told by it.
  }
}

const savedRecords = (rows: readonly OutboxRow[]): JournalRecord[] => rows.map((row) => ({ is: "saved", row }));

async function follow(store: Store, journal: Journal, held: ReadonlySet<string>, file: JournalFile): Promise<void> {
  const ids = await store.db.outbox.toCollection().primaryKeys();
  const there = new Set(ids);
  const news = ids.filter((id) => !held.has(id));
  const gone = [...held].filter((id) => !there.has(id));
  if (news.length + gone.length === 0) return;
  // Whoever takes an operation out of the outbox leaves a receipt. What left without one was lost by the database.
  if ((await store.db.receipts.bulkGet(gone)).includes(undefined)) {
    await compare(store, journal, file);
    return;
  }
  if (ids.length === 0 || journal.settled + gone.length > COMPACT_SETTLED) {
    await rewrite(store, journal, file);
    return;
  }
  const rows = (await store.db.outbox.bulkGet(news)).filter((row) => row !== undefined);
  const records = [...savedRecords(rows), ...gone.map((id): JournalRecord => ({ is: "settled", id }))];
  await file.append(await writeRecords(store.platform, records));
  journal.held = there;
  journal.settled += gone.length;
}

async function rewrite(store: Store, journal: Journal, file: JournalFile): Promise<void> {
  const rows = await store.db.outbox.orderBy("order").toArray();
  await file.replace(await writeRecords(store.platform, savedRecords(rows)));
  journal.held = new Set(rows.map((row) => row.id));
  journal.settled = 0;
}

/** Outbox against journal: each gets what only the other has. */
async function compare(store: Store, journal: Journal, file: JournalFile): Promise<void> {
  const { records, damaged } = await readRecords(store.platform, await file.read());
  const unsettled = unsettledOf(records);
  await bringBack(store, unsettled);
  const ids = await store.db.outbox.toCollection().primaryKeys();
  const known = new Set(unsettled.map((row) => row.id));
  if (damaged || (ids.length === 0 && records.length > 0)) {
    await rewrite(store, journal, file);
    return;
  }
  journal.held = known;
  journal.settled = records.length - unsettled.length;
  await follow(store, journal, known, file);
}

/** Puts operations into the outbox that have neither an entry there nor a receipt. */
async function bringBack(store: Store, unsettled: readonly OutboxRow[]): Promise<void> {
  const { db } = store;
  if (unsettled.length === 0) return;
  await writeAll(db, async () => {
    const ids = unsettled.map((row) => row.id);
    const [open, answered] = [await db.outbox.bulkGet(ids), await db.receipts.bulkGet(ids)];
    const lost = unsettled.filter((_, at) => !open[at] && !answered[at]);
    if (lost.length === 0) return;
    for (const row of lost) {
      await db.outbox.put({ ...row, state: "queued", receipt: null });
      await bringBackVisit(store, row);
    }
    // Numbers and epochs of before may have been used since: ids make it safe to offer under new ones.
    const device = await readMeta(db, "device");
    await renumber(store, {
      ...device,
      epoch: Math.max(device.epoch, ...lost.map((row) => row.epoch)),
      next_order: Math.max(device.next_order, ...lost.map((row) => row.order + 1)),
    });
    const before = await readMeta(db, "journal");
    await writeMeta(db, "journal", { ...before, restored: before.restored + lost.length });
    await touch(db);
  });
}

async function bringBackVisit(store: Store, row: OutboxRow): Promise<void> {
  const { db } = store;
  // A decision is about a conflict, which the server sends again.
  if (!row.kind.startsWith("visit.")) return;
  const { gen } = await readMeta(db, "pull");
  const there = await db.visits.get(row.subject);
  const local = decode(row.visit);
  if (!there || (row.kind === "visit.submit" && (!there.local || decode(there.local).rev < local.rev))) {
    const { household_id } = row;
    await db.visits.put({ id: row.subject, household_id, gen: there?.gen ?? gen, open: 1, server: there?.server ?? null, local: row.visit });
  }
  // The draft that it was made from may be of an older state of the database.
  const draft = await db.drafts.get(row.subject);
  if (row.kind === "visit.submit" && draft && decode(draft.body).rev <= local.rev) await db.drafts.delete(row.subject);
  if (!row.draft || !decode(row.draft).is_new || (await db.households.get(row.household_id))) return;
  const summary = summaryOfDraft(decode(row.draft).answers.file);
  await db.households.put({ id: row.household_id, gen, local: true, summary: encode(summary) });
}
