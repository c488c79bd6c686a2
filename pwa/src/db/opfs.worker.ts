// Reads and writes the journal with a synchronous handle; flushed before it is answered.

export interface JournalRequest {
  readonly id: number;
  readonly name: string;
  readonly act: "read" | "append" | "replace";
  readonly bytes: Uint8Array;
}

export interface JournalAnswer {
  readonly id: number;
  readonly bytes: Uint8Array;
  /** Name of what went wrong. */
  readonly error: string | null;
}

/** The part of `FileSystemSyncAccessHandle` that we use; the page's types do not know it. */
interface SyncHandle {
  getSize(): number;
  read(bytes: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

const FOLDER = "journal";

async function openHandle(name: string): Promise<SyncHandle> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(FOLDER, { create: true });
  const file = await folder.getFileHandle(name, { create: true });
  return await (file as unknown as { createSyncAccessHandle(): Promise<SyncHandle> }).createSyncAccessHandle();
}

function act(handle: SyncHandle, { act, bytes }: JournalRequest): Uint8Array {
  const size = handle.getSize();
  if (act === "read") {
    const whole = new Uint8Array(size);
    return whole.subarray(0, handle.read(whole, { at: 0 }));
  }
  const at = act === "append" ? size : 0;
  if (act === "replace") handle.truncate(0);
  if (handle.write(bytes, { at }) !== bytes.length) throw new Error("ShortWrite");
  handle.flush();
  return new Uint8Array(0);
}

async function answer(request: JournalRequest): Promise<JournalAnswer> {
  let handle: SyncHandle | undefined;
  try {
    handle = await openHandle(request.name);
    return { id: request.id, bytes: act(handle, request), error: null };
  } catch (error) {
    return { id: request.id, bytes: new Uint8Array(0), error: error instanceof Error ? error.name : "Error" };
  } finally {
    handle?.close();
  }
}

// One after the other: a second handle of the same file cannot be open.
let queue: Promise<void> = Promise.resolve();
addEventListener("message", ({ data }: MessageEvent<JournalRequest>) => {
  queue = queue.then(async () => postMessage(await answer(data)));
});
