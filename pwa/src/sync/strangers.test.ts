// Answers that are not our server's: hotel networks, proxies, and links that stop in the middle.
import { describe, expect, it } from "vitest";
import { BODY_TIMEOUT_MS, createApi, HEAD_TIMEOUT_MS } from "@/api/client";
import { readMeta } from "@/db/meta";
import type { Transport } from "@/db/platform";
import { listNeedsMe } from "@/db/visits";
import { createEngine, MAX_RETRY_AFTER_MS } from "./engine";
import { countUnsent } from "./outbox";
import { aPhone, isPush, isQuiet, openPhone, until, World, writeVisit } from "./testing/kit";

const html = (status: number, headers: Record<string, string> = {}): Response =>
  new Response("<html>Wi-Fi</html>", { status, headers: { "content-type": "text/html; charset=utf-8", ...headers } });
const json = (status: number, body: unknown, type = "application/json"): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": type } });

const strangers: Record<string, () => Response> = {
  "a page": () => html(200),
  "a page that forbids": () => html(403),
  "a page that wants a sign-in": () => html(401),
  "a sign-in in words of its own": () => json(401, { error: "unauthorized" }),
  "a sign-in in our form with a code that is not ours": () => json(401, { code: "portal.login" }, "application/problem+json"),
  "a refusal that is no JSON": () => new Response("no", { status: 401, headers: { "content-type": "application/problem+json" } }),
  "a network that wants a sign-in": () => html(511),
  "a redirect": () => new Response(null, { status: 302, headers: { location: "https://portal.example/login" } }),
  "an empty object": () => json(200, {}),
  "a list": () => json(200, []),
  "nothing": () => new Response(null, { status: 204 }),
  "half of an answer": () => new Response('{"receipts":[', { headers: { "content-type": "application/json" } }),
  "the shape of every answer without its content": () =>
    json(200, {
      receipts: [], next_seq: 1, server_time: "2026-11-23T01:00:00Z", history_id: "theirs",
      changes: [], evict: [], outcomes: [], cursor: "", more: false,
    }),
};

describe("a stranger between phone and server", () => {
  for (const [name, answer] of Object.entries(strangers)) {
    it(`is no connection, whether it sends ${name}`, async () => {
      const world = new World();
      world.server.addHousehold("h1");
      const phone = await aPhone(world);
      phone.engine.start();
      await until(world, [phone], () => isQuiet(phone));
      const { op } = await writeVisit(phone, null);
      const before = await readMeta(phone.store.db, "contact");
      // Once for every call, once with a session that must be refreshed first.
      for (const expired of [false, true]) {
        if (expired) world.server.expireTokens();
        world.faults = (request) => (expired && isPush(request) ? "none" : answer());
        phone.engine.nudge("online");
        await phone.engine.settled();
        expect(phone.engine.status()).toMatchObject({ is: "failed", problem: { code: "net.captive_portal" }, pending: 1 });
      }
      expect((await readMeta(phone.store.db, "contact")).history_id).toBe(before.history_id);
      expect((await readMeta(phone.store.db, "device")).epoch).toBe(1);
      world.faults = () => "none";
      await until(world, [phone], () => world.server.effects.get(op) === 1 && isQuiet(phone));
      phone.close();
    });
  }

  for (const path of ["auth/refresh", "definitions", "regions", "sync/pull", "sync/push"]) {
    it(`keeps nothing of a stranger's data where ${path} was asked`, async () => {
      for (const body of [{}, [], { changes: [{}], evict: [], outcomes: [], cursor: "c", more: false }]) {
        const world = new World();
        world.server.addHousehold("h1");
        const before = await aPhone(world);
        const { op } = await writeVisit(before, "h1");
        before.close();
        // A restart: the session comes back by its cookie.
        const phone = await openPhone(world, before.store.user, before.platform.storage);
        world.faults = (request) => (request.url.endsWith(path) ? json(200, body) : "none");
        phone.engine.start();
        await until(world, [phone], () => phone.engine.status().is === "failed");
        expect(phone.engine.status()).toMatchObject({ problem: { code: "net.captive_portal", status: 0 } });
        expect(await readMeta(phone.store.db, "pull")).toMatchObject({ cursor: null, full: true });
        world.faults = () => "none";
        await until(world, [phone], () => world.server.effects.get(op) === 1 && isQuiet(phone));
        phone.close();
      }
    });
  }

  it("does not take receipts for operations that were not sent", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const { op } = await writeVisit(phone, null);
    const receipt = { seq: 1, op_id: "another", outcome: "applied", errors: [], subject: { kind: "visit", id: "v" } };
    const answer = { receipts: [receipt], next_seq: 2, server_time: "2026-11-23T01:00:00Z", history_id: "theirs" };
    world.faults = (request) => (isPush(request) ? json(200, answer) : "none");
    phone.engine.start();
    await until(world, [phone], () => phone.engine.status().is === "failed");
    expect(phone.engine.status()).toMatchObject({ problem: { code: "net.captive_portal" }, pending: 1 });
    world.faults = () => "none";
    await until(world, [phone], () => world.server.effects.get(op) === 1);
    phone.close();
  });
});

