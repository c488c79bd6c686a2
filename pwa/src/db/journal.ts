// The second copy of the outbox: an append-only file outside of IndexedDB.
//
// Each record is `magic · length · digest · payload`. The digest covers length and payload, so that a torn or
// flipped record is never read as something else; the magic lets the reader find the next good one behind it.
import { decodeBytes, encodeBytes } from "./codec";
import type { JournalFile, JournalPort, Platform } from "./platform";
import type { OutboxRow } from "./rows";

export type JournalRecord =
  | { readonly is: "saved"; readonly row: OutboxRow }
  | { readonly is: "settled"; readonly id: string };

export interface Reading {
  readonly records: readonly JournalRecord[];
  /** Some bytes are of no record: a torn write, or a disk that forgot. */
  readonly damaged: boolean;
}

/** After this time a save goes on without its second copy; a frozen tab may hold the file for ever. */
export const JOURNAL_WAIT_MS = 5_000;
const MAGIC = [0x52, 0x4a, 0x1a, 0x0a] as const;
const DIGEST_BYTES = 16;
const LENGTH_AT = MAGIC.length;
const DIGEST_AT = LENGTH_AT + 4;
const PAYLOAD_AT = DIGEST_AT + DIGEST_BYTES;
const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

type Digest = Pick<Platform, "sha256">;

async function digestOf({ sha256 }: Digest, length: Uint8Array, payload: Uint8Array): Promise<Uint8Array> {
  const covered = new Uint8Array(length.length + payload.length);
  covered.set(length);
  covered.set(payload, length.length);
  return new Uint8Array(await sha256(covered)).subarray(0, DIGEST_BYTES);
}

/** The bytes of some records, one after the other. */
export async function writeRecords(digest: Digest, records: readonly JournalRecord[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const record of records) {
    const payload = encodeBytes(record);
    const bytes = new Uint8Array(PAYLOAD_AT + payload.length);
    bytes.set(MAGIC);
    new DataView(bytes.buffer).setUint32(LENGTH_AT, payload.length);
    bytes.set(await digestOf(digest, bytes.subarray(LENGTH_AT, DIGEST_AT), payload), DIGEST_AT);
    bytes.set(payload, PAYLOAD_AT);
    parts.push(bytes);
  }
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Every whole record of a file, whatever happened to the others. */
export async function readRecords(digest: Digest, bytes: Uint8Array): Promise<Reading> {
  const records: JournalRecord[] = [];
  let damaged = false;
  let at = 0;
  while (at < bytes.length) {
    const found = await recordAt(digest, bytes, at);
    if (found) {
      records.push(found.record);
      at = found.end;
    } else {
      damaged = true;
      at = nextMagic(bytes, at + 1);
    }
  }
  return { records, damaged };
}

async function recordAt(
  digest: Digest,
  bytes: Uint8Array,
  at: number,
): Promise<{ readonly record: JournalRecord; readonly end: number } | null> {
  if (bytes.length - at < PAYLOAD_AT || !isMagic(bytes, at)) return null;
  const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(LENGTH_AT);
  const end = at + PAYLOAD_AT + length;
  if (length > MAX_PAYLOAD_BYTES || end > bytes.length) return null;
  const payload = bytes.subarray(at + PAYLOAD_AT, end);
  const is = await digestOf(digest, bytes.subarray(at + LENGTH_AT, at + DIGEST_AT), payload);
  if (is.some((byte, n) => byte !== bytes[at + DIGEST_AT + n])) return null;
  try {
    return { record: decodeBytes(payload) as JournalRecord, end };
  } catch {
    return null;
  }
}

const isMagic = (bytes: Uint8Array, at: number): boolean => MAGIC.every((byte, n) => bytes[at + n] === byte);

function nextMagic(bytes: Uint8Array, from: number): number {
  for (let at = from; at + MAGIC.length <= bytes.length; at += 1) if (isMagic(bytes, at)) return at;
  return bytes.length;
}

/** What the file says is still unsettled, in the order of saving. */
export function unsettledOf(records: readonly JournalRecord[]): OutboxRow[] {
  const rows = new Map<string, OutboxRow>();
  for (const record of records) {
    if (record.is === "saved") rows.set(record.row.id, record.row);
    else rows.delete(record.id);
  }
  return [...rows.values()];
}

/** The journal of one user, as one window sees it. */
export interface Journal {
  /** Operations that this window knows to stand in the file unsettled; `null` before it has been read. */
  held: ReadonlySet<string> | null;
  /** Settled operations that still take up room in the file. */
  settled: number;
  /** Runs alone with the file, or fails after `JOURNAL_WAIT_MS`. What was begun goes on to its end all the same. */
  alone(run: (file: JournalFile) => Promise<void>): Promise<void>;
}

export function openJournal(platform: Platform, userId: string): Journal | undefined {
  const port: JournalPort | undefined = platform.journal;
  if (!port) return undefined;
  return {
    held: null,
    settled: 0,
    alone: (run) =>
      new Promise((resolve, reject) => {
        const cancel = platform.timer(JOURNAL_WAIT_MS, () => reject(new Error("the journal does not answer")));
        port.alone(userId, run).then(resolve, reject).finally(cancel);
      }),
  };
}
