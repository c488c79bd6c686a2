import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { effectScope } from "vue";
import { useToday } from "./useToday";

class FakeDocument extends EventTarget {
  visibilityState = "visible";
}

describe("today", () => {
  let page: FakeDocument;
  beforeEach(() => {
    vi.useFakeTimers();
    page = new FakeDocument();
    vi.stubGlobal("document", page);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("changes at midnight on a page that stays open, and counts the turn", async () => {
    let day = "2026-11-23";
    const scope = effectScope();
    const { today, turns } = scope.run(() => useToday(() => day))!;
    await vi.advanceTimersByTimeAsync(0);
    expect([today.value, turns.value]).toEqual(["2026-11-23", 0]);
    day = "2026-11-24";
    await vi.advanceTimersByTimeAsync(60_000);
    expect([today.value, turns.value]).toEqual(["2026-11-24", 1]);
    scope.stop();
    day = "2026-11-25";
    await vi.advanceTimersByTimeAsync(60_000);
    expect(today.value).toBe("2026-11-24");
  });

  it("is looked at when the page comes to the front, and survives a failed look", async () => {
    let day: string | null = null;
    const read = (): Promise<string> => (day === null ? Promise.reject(new Error("closed")) : Promise.resolve(day));
    const scope = effectScope();
    const { today, turns } = scope.run(() => useToday(read, "2026-11-23"))!;
    await vi.advanceTimersByTimeAsync(0);
    expect(today.value).toBe("2026-11-23");
    day = "2026-11-24";
    page.dispatchEvent(new Event("visibilitychange"));
    await vi.advanceTimersByTimeAsync(0);
    expect([today.value, turns.value]).toEqual(["2026-11-24", 1]);
    scope.stop();
  });
});