describe("a proxy that lets only so much through", () => {
  const bodies = { "a page": () => html(413), "a word": () => new Response("too large", { status: 413 }), "nothing": () => new Response(null, { status: 413 }) };
  for (const [name, answer] of Object.entries(bodies)) {
    it(`gets smaller batches when it says so with ${name}`, async () => {
      const world = new World();
      const phone = await aPhone(world);
      const ops: string[] = [];
      for (let n = 0; n < 9; n += 1) ops.push((await writeVisit(phone, null)).op);
      const handle = world.server.handle.bind(world.server);
      world.server.handle = async (request) =>
        isPush(request) && (await request.clone().text()).length > 4_000 ? answer() : handle(request);
      phone.engine.start();
      await until(world, [phone], () => isQuiet(phone));
      expect(ops.map((op) => world.server.effects.get(op))).toEqual(ops.map(() => 1));
      expect(await listNeedsMe(phone.store)).toEqual([]);
      phone.close();
    });
  }

  it("does not hold up the others because of one that is too large alone", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const visits = [await writeVisit(phone, null), await writeVisit(phone, null), await writeVisit(phone, null)] as const;
    const handle = world.server.handle.bind(world.server);
    world.server.handle = async (request) =>
      isPush(request) && (await request.clone().text()).includes(visits[1].op) ? html(413) : handle(request);
    phone.engine.start();
    await until(world, [phone], () => isQuiet(phone));
    expect(visits.map(({ op }) => world.server.effects.get(op))).toEqual([1, undefined, 1]);
    expect(await listNeedsMe(phone.store)).toMatchObject([{ operation: { id: visits[1].op, code: "sync.op_too_large" } }]);
    phone.close();
  });
});

describe("a link that stops in the middle", () => {
  const never = new Promise<never>(() => undefined);
  const stuckBody = (): Response =>
    new Response(new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode('{"receipts"')) }), {
      headers: { "content-type": "application/json" },
    });
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const links: Record<string, { transport: Transport; limit: number }> = {
    "before the head of the answer": { transport: () => never, limit: HEAD_TIMEOUT_MS },
    "in its body": { transport: () => Promise.resolve(stuckBody()), limit: BODY_TIMEOUT_MS },
  };
  for (const [where, { transport, limit }] of Object.entries(links)) {
    it(`is given up ${where}, though the transport does not care`, async () => {
      const world = new World();
      const phone = await aPhone(world);
      const asked = createApi({ ...phone.platform, transport }).refresh();
      await turns();
      world.clock.advance(limit - 1);
      await turns();
      expect(await Promise.race([asked, Promise.resolve("waiting")])).toBe("waiting");
      world.clock.advance(1);
      expect(await asked).toMatchObject({ ok: false, problem: { code: "net.timeout" } });
      phone.close();
    });
  }
});

describe("a server that asks to wait", () => {
  const asking = (headers: Record<string, string>) => async (during: (world: World) => void): Promise<number> => {
    const world = new World();
    const phone = await aPhone(world);
    await writeVisit(phone, null);
    world.faults = (request) => (isPush(request) ? html(503, headers) : "none");
    phone.engine.start();
    await until(world, [phone], () => phone.engine.status().is === "failed");
    const begun = world.clock.monotonicMs;
    world.faults = () => "none";
    during(world);
    phone.engine.nudge("online");
    await phone.engine.settled();
    await until(world, [phone], async () => (await countUnsent(phone.store)) === 0);
    phone.close();
    return world.clock.monotonicMs - begun;
  };

  it("gets the time it asks for, in seconds or as a date by its own clock", async () => {
    expect(await asking({ "retry-after": "90" })(() => undefined)).toBe(90_000);
    const later = { "retry-after": "Mon, 23 Nov 2026 03:02:00 GMT", date: "Mon, 23 Nov 2026 03:00:00 GMT" };
    expect(await asking(later)(() => undefined)).toBe(120_000);
    expect(await asking({ "retry-after": "Mon, 23 Nov 2026 01:01:00 GMT" })(() => undefined)).toBe(60_000);
  });

  it("does not get more than the most, nor anything for a time that is none", async () => {
    expect(await asking({ "retry-after": "86400" })(() => undefined)).toBe(MAX_RETRY_AFTER_MS);
    expect(await asking({ "retry-after": "soon" })(() => undefined)).toBe(0);
  });

  it("is asked again after that time though the phone's clock is set back or ahead by years", async () => {
    for (const years of [-10, 10]) {
      const waited = await asking({ "retry-after": "90" })((world) => {
        world.clock.nowMs += years * 365 * 24 * 3_600_000;
      });
      expect(waited).toBe(90_000);
    }
  });

  it("is asked after a time that no two phones share when it does not say which", async () => {
    const world = new World();
    const phone = await aPhone(world);
    world.faults = () => html(502);
    const waits = new Set<number>();
    for (const random of [0, 0.5, 0.9]) {
      const engine = createEngine({ ...phone.store, platform: { ...phone.platform, random: () => random } }, phone.api);
      engine.start();
      await engine.settled();
      const status = engine.status();
      if (status.is === "failed") waits.add(status.retry_at_ms - world.clock.nowMs);
      engine.stop();
    }
    expect([...waits]).toEqual([500, 750, 950]);
    phone.close();
  });
});
