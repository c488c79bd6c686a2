import { describe, expect, it } from "vitest";
import { townsWithin } from "@/forms";
import { afterDecision, firstFilter, narrowedBy, neighbour, queryOf } from "./queue";
import { summary } from "./testRecords";

const queue = ["a", "b", "c"].map((id) => summary(id));

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
    expect(afterDecision([summary("a")], "a")).toBeNull();
    expect(afterDecision([], "a")).toBeNull();
  });
  it("opens the first of the queue after a record that is not in it", () => {
    expect(afterDecision(queue, "elsewhere")).toBe("a");
  });
});
