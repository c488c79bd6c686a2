// The journal's place in the browser: one file per user in the origin private file system, written by a worker.
//
// Only a worker has synchronous handles, and only these have a `flush` that reaches the disk. They also write in
// place: `createWritable` of the page copies the file and swaps it at its end, so each save would cost the whole
// file, and nothing promises that the swap is on the disk.
import type { JournalFile, JournalPort, Locks } from "./platform";
import type { JournalAnswer, JournalRequest } from "./opfs.worker";

type Ask = (request: Omit<JournalRequest, "id">) => Promise<Uint8Array>;

/** The browser's journal; `undefined` where it has none. */
export function browserJournal(locks: Locks | undefined): JournalPort | undefined {
  const { storage } = navigator as Partial<Pick<Navigator, "storage">>;
  if (typeof Worker === "undefined" || typeof storage?.getDirectory !== "function") return undefined;
  let ask: Ask | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  const fileOf = (name: string): JournalFile => {
    const call: Ask = (request) => (ask ??= startWorker())(request);
    return {
      read: () => call({ name, act: "read", bytes: NOTHING }),
      append: (bytes) => call({ name, act: "append", bytes }).then(() => undefined),
      replace: (bytes) => call({ name, act: "replace", bytes }).then(() => undefined),
    };
  };
  return {
    alone(name, run) {
      // Without Web Locks the browser itself lets only one handle be open: the second tab fails, and says so.
      const turn = (): ReturnType<typeof run> =>
        locks ? locks.request(`ruhu-journal-${name}`, {}, () => run(fileOf(name))) : run(fileOf(name));
      const mine = queue.then(turn, turn);
      queue = mine.catch(() => undefined);
      return mine;
    },
  };
}

const NOTHING = new Uint8Array(0);

function startWorker(): Ask {
  const worker = new Worker(new URL("./opfs.worker.ts", import.meta.url), { type: "module" });
  const waiting = new Map<number, { resolve: (bytes: Uint8Array) => void; reject: (error: Error) => void }>();
  let last = 0;
  let broken: Error | null = null;
  worker.addEventListener("message", ({ data }: MessageEvent<JournalAnswer>) => {
    const one = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.error === null) one?.resolve(data.bytes);
    else one?.reject(new Error(data.error));
  });
  worker.addEventListener("error", () => {
    broken = new Error("the journal's worker failed");
    for (const one of waiting.values()) one.reject(broken);
    waiting.clear();
  });
  return (request) =>
    new Promise((resolve, reject) => {
      if (broken) {
        reject(broken);
        return;
      }
      last += 1;
      waiting.set(last, { resolve, reject });
      worker.postMessage({ ...request, id: last } satisfies JournalRequest);
    });
}
