import { describe, expect, it } from "vitest";
import { createApi } from "@/api/client";
import { findVisit } from "@/db/visits";
import { findHousehold } from "@/db/households";
import { readMeta } from "@/db/meta";
import { countUnsent } from "./outbox";
import { backoffMs, createEngine } from "./engine";
import { aPhone, isPush, isQuiet, openPhone, signInPhone, until, World, writeVisit } from "./testing/kit";

describe("a day with a network", () => {
  it("brings households, sends visits and shows them in review", async () => {
    const world = new World();
    world.server.addHousehold("h1", { file: { residence_address: "东胜区一号", persons: { p1: { name: "乌云" } } } });
    const phone = await aPhone(world);
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    const { visit, op } = await writeVisit(phone, "h1");
    expect((await findVisit(phone.store, visit))?.status).toBe("saved_local");
    phone.engine.nudge("saved");
    await until(world, [phone], async () => (await findVisit(phone.store, visit))?.status === "in_review");
    expect(world.server.effects.get(op)).toBe(1);
    expect(await countUnsent(phone.store)).toBe(0);
    expect((await findHousehold(phone.store, "h1"))?.visits.map((v) => v.id)).toEqual([visit]);
    phone.close();
  });

  it("stops at a second start and goes on after a stop", async () => {
    const world = new World();
    const phone = await aPhone(world);
    phone.engine.start();
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    phone.engine.stop();
    await writeVisit(phone, null);
    phone.engine.nudge("saved");
    expect(await countUnsent(phone.store)).toBe(1);
    phone.engine.start();
    await until(world, [phone], async () => (await countUnsent(phone.store)) === 0);
    phone.close();
  });

  it("measures the error of the phone's clock and states it in proposals", async () => {
    const world = new World();
    const user = world.server.addUser("ana");
    const phone = await openPhone(world, user, world.newStorage(), undefined, 7_200_000);
    await signInPhone(phone);
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    expect((await readMeta(phone.store.db, "contact")).clock_offset_ms).toBe(7_200_000);
    await writeVisit(phone, null);
    phone.engine.nudge("saved");
    await until(world, [phone], async () => (await countUnsent(phone.store)) === 0);
    const [op] = world.server.pushes.flatMap(({ ops }) => ops);
    expect(op).toMatchObject({ clock: { offset_ms: 7_200_000 }, body: { visit: { clock_offset_ms: 7_200_000 } } });
    phone.close();
  });
});

