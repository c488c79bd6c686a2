// The named values of a user's database.
import type { Transaction } from "dexie";
import type { UserDatabase } from "./database";
import type { Definitions, Regions } from "./wire";

/** The numbering of the outbox. */
export interface DeviceMeta {
  readonly device_id: string;
  readonly epoch: number;
  readonly next_seq: number;
  readonly next_order: number;
}

/** How far the pull has come. */
export interface PullMeta {
  readonly cursor: string | null;
  /** Number of the current full pull. */
  readonly gen: number;
  /** A full pull is under way; at its end, what it did not see is swept. */
  readonly full: boolean;
  readonly done: number;
  readonly total: number | null;
}

export interface ContactMeta {
  /** Milliseconds since 1970 by the phone's clock; `null` before the first contact. */
  readonly last_contact_ms: number | null;
  readonly last_complete_ms: number | null;
  /** Phone clock minus server clock. */
  readonly clock_offset_ms: number;
  /** The server's history; another one means a restored backup. */
  readonly history_id: string | null;
}

/** How the second copy of the outbox is doing. */
export interface JournalMeta {
  /** `absent`: this browser has no place for it. */
  readonly is: "absent" | "kept" | "failing";
  /** How many operations it has brought back so far. */
  readonly restored: number;
}

/** What the server was last told of that this phone holds. */
export interface ToldMeta {
  /** `head` of that manifest; `null` before the first. */
  readonly head: string | null;
  /** Milliseconds since 1970 by the phone's clock. */
  readonly at_ms: number;
}

/** A document with its ETag. */
export interface Cached<T> {
  readonly etag: string | null;
  readonly body: T;
}

interface MetaValues {
  device: DeviceMeta;
  pull: PullMeta;
  contact: ContactMeta;
  definitions: Cached<Definitions> | null;
  regions: Cached<Regions> | null;
  journal: JournalMeta;
  told: ToldMeta;
  /** Whether the browser was asked to protect the data, whatever it said. */
  protection: { readonly asked: boolean };
  /** Counts the changes that lists depend on. */
  stamp: number;
}

const FIRST: MetaValues = {
  device: { device_id: "", epoch: 1, next_seq: 1, next_order: 1 },
  pull: { cursor: null, gen: 1, full: true, done: 0, total: null },
  contact: { last_contact_ms: null, last_complete_ms: null, clock_offset_ms: 0, history_id: null },
  definitions: null,
  regions: null,
  journal: { is: "absent", restored: 0 },
  told: { head: null, at_ms: 0 },
  protection: { asked: false },
  stamp: 0,
};

export async function readMeta<K extends keyof MetaValues>(db: UserDatabase, key: K): Promise<MetaValues[K]> {
  const row = await db.meta.get(key);
  return row ? (row.value as MetaValues[K]) : FIRST[key];
}

export async function writeMeta<K extends keyof MetaValues>(
  db: UserDatabase,
  key: K,
  value: MetaValues[K],
): Promise<void> {
  await db.meta.put({ key, value });
}

/** Tells the lists that something they show has changed; part of every transaction that changes it. */
export async function touch(db: UserDatabase): Promise<void> {
  await writeMeta(db, "stamp", (await readMeta(db, "stamp")) + 1);
}

/** A transaction over every table; atomic and, once it resolves, on the disk. */
export function writeAll<T>(db: UserDatabase, run: (tx: Transaction) => Promise<T>): Promise<T> {
  return db.transaction("rw", db.tables, run);
}

/** A consistent look at every table. */
export function readAll<T>(db: UserDatabase, run: () => Promise<T>): Promise<T> {
  return db.transaction("r", db.tables, run);
}
