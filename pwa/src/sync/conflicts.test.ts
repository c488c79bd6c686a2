import { describe, expect, it } from "vitest";
import { countConflicts, listConflicts } from "@/db/conflicts";
import { readMeta, writeAll, writeMeta } from "@/db/meta";
import { countWork, findVisit } from "@/db/visits";
import type { ConflictBody, DecideConflictBody } from "@/db/wire";
import { decideConflicts } from "./decide";
import { countUnsent } from "./outbox";
import { discardStuck } from "./submit";
import { isQuiet, openPhone, signInPhone, until, World, writeVisit, type Phone } from "./testing/kit";

const VISIT = "01890000-0000-7000-8000-0000000000aa";

function aConflict(id: string, more: Partial<ConflictBody> = {}, by = "user-ana"): ConflictBody {
  return {
    id, household_id: "h1", household_name: "示例甲", kind: "path", path: "residence_address", paths: ["residence_address"],
    waiting: [],
    base: "示例社区03号楼",
    theirs: { value: "示例社区05号楼", by: { id: "user-bo", name: "bo" }, at: "2026-11-23T01:00:00Z", visit_id: null, visit_rev: null, in_file: true },
    mine: { value: "示例社区09号楼", by: { id: by, name: by }, at: "2026-11-23T02:00:00Z", visit_id: VISIT, visit_rev: 1 },
    state: "open", visitor_until: "2026-11-26T02:00:00Z", decision: null, created_at: "2026-11-23T02:00:00Z", may_decide: true,
    ...more,
  };
}
const mine = (conflict_id: string): DecideConflictBody => ({ conflict_id, choice: "mine" });

async function aPhone(world: World): Promise<Phone> {
  world.server.addHousehold("h1");
  world.server.setConflict(aConflict("c1"));
  world.server.setConflict(aConflict("c2", { path: "residence_note" }));
  world.server.setConflict(aConflict("c3", {}, "user-bo"));
  const phone = await openPhone(world, world.server.addUser("ana"), world.newStorage());
  await signInPhone(phone);
  phone.engine.start();
  await until(world, [phone], () => isQuiet(phone));
  return phone;
}
async function sync(world: World, phone: Phone): Promise<void> {
  phone.engine.nudge("asked");
  await until(world, [phone], () => isQuiet(phone));
}
const ids = async ({ store }: Phone): Promise<string[]> => (await listConflicts(store)).map(({ body }) => body.id);

describe("conflicts on the phone", () => {
  it("are there after the first sync, as cards of whoever brought the later value", async () => {
    const phone = await aPhone(new World());
    expect(await ids(phone)).toEqual(["c1", "c2"]);
    expect(await phone.store.db.conflicts.count()).toBe(3);
    phone.close();
  });

  it("go when somebody else has decided, or when what they were about is not so any more", async () => {
    const world = new World();
    const phone = await aPhone(world);
    world.server.setConflict(aConflict("c1", { state: "decided" }));
    world.server.setConflict(aConflict("c2", { state: "void" }));
    await sync(world, phone);
    expect(await ids(phone)).toEqual([]);
    phone.close();
  });

  it("leave with their household, except those that only this user decides", async () => {
    const world = new World();
    const phone = await aPhone(world);
    world.server.evict("h1");
    await sync(world, phone);
    expect(await phone.store.db.conflicts.toCollection().primaryKeys()).toEqual(["c1", "c2"]);
    phone.close();
  });

  it("go when somebody else is asked instead, unless a decision of this user is still here", async () => {
    const world = new World();
    const phone = await aPhone(world);
    world.server.refusals.set("c2", { outcome: "refused", code: "conflict.value_covered" });
    const other = { conflict_id: "c2", choice: "other" as const, value: "示例社区11号楼", reason: "看过门牌" };
    await decideConflicts(phone.store, [other]);
    await sync(world, phone);
    world.server.evictConflict("c1");
    world.server.evictConflict("c2");
    await sync(world, phone);
    expect(await listConflicts(phone.store)).toMatchObject([{ body: { id: "c2" }, decision: other }]);
    world.server.refusals.delete("c2");
    expect(await decideConflicts(phone.store, [mine("c2")])).toBe(1);
    await sync(world, phone);
    const [left] = await listConflicts(phone.store);
    expect(left).toMatchObject({ body: { id: "c2" }, stuck: { code: "conflict.unknown" } });
    // Nothing is to be said about it any more, it only has to be seen.
    expect(await decideConflicts(phone.store, [{ conflict_id: "c2", choice: "theirs" }])).toBe(0);
    await discardStuck(phone.store, left!.stuck!.id);
    expect(await ids(phone)).toEqual([]);
    phone.close();
  });

  it("stay through a pull of everything while a decision about them is here", async () => {
    const world = new World();
    const phone = await aPhone(world);
    world.server.refusals.set("c1", { outcome: "refused", code: "conflict.value_covered" });
    const other = { conflict_id: "c1", choice: "other" as const, value: "示例社区11号楼", reason: "看过门牌" };
    await decideConflicts(phone.store, [other]);
    await sync(world, phone);
    world.server.conflicts.delete("c1");
    world.server.conflicts.delete("c2");
    await writeAll(phone.store.db, async () => {
      const now = await readMeta(phone.store.db, "pull");
      await writeMeta(phone.store.db, "pull", { cursor: null, gen: now.gen + 1, full: true, done: 0, total: null });
    });
    await sync(world, phone);
    expect((await readMeta(phone.store.db, "pull")).full).toBe(false);
    expect(await listConflicts(phone.store)).toMatchObject([{ body: { id: "c1" }, decision: other }]);
    phone.close();
  });

  it("count for the visit that they hold up until they are decided, here or elsewhere", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const { visit } = await writeVisit(phone, "h1");
    await sync(world, phone);
    const held = aConflict("c4", { mine: { ...aConflict("c4").mine, visit_id: visit } });
    world.server.setVisit(visit, { state: "conflict" });
    world.server.setConflict(held);
    await sync(world, phone);
    expect(await findVisit(phone.store, visit)).toMatchObject({ status: "conflict", open_conflicts: 1 });
    await decideConflicts(phone.store, [mine("c4")]);
    expect(await findVisit(phone.store, visit)).toMatchObject({ open_conflicts: 0 });
    phone.close();
  });
});

