import { describe, expect, it } from "vitest";
import en from "@/i18n/en/parking";
import { saidKey, todoKey, toneOf } from "./words";

const after = (standing: "missing" | "parked" | "done" | "over") => ({ op_id: "x", standing });
const item = { state: "waiting", owner: "nobody", reason: "op.after", after: after("missing") } as const;

describe("what must be done about a parked operation", () => {
  it("tells what ends by itself from what needs somebody", () => {
    expect(todoKey({ ...item, owner: "supervisor" })).toBe("afterMissing");
    expect(todoKey({ ...item, after: after("parked") })).toBe("afterParked");
    expect(todoKey({ ...item, owner: "supervisor", after: after("over") })).toBe("afterOver");
    expect(todoKey({ ...item, owner: "supervisor", after: null })).toBe("afterNobodyKnows");
    expect(todoKey({ ...item, owner: "sysop", reason: "op.unknown" })).toBe("unknown");
    expect(todoKey({ ...item, owner: "sysop", reason: "op.failed" })).toBe("failed");
    expect(toneOf(item)).toBe("wait");
    expect(toneOf({ ...item, owner: "sysop" })).toBe("needs");
    expect(toneOf({ ...item, state: "played" })).toBe("ok");
  });

  it("has words for every case", () => {
    const keys = ["afterMissing", "afterParked", "afterOver", "afterNobodyKnows", "unknown", "failed"];
    expect(Object.keys(en.todo).sort()).toEqual(keys.sort());
  });

  it("says what came of playing it", () => {
    expect((["waiting", "played", "refused", "dismissed"] as const).map((state) => saidKey({ state }))).toEqual([
      "still",
      "played",
      "refused",
      "refused",
    ]);
  });
});
