import { describe, expect, it } from "vitest";
import { inLock, type Locks } from "./lock";

/** Another tab holds the lock and never lets go. */
const held: Locks = {
  request: (_name, { signal }) =>
    new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
    }),
};
const free: Locks = { request: (_name, _options, run) => run() };

describe("a lock between tabs", () => {
  it("is waited for no longer than its time", async () => {
    let fire = (): void => undefined;
    const timer = (_afterMs: number, run: () => void): (() => void) => {
      fire = run;
      return () => undefined;
    };
    const answer = inLock({ locks: held, timer }, "name", () => Promise.resolve("ran"));
    fire();
    expect(await answer).toBe("ran");
  });

  it("is not timed once it is held, and passes on what went wrong inside", async () => {
    let cancelled = 0;
    const timer = (): (() => void) => () => {
      cancelled += 1;
    };
    expect(await inLock({ locks: free, timer }, "name", () => Promise.resolve(1))).toBe(1);
    expect(cancelled).toBeGreaterThan(0);
    await expect(inLock({ locks: free, timer }, "name", () => Promise.reject(new Error("inside")))).rejects.toThrow("inside");
  });

  it("is not needed where the browser has none", async () => {
    expect(await inLock({ timer: () => () => undefined }, "name", () => Promise.resolve(2))).toBe(2);
  });
});
