import { describe, expect, it } from "vitest";
import { findDraftOf, startDraft } from "@/db/drafts";
import { countHouseholds, findHousehold, listDueToday, listHouseholds } from "@/db/households";
import { findDefinitions } from "@/db/definitions";
import { readMeta, writeMeta } from "@/db/meta";
import { findVisit, listNeedsMe } from "@/db/visits";
import { countUnsent } from "./outbox";
import { createPace } from "./pace";
import { editReturnedVisit, submitDraft } from "./submit";
import type { SyncStatus } from "./status";
import { aRoutineVisit, content, isQuiet, openPhone, signInPhone, until, World, writeVisit, type Phone } from "./testing/kit";

const TODAY = "2026-11-23";

async function aSyncedPhone(world: World): Promise<Phone> {
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

const aFile = (name: string, address: string) => ({
  residence_address: address,
  persons: { b: { name: "孩子" }, c: { name, is_worker: true } },
});

describe("households on the phone", () => {
  it("are found by words in name, address and file number", async () => {
    const world = new World();
    world.server.addHousehold("h1", { file: aFile("乌云其其格", "东胜区示例社区01号楼"), file_no: "CK-001" });
    world.server.addHousehold("h2", { file: aFile("张示例", "康巴什区示例社区02号楼"), file_no: "CK-002" });
    const phone = await aSyncedPhone(world);
    const find = async (text: string) => (await listHouseholds(phone.store, { text, today: TODAY })).items.map((h) => h.id);
    expect(await find("乌云")).toEqual(["h1"]);
    expect(await find("示例社区 ck-002")).toEqual(["h2"]);
    expect(await find("")).toHaveLength(2);
    expect(await find("没有")).toEqual([]);
    phone.close();
  });

  it("are due until somebody was met, and counted by filter", async () => {
    const world = new World();
    world.server.addHousehold("h1", { next_visit_due_on: "2026-11-23", last_visit_on: "2026-08-01" });
    world.server.addHousehold("h2", { next_visit_due_on: "2026-10-01", last_visit_on: "2026-07-01" });
    world.server.addHousehold("h3", { next_visit_due_on: "2026-11-24" });
    const phone = await aSyncedPhone(world);
    expect((await listDueToday(phone.store, TODAY)).map((h) => h.id)).toEqual(["h2", "h1"]);
    await writeVisit(phone, "h2");
    expect((await listDueToday(phone.store, TODAY)).map((h) => h.id)).toEqual(["h1"]);
    expect(await countHouseholds(phone.store, TODAY)).toEqual({ all: 3, due: 1, never_visited: 1, returned: 0, waiting: 1 });
    const absent = await startDraft(phone.store, aRoutineVisit("h1"));
    await submitDraft(phone.store, absent.id, () => content("absent"));
    expect((await listDueToday(phone.store, TODAY)).map((h) => h.id)).toEqual(["h1"]);
    phone.close();
  });

  it("leave when they leave the user's area; drafts and unsent work stay and still arrive", async () => {
    const world = new World();
    world.server.addHousehold("h1");
    world.server.addHousehold("h2");
    const phone = await aSyncedPhone(world);
    const draft = await startDraft(phone.store, aRoutineVisit("h1"));
    world.faults = (request) => (request.url.endsWith("/sync/push") ? new Response(null, { status: 503 }) : "none");
    const { visit, op } = await writeVisit(phone, "h1");
    phone.engine.stop();
    world.server.evict("h1");
    const { createApi } = await import("@/api/client");
    const { pull } = await import("./pull");
    const round = { pace: createPace(), stopped: () => false };
    expect(await pull(phone.store, createApi(phone.platform), round, () => undefined)).toBeNull();
    expect(await findHousehold(phone.store, "h1")).toBeUndefined();
    expect((await findDraftOf(phone.store, "h1"))?.id).toBe(draft.id);
    expect((await findVisit(phone.store, visit))?.status).toBe("saved_local");
    world.faults = () => "none";
    phone.engine.start();
    await until(world, [phone], () => world.server.effects.get(op) === 1);
    expect(await countUnsent(phone.store)).toBe(0);
    phone.close();
  });

  it("leave, and the visits that the user made there stay, whether an eviction says so or a full pull", async () => {
    const world = new World();
    world.server.addHousehold("h1");
    world.server.addHousehold("h2");
    const phone = await aSyncedPhone(world);
    const { visit } = await writeVisit(phone, "h1");
    await sync(world, phone);
    world.server.evict("h1");
    await sync(world, phone);
    expect(await findHousehold(phone.store, "h1")).toBeUndefined();
    expect((await findVisit(phone.store, visit))?.status).toBe("in_review");
    const another = (await writeVisit(phone, "h2")).visit;
    await sync(world, phone);
    world.server.households.delete("h2");
    world.server.history = "another";
    await sync(world, phone);
    expect(await findHousehold(phone.store, "h2")).toBeUndefined();
    for (const id of [visit, another]) expect((await findVisit(phone.store, id))?.status).toBe("in_review");
    phone.close();
  });

  it("are swept at the end of a full pull when it did not see them, unless only this phone knows them", async () => {
    const world = new World();
    world.server.addHousehold("h1");
    world.server.addHousehold("h2");
    const phone = await aSyncedPhone(world);
    const draft = await startDraft(phone.store, aRoutineVisit(null));
    world.server.households.delete("h2");
    world.server.history = "another";
    await sync(world, phone);
    const ids = (await listHouseholds(phone.store, { today: TODAY })).items.map((h) => h.id).sort();
    expect(ids).toEqual([draft.household_id, "h1"].sort());
    phone.close();
  });

  it("start over when the server no longer knows the cursor", async () => {
    const world = new World();
    world.server.addHousehold("h1");
    const phone = await aSyncedPhone(world);
    const body = { code: "request.cursor", status: 400, request_id: "r", errors: [], type: "", title: "" };
    let asked = 0;
    world.faults = (request) =>
      request.url.endsWith("/sync/pull") && (asked += 1) === 1
        ? new Response(JSON.stringify(body), { status: 400, headers: { "content-type": "application/problem+json" } })
        : "none";
    await sync(world, phone);
    expect((await listHouseholds(phone.store, { today: TODAY })).total).toBe(1);
    expect((await readMeta(phone.store.db, "pull")).gen).toBe(2);
    phone.close();
  });

  it("say how far the first sync has come", async () => {
    const world = new World();
    for (let n = 0; n < 120; n += 1) world.server.addHousehold(`h${n}`);
    const phone = await openPhone(world, world.server.addUser("ana"), world.newStorage());
    await signInPhone(phone);
    const seen: SyncStatus[] = [];
    phone.engine.subscribe((status) => seen.push(status));
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    const done = seen.flatMap((status) => (status.is === "receiving" && status.total === 120 ? [status.done] : []));
    expect([...new Set(done)]).toEqual([50, 100, 120]);
    phone.close();
  });
});

describe("a returned visit", () => {
  it("comes up first and goes out as its next revision on the file of now", async () => {
    const world = new World();
    world.server.addHousehold("h1", { rev: 4, file: aFile("乌云", "新地址一号楼二单元") });
    const phone = await aSyncedPhone(world);
    const { visit } = await writeVisit(phone, "h1");
    await sync(world, phone);
    const [op] = world.server.pushes.flatMap(({ ops }) => ops);
    const { visit: proposal } = op!.body as { visit: never };
    const reasons = [{ path: "residence_address", code: "other", text: "门牌号" }];
    const review = { by: { id: "u9", name: "审核" }, at: "2026-11-23T02:00:00Z", decision: "returned" as const, reasons, text: "" };
    world.server.setVisit(visit, { state: "returned", review, proposal });
    await sync(world, phone);
    expect(await listNeedsMe(phone.store)).toMatchObject([{ is: "returned", review: { reasons } }]);
    const draft = await editReturnedVisit(phone.store, visit, (begun) => begun);
    expect(draft).toMatchObject({ id: visit, rev: 2, base_rev: 4, answers: { visit: { outcome: "done" } } });
    expect((await findVisit(phone.store, visit))?.status).toBe("draft");
    await submitDraft(phone.store, visit, () => content());
    expect((await findVisit(phone.store, visit))?.status).toBe("saved_local");
    await sync(world, phone);
    expect(await findVisit(phone.store, visit)).toMatchObject({ status: "in_review", rev: 2 });
    phone.close();
  });
});

describe("definitions", () => {
  it("are the same object while nothing changes, and keep older versions of a form", async () => {
    const world = new World();
    const phone = await aSyncedPhone(world);
    const form = (version: number) => ({ id: "V02", version, visit_type: "V02", zh: "", en: "", sections: [], checks: [] });
    const { keepOlderForms } = await import("@/db/definitions");
    const body = { version: "a", dictionary: {}, codes: {}, forms: [form(1)] };
    await writeMeta(phone.store.db, "definitions", { etag: "a", body });
    const first = await findDefinitions(phone.store);
    expect(await findDefinitions(phone.store)).toBe(first);
    const newer = keepOlderForms(body, { ...body, version: "b", forms: [form(2)] });
    await writeMeta(phone.store.db, "definitions", { etag: "b", body: newer });
    const second = await findDefinitions(phone.store);
    expect(second?.forms.get("V02")?.version).toBe(2);
    expect(second?.form({ id: "V02", version: 1 })?.version).toBe(1);
    phone.close();
  });
});
