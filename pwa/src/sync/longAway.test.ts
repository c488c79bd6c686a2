// A phone that was in a drawer for 400 days: everything that lies on it arrives, once, whatever happened meanwhile.
import { describe, expect, it } from "vitest";
import { findHousehold } from "@/db/households";
import { readMeta } from "@/db/meta";
import { findVisit } from "@/db/visits";
import type { ConflictBody } from "@/db/wire";
import { decideConflicts } from "./decide";
import { countUnsent } from "./outbox";
import { withdrawVisit } from "./submit";
import { aPhone, isQuiet, openPhone, signInPhone, until, World, writeVisit, type Phone } from "./testing/kit";

const DAYS_400_MS = 400 * 86_400_000;

async function sync(world: World, phone: Phone): Promise<void> {
  phone.engine.nudge("asked");
  await until(world, [phone], async () => isQuiet(phone) && (await countUnsent(phone.store)) === 0);
}

const aConflict = (visit_id: string): ConflictBody => ({
  id: "c1", household_id: "kept", household_name: "示例甲", kind: "path", path: "residence_address", paths: ["residence_address"],
  base: "甲", waiting: [], state: "open", visitor_until: "2026-11-26T02:00:00Z", decision: null,
  created_at: "2026-11-23T02:00:00Z", may_decide: true,
  theirs: { value: "乙", by: { id: "bo", name: "bo" }, at: "2026-11-23T01:00:00Z", visit_id: null, visit_rev: null, in_file: true },
  mine: { value: "丙", by: { id: "user-ana", name: "ana" }, at: "2026-11-23T02:00:00Z", visit_id, visit_rev: 1 },
});

/** A day's work without a signal: visits everywhere, one taken back, a decision. */
async function aDayOffline(world: World, phone: Phone, sent: string): Promise<{ visits: string[]; ops: string[] }> {
  world.faults = () => "lose_request";
  const visits: string[] = [];
  const ops: string[] = [];
  for (const home of ["kept", "handed_over", "closed", null]) {
    const written = await writeVisit(phone, home);
    visits.push(written.visit);
    ops.push(written.op);
  }
  ops.push((await withdrawVisit(phone.store, sent, "走错了门"))!);
  expect(await decideConflicts(phone.store, [{ conflict_id: "c1", choice: "mine" }])).toBe(1);
  return { visits, ops };
}

describe("after 400 days", () => {
  it.each([
    ["the session is over, the household in other hands or closed, the forms newer", false, 0],
    ["the server came back from a backup, too", true, 0],
    ["the phone's own clock was set back by ten years", true, -10 * 365 * 86_400_000],
    ["the phone's own clock runs ten years ahead", true, 10 * 365 * 86_400_000],
  ])("everything arrives once: %s", async (_, isRestored, clockMs) => {
    const world = new World();
    for (const id of ["kept", "handed_over", "closed"]) world.server.addHousehold(id);
    const first = await aPhone(world);
    first.engine.start();
    await until(world, [first], () => isQuiet(first));
    const { visit: sent } = await writeVisit(first, "kept");
    await sync(world, first);
    world.server.setConflict(aConflict(sent));
    await sync(world, first);
    const { visits, ops } = await aDayOffline(world, first, sent);
    expect(await countUnsent(first.store)).toBe(6);
    const { storage } = first.store.platform;
    first.close();

    world.clock.nowMs += DAYS_400_MS;
    world.server.expireTokens();
    world.server.cookie = null;
    world.server.definitionsVersion = 9;
    world.server.evict("handed_over");
    world.server.addHousehold("closed", { rev: 7, status: "archived" });
    const effects = world.server.effects;
    if (isRestored) {
      const kept = new Map(effects);
      world.server.backup()();
      for (const [op, count] of kept) effects.set(op, count);
    }
    world.faults = () => "none";
    // The drawer opens: the app starts with what lies on the phone, and asks for a sign-in before it sends anything.
    const user = first.store.user;
    const phone = await openPhone(world, user, storage, undefined, clockMs);
    phone.engine.start();
    await until(world, [phone], () => phone.engine.status().is === "sign_in_needed");
    expect(await countUnsent(phone.store)).toBe(6);
    await signInPhone(phone, "device-ana");
    phone.engine.nudge("signed_in");
    await until(world, [phone], async () => isQuiet(phone) && (await countUnsent(phone.store)) === 0);

    for (const op of ops) expect(effects.get(op), op).toBe(1);
    for (const visit of visits) {
      expect(world.server.visits.has(visit)).toBe(true);
      expect(await findVisit(phone.store, visit)).toMatchObject({ status: "in_review", mine: true });
    }
    expect(world.server.visits.get(sent)?.state).toBe("withdrawn");
    expect(world.server.conflicts.get("c1")?.state).toBe("decided");
    expect(await findHousehold(phone.store, "handed_over")).toBeUndefined();
    expect(await findHousehold(phone.store, "closed")).toMatchObject({ id: "closed" });
    expect((await readMeta(phone.store.db, "contact")).history_id).toBe(world.server.history);
    expect((await readMeta(phone.store.db, "definitions"))?.body.version).toBe(9);
    expect(world.server.pushes.at(-1)!.manifest.count).toBe(0);
    phone.close();
  });
});
