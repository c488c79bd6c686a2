// One tab at a time, where the browser can tell tabs apart.

export interface Locks {
  request<T>(name: string, options: { signal?: AbortSignal }, run: () => Promise<T>): Promise<T>;
}

export interface LockPorts {
  /** Web Locks, where the browser has them; nothing depends on them. */
  readonly locks?: Locks;
  timer(afterMs: number, run: () => void): () => void;
}

/** A tab that the browser has frozen may hold the lock for ever; after this time we go without it. */
export const LOCK_WAIT_MS = 30_000;

/** Runs alone among the tabs of this browser, or after `LOCK_WAIT_MS` all the same. */
export async function inLock<T>({ locks, timer }: LockPorts, name: string, run: () => Promise<T>): Promise<T> {
  if (!locks) return run();
  const abort = new AbortController();
  let begun = false;
  const cancel = timer(LOCK_WAIT_MS, () => abort.abort());
  try {
    return await locks.request(name, { signal: abort.signal }, () => {
      begun = true;
      cancel();
      return run();
    });
  } catch (error) {
    if (begun || !abort.signal.aborted) throw error;
    return run();
  } finally {
    cancel();
  }
}
