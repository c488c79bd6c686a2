import { describe, expect, it } from "vitest";
import { flightParts } from "./flightWords";
import type { Flight } from "./wire";

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
