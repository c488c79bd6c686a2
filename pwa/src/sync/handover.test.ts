import { describe, expect, it } from "vitest";
import { findHousehold } from "@/db/households";
import { listNeedsMe, findVisit } from "@/db/visits";
import { createEngine } from "./engine";
import { countParked, countUnsent } from "./outbox";
import { leaveField } from "./pull";
import { aPhone, isPush, isQuiet, until, World, writeVisit, type Phone } from "./testing/kit";

async function sync(world: World, phone: Phone): Promise<void> {
  phone.engine.nudge("asked");
  await until(world, [phone], () => isQuiet(phone));
}

async function aPhoneWith(world: World, household: string): Promise<Phone> {
  world.server.addHousehold(household);
  const phone = await aPhone(world);
  phone.engine.start();
  await until(world, [phone], () => isQuiet(phone));
  return phone;
}

describe("a household that changed hands while the phone was offline", () => {
  it("leaves at the next contact, its visit arrives first and stays as one's own", async () => {
    const world = new World();
    const phone = await aPhoneWith(world, "h1");
    world.faults = () => "lose_request";
    const { visit } = await writeVisit(phone, "h1");
    world.server.evict("h1");
    expect(await findHousehold(phone.store, "h1")).toBeDefined();
    expect(await findVisit(phone.store, visit)).toMatchObject({ status: "saved_local", handed_over: false });
    world.faults = () => "none";
    await sync(world, phone);
    await until(world, [phone], async () => (await countUnsent(phone.store)) === 0 && isQuiet(phone));
    expect(await findHousehold(phone.store, "h1")).toBeUndefined();
    expect(await findVisit(phone.store, visit)).toMatchObject({ status: "in_review", mine: true, handed_over: true });
    phone.close();
  });

  it("keeps what was not sent, however often the phone hears of the hand-over first", async () => {
    const world = new World();
    const phone = await aPhoneWith(world, "h1");
    world.faults = (request) => (isPush(request) ? "lose_request" : "none");
    const { visit } = await writeVisit(phone, "h1");
    world.server.evict("h1");
    phone.engine.nudge("asked");
    await phone.engine.settled();
    expect(await countUnsent(phone.store)).toBe(1);
    world.faults = () => "none";
    await until(world, [phone], async () => (await countUnsent(phone.store)) === 0 && isQuiet(phone));
    expect(world.server.visits.has(visit)).toBe(true);
    phone.close();
  });

  it("says of a returned visit that it is over, and asks nobody to mend it", async () => {
    const world = new World();
    const phone = await aPhoneWith(world, "h1");
    const { visit } = await writeVisit(phone, "h1");
    await sync(world, phone);
    world.server.evict("h1");
    world.server.setVisit(visit, { state: "returned" });
    await sync(world, phone);
    expect(await listNeedsMe(phone.store)).toMatchObject([{ is: "returned", visit: { id: visit, handed_over: true } }]);
    phone.close();
  });
});

describe("a phone whose user works at a desk by now", () => {
  it("drops the households, keeps what was not sent, and pulls everything anew in the field", async () => {
    const world = new World();
    const phone = await aPhoneWith(world, "h1");
    world.faults = () => "lose_request";
    const { visit } = await writeVisit(phone, "h1");
    phone.engine.stop();
    await phone.engine.settled();
    await leaveField(phone.store);
    expect(await phone.store.db.households.count()).toBe(0);
    expect(await phone.store.db.files.count()).toBe(0);
    expect(await findVisit(phone.store, visit)).toMatchObject({ status: "saved_local" });
    world.faults = () => "none";
    phone.engine.start();
    await until(world, [phone], async () => (await countUnsent(phone.store)) === 0 && isQuiet(phone));
    expect(await findHousehold(phone.store, "h1")).toBeDefined();
    phone.close();
  });

  it("hands in what they recorded before, and asks for nothing", async () => {
    const world = new World();
    const phone = await aPhoneWith(world, "h1");
    world.faults = () => "lose_request";
    const { visit } = await writeVisit(phone, "h1");
    phone.engine.stop();
    await phone.engine.settled();
    world.faults = () => "none";
    const before = world.server.pulls;
    const earlier = createEngine(phone.store, phone.api, "hand_in");
    earlier.start();
    await until(world, [{ ...phone, engine: earlier }], async () => (await countUnsent(phone.store)) === 0);
    expect(world.server.visits.has(visit)).toBe(true);
    expect(world.server.pulls).toBe(before);
    earlier.stop();
    phone.close();
  });

  it("hears what became of what the office could not take in at once", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const { visit, op } = await writeVisit(phone, null);
    world.server.refusals.set(visit, { outcome: "parked", code: "op.failed" });
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    phone.engine.stop();
    await phone.engine.settled();
    await leaveField(phone.store);
    expect(await countParked(phone.store)).toBe(1);
    const first = world.server.firstReceipts.get(op)!;
    world.server.outcomes.push({ op_id: op, receipt: { ...first, outcome: "applied", code: undefined } });
    const earlier = createEngine(phone.store, phone.api, "hand_in");
    earlier.start();
    await until(world, [{ ...phone, engine: earlier }], async () => (await countParked(phone.store)) === 0);
    expect(await phone.store.db.outbox.count()).toBe(0);
    await earlier.settled();
    const { pulls } = world.server;
    earlier.nudge("asked");
    await earlier.settled();
    expect(world.server.pulls).toBe(pulls);
    earlier.stop();
    phone.close();
  });
});