describe("a decision", () => {
  it("is kept offline, shown as on its way, and delivered once", async () => {
    const world = new World();
    const phone = await aPhone(world);
    world.faults = (request) => (request.url.endsWith("/sync/push") ? "lose_request" : "none");
    expect(await decideConflicts(phone.store, [mine("c1"), { conflict_id: "c2", choice: "revisit" }])).toBe(2);
    expect(await listConflicts(phone.store)).toMatchObject([
      { decision: { choice: "mine" }, stuck: null },
      { decision: { choice: "revisit" }, stuck: null },
    ]);
    expect(await countConflicts(phone.store)).toBe(0);
    expect(await countUnsent(phone.store)).toBe(2);
    // A second tap, or a second window, adds nothing.
    expect(await decideConflicts(phone.store, [{ conflict_id: "c1", choice: "theirs" }])).toBe(0);
    world.faults = () => "none";
    await sync(world, phone);
    await until(world, [phone], async () => (await countUnsent(phone.store)) === 0);
    expect(await ids(phone)).toEqual([]);
    const sent = world.server.pushes.flatMap(({ ops }) => ops);
    const decided = sent.filter(({ kind }) => kind === "conflict.decide");
    expect(decided.map(({ subject, version, body }) => ({ subject, version, body }))).toEqual(
      expect.arrayContaining([{ subject: "c1", version: 1, body: { conflict_id: "c1", choice: "mine" } }]),
    );
    expect([...world.server.effects.values()]).toEqual([1, 1]);
    phone.close();
  });

  it("that the server refuses opens its card again with the reason and with what was typed", async () => {
    const world = new World();
    const phone = await aPhone(world);
    world.server.refusals.set("c1", { outcome: "refused", code: "conflict.value_covered" });
    const other = { conflict_id: "c1", choice: "other" as const, value: "示例社区11号楼", reason: "看过门牌" };
    await decideConflicts(phone.store, [other]);
    await sync(world, phone);
    expect(await listConflicts(phone.store)).toMatchObject([
      { body: { id: "c1" }, decision: other, stuck: { code: "conflict.value_covered" } },
      { body: { id: "c2" }, decision: null },
    ]);
    expect(await countConflicts(phone.store)).toBe(2);
    world.server.refusals.delete("c1");
    expect(await decideConflicts(phone.store, [{ ...other, value: "示例社区12号楼" }])).toBe(1);
    await sync(world, phone);
    expect(await ids(phone)).toEqual(["c2"]);
    expect(await countWork(phone.store)).toMatchObject({ unsent: 0, stuck: 0 });
    phone.close();
  });

  it("that came too late stays in sight until its author has seen why", async () => {
    const world = new World();
    const phone = await aPhone(world);
    world.faults = (request) => (request.url.endsWith("/sync/push") ? "lose_request" : "none");
    await decideConflicts(phone.store, [mine("c1")]);
    world.server.setConflict(aConflict("c1", { state: "decided" }));
    world.faults = () => "none";
    await sync(world, phone);
    await until(world, [phone], async () => (await countUnsent(phone.store)) === 0);
    const [late] = await listConflicts(phone.store);
    expect(late).toMatchObject({ body: { id: "c1", state: "decided" }, stuck: { code: "conflict.already_decided" } });
    expect(await decideConflicts(phone.store, [mine("c1")])).toBe(0);
    await discardStuck(phone.store, late!.stuck!.id);
    expect(await ids(phone)).toEqual(["c2"]);
    phone.close();
  });

  it("survives a server that was restored from a backup", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const restore = world.server.backup();
    await decideConflicts(phone.store, [mine("c1")]);
    await sync(world, phone);
    restore();
    world.server.expireTokens();
    await sync(world, phone);
    await until(world, [phone], () => world.server.conflicts.get("c1")?.state === "decided" && isQuiet(phone));
    expect(await ids(phone)).toEqual(["c2"]);
    phone.close();
  });
});
