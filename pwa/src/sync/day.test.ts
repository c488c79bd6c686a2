import { describe, expect, it } from "vitest";
import { countDay } from "@/db/day";
import { today } from "@/db/time";
import { withdrawVisit } from "./submit";
import { aPhone, isQuiet, openPhone, signInPhone, until, World, writeVisit, type Phone } from "./testing/kit";

const DAY_MS = 24 * 3_600_000;
const counts = async (phone: Phone) => countDay(phone.store, await today(phone.store));

async function drain(world: World, phone: Phone): Promise<void> {
  phone.engine.nudge("asked");
  await phone.engine.settled();
  await until(world, [phone], () => isQuiet(phone));
}

describe("the day's end line", () => {
  it("counts households, not visits, and each by what is furthest from done", async () => {
    const world = new World();
    for (const id of ["h1", "h2", "h3"]) world.server.addHousehold(id);
    const phone = await aPhone(world);
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    expect(await counts(phone)).toEqual({ households: 0, arrived: 0, waiting: 0, parked: 0, stuck: 0 });
    await writeVisit(phone, "h1");
    await writeVisit(phone, "h2");
    await drain(world, phone);
    expect(await counts(phone)).toEqual({ households: 2, arrived: 2, waiting: 0, parked: 0, stuck: 0 });
    await writeVisit(phone, "h2");
    const { visit } = await writeVisit(phone, "h3");
    expect(await counts(phone)).toEqual({ households: 3, arrived: 1, waiting: 2, parked: 0, stuck: 0 });
    world.server.refusals.set(visit, { outcome: "refused", code: "visit.invalid" });
    await drain(world, phone);
    expect(await counts(phone)).toEqual({ households: 3, arrived: 2, waiting: 0, parked: 0, stuck: 1 });
    phone.close();
  });

  it("leaves out what was taken back, sent or not, and begins anew with the day", async () => {
    const world = new World();
    world.server.addHousehold("h1");
    const phone = await aPhone(world);
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    const { visit } = await writeVisit(phone, "h1");
    await writeVisit(phone, null);
    await withdrawVisit(phone.store, visit, "wrong house");
    expect(await counts(phone)).toMatchObject({ households: 1, waiting: 1 });
    await drain(world, phone);
    expect(await counts(phone)).toMatchObject({ households: 1, arrived: 1 });
    world.clock.nowMs += DAY_MS;
    expect(await counts(phone)).toMatchObject({ households: 0 });
    phone.close();
  });

  it("goes by the day in Shanghai though the phone's clock is a day ahead", async () => {
    const world = new World();
    const user = world.server.addUser("ana");
    const phone = await openPhone(world, user, world.newStorage(), undefined, DAY_MS);
    await signInPhone(phone);
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    await writeVisit(phone, null);
    expect(await countDay(phone.store, "2026-11-23")).toMatchObject({ households: 1, waiting: 1 });
    expect(await countDay(phone.store, "2026-11-24")).toMatchObject({ households: 0 });
    phone.close();
  });
});
