// What the office learns of what has not arrived.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readMeta } from "@/db/meta";
import { POLL_MS } from "./engine";
import { countUnsent } from "./outbox";
import { aPhone, isPush, isQuiet, until, World, writeVisit, type Phone } from "./testing/kit";

const DAY_MS = 24 * 3_600_000;
const EMPTY = { count: 0, first_seq: null, last_seq: null, head: "" };

async function round(phone: Phone): Promise<void> {
  phone.engine.nudge("asked");
  await phone.engine.settled();
}

async function aQuietPhone(world: World): Promise<Phone> {
  const phone = await aPhone(world);
  phone.engine.start();
  await until(world, [phone], () => isQuiet(phone));
  return phone;
}

const manifests = (world: World) => world.server.pushes.map(({ manifest }) => manifest);

describe("the manifest", () => {
  it("names everything that has no answer, also what this batch does not carry", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const ops = [(await writeVisit(phone, null)).op, (await writeVisit(phone, null)).op];
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    const head = createHash("sha256").update(`[[1,"${ops[0]}"],[2,"${ops[1]}"]]`).digest("hex");
    expect(manifests(world)[0]).toEqual({ count: 2, first_seq: 1, last_seq: 2, head });
    phone.close();
  });

  it("is sent alone once everything has an answer, and then not again", async () => {
    const world = new World();
    const phone = await aQuietPhone(world);
    expect(manifests(world)).toEqual([EMPTY]);
    await writeVisit(phone, null);
    await round(phone);
    expect(manifests(world).slice(1)).toMatchObject([{ count: 1, first_seq: 1, last_seq: 1 }, EMPTY]);
    for (let n = 0; n < 5; n += 1) await round(phone);
    expect(world.server.pushes.length).toBe(3);
    phone.close();
  });

  it("is sent once a day though nothing has changed, whatever the phone's clock says", async () => {
    const world = new World();
    const phone = await aQuietPhone(world);
    const told = (): number => world.server.pushes.length;
    world.clock.advance(POLL_MS);
    await phone.engine.settled();
    expect(told()).toBe(1);
    world.clock.nowMs += DAY_MS;
    await round(phone);
    expect(told()).toBe(2);
    world.clock.nowMs -= 365 * DAY_MS;
    await round(phone);
    expect(told()).toBe(3);
    await round(phone);
    expect(told()).toBe(3);
    phone.close();
  });

  it("does not spoil a sync when it does not arrive, and is tried again", async () => {
    const world = new World();
    const phone = await aPhone(world);
    world.faults = (request) => (isPush(request) ? "lose_request" : "none");
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    expect(manifests(world)).toEqual([]);
    world.faults = () => "none";
    await round(phone);
    expect(manifests(world)).toEqual([EMPTY]);
    phone.close();
  });

  it("finds out by itself that another phone has gone on with these numbers", async () => {
    const world = new World();
    const phone = await aPhone(world);
    world.server.devices.set("device-ana", { epoch: 4, nextSeq: 7 });
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    for (let n = 0; n < 3; n += 1) await round(phone);
    expect((await readMeta(phone.store.db, "device")).epoch).toBe(4);
    const { op } = await writeVisit(phone, null);
    await round(phone);
    expect(world.server.effects.get(op)).toBe(1);
    phone.close();
  });

  it("hears of a restored backup, and offers again what it has forgotten", async () => {
    const world = new World();
    const phone = await aQuietPhone(world);
    const restore = world.server.backup();
    const { op } = await writeVisit(phone, null);
    await round(phone);
    restore();
    world.clock.nowMs += DAY_MS;
    phone.engine.nudge("asked");
    await until(world, [phone], async () => world.server.effects.get(op) === 1 && (await countUnsent(phone.store)) === 0);
    phone.close();
  });
});
