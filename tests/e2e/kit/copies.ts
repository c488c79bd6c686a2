// The two copies of the outbox as they lie in the browser, and what a bad disk makes of them.
import type { Page } from "playwright-core";

/** Ids of the operations in IndexedDB's outbox. */
export function outboxIds(page: Page): Promise<string[]> {
  return page.evaluate(`(${inOutbox})("readonly", ({ outbox }) => outbox.getAllKeys())`) as Promise<string[]>;
}

/** IndexedDB forgets the outbox, and the visits that it is about. */
export async function loseOutbox(page: Page): Promise<void> {
  await page.evaluate(`(${inOutbox})("readwrite", async ({ outbox, visits }, done) => {
    for (const { subject } of await done(outbox.getAll())) visits.delete(subject);
    return outbox.clear();
  })`);
}

/** Runs in the page: a transaction over the signed-in user's outbox and visits. */
const inOutbox = `async (mode, run) => {
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const names = (await indexedDB.databases()).map(({ name }) => name);
  const db = await done(indexedDB.open(names.find((name) => name.startsWith("ruhu-") && name !== "ruhu-device")));
  const work = db.transaction(["outbox", "visits"], mode);
  const over = new Promise((resolve, reject) => { work.oncomplete = resolve; work.onabort = () => reject(work.error); });
  const result = await done(await run({ outbox: work.objectStore("outbox"), visits: work.objectStore("visits") }, done));
  await over;
  db.close();
  return result;
}`;

/** What stands in the journal, as text; `""` when nothing does. */
export function journalText(page: Page): Promise<string> {
  return page.evaluate(`(${onJournal})(async (file) => (await file.getFile()).text())`) as Promise<string>;
}

/** The disk gives back something else from a point in the journal on, and nothing of its end. */
export async function bendJournal(page: Page): Promise<void> {
  await page.evaluate(`(${onJournal})(async (file) => {
    const whole = new Uint8Array(await (await file.getFile()).arrayBuffer());
    const bent = whole.slice(0, Math.floor(whole.length * 0.8)).fill(0x55, 40);
    const writable = await file.createWritable();
    await writable.write(bent);
    await writable.close();
  })`);
}

/** Runs in the page: with the one file of the journal's folder. */
const onJournal = `async (run) => {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle("journal");
  for await (const file of folder.values()) return run(file);
  throw new Error("there is no journal");
}`;
