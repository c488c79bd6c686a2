import { describe, expect, it } from "vitest";
import { openDraft, saveDraft, startDraft } from "@/db/drafts";
import { findVisit } from "@/db/visits";
import type { Proposal } from "@/db/wire";
import { doorTimes, editReturnedVisit, editStuckVisit, submitDraft } from "./submit";
import { aPhone, aRoutineVisit, content, isQuiet, openPhone, type Phone, until, World, writeVisit } from "./testing/kit";

const DAY_MS = 86_400_000;
const TIMES = ["started_at", "ended_at", "monotonic_ms", "clock_offset_ms"] as const;
const timesOf = (proposal: Proposal) => TIMES.map((key) => proposal[key]);

const sentOf = (world: World): Proposal[] =>
  world.server.pushes.flatMap(({ ops }) => ops).map(({ body }) => (body as unknown as { visit: Proposal }).visit);

async function sync(world: World, phone: Phone): Promise<void> {
  phone.engine.start();
  phone.engine.nudge("saved");
  await until(world, [phone], () => isQuiet(phone));
}

describe("the times of a visit", () => {
  const draft = { started_at: "2026-11-23T02:00:00.000000Z", elapsed_ms: 600_000 };
  it("never let it end before it began, though the phone's clock was set back", () => {
    const nowMs = Date.parse("2026-11-23T01:00:00Z");
    expect(doorTimes(draft, { nowMs, clockOffsetMs: 5 })).toEqual({
      ended_at: "2026-11-23T02:10:00.000000Z",
      monotonic_ms: 600_000,
      clock_offset_ms: 5,
    });
    expect(doorTimes(draft, { nowMs: nowMs + DAY_MS, clockOffsetMs: 0 }).ended_at).toBe("2026-11-24T01:00:00.000000Z");
  });
  it("stay those at the door in a correction, unless they cannot be", () => {
    const now = { nowMs: Date.parse("2026-12-01T00:00:00Z"), clockOffsetMs: 7 };
    const door = { ended_at: "2026-11-23T02:20:00.123456Z", monotonic_ms: 900_000, clock_offset_ms: 1 };
    expect(doorTimes({ ...draft, door }, now)).toEqual(door);
    const impossible = { ...door, ended_at: "2026-11-23T01:00:00.000000Z" };
    expect(doorTimes({ ...draft, door: impossible }, now).ended_at).toBe("2026-11-23T02:15:00.000000Z");
  });
  it("are kept when a returned visit is mended days later", async () => {
    const world = new World();
    world.server.addHousehold("h1");
    const phone = await aPhone(world);
    await sync(world, phone);
    const { visit } = await writeVisit(phone, "h1");
    await sync(world, phone);
    const [first] = sentOf(world);
    const review = { by: { id: "u9", name: "审核" }, at: "2026-11-23T02:00:00Z", decision: "returned" as const, reasons: [], text: "" };
    world.server.setVisit(visit, { state: "returned", review, proposal: first! });
    await sync(world, phone);
    world.clock.advance(3 * DAY_MS);
    expect(await editReturnedVisit(phone.store, visit, () => undefined)).toBeUndefined();
    const draft = await editReturnedVisit(phone.store, visit, (begun) => ({ ...begun, section: "home" }));
    expect(draft).toMatchObject({ rev: 2, section: "home", started_at: first!.started_at });
    world.clock.advance(60_000);
    await saveDraft(phone.store, draft!);
    await submitDraft(phone.store, visit, () => content());
    await sync(world, phone);
    const mended = sentOf(world).find(({ rev }) => rev === 2)!;
    expect(timesOf(mended)).toEqual(timesOf(first!));
    phone.close();
  });
  it("are kept when a refused visit is mended", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const { visit, op } = await writeVisit(phone, null);
    world.server.refusals.set(visit, { outcome: "refused", code: "visit.invalid" });
    await sync(world, phone);
    world.server.refusals.clear();
    world.clock.advance(DAY_MS);
    await editStuckVisit(phone.store, op);
    await submitDraft(phone.store, visit, () => content());
    await sync(world, phone);
    const [refused, mended] = sentOf(world);
    expect(timesOf(mended!)).toEqual(timesOf(refused!));
    expect((await findVisit(phone.store, visit))?.status).toBe("in_review");
    phone.close();
  });
});

describe("a draft in two windows", () => {
  it("is saved only by the one that has it last", async () => {
    const world = new World();
    const user = world.server.addUser("ana");
    const storage = world.newStorage();
    const [one, two] = [await openPhone(world, user, storage), await openPhone(world, user, storage)];
    const draft = await startDraft(one.store, aRoutineVisit(null));
    expect(await saveDraft(one.store, { ...draft, section: "one" })).toMatchObject({ section: "one" });
    const other = await openDraft(two.store, draft.id);
    expect(await saveDraft(two.store, { ...other!, section: "two" })).toMatchObject({ section: "two" });
    expect(await saveDraft(one.store, { ...draft, section: "stale" })).toBeUndefined();
    expect(await openDraft(one.store, draft.id)).toMatchObject({ section: "two" });
    expect(await saveDraft(one.store, { ...draft, section: "again" })).toMatchObject({ section: "again" });
    await submitDraft(one.store, draft.id, () => content());
    expect(await saveDraft(two.store, { ...draft, section: "late" })).toBeUndefined();
    one.close();
    two.close();
  });
});
