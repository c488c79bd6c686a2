import { describe, expect, it } from "vitest";
import { JOURNAL_WAIT_MS, readRecords, unsettledOf } from "@/db/journal";
import { openStore, type Store } from "@/db/database";
import { listDrafts } from "@/db/drafts";
import { listHouseholds } from "@/db/households";
import { readMeta } from "@/db/meta";
import { findVisit } from "@/db/visits";
import type { Storage } from "@/db/platform";
import { createApi } from "@/api/client";
import { countUnsent } from "./outbox";
import { createEngine } from "./engine";
import { forgetSettled, keepCopy } from "./secondCopy";
import { discardStuck, withdrawVisit } from "./submit";
import { MemoryJournal } from "./testing/memoryJournal";
import { isQuiet, signInPhone, until, World, writeVisit, type Phone } from "./testing/kit";

/** A phone with a place for the second copy; the same arguments again are the same phone after a restart. */
async function start(world: World, journal: MemoryJournal, storage: Storage): Promise<Phone> {
  const user = world.server.users.get("ana") ?? world.server.addUser("ana");
  const platform = { ...world.platform(storage), journal };
  const store = await openStore(platform, user);
  await keepCopy(store);
  const api = createApi(platform);
  const engine = createEngine(store, api);
  const close = (): void => {
    engine.stop();
    store.db.close();
  };
  return { store, platform, api, engine, close };
}

const heldBy = async ({ platform, user }: Store, journal: MemoryJournal): Promise<string[]> =>
  unsettledOf((await readRecords(platform, journal.bytes(user.id))).records).map((row) => row.id);

async function drain(world: World, phone: Phone): Promise<void> {
  await signInPhone(phone);
  phone.engine.start();
  await until(world, [phone], async () => isQuiet(phone) && (await countUnsent(phone.store)) === 0);
}

