// A journal in memory that can be cut, bent, hung or made to fail like a disk.
import type { JournalFile, JournalPort } from "@/db/platform";

export class MemoryJournal implements JournalPort {
  readonly files = new Map<string, Uint8Array>();
  appends = 0;
  /** What writing meets: nothing, an error, or no answer at all. */
  trouble: "none" | "fails" | "hangs" = "none";
  private queue: Promise<unknown> = Promise.resolve();

  alone<T>(name: string, run: (file: JournalFile) => Promise<T>): Promise<T> {
    if (this.trouble === "hangs") return new Promise(() => undefined);
    const turn = (): Promise<T> => run(this.file(name));
    const mine = this.queue.then(turn, turn);
    this.queue = mine.catch(() => undefined);
    return mine;
  }

  bytes(name: string): Uint8Array {
    return this.files.get(name) ?? new Uint8Array(0);
  }

  private file(name: string): JournalFile {
    const write = (bytes: Uint8Array): Promise<void> => {
      if (this.trouble === "fails") return Promise.reject(new Error("disk"));
      this.files.set(name, bytes);
      return Promise.resolve();
    };
    return {
      read: () => Promise.resolve(this.bytes(name)),
      append: (bytes) => {
        this.appends += 1;
        return write(Uint8Array.from([...this.bytes(name), ...bytes]));
      },
      replace: write,
    };
  }
}
