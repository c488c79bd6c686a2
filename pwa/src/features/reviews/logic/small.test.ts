import { describe, expect, it } from "vitest";
import { figureLines } from "./figures";
import { type KeyPress, actionOf, takesLetters } from "./keys";
import { clockOffMinutes, isFirstFiling, mendedPaths, minutesOf } from "./record";
import { decidedSince, refusalOf } from "./refusal";
import type { ConflictBody } from "@/db/wire";
import { change, problem as failed, record, summary } from "./testRecords";

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  isComposing: false,
  repeat: false,
  ...more,
});
const free = { typing: false, sheetOpen: false };

describe("keys", () => {
  it("walk, decide and explain", () => {
    expect(["j", "k", "a", "r", "?", "J"].map((key) => actionOf(press(key), free))).toEqual([
      "next",
      "previous",
      "approve",
      "return",
      "help",
      "next",
    ]);
    expect(actionOf(press("x"), free)).toBeNull();
    expect(actionOf(press("ArrowDown"), free)).toBeNull();
  });
  it("mean nothing while somebody types, a sheet is open or another key is held", () => {
    expect(actionOf(press("a"), { typing: true, sheetOpen: false })).toBeNull();
    expect(actionOf(press("a"), { typing: false, sheetOpen: true })).toBeNull();
    expect(actionOf(press("a", { ctrlKey: true }), free)).toBeNull();
    expect(actionOf(press("a", { isComposing: true }), free)).toBeNull();
  });
  it("may be held for walking only", () => {
    expect(actionOf(press("j", { repeat: true }), free)).toBe("next");
    expect(actionOf(press("a", { repeat: true }), free)).toBeNull();
  });
  it("belong to fields that take letters", () => {
    expect(takesLetters({ tagName: "TEXTAREA" })).toBe(true);
    expect(takesLetters({ tagName: "BUTTON" })).toBe(false);
    expect(takesLetters(null)).toBe(false);
  });
});

describe("a refusal", () => {
  const problem = (code: string, more: Record<string, unknown> = {}, status = 409) => failed(code, status, more);
  it("tells what moved, who decided, and what clashes", () => {
    const since = { visit_rev: 1, visit_hash: "h", file_rev: 5, state: "in_review", moved: [], decided: [] };
    expect(refusalOf(problem("visit.stale_review", { since }))).toEqual({ is: "stale", since });
    const decided = { by: { id: "u", name: "审核员" }, at: "2026-11-23T00:00:00Z", decision: "approved" };
    expect(refusalOf(problem("visit.already_decided", { decided }))).toEqual({ is: "decided", decided });
    expect(refusalOf(problem("visit.clash", { paths: ["needs", 3] }))).toEqual({ is: "clash", paths: ["needs"] });
    expect(refusalOf(problem("visit.own", {}, 403))).toEqual({ is: "own" });
  });
  it("tells of differences that were decided meanwhile, those on the screen and others", () => {
    const since = { visit_rev: 1, visit_hash: "h", file_rev: 5, state: "in_review", moved: [], decided: ["a", "b", "c"] } as const;
    const shown = [{ id: "a", state: "decided" }, { id: "b", state: "open" }] as ConflictBody[];
    expect(decidedSince({ ...since, decided: ["a"] }, shown)).toEqual({ seen: [], others: false });
    expect(decidedSince({ ...since, decided: ["a", "b"] }, shown)).toEqual({ seen: [shown[1]], others: false });
    expect(decidedSince({ ...since, decided: ["a", "b", "c"] }, shown)).toEqual({ seen: [shown[1]], others: true });
  });
  it("says that nothing is known after a lost connection", () => {
    expect(refusalOf(failed("net.offline", 0))).toEqual({ is: "unsent", code: "net.offline" });
    expect(refusalOf(problem("net.server", {}, 503))).toEqual({ is: "unsent", code: "net.server" });
  });
  it("keeps to the code when the details are not there", () => {
    expect(refusalOf(problem("visit.stale_review"))).toEqual({ is: "refused", code: "visit.stale_review" });
    expect(refusalOf(problem("visit.no_reason", {}, 400))).toEqual({ is: "refused", code: "visit.no_reason" });
  });
});

describe("judgements about a record", () => {
  it("measure the visit and the clock", () => {
    expect(minutesOf(summary("a"))).toBe(31);
    expect(minutesOf({ started_at: "2026-11-23T02:00:00Z", ended_at: "2026-11-23T01:00:00Z" })).toBeNull();
    expect(clockOffMinutes(5 * 60_000)).toBeNull();
    expect(clockOffMinutes(-6 * 60_000)).toBe(-6);
  });
  it("know a first filing before and after its approval", () => {
    const now = record([]);
    expect(isFirstFiling(now)).toBe(false);
    expect(isFirstFiling({ ...now, household: { ...now.household, rev: 0 } })).toBe(true);
    expect(isFirstFiling({ ...now, visit: summary("a", { file_rev: 1 }) })).toBe(true);
  });
  it("find what was mended: changed, added and taken back", () => {
    const before = [change("a", 1, 2), change("b", null, "x"), change("c", 1, 5)];
    const now = [change("a", 1, 3), change("c", 1, 5), change("d", null, "y")];
    expect(mendedPaths(before, now)).toEqual([
      { path: "a", before: 2, now: 3 },
      { path: "b", before: "x", now: null },
      { path: "d", before: null, now: "y" },
    ]);
  });
  it("put figures that moved first", () => {
    const lines = figureLines({ before: { household_size: 3, pci: 100 }, after: { household_size: 3, pci: 90, npci: null } });
    expect(lines.map((line) => [line.name, line.changed])).toEqual([
      ["pci", true],
      ["household_size", false],
    ]);
  });
});
