// Everything the client core takes from outside. The page, the tests and the simulator each bring their own.

import type { Sha256 } from "@/forms/canonical";

/** IndexedDB as the core needs it. */
export interface Storage {
  readonly indexedDB: IDBFactory;
  readonly IDBKeyRange: typeof IDBKeyRange;
}

/** The part of Web Locks that we use. */
export interface Locks {
  request<T>(name: string, options: { signal?: AbortSignal }, run: () => Promise<T>): Promise<T>;
}

/** A file beside the database that keeps a second copy of the outbox. */
export interface JournalFile {
  /** Everything in it; nothing when it is not there. */
  read(): Promise<Uint8Array>;
  /** Writes at the end; resolves when it is on the disk. */
  append(bytes: Uint8Array): Promise<void>;
  /** Writes in place of everything; resolves when it is on the disk. */
  replace(bytes: Uint8Array): Promise<void>;
}

/** Where journals lie. */
export interface JournalPort {
  /** Runs alone among all who use the journal of this name, in whatever tab. */
  alone<T>(name: string, run: (file: JournalFile) => Promise<T>): Promise<T>;
}

/** Sends one HTTP request; throws like `fetch` does when there is no answer. */
export type Transport = (request: Request) => Promise<Response>;

export interface Platform {
  readonly storage: Storage;
  readonly transport: Transport;
  /** Where the API lives, e.g. `https://example.org`, without a slash at the end. */
  readonly origin: string;
  /** Version and build of this app, sent with every push. */
  readonly appBuild: string;
  /** Version of this app as a proposal names it. */
  readonly appVersion: string;
  /** Milliseconds since 1970 by the phone's clock, which may be wrong. */
  nowMs(): number;
  /** Milliseconds since the app started, by a clock that is never set. */
  monotonicMs(): number;
  /** A UUIDv7. */
  newId(): string;
  /** From 0 up to, not including, 1. */
  random(): number;
  /** So many bytes that nobody can guess. */
  secretBytes(count: number): Uint8Array;
  /** SHA-256, 32 bytes. */
  readonly sha256: Sha256;
  /** Runs `run` once after a time; the answer takes it back. */
  timer(afterMs: number, run: () => void): () => void;
  /** Web Locks, where the browser has them; nothing depends on them. */
  readonly locks?: Locks;
  /** A place for the second copy of the outbox, where the browser has one. */
  readonly journal?: JournalPort;
  /** The browser's storage manager, where it has one. */
  readonly storageManager?: StorageManagerLike;
}

/** The part of `navigator.storage` that we use. */
export interface StorageManagerLike {
  persisted?(): Promise<boolean>;
  persist?(): Promise<boolean>;
  estimate?(): Promise<{ usage?: number; quota?: number }>;
}
