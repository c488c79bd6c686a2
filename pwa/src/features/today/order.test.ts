import { describe, expect, it } from "vitest";
import type { HouseholdItem } from "@/db/rows";
import { comingUp } from "./order";

const item = (id: string, due_on: string | null, met = false): HouseholdItem => ({
  id,
  due_on,
  met,
  name: id,
  address: "",
  file_no: null,
  region_code: "",
  status: "active",
  is_lead: false,
  rev: 1,
  last_visit_on: null,
  local: false,
  draft_id: null,
  standing: null,
  never_visited: false,
  returned: false,
  waiting: false,
});

describe("what comes after the doors of today", () => {
  it("is ordered by date, without what is due or was met, undated last", () => {
    const items = [item("none", null), item("late", "2026-12-24"), item("soon", "2026-12-01"), item("due", "2026-01-01"), item("met", "2026-12-02", true)];
    expect(comingUp(items, new Set(["due"])).map((one) => one.id)).toEqual(["soon", "late", "none"]);
  });
});
