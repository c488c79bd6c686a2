import { describe, expect, it } from "vitest";
import type { Store } from "@/db/database";
import { decisionDraftsOf } from "./decisionDrafts";
import { emptyDraft, withMark } from "./logic/decision";

describe("typed reasons", () => {
  it("outlive the page, and do not pass to the next sign-in", () => {
    const store = {} as Store;
    const draft = withMark(emptyDraft, "rent_monthly", { code: "other", text: "请附收据" });
    decisionDraftsOf(store).set("v1", draft);
    expect(decisionDraftsOf(store).get("v1")).toEqual(draft);
    expect(decisionDraftsOf({} as Store).size).toBe(0);
  });
});
