// The disk of a phone: IndexedDB that can be full, go bad, be evicted or die with its window, and a journal beside
// it that can be cut, bent, hung or made to fail.
import { IDBCursor, IDBDatabase, IDBFactory, IDBKeyRange, IDBObjectStore } from "fake-indexeddb";
import type { JournalFile, JournalPort, Storage } from "@/db/platform";

/** Whoever uses the database: is asked before each look and each write, and may throw. */
export interface Reader {
  beforeOpen(): void;
  beforeLook(): void;
  beforeWrite(): void;
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

const owners = new WeakMap<object, Reader>();
function wrap(of: Record<string, Method>, name: string, before: (self: unknown) => void): void {
  const real = of[name];
  if (!real) throw new Error(`IndexedDB has no ${name}`);
  of[name] = function (this: unknown, ...args: unknown[]): unknown {
    before(this);
    return real.apply(this, args);
  };
}

/** Lets every look and write of fake-indexeddb pass by its reader. */
function patch(): void {
  const methods = (of: { readonly prototype: object }): Record<string, Method> => of.prototype as Record<string, Method>;
  const [store, cursor] = [methods(IDBObjectStore), methods(IDBCursor)];
  const ofStore = (self: unknown): Reader | undefined => owners.get((self as globalThis.IDBObjectStore).transaction.db);
  for (const name of ["put", "add", "delete", "clear"]) wrap(store, name, (self) => ofStore(self)?.beforeWrite());
  for (const name of ["get", "getAll", "getAllKeys", "openCursor"]) wrap(store, name, (self) => ofStore(self)?.beforeLook());
  const ofCursor = (self: unknown): Reader | undefined => {
    const { source } = self as globalThis.IDBCursor;
    return owners.get(("objectStore" in source ? source.objectStore : source).transaction.db);
  };
  for (const name of ["update", "delete"]) wrap(cursor, name, (self) => ofCursor(self)?.beforeWrite());
  wrap(methods(IDBDatabase), "transaction", (self) => owners.get(self as object)?.beforeLook());
}
patch();

/** IndexedDB as one window sees it. */
export function storageFor(factory: IDBFactory, reader: Reader): Storage {
  const real = factory as unknown as { open(name: string, version?: number): IDBOpenDBRequest };
  const open = (name: string, version?: number): IDBOpenDBRequest => {
    reader.beforeOpen();
    const request = version === undefined ? real.open(name) : real.open(name, version);
    const own = (): void => {
      owners.set(request.result, reader);
    };
    request.addEventListener("upgradeneeded", own);
    request.addEventListener("success", own);
    return request;
  };
  const facade = new Proxy(factory, {
    get(target, key) {
      if (key === "open") return open;
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? (value as Method).bind(target) : value;
    },
  });
  return { indexedDB: facade, IDBKeyRange };
}

/** All rows of a store, read beside every fault; empty when the database is not there. */
export async function readStore<T>(factory: IDBFactory, name: string, store: string): Promise<T[]> {
  const databases = await factory.databases();
  if (!databases.some((one) => one.name === name)) return [];
  const db = await done<globalThis.IDBDatabase>(factory.open(name));
  try {
    if (!db.objectStoreNames.contains(store)) return [];
    return await done<T[]>(db.transaction(store).objectStore(store).getAll());
  } finally {
    db.close();
  }
}

function done<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = () => reject(new Error(String(request.error)));
  });
}

/** A copy of every database, as a backup of the phone holds it. */
export async function copyDatabases(from: IDBFactory): Promise<IDBFactory> {
  const to = new IDBFactory();
  for (const { name = "", version = 1 } of await from.databases()) {
    const source = await done<globalThis.IDBDatabase>(from.open(name));
    const names = [...source.objectStoreNames];
    const rows = new Map<string, unknown[]>();
    for (const one of names) rows.set(one, await done<unknown[]>(source.transaction(one).objectStore(one).getAll()));
    const shapes = names.map((one) => {
      const store = source.transaction(one).objectStore(one);
      const indexes = [...store.indexNames].map((index) => store.index(index));
      return { name: one, keyPath: store.keyPath, indexes: indexes.map((index) => ({ name: index.name, keyPath: index.keyPath, unique: index.unique, multiEntry: index.multiEntry })) };
    });
    const request = to.open(name, version);
    request.onupgradeneeded = () => {
      for (const shape of shapes) {
        const store = request.result.createObjectStore(shape.name, { keyPath: shape.keyPath });
        for (const index of shape.indexes) {
          store.createIndex(index.name, index.keyPath, { unique: index.unique, multiEntry: index.multiEntry });
        }
        for (const row of rows.get(shape.name) ?? []) store.add(row);
      }
    };
    (await done<globalThis.IDBDatabase>(request)).close();
    source.close();
  }
  return to;
}

export type Trouble = "none" | "fails" | "hangs";

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

/** Journals in memory. */
export class Journals implements JournalPort {
  files = new Map<string, Uint8Array>();
  trouble: Trouble = "none";
  /** Called when the trouble is met. */
  met: (trouble: Trouble) => void = () => undefined;
  private queue: Promise<unknown> = Promise.resolve();

  alone<T>(name: string, run: (file: JournalFile) => Promise<T>): Promise<T> {
    if (this.trouble === "hangs") {
      this.met("hangs");
      return new Promise(() => undefined);
    }
    const turn = (): Promise<T> => run(this.file(name));
    const mine = this.queue.then(turn, turn);
    this.queue = mine.catch(() => undefined);
    return mine;
  }

  /** A window that died in the middle of something holds the file no longer. */
  letGo(): void {
    this.queue = Promise.resolve();
  }

  bytes(name: string): Uint8Array {
    return this.files.get(name) ?? new Uint8Array(0);
  }

  private file(name: string): JournalFile {
    const write = (bytes: Uint8Array): Promise<void> => {
      if (this.trouble === "fails") {
        this.met("fails");
        return Promise.reject(new Error("disk"));
      }
      this.files.set(name, bytes);
      return Promise.resolve();
    };
    return {
      read: () => Promise.resolve(this.bytes(name)),
      append: (bytes) => write(joined(this.bytes(name), bytes)),
      replace: write,
    };
  }
}
