import { describe, expect, it } from "vitest";
import { flightParts, heldParts } from "./flightWords";
import { type Flight, type OutstandingDevice, listOutstandingOf } from "./wire";

type Device = Flight["devices"][number];
type Visit = Flight["visits"][number];

const phone = (id: string, held: number): Device => ({
  id,
  label: "Chrome",
  user: { id: "u", name: "演示甲" },
  held,
  held_since: null,
  last_seen_at: "2026-11-23T01:00:00.000000Z",
});
const visit = (state: Visit["state"]): Visit => ({ state }) as Visit;

describe("what may be under way", () => {
  it("is nothing where nobody has the household and nothing waits", () => {
    expect(flightParts({ devices: [], visits: [] })).toEqual([]);
  });
  it("says of each phone what it holds, or since when nobody knows", () => {
    const parts = flightParts({ devices: [phone("a", 2), phone("b", 0)], visits: [] });
    expect(parts).toEqual([
      { is: "held", key: "a", name: "演示甲", n: 2, seen_at: "2026-11-23T01:00:00.000000Z" },
      { is: "silent", key: "b", name: "演示甲", seen_at: "2026-11-23T01:00:00.000000Z" },
    ]);
  });
  it("names of the phones that hold nothing only the one that was used last", () => {
    const parts = flightParts({ devices: [phone("a", 0), phone("b", 0), phone("c", 1)], visits: [] });
    expect(parts.map(({ is, key }) => [is, key])).toEqual([["silent", "a"], ["held", "c"]]);
  });
  it("counts returned visits apart from those that wait", () => {
    const visits = [visit("in_review"), visit("returned"), visit("conflict")];
    expect(flightParts({ devices: [], visits })).toEqual([
      { is: "waiting", key: "waiting", n: 2 },
      { is: "returned", key: "returned", n: 1 },
    ]);
  });
});

describe("what a person's phones are known to hold", () => {
  const outstanding = (id: string, user: string, held: number): OutstandingDevice =>
    ({ ...phone(id, held), user: { id: user, name: user }, possible_loss: 1 }) as OutstandingDevice;
  type Asks = Parameters<typeof listOutstandingOf>[0];
  const pages = new Map([
    [null, { items: [outstanding("a", "ana", 2), outstanding("b", "bo", 1)], next_cursor: "c1", total: 4 }],
    ["c1", { items: [outstanding("c", "bo", 3), outstanding("d", "ana", 0)], next_cursor: null, total: 4 }],
  ]);
  const problem = { code: "net.offline", status: 0 };

  /** A server that tells of the area page by page, and breaks off after some. */
  function server(after = 2): { api: Asks; asked: (string | null)[] } {
    const asked: (string | null)[] = [];
    const GET = (_path: string, { params }: { params: { query: { cursor?: string } } }) => {
      const { cursor = null } = params.query;
      asked.push(cursor);
      return asked.length > after ? { ok: false, problem } : { ok: true, data: pages.get(cursor), etag: null };
    };
    const api = { ask: (call: (http: unknown) => unknown) => Promise.resolve(call({ GET })) } as unknown as Asks;
    return { api, asked };
  }

  it("is found among all the phones of the area, to the last page", async () => {
    const { api, asked } = server();
    const found = await listOutstandingOf(api, "ana");
    expect(found.ok && found.data.map(({ id }) => id)).toEqual(["a", "d"]);
    expect(asked).toEqual([null, "c1"]);
  });
  it("is not known when a page does not come", async () => {
    const { api } = server(1);
    expect(await listOutstandingOf(api, "ana")).toEqual({ ok: false, problem });
  });
  it("names no phone that holds nothing, though it may have lost something", () => {
    expect(heldParts([outstanding("a", "ana", 2), outstanding("d", "ana", 0)])).toEqual([
      { is: "held", key: "a", name: "ana", n: 2, seen_at: "2026-11-23T01:00:00.000000Z" },
    ]);
  });
});
