import { describe, expect, it } from "vitest";
import { listDrafts } from "@/db/drafts";
import { listHouseholds } from "@/db/households";
import { findVisit } from "@/db/visits";
import type { Storage } from "@/db/platform";
import { countUnsent } from "./outbox";
import { isQuiet, Life, openPhone, signInPhone, until, World, writeVisit, type Phone } from "./testing/kit";

interface Saved {
  readonly visit: string;
  readonly op: string;
}

/** A short working day; what the app showed as saved is in `saved`, even when it dies later. */
async function workDay(world: World, phone: Phone, saved: Saved[]): Promise<void> {
  await signInPhone(phone);
  saved.push(await writeVisit(phone, "h1"));
  phone.engine.start();
  await phone.engine.settled();
  saved.push(await writeVisit(phone, null));
  phone.engine.nudge("asked");
  await phone.engine.settled();
  world.server.evict("h2");
  saved.push(await writeVisit(phone, "h2"));
  phone.engine.nudge("asked");
  await phone.engine.settled();
}

function aWorld(households: number): World {
  const world = new World();
  world.server.addUser("ana");
  for (let n = 1; n <= households; n += 1) world.server.addHousehold(`h${n}`);
  return world;
}

async function checkNothingLost(world: World, phone: Phone, saved: readonly Saved[]): Promise<void> {
  expect(await countUnsent(phone.store)).toBe(0);
  for (const { op, visit } of saved) {
    expect(world.server.effects.get(op)).toBe(1);
    expect((await findVisit(phone.store, visit))?.status).toBe("in_review");
  }
  for (const count of world.server.effects.values()) expect(count).toBe(1);
  // A visit is never both sent and still a draft.
  for (const draft of await listDrafts(phone.store)) expect(world.server.visits.has(draft.id)).toBe(false);
}

/** How many steps a scenario takes when nobody dies. */
async function stepsOf(run: (world: World, phone: Phone) => Promise<void>, make: () => World): Promise<number> {
  const world = make();
  const life = new Life();
  const phone = await openPhone(world, world.server.users.get("ana")!, world.newStorage(), life);
  await run(world, phone);
  phone.close();
  return life.steps;
}

async function live(world: World, storage: Storage, life: Life, run: (phone: Phone) => Promise<void>): Promise<void> {
  const phone = await openPhone(world, world.server.users.get("ana")!, storage, life);
  // A kill shows as a failing step; whatever the app makes of it, the process is gone.
  await run(phone).catch((error: unknown) => {
    if (!life.dead) throw error;
  });
  phone.engine.stop();
  await phone.engine.settled();
  phone.close();
}

describe("a kill between any two steps", () => {
  for (const loss of ["none", "lose_answer"] as const) {
    it(`loses nothing and does nothing twice (${loss === "none" ? "good" : "bad"} network)`, async () => {
      const make = (): World => {
        const world = aWorld(3);
        let pushes = 0;
        world.faults = (request) => (request.url.endsWith("/sync/push") && (pushes += 1) % 2 === 1 ? loss : "none");
        return world;
      };
      const steps = await stepsOf((world, phone) => workDay(world, phone, []), make);
      expect(steps).toBeGreaterThan(40);
      for (let kill = 1; kill <= steps; kill += 1) {
        const world = make();
        const storage = world.newStorage();
        const saved: Saved[] = [];
        await live(world, storage, new Life(kill), (phone) => workDay(world, phone, saved));
        await live(world, storage, new Life(), async (phone) => {
          await signInPhone(phone);
          phone.engine.start();
          await until(world, [phone], () => isQuiet(phone));
          await checkNothingLost(world, phone, saved);
        });
      }
    }, 60_000);
  }

  it("goes on with a first sync where it was", async () => {
    const households = 120;
    const firstSync = async (_world: World, phone: Phone): Promise<void> => {
      await signInPhone(phone);
      phone.engine.start();
      await phone.engine.settled();
    };
    const steps = await stepsOf(firstSync, () => aWorld(households));
    for (let kill = 1; kill < steps; kill += 1) {
      const world = aWorld(households);
      const storage = world.newStorage();
      await live(world, storage, new Life(kill), (phone) => firstSync(world, phone));
      const pulled = world.server.pulls;
      await live(world, storage, new Life(), async (phone) => {
        await firstSync(world, phone);
        expect((await listHouseholds(phone.store, { today: "2026-11-23" })).total).toBe(households);
        expect(phone.engine.status().is).toBe("up_to_date");
      });
      // Pages that were stored are not asked for again: at most the one under way.
      expect(world.server.pulls - pulled).toBeLessThanOrEqual(Math.max(1, 4 - pulled + 1));
    }
  }, 60_000);
});