describe("the second copy of the outbox", () => {
  it("has each operation when it is shown as saved, and is empty when all have arrived", async () => {
    const world = new World();
    const journal = new MemoryJournal();
    const phone = await start(world, journal, world.newStorage());
    const { op } = await writeVisit(phone, null);
    expect(await heldBy(phone.store, journal)).toEqual([op]);
    const { op: second, visit } = await writeVisit(phone, null);
    const withdrawal = await withdrawVisit(phone.store, visit, "wrong house");
    expect(await heldBy(phone.store, journal)).toEqual([op, second, withdrawal]);
    expect((await readMeta(phone.store.db, "journal")).is).toBe("kept");
    await drain(world, phone);
    expect(journal.bytes(phone.store.user.id).length).toBe(0);
    phone.close();
  });

  it("brings everything back after the database is gone, once, with the household found on the spot", async () => {
    const world = new World();
    const journal = new MemoryJournal();
    const before = await start(world, journal, world.newStorage());
    const saved = [await writeVisit(before, "h1"), await writeVisit(before, null)];
    before.close();
    const phone = await start(world, journal, world.newStorage());
    expect(await countUnsent(phone.store)).toBe(2);
    expect((await readMeta(phone.store.db, "journal")).restored).toBe(2);
    expect((await findVisit(phone.store, saved[1]!.visit))?.status).toBe("saved_local");
    expect((await listHouseholds(phone.store, { today: "2026-11-23" })).total).toBe(1);
    await drain(world, phone);
    for (const { op } of saved) expect(world.server.effects.get(op)).toBe(1);
    phone.close();
  });

  it("brings back what the database loses while the app is open, and does not take it for settled", async () => {
    const world = new World();
    const journal = new MemoryJournal();
    const phone = await start(world, journal, world.newStorage());
    const lost = await writeVisit(phone, null);
    await phone.store.db.outbox.delete(lost.op);
    const { op } = await writeVisit(phone, null);
    expect((await heldBy(phone.store, journal)).sort()).toEqual([lost.op, op].sort());
    expect((await readMeta(phone.store.db, "journal")).restored).toBe(1);
    await drain(world, phone);
    for (const one of [lost.op, op]) expect(world.server.effects.get(one)).toBe(1);
    phone.close();
  });

  it("does nothing twice when what it brings back had arrived", async () => {
    const world = new World();
    const journal = new MemoryJournal();
    const before = await start(world, journal, world.newStorage());
    const { op, visit } = await writeVisit(before, null);
    const copy = journal.bytes(before.store.user.id);
    await drain(world, before);
    before.close();
    journal.files.set(before.store.user.id, copy);
    const phone = await start(world, journal, world.newStorage());
    await drain(world, phone);
    expect(world.server.effects.get(op)).toBe(1);
    expect((await findVisit(phone.store, visit))?.status).toBe("in_review");
    phone.close();
  });

  it("leaves alone what has a receipt", async () => {
    const world = new World();
    const journal = new MemoryJournal();
    const storage = world.newStorage();
    const before = await start(world, journal, storage);
    await writeVisit(before, null);
    const copy = journal.bytes(before.store.user.id);
    await drain(world, before);
    before.close();
    journal.files.set(before.store.user.id, copy);
    const phone = await start(world, journal, storage);
    expect(await countUnsent(phone.store)).toBe(0);
    expect(await heldBy(phone.store, journal)).toEqual([]);
    phone.close();
  });

  it("is rebuilt from the outbox wherever it was cut or bent, or when it is missing", async () => {
    const world = new World();
    const journal = new MemoryJournal();
    const storage = world.newStorage();
    const phone = await start(world, journal, storage);
    const ops = [(await writeVisit(phone, null)).op, (await writeVisit(phone, null)).op];
    const name = phone.store.user.id;
    const whole = journal.bytes(name);
    const reopened = async (bytes: Uint8Array): Promise<void> => {
      journal.files.set(name, bytes);
      phone.store.journal!.held = null;
      await keepCopy(phone.store);
      expect(await heldBy(phone.store, journal)).toEqual(ops);
      expect(await countUnsent(phone.store)).toBe(2);
    };
    for (let cut = 0; cut < whole.length; cut += 37) await reopened(whole.slice(0, cut));
    for (let bit = 5; bit < whole.length * 8; bit += 1009) {
      const bent = whole.slice();
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await reopened(bent);
    }
    phone.close();
  });

  it("never stands in the way of saving, says that it fails, and catches up", async () => {
    const world = new World();
    const journal = new MemoryJournal();
    const phone = await start(world, journal, world.newStorage());
    journal.trouble = "fails";
    const first = await writeVisit(phone, null);
    expect((await readMeta(phone.store.db, "journal")).is).toBe("failing");
    journal.trouble = "hangs";
    const late = writeVisit(phone, null);
    for (let turn = 0; turn < 400 && world.clock.nextInMs() !== JOURNAL_WAIT_MS; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    world.clock.advance(JOURNAL_WAIT_MS);
    const second = await late;
    journal.trouble = "none";
    await keepCopy(phone.store);
    expect(await heldBy(phone.store, journal)).toEqual([first.op, second.op]);
    expect((await readMeta(phone.store.db, "journal")).is).toBe("kept");
    phone.close();
  });

  it("is one file for several tabs, each of which may settle what the other has saved", async () => {
    const world = new World();
    const journal = new MemoryJournal();
    const storage = world.newStorage();
    const [one, two] = [await start(world, journal, storage), await start(world, journal, storage)];
    const ops = [(await writeVisit(one, null)).op, (await writeVisit(two, null)).op, (await writeVisit(one, null)).op];
    expect((await heldBy(one.store, journal)).sort()).toEqual(ops.sort());
    await drain(world, two);
    await keepCopy(one.store);
    const last = await writeVisit(one, null);
    expect(await heldBy(one.store, journal)).toEqual([last.op]);
    one.close();
    two.close();
  });

  it("keeps a refused visit until its author has dealt with it", async () => {
    const world = new World();
    const journal = new MemoryJournal();
    const storage = world.newStorage();
    const phone = await start(world, journal, storage);
    const { op, visit } = await writeVisit(phone, null);
    world.server.refusals.set(visit, { outcome: "refused", code: "visit.invalid" });
    await drain(world, phone);
    expect(await heldBy(phone.store, journal)).toEqual([op]);
    await discardStuck(phone.store, op);
    await keepCopy(phone.store);
    expect(await heldBy(phone.store, journal)).toEqual([]);
    phone.close();
    const again = await start(world, journal, storage);
    expect(await listDrafts(again.store)).toEqual([]);
    expect(await countUnsent(again.store)).toBe(0);
    again.close();
  });

  it("holds nothing of what was delivered once somebody has signed out, though something is still unsent", async () => {
    const world = new World();
    const journal = new MemoryJournal();
    const phone = await start(world, journal, world.newStorage());
    const sent = await writeVisit(phone, null);
    const stuck = await writeVisit(phone, null);
    world.server.refusals.set(stuck.visit, { outcome: "refused", code: "visit.invalid" });
    await drain(world, phone);
    const text = (): string => new TextDecoder().decode(journal.bytes(phone.store.user.id));
    expect(text()).toContain(sent.visit);
    expect(await forgetSettled(phone.store)).toBe(true);
    expect(text()).not.toContain(sent.visit);
    expect(await heldBy(phone.store, journal)).toEqual([stuck.op]);
    phone.close();
  });
});
