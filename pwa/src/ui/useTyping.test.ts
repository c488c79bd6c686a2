import { beforeEach, describe, expect, it, vi } from "vitest";
import { nextTick, ref } from "vue";
import { useTyping } from "./useTyping";

class FakeInputEvent extends Event {
  readonly isComposing: boolean;
  constructor(value: string, isComposing: boolean) {
    super("input");
    this.isComposing = isComposing;
    Object.defineProperty(this, "target", { value: { value } });
  }
}

describe("typing with an input method", () => {
  beforeEach(() => {
    vi.stubGlobal("InputEvent", FakeInputEvent);
    return () => vi.unstubAllGlobals();
  });

  it("keeps what is being composed on the screen and gives it out at the end only", () => {
    const given: string[] = [];
    const { shown, typed } = useTyping(() => "", (text) => given.push(text));
    typed(new FakeInputEvent("bai", true));
    expect([shown.value, given]).toEqual(["bai", []]);
    typed(new FakeInputEvent("白", false));
    expect([shown.value, given]).toEqual(["白", ["白"]]);
  });

  it("takes what comes from outside", async () => {
    const text = ref("白");
    const { shown } = useTyping(() => text.value, () => undefined);
    text.value = "";
    await nextTick();
    expect(shown.value).toBe("");
  });
});
