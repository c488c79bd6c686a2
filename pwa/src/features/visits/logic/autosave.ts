// Keeps a value on the disk while it changes: soon after each change, at once when the page is about to go.

export type SaveState = "saved" | "pending" | "failed";

export interface Autosave<T> {
  /** Tells of a change; the latest value wins. */
  change(value: T): void;
  /** Writes what is pending now. Resolves when nothing is pending or under way any more, or a save has failed. */
  flush(): Promise<void>;
  /** The last try: writes what is pending, and what fails now is not tried again. */
  end(): Promise<void>;
}

export interface Timer {
  (afterMs: number, run: () => void): () => void;
}

const QUIET_MS = 300;
/** However fast somebody types, a save begins after this long. */
const LONGEST_MS = 700;
const RETRY_MS = 2000;

/**
 * `write` saves one value; saves never overlap. A failed save (a full disk) is tried again and said in `tell`.
 */
export function autosave<T>(
  write: (value: T) => Promise<void>,
  timer: Timer,
  tell: (state: SaveState) => void,
): Autosave<T> {
  let pending: { value: T } | null = null;
  let running: Promise<boolean> | null = null;
  let isEnded = false;
  let cancelQuiet: (() => void) | null = null;
  let cancelLongest: (() => void) | null = null;

  function disarm(): void {
    cancelQuiet?.();
    cancelLongest?.();
    cancelQuiet = cancelLongest = null;
  }
  /** Says whether everything is on the disk. */
  async function writeOut(): Promise<boolean> {
    while (pending) {
      const { value } = pending;
      pending = null;
      try {
        await write(value);
      } catch {
        // Kept unless something newer came in; the next try is not far.
        pending = pending ?? { value };
        tell("failed");
        disarm();
        if (!isEnded) cancelQuiet = timer(RETRY_MS, () => void flush());
        return false;
      }
    }
    tell("saved");
    return true;
  }
  async function flush(): Promise<void> {
    for (;;) {
      disarm();
      if (!running) {
        if (!pending) return;
        running = writeOut().finally(() => {
          running = null;
        });
      }
      if (!(await running)) return;
    }
  }
  return {
    change(value) {
      pending = { value };
      tell("pending");
      if (isEnded) return;
      cancelQuiet?.();
      cancelQuiet = timer(QUIET_MS, () => void flush());
      cancelLongest ??= timer(LONGEST_MS, () => void flush());
    },
    flush,
    end() {
      isEnded = true;
      return flush();
    },
  };
}
