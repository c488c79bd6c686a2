import { describe, expect, it } from "vitest";
import { townsWithin } from "@/forms";
import { type Queue, afterDecision, firstFilter, narrowedBy, neighbour, queryOf, withPage, without } from "./queue";
import { summary } from "./testRecords";

const queue: Queue = { items: ["a", "b", "c"].map((id) => summary(id)), next: "more", total: 9 };
const ids = (one: Queue): string[] => one.items.map((item) => item.id);

describe("what is asked", () => {
  it("sends only what narrows the answer", () => {
    expect(queryOf(firstFilter, null)).toEqual({ state: "in_review", limit: 50 });
    const filter = { ...firstFilter, state: "all", visitType: "V01" as const, region: "150602", visitor: "u", hasWarnings: true, words: " 张 " };
    expect(queryOf(filter, "c2")).toEqual({
      state: "all",
      visit_type: "V01",
      region: "150602",
      visitor: "u",
      has_warnings: true,
      q: "张",
      limit: 50,
      cursor: "c2",
    });
    expect(narrowedBy(filter)).toBe(4);
    expect(narrowedBy(firstFilter)).toBe(0);
  });
  it("offers the banners and towns inside one's own area", () => {
    const regions = ["1506", "150600", "150602", "150602001", "150602001001", "150603"].map((code) => ({ code, zh: code, en: code }));
    const codes = (scope: string): string[] => townsWithin(regions, scope).map((one) => one.code);
    expect(codes("1506")).toEqual(["150602", "150602001", "150603"]);
    expect(codes("150600")).toEqual(["150602", "150602001", "150603"]);
    expect(codes("150602")).toEqual(["150602001"]);
  });
});

describe("the pages so far", () => {
  it("grow without showing a visit twice", () => {
    const page = { items: [summary("c", { rev: 2 }), summary("d")], next_cursor: null, total: 8 };
    const grown = withPage(queue, page);
    expect(ids(grown)).toEqual(["a", "b", "c", "d"]);
    expect(grown.items[2]?.rev).toBe(2);
    expect([grown.next, grown.total]).toEqual([null, 8]);
  });
  it("count one less after a decision", () => {
    expect([ids(without(queue, "b")), without(queue, "b").total]).toEqual([["a", "c"], 8]);
    expect(without(queue, "unknown").total).toBe(9);
  });
});

describe("who is next", () => {
  it("walks the queue and stops at its ends", () => {
    expect(neighbour(queue, "a", 1)).toBe("b");
    expect(neighbour(queue, "a", -1)).toBeNull();
    expect(neighbour(queue, "c", 1)).toBeNull();
    expect(neighbour(queue, null, 1)).toBe("a");
  });
  it("opens the next record after a decision, at the end the one before", () => {
    expect(afterDecision(queue, "b")).toBe("c");
    expect(afterDecision(queue, "c")).toBe("b");
    expect(afterDecision({ ...queue, items: [summary("a")] }, "a")).toBeNull();
    expect(afterDecision({ ...queue, items: [] }, "a")).toBeNull();
  });
  it("opens the first of the queue after a record that is not in it", () => {
    expect(afterDecision(queue, "elsewhere")).toBe("a");
  });
});
