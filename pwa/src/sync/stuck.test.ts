import { describe, expect, it } from "vitest";
import { listHouseholds } from "@/db/households";
import { countWork, findVisit, listNeedsMe } from "@/db/visits";
import { countStuck } from "./outbox";
import { discardStuck, editStuckVisit, submitDraft, withdrawVisit } from "./submit";
import { aPhone, content, isPush, isQuiet, until, World, writeVisit } from "./testing/kit";

describe("what the server does not take", () => {
  it("shows a refused visit with its work, lets the user mend it, and sends it as a new operation", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const { visit, op } = await writeVisit(phone, null);
    const other = await writeVisit(phone, null);
    world.server.refusals.set(visit, { outcome: "refused", code: "visit.invalid" });
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    expect(world.server.effects.get(other.op)).toBe(1);
    expect(await listNeedsMe(phone.store)).toMatchObject([{ is: "stuck", operation: { id: op, code: "visit.invalid" } }]);
    expect((await findVisit(phone.store, visit))?.status).toBe("refused");
    world.server.refusals.clear();
    const draft = await editStuckVisit(phone.store, op);
    expect(draft).toMatchObject({ id: visit, rev: 1, replaces_op: op, answers: { visit: { outcome: "done" } } });
    await submitDraft(phone.store, visit, () => content());
    phone.engine.nudge("saved");
    await until(world, [phone], async () => (await findVisit(phone.store, visit))?.status === "in_review");
    expect(await listNeedsMe(phone.store)).toEqual([]);
    phone.close();
  });

  it("forgets a refused visit only when told, with the household that only it knew", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const { visit, op } = await writeVisit(phone, null);
    world.server.refusals.set(visit, { outcome: "parked", code: "household.unknown" });
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    expect((await findVisit(phone.store, visit))?.status).toBe("parked");
    await discardStuck(phone.store, op);
    expect(await findVisit(phone.store, visit)).toBeUndefined();
    expect((await listHouseholds(phone.store, { today: "2026-11-23" })).total).toBe(0);
    phone.close();
  });

  it("hears later what became of a parked visit", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const { visit, op } = await writeVisit(phone, null);
    world.server.refusals.set(visit, { outcome: "parked", code: "op.unknown" });
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    const receipt = { ...world.server.firstReceipts.get(op)!, outcome: "applied" as const };
    world.server.outcomes.push({ op_id: op, receipt });
    phone.engine.nudge("asked");
    await until(world, [phone], async () => (await findVisit(phone.store, visit))?.status === "delivered");
    phone.close();
  });

  it("puts one operation aside that the server cannot read, and sends the others", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const visits = [await writeVisit(phone, null), await writeVisit(phone, null), await writeVisit(phone, null)] as const;
    const handle = world.server.handle.bind(world.server);
    world.server.handle = async (request) => {
      if (isPush(request) && (await request.clone().text()).includes(visits[1].op)) {
        const body = { code: "request.shape", status: 400, request_id: "r", errors: [], type: "", title: "" };
        return new Response(JSON.stringify(body), { status: 400, headers: { "content-type": "application/problem+json" } });
      }
      return handle(request);
    };
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    expect(visits.map(({ op }) => world.server.effects.get(op))).toEqual([1, undefined, 1]);
    expect(await listNeedsMe(phone.store)).toMatchObject([{ operation: { id: visits[1].op, code: "request.shape" } }]);
    phone.close();
  });

  it("settles a refused visit together with its withdrawal", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const { visit, op } = await writeVisit(phone, null);
    await withdrawVisit(phone.store, visit, "wrong house");
    world.server.refusals.set(visit, { outcome: "refused", code: "visit.invalid" });
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    expect((await countWork(phone.store)).stuck).toBe(2);
    expect(await countStuck(phone.store)).toBe(2);
    await discardStuck(phone.store, op);
    expect((await countWork(phone.store)).stuck).toBe(0);
    expect(await findVisit(phone.store, visit)).toBeUndefined();
    phone.close();
  });

  it("takes a visit back, sent or not", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const { visit } = await writeVisit(phone, null);
    await withdrawVisit(phone.store, visit, "wrong house");
    expect(await withdrawVisit(phone.store, visit, "again")).toBeUndefined();
    expect((await findVisit(phone.store, visit))?.withdrawing).toBe(true);
    phone.engine.start();
    await until(world, [phone], async () => (await findVisit(phone.store, visit))?.status === "withdrawn");
    expect((await countWork(phone.store)).unsent).toBe(0);
    phone.close();
  });
});
