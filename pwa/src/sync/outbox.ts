// The outbox: what the user did and the server has not answered yet, in order, numbered without gaps.
// An operation leaves it only on a receipt, or when the user deals with a refusal.
import { decode, encode } from "@/db/codec";
import type { Store } from "@/db/database";
import { readMeta, touch, writeAll, writeMeta, type DeviceMeta } from "@/db/meta";
import { isParked } from "@/db/visitEntries";
import type { Draft, LocalVisit, OperationBody, OutboxRow, ReceiptRow, Settled } from "@/db/rows";
import { timeText } from "@/db/time";
import { canonicalHash } from "@/forms/canonical";
import type { Manifest, Operation, Receipt } from "@/db/wire";

/** How long an answered operation is kept for a server that was restored from a backup. */
const KEPT_MS = 30 * 24 * 3_600_000;
/** No number of an operation is longer than this on the wire. */
const SEQ_DIGITS_BYTES = 16;

/** Refusals after which nothing can be decided about a conflict any more, whatever the user says. */
const CLOSING_CODES = new Set(["conflict.unknown", "conflict.already_decided"]);

export interface NewOperation {
  readonly kind: "visit.submit" | "visit.withdraw" | "conflict.decide";
  readonly subject: string;
  readonly household_id: string;
  readonly after: string | null;
  readonly body: unknown;
  readonly visit: LocalVisit;
  readonly draft: Draft | null;
}

/** Appends an operation under its own id; part of the transaction that changes the rows. */
export async function appendOperation(store: Store, id: string, input: NewOperation): Promise<OutboxRow> {
  const { db, platform } = store;
  const device = await readMeta(db, "device");
  const { clock_offset_ms } = await readMeta(db, "contact");
  const op: OperationBody = {
    id,
    kind: input.kind,
    version: 1,
    subject: input.subject,
    after: input.after,
    recorded_at: timeText(platform.nowMs()),
    clock: { offset_ms: clock_offset_ms, monotonic_ms: Math.round(platform.monotonicMs()) },
    body: input.body as OperationBody["body"],
  };
  const row: OutboxRow = {
    id,
    order: device.next_order,
    epoch: device.epoch,
    seq: device.next_seq,
    kind: input.kind,
    subject: input.subject,
    household_id: input.household_id,
    state: "queued",
    bytes: new TextEncoder().encode(JSON.stringify(op)).length + SEQ_DIGITS_BYTES,
    op: encode(op),
    visit: encode(input.visit),
    draft: input.draft && encode(input.draft),
    receipt: null,
  };
  await db.outbox.add(row);
  await writeMeta(db, "device", { ...device, next_seq: device.next_seq + 1, next_order: device.next_order + 1 });
  return row;
}

/** What a push may carry. */
export interface BatchLimits {
  readonly ops: number;
  readonly bytes: number;
}

/** What this phone holds without an answer, at one moment. */
export interface Held {
  readonly device: string;
  readonly epoch: number;
  /** In the order of their numbers. */
  readonly held: readonly { readonly seq: number; readonly id: string }[];
}

export interface Batch extends Held {
  readonly ops: readonly Operation[];
}

async function unanswered(store: Store): Promise<OutboxRow[]> {
  const rows = await store.db.outbox.where("state").anyOf("queued", "sending").toArray();
  return rows.sort((a, b) => a.order - b.order);
}

export async function countUnsent(store: Store): Promise<number> {
  return store.db.outbox.where("state").anyOf("queued", "sending").count();
}

/** Operations that the server refused: their author must look at them. What is parked waits for the office. */
export async function countStuck(store: Store): Promise<number> {
  const answered = store.db.outbox.where("state").equals("answered");
  return answered.filter((row) => !isParked(row)).count();
}

/** Operations that the server keeps and could not take in yet: what becomes of them comes by pull. */
export async function countParked(store: Store): Promise<number> {
  return store.db.outbox.where("state").equals("answered").filter(isParked).count();
}

async function heldNow(store: Store, rows: readonly OutboxRow[]): Promise<Held> {
  const { device_id, epoch } = await readMeta(store.db, "device");
  return { device: device_id, epoch, held: rows.map(({ seq, id }) => ({ seq, id })) };
}

export function readHeld(store: Store): Promise<Held> {
  const { db } = store;
  return db.transaction("r", [db.outbox, db.meta], async () => heldNow(store, await unanswered(store)));
}

/**
 * What a push tells of it. `head` is over what is held, so that the office can tell two phones' work apart, and see
 * whether all of it has come. Not for a transaction: it waits for the hash.
 */
