import { describe, expect, it } from "vitest";
import { type SaveState, autosave } from "./autosave";

/** Time by hand: what is due runs when `pass` comes to it. */
function handClock() {
  let now = 0;
  const due: { at: number; run: () => void }[] = [];
  return {
    timer: (afterMs: number, run: () => void) => {
      const entry = { at: now + afterMs, run };
      due.push(entry);
      return () => {
        const index = due.indexOf(entry);
        if (index >= 0) due.splice(index, 1);
      };
    },
    async pass(ms: number) {
      now += ms;
      for (const entry of due.filter(({ at }) => at <= now)) {
        due.splice(due.indexOf(entry), 1);
        entry.run();
      }
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    },
  };
}

describe("autosave", () => {
  it("writes the latest value once typing pauses", async () => {
    const clock = handClock();
    const written: string[] = [];
    const saver = autosave<string>(async (value) => void written.push(value), clock.timer, () => undefined);
    saver.change("a");
    await clock.pass(100);
    saver.change("ab");
    await clock.pass(299);
    expect(written).toEqual([]);
    await clock.pass(1);
    expect(written).toEqual(["ab"]);
  });
  it("does not wait longer than a second however fast somebody types", async () => {
    const clock = handClock();
    const written: number[] = [];
    const saver = autosave<number>(async (value) => void written.push(value), clock.timer, () => undefined);
    for (let key = 1; key <= 9; key++) {
      saver.change(key);
      await clock.pass(100);
    }
    expect(written.length).toBeGreaterThan(0);
  });
  it("writes at once when the page goes, and tells a failure until it is mended", async () => {
    const clock = handClock();
    const written: string[] = [];
    const told: SaveState[] = [];
    let isFull = true;
    const saver = autosave<string>(
      async (value) => {
        if (isFull) throw new Error("QuotaExceededError");
        written.push(value);
      },
      clock.timer,
      (state) => told.push(state),
    );
    saver.change("a");
    await saver.flush();
    expect(told).toEqual(["pending", "failed"]);
    isFull = false;
    await clock.pass(2000);
    expect(written).toEqual(["a"]);
    expect(told[told.length - 1]).toBe("saved");
  });
  it("is not done with leaving before what came in meanwhile is written", async () => {
    const clock = handClock();
    const written: string[] = [];
    const saver = autosave<string>(
      async (value) => {
        written.push(value);
        if (value === "a") saver.change("b");
        await Promise.resolve();
      },
      clock.timer,
      () => undefined,
    );
    saver.change("a");
    await Promise.all([saver.flush(), saver.flush()]);
    expect(written).toEqual(["a", "b"]);
  });
  it("does not try again after its end", async () => {
    const clock = handClock();
    let tries = 0;
    const saver = autosave<string>(
      async () => {
        tries += 1;
        throw new Error("QuotaExceededError");
      },
      clock.timer,
      () => undefined,
    );
    saver.change("a");
    await saver.end();
    await clock.pass(10_000);
    expect(tries).toBe(1);
  });
});
