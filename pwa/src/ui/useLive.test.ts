import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import { effectScope, nextTick, watch } from "vue";
import { useLive, type Live } from "./useLive";

function inScope<T>(query: () => Promise<T>): { live: Live<T>; end(): void } {
  const scope = effectScope();
  const live = scope.run(() => useLive(query))!;
  return { live, end: () => scope.stop() };
}

const settled = (live: Live<unknown>): Promise<void> =>
  new Promise((resolve) => {
    const end = watch(
      live.load,
      ({ is }) => {
        if (is === "loading") return;
        resolve();
        void nextTick(() => end());
      },
      { immediate: true },
    );
  });

describe("a live answer", () => {
  it("goes from loading to ready", async () => {
    const { live, end } = inScope(() => Promise.resolve(7));
    expect(live.load.value).toEqual({ is: "loading" });
    await settled(live);
    expect(live.load.value).toEqual({ is: "ready", value: 7 });
    expect(live.value.value).toBe(7);
    end();
  });

  it("says that it failed and is asked again", async () => {
    let broken = true;
    const { live, end } = inScope(() => (broken ? Promise.reject(new Error("closed")) : Promise.resolve("there")));
    await settled(live);
    expect(live.load.value.is).toBe("failed");
    expect(live.value.value).toBeUndefined();
    broken = false;
    live.retry();
    expect(live.load.value.is).toBe("loading");
    await settled(live);
    expect(live.value.value).toBe("there");
    end();
  });
});