describe("exactly once", () => {
  it("sends again after a lost answer and gets the same receipt", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const { visit, op } = await writeVisit(phone, null);
    let lost = 0;
    world.faults = (request) => (isPush(request) && (lost += 1) <= 3 ? "lose_answer" : "none");
    phone.engine.start();
    await until(world, [phone], async () => (await findVisit(phone.store, visit))?.status === "in_review");
    expect(world.server.effects.get(op)).toBe(1);
    expect(world.server.pushes.filter(({ ops }) => ops.length > 0).length).toBe(4);
    phone.close();
  });

  it("keeps what was saved while a push was under way", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const first = await writeVisit(phone, null);
    let second: { visit: string; op: string } | undefined;
    const handle = world.server.handle.bind(world.server);
    world.server.handle = async (request) => {
      const answer = await handle(request);
      if (isPush(request) && second === undefined) second = await writeVisit(phone, null);
      return answer;
    };
    phone.engine.start();
    await until(world, [phone], async () => second !== undefined && (await countUnsent(phone.store)) === 0);
    expect(world.server.effects.get(first.op)).toBe(1);
    expect(world.server.effects.get(second!.op)).toBe(1);
    phone.close();
  });

  it("takes a new epoch after a fork and keeps the ids", async () => {
    const world = new World();
    const phone = await aPhone(world);
    world.server.devices.set("device-ana", { epoch: 3, nextSeq: 9 });
    const ids = [(await writeVisit(phone, null)).op, (await writeVisit(phone, null)).op];
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    expect(ids.map((id) => world.server.effects.get(id))).toEqual([1, 1]);
    expect((await readMeta(phone.store.db, "device")).epoch).toBe(4);
    phone.close();
  });

  it("understands a duplicate by the first receipt", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const { visit, op } = await writeVisit(phone, null);
    world.faults = (request) => (isPush(request) ? "lose_answer" : "none");
    phone.engine.start();
    await until(world, [phone], () => world.server.effects.get(op) === 1);
    // A cloned phone used the same numbers; the server now asks for a new epoch.
    world.server.devices.set("device-ana", { epoch: 2, nextSeq: 5 });
    world.faults = () => "none";
    await until(world, [phone], async () => (await findVisit(phone.store, visit))?.status === "in_review");
    expect(world.server.effects.get(op)).toBe(1);
    phone.close();
  });

  it("goes back to where the server asks after a gap", async () => {
    const world = new World();
    const phone = await aPhone(world);
    await writeVisit(phone, null);
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    const restore = world.server.backup();
    const later = [await writeVisit(phone, null), await writeVisit(phone, null)];
    phone.engine.nudge("saved");
    await until(world, [phone], async () => (await countUnsent(phone.store)) === 0);
    restore();
    world.server.history = "history-1";
    const last = await writeVisit(phone, null);
    phone.engine.nudge("saved");
    await until(world, [phone], async () => (await countUnsent(phone.store)) === 0);
    for (const { op } of [...later, last]) expect(world.server.effects.get(op)).toBe(1);
    phone.close();
  });

  it("offers again what a restored backup has forgotten, even with nothing new to send", async () => {
    const world = new World();
    const phone = await aPhone(world);
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    const restore = world.server.backup();
    const { op, visit } = await writeVisit(phone, null);
    phone.engine.nudge("saved");
    await until(world, [phone], async () => (await findVisit(phone.store, visit))?.status === "in_review");
    restore();
    world.server.expireTokens();
    phone.engine.nudge("asked");
    await until(world, [phone], () => world.server.effects.get(op) === 1 && isQuiet(phone));
    expect((await findVisit(phone.store, visit))?.status).toBe("in_review");
    phone.close();
  });

  it.each([["ahead", 10], ["behind", -10]])("keeps what was answered while its clock is ten years %s", async (_, years) => {
    const world = new World();
    const phone = await aPhone(world);
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    const restore = world.server.backup();
    const set = (ms: number): unknown => Object.assign(phone.platform, { nowMs: () => world.clock.nowMs + ms });
    const yearsMs = years * 365 * 24 * 3_600_000;
    // Answered by one clock, looked through by the other.
    set(Math.min(yearsMs, 0));
    const { op } = await writeVisit(phone, null);
    phone.engine.nudge("saved");
    await until(world, [phone], async () => (await countUnsent(phone.store)) === 0 && isQuiet(phone));
    set(Math.max(yearsMs, 0));
    phone.engine.nudge("asked");
    await phone.engine.settled();
    restore();
    world.server.expireTokens();
    phone.engine.nudge("asked");
    await until(world, [phone], () => world.server.effects.get(op) === 1 && isQuiet(phone));
    phone.close();
  });

  it.each([[29, 1], [31, 0]])("offers what was answered %i days before to a restored server: %i", async (days, offered) => {
    const world = new World();
    const phone = await aPhone(world);
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    const restore = world.server.backup();
    const { op } = await writeVisit(phone, null);
    phone.engine.nudge("saved");
    await until(world, [phone], async () => (await countUnsent(phone.store)) === 0 && isQuiet(phone));
    world.clock.advance(days * 24 * 3_600_000);
    world.server.expireTokens();
    phone.engine.nudge("asked");
    await until(world, [phone], () => isQuiet(phone));
    restore();
    world.server.expireTokens();
    // Numbered behind whatever is offered again: once it is there, so is the rest.
    const { op: later } = await writeVisit(phone, null);
    phone.engine.nudge("saved");
    await until(world, [phone], () => world.server.effects.get(later) === 1 && isQuiet(phone));
    expect(world.server.effects.get(op) ?? 0).toBe(offered);
    phone.close();
  });

  it("starts over once after a restored backup, though its session still names the history before", async () => {
    const world = new World();
    const phone = await aPhone(world);
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    const restore = world.server.backup();
    const { op } = await writeVisit(phone, null);
    phone.engine.nudge("saved");
    await until(world, [phone], async () => (await countUnsent(phone.store)) === 0 && isQuiet(phone));
    restore();
    await writeVisit(phone, null);
    phone.engine.nudge("saved");
    await until(world, [phone], () => world.server.effects.get(op) === 1 && isQuiet(phone));
    const { epoch } = await readMeta(phone.store.db, "device");
    for (let round = 0; round < 3; round += 1) {
      phone.engine.nudge("asked");
      await phone.engine.settled();
    }
    expect(isQuiet(phone)).toBe(true);
    expect((await readMeta(phone.store.db, "device")).epoch).toBe(epoch);
    expect((await readMeta(phone.store.db, "contact")).history_id).toBe("history-1+");
    expect(world.server.refreshes).toBe(0);
    phone.close();
  });

  it("works with two tabs at once", async () => {
    const world = new World();
    const user = world.server.addUser("ana");
    const storage = world.newStorage();
    const tabs = [await openPhone(world, user, storage), await openPhone(world, user, storage)] as const;
    await signInPhone(tabs[0]);
    const ops: string[] = [];
    for (const tab of [...tabs, ...tabs]) ops.push((await writeVisit(tab, null)).op);
    world.server.devices.set("device-1", { epoch: 2, nextSeq: 3 });
    for (const tab of tabs) tab.engine.start();
    await until(world, tabs, () => tabs.every(isQuiet));
    expect(ops.map((op) => world.server.effects.get(op))).toEqual([1, 1, 1, 1]);
    expect(await countUnsent(tabs[0].store)).toBe(0);
    for (const tab of tabs) tab.close();
  });
});

