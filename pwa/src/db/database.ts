// The databases on the phone: one per user, and a small one for what the installation must know before anybody
// has signed in. Nothing in one user's database is ever touched while another is signed in.
import { Dexie, type Table } from "dexie";
import { openJournal, type Journal } from "./journal";
import type { Platform, Storage } from "./platform";
import type { ConflictRow, DraftRow, FileRow, HouseholdRow, OutboxRow, ReceiptRow, VisitRow } from "./rows";
import { upgradeDeviceDatabase, upgradeUserDatabase } from "./upgrade";
import type { UserView } from "./wire";

/** One named value; `meta.ts` knows their types. */
export interface MetaRow {
  readonly key: string;
  readonly value: unknown;
}

function options(storage: Storage) {
  return {
    indexedDB: storage.indexedDB,
    IDBKeyRange: storage.IDBKeyRange,
    // Saved means on the disk, not only handed to the operating system.
    chromeTransactionDurability: "strict" as const,
    // Several databases of the same name live in one process in the simulator.
    cache: "disabled" as const,
  };
}

export class UserDatabase extends Dexie {
  readonly households!: Table<HouseholdRow, string>;
  readonly files!: Table<FileRow, string>;
  readonly visits!: Table<VisitRow, string>;
  readonly conflicts!: Table<ConflictRow, string>;
  readonly drafts!: Table<DraftRow, string>;
  readonly outbox!: Table<OutboxRow, string>;
  readonly receipts!: Table<ReceiptRow, string>;
  readonly meta!: Table<MetaRow, string>;

  constructor(storage: Storage, userId: string) {
    super(`ruhu-${userId}`, options(storage));
    upgradeUserDatabase(this);
  }
}

/** A user who has signed in on this phone. */
export interface KnownUser {
  readonly id: string;
  readonly user: UserView;
  readonly device_id: string;
  /** Milliseconds since 1970 by the phone's clock. */
  readonly last_sign_in_ms: number;
  /** Signed out by hand: opens again only with a password. */
  readonly signed_out: boolean;
}

/** The device id that a login name uses on this phone, made before the first sign-in is sent. */
export interface DeviceRow {
  readonly login: string;
  readonly device_id: string;
}

export class DeviceDatabase extends Dexie {
  readonly users!: Table<KnownUser, string>;
  readonly devices!: Table<DeviceRow, string>;
  readonly meta!: Table<MetaRow, string>;

  constructor(storage: Storage) {
    super("ruhu-device", options(storage));
    upgradeDeviceDatabase(this);
  }
}

/** What every function about local data takes: whose data, and the world around it. */
export interface Store {
  readonly db: UserDatabase;
  readonly platform: Platform;
  readonly user: UserView;
  /** The second copy of the outbox, where the browser has a place for it. */
  readonly journal?: Journal;
}

/** Opens the user's database; a failure (`QuotaExceededError`, a blocked upgrade) is thrown. */
export async function openStore(platform: Platform, user: UserView): Promise<Store> {
  const db = new UserDatabase(platform.storage, user.id);
  await db.open();
  const journal = openJournal(platform, user.id);
  return { db, platform, user, ...(journal && { journal }) };
}

export function closeStore(store: Store): void {
  store.db.close();
}

/** The browser's database, for the page; the only place that names it. */
export function browserStorage(): Storage {
  return { indexedDB, IDBKeyRange };
}