export async function manifestOf({ platform }: Store, { held }: Held): Promise<Manifest> {
  const [first] = held;
  const last = held[held.length - 1];
  if (!first || !last) return { count: 0, first_seq: null, last_seq: null, head: "" };
  const head = await canonicalHash(held.map(({ seq, id }) => [seq, id]), platform.sha256);
  return { count: held.length, first_seq: first.seq, last_seq: last.seq, head };
}

/** The next operations to send, contiguous in number; `null` when nothing waits. */
export function nextBatch(store: Store, limits: BatchLimits): Promise<Batch | null> {
  const { db } = store;
  return db.transaction("rw", [db.outbox, db.meta], async () => {
    const rows = await unanswered(store);
    const [first] = rows;
    if (!first) return null;
    const taken: OutboxRow[] = [];
    let bytes = 0;
    for (const row of rows) {
      const fits = taken.length < limits.ops && bytes + row.bytes <= limits.bytes;
      if (taken.length > 0 && (!fits || row.seq !== first.seq + taken.length)) break;
      taken.push(row);
      bytes += row.bytes + 1;
    }
    await db.outbox.bulkPut(taken.map((row) => ({ ...row, state: "sending" as const })));
    return { ...(await heldNow(store, rows)), ops: taken.map((row) => ({ seq: row.seq, ...decode(row.op) })) };
  });
}

/** After a push that got no answer: nothing is under way any more. */
export async function markQueued(store: Store): Promise<void> {
  await store.db.outbox.where("state").equals("sending").modify({ state: "queued" });
}

/**
 * Stores the server's answers, given at a time by its clock. Answers to what is no longer here change nothing. Says
 * how many were new.
 */
export function applyReceipts(store: Store, receipts: readonly Receipt[], answeredMs: number | null): Promise<number> {
  return writeAll(store.db, async () => {
    let news = 0;
    for (const receipt of receipts) {
      const row = await store.db.outbox.get(receipt.op_id);
      if (!row) continue;
      await settleByReceipt(store, row, receipt, answeredMs);
      news += 1;
    }
    if (news > 0) await touch(store.db);
    return news;
  });
}

async function settleByReceipt(
  store: Store,
  row: OutboxRow,
  receipt: Receipt,
  answeredMs: number | null,
): Promise<void> {
  const first = receipt.outcome === "duplicate" ? (receipt.first ?? null) : receipt;
  const outcome = first?.outcome ?? "applied";
  switch (outcome) {
    case "applied":
    case "merged":
    case "conflict":
    case "duplicate":
      await settle(store, row, first ?? receipt, "delivered", answeredMs);
      // The server tells so, too, with the next pull; until then the card must not ask again.
      if (row.kind === "conflict.decide") await store.db.conflicts.update(row.subject, { open: 0 });
      break;
    default:
      // Refused, parked, or a word of a later server: kept where the user sees it.
      await store.db.outbox.put({ ...row, state: "answered", receipt: first ?? receipt });
      if (CLOSING_CODES.has(first?.code ?? "")) await store.db.conflicts.update(row.subject, { open: 0 });
  }
}

/** Takes an entry out of the outbox and keeps its answer; part of a transaction. */
export async function settle(
  store: Store,
  row: OutboxRow,
  receipt: Receipt,
  settled: Settled,
  answeredMs: number | null = null,
): Promise<void> {
  const kept: ReceiptRow = {
    op_id: row.id,
    order: row.order,
    epoch: row.epoch,
    seq: row.seq,
    kind: row.kind,
    subject: row.subject,
    household_id: row.household_id,
    settled,
    receipt,
    settled_at_ms: store.platform.nowMs(),
    answered_ms: answeredMs,
    kept: { ...row, state: "queued", receipt: null },
  };
  await store.db.receipts.put(kept);
  await store.db.outbox.delete(row.id);
}

/** Everything without an answer under a new epoch, numbered from 1. Ids stay. Part of a transaction. */
export async function renumber(store: Store, device: DeviceMeta): Promise<void> {
  const { db } = store;
  const epoch = device.epoch + 1;
  const rows = await unanswered(store);
  await db.outbox.bulkPut(rows.map((row, at) => ({ ...row, state: "queued" as const, epoch, seq: at + 1 })));
  await writeMeta(db, "device", { ...device, epoch, next_seq: rows.length + 1 });
}

/** `409 sync.fork`. Does nothing when somebody else has already taken another epoch than the one seen. */
export function takeNewEpoch(store: Store, epochSeen: number): Promise<void> {
  return writeAll(store.db, async () => {
    const device = await readMeta(store.db, "device");
    if (device.epoch === epochSeen) await renumber(store, device);
  });
}