describe("tabs that can see each other", () => {
  it("do not wait for ever for one that the browser has frozen", async () => {
    const world = new World();
    const user = world.server.addUser("ana");
    const frozen = {
      request: <T>(_name: string, { signal }: { signal?: AbortSignal }, _run: () => Promise<T>): Promise<T> =>
        new Promise<T>((_, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted")))),
    };
    const phone = await openPhone(world, user, world.newStorage());
    await signInPhone(phone);
    const { op } = await writeVisit(phone, null);
    const engine = createEngine({ ...phone.store, platform: { ...phone.platform, locks: frozen } }, phone.api);
    engine.start();
    world.clock.advance(30_000);
    await engine.settled();
    expect(world.server.effects.get(op)).toBe(1);
    engine.stop();
    phone.close();
  });
});

describe("waiting", () => {
  it("grows, has jitter, and has an end", () => {
    expect([1, 2, 3, 20].map((n) => backoffMs(n, 0))).toEqual([500, 1000, 2000, 150_000]);
    expect(backoffMs(1, 0.999)).toBeGreaterThan(990);
  });

  it("waits as long as the server asks, even when the network comes back", async () => {
    const world = new World();
    const phone = await aPhone(world);
    await writeVisit(phone, null);
    world.faults = (request) =>
      isPush(request) ? new Response("{}", { status: 429, headers: { "retry-after": "120", "content-type": "application/problem+json" } }) : "none";
    phone.engine.start();
    await until(world, [phone], () => phone.engine.status().is === "failed");
    const begun = world.clock.nowMs;
    expect(phone.engine.status()).toMatchObject({ problem: { code: "net.too_many_requests", retry_after_ms: 120_000 } });
    world.faults = () => "none";
    phone.engine.nudge("online");
    await phone.engine.settled();
    expect(phone.engine.status().is).toBe("failed");
    await until(world, [phone], () => isQuiet(phone));
    expect(world.clock.nowMs - begun).toBe(120_000);
    phone.close();
  });

  it("names the page of a public network", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const { op } = await writeVisit(phone, null);
    world.faults = () => new Response("<html>Wi-Fi</html>", { status: 200, headers: { "content-type": "text/html" } });
    phone.engine.start();
    await until(world, [phone], () => phone.engine.status().is === "failed");
    expect(phone.engine.status()).toMatchObject({ problem: { code: "net.captive_portal" }, pending: 1 });
    world.faults = () => "none";
    await until(world, [phone], () => world.server.effects.get(op) === 1);
    phone.close();
  });

  it("gives up a request that is never answered", async () => {
    const world = new World();
    const phone = await aPhone(world);
    let silent = true;
    const platform = { ...phone.platform };
    const { transport } = platform;
    platform.transport = (request) =>
      silent
        ? new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(new Error("aborted"))))
        : transport(request);
    const asked = createApi(platform).refresh();
    await new Promise((resolve) => setImmediate(resolve));
    world.clock.advance(30_000);
    expect(await asked).toMatchObject({ ok: false, problem: { code: "net.timeout" } });
    silent = false;
    phone.close();
  });

  it("sends less at a time over a link that is too slow, until everything has arrived", async () => {
    const world = new World();
    const user = world.server.addUser("ana");
    const phone = await openPhone(world, user, world.newStorage());
    await signInPhone(phone);
    const ops: string[] = [];
    for (let n = 0; n < 12; n += 1) ops.push((await writeVisit(phone, null)).op);
    const { transport } = phone.platform;
    const slow: typeof transport = async (request) =>
      isPush(request) && (await request.clone().text()).length > 6_000
        ? new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(new Error("aborted"))))
        : transport(request);
    const platform = { ...phone.platform, transport: slow };
    const engine = createEngine({ ...phone.store, platform }, createApi(platform));
    engine.start();
    for (let turn = 0; turn < 3_000 && (await countUnsent(phone.store)) > 0; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (turn % 20 === 19) world.clock.fireNext();
    }
    expect(ops.map((op) => world.server.effects.get(op))).toEqual(ops.map(() => 1));
    engine.stop();
    await engine.settled();
    phone.close();
  });

  it("says offline with what waits, and drains when the network is back", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const { op } = await writeVisit(phone, null);
    world.faults = () => "lose_request";
    phone.engine.start();
    await until(world, [phone], () => phone.engine.status().is === "offline");
    expect(phone.engine.status()).toEqual({ is: "offline", pending: 1 });
    world.faults = () => "none";
    phone.engine.nudge("online");
    await phone.engine.settled();
    expect(world.server.effects.get(op)).toBe(1);
    phone.close();
  });

  it("asks for a sign-in, keeps the work, and sends it afterwards", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const { op } = await writeVisit(phone, null);
    world.server.expireTokens();
    world.server.cookie = null;
    phone.engine.start();
    await until(world, [phone], () => phone.engine.status().is === "sign_in_needed");
    await signInPhone(phone, "device-ana");
    phone.engine.nudge("signed_in");
    await phone.engine.settled();
    expect(world.server.effects.get(op)).toBe(1);
    phone.close();
  });

  it("refreshes an expired token once for all calls at a time", async () => {
    const world = new World();
    const phone = await aPhone(world);
    world.server.expireTokens();
    const calls = [1, 2, 3].map(() => phone.api.ask((http) => http.GET("/api/v1/regions")));
    expect((await Promise.all(calls)).map((result) => result.ok)).toEqual([true, true, true]);
    expect(world.server.refreshes).toBe(1);
    phone.close();
  });
});