/**
 * `409 sync.gap`: the server expects `nextSeq`, as after the restore of a backup.
 * Goes back to there with what was kept; where something is missing, under a new epoch.
 */
export function rewind(store: Store, epochSeen: number, nextSeq: number): Promise<void> {
  const { db } = store;
  return writeAll(db, async () => {
    const device = await readMeta(db, "device");
    if (device.epoch !== epochSeen) return;
    const lost = await answeredFrom(store, epochSeen, nextSeq);
    await offerAgain(store, lost);
    const held = new Set((await unanswered(store)).map((row) => row.seq));
    let complete = true;
    for (let seq = nextSeq; seq < device.next_seq; seq += 1) complete &&= held.has(seq);
    if (!complete || nextSeq >= device.next_seq) await renumber(store, device);
    await touch(db);
  });
}

/** What the server answered in this epoch from a number on, as far as it is still here. */
async function answeredFrom(store: Store, epoch: number, seq: number): Promise<OutboxRow[]> {
  const mine = (row: { epoch: number; seq: number }): boolean => row.epoch === epoch && row.seq >= seq;
  const stuck = (await store.db.outbox.where("state").equals("answered").toArray()).filter(mine);
  const receipts = (await store.db.receipts.toArray()).filter((row) => mine(row) && row.settled === "delivered");
  return [...stuck, ...receipts.flatMap((row) => (row.kept ? [row.kept] : []))];
}

async function offerAgain(store: Store, rows: readonly OutboxRow[]): Promise<void> {
  await store.db.outbox.bulkPut(rows.map((row) => ({ ...row, state: "queued" as const, receipt: null })));
  await store.db.receipts.bulkDelete(rows.map((row) => row.id));
}

/**
 * The server has another history than the one this phone knew: a backup was restored.
 * What it may have forgotten is offered again under a new epoch, and everything is pulled anew.
 */
export function adoptHistory(store: Store, historyId: string): Promise<boolean> {
  const { db } = store;
  return writeAll(db, async () => {
    const contact = await readMeta(db, "contact");
    if (contact.history_id === historyId) return false;
    await writeMeta(db, "contact", { ...contact, history_id: historyId });
    if (contact.history_id === null) return false;
    const device = await readMeta(db, "device");
    const kept = (await db.receipts.toArray()).filter((row) => row.settled === "delivered");
    const stuck = await db.outbox.where("state").equals("answered").toArray();
    await offerAgain(store, [...stuck, ...kept.flatMap((row) => (row.kept ? [row.kept] : []))]);
    await renumber(store, device);
    const pull = await readMeta(db, "pull");
    await writeMeta(db, "pull", { cursor: null, gen: pull.gen + 1, full: true, done: 0, total: null });
    await touch(db);
    return true;
  });
}

/** The session's device. Another one than before starts its own numbering. */
export function adoptDevice(store: Store, deviceId: string): Promise<void> {
  const { db } = store;
  return writeAll(db, async () => {
    const device = await readMeta(db, "device");
    if (device.device_id === deviceId) return;
    const fresh = { ...device, device_id: deviceId };
    if (device.device_id === "") await writeMeta(db, "device", fresh);
    else await renumber(store, { ...fresh, epoch: 0 });
  });
}

/** An operation that no server can take (one alone is too large, or is not understood): the user sees it. */
export function setAside(store: Store, opId: string, epochSeen: number, code: string): Promise<void> {
  const { db } = store;
  return writeAll(db, async () => {
    const row = await db.outbox.get(opId);
    const device = await readMeta(db, "device");
    if (!row || row.state === "answered" || device.epoch !== epochSeen) return;
    const receipt: Receipt = {
      seq: row.seq,
      op_id: row.id,
      outcome: "refused",
      code,
      errors: [],
      subject: { kind: row.kind.split(".")[0] ?? "", id: row.subject },
    };
    await db.outbox.put({ ...row, state: "answered", receipt });
    await renumber(store, device);
    await touch(db);
  });
}

/**
 * Forgets the bodies of operations that were answered long ago by the server's clock: the phone's may have been set
 * ten years ahead since, and the copies are there for a server that has lost its own.
 */
export async function forgetOld(store: Store, serverNowMs: number): Promise<void> {
  const before = serverNowMs - KEPT_MS;
  const isOld = ({ kept, answered_ms, settled_at_ms }: ReceiptRow): boolean =>
    kept !== null && (answered_ms ?? settled_at_ms) < before;
  await store.db.receipts.filter(isOld).modify({ kept: null });
}
