import { describe, expect, it } from "vitest";
import { candidatesFor } from "./candidates";
import type { Role, StaffView } from "./staff";

const person = (id: string, role: Role, scope: string, disabled = false): StaffView => ({
  id,
  login: id,
  name: id,
  role,
  scope,
  scope_zh: "",
  scope_en: "",
  work_phone: null,
  disabled,
  created_at: "2026-11-01T00:00:00Z",
});
const staff = [
  person("a", "responsible", "150602"),
  person("b", "caseworker", "150602"),
  person("c", "caseworker", "150603"),
  person("d", "caseworker", "1506"),
  person("e", "caseworker", "150602", true),
  person("f", "auditor", "1506"),
];
const ids = (task: "contact" | "responsible", current = null as { id: string; name: string } | null): string[] =>
  candidatesFor(task, staff, "150602001", current).map((one) => one.id);

describe("who can be given a household", () => {
  it("works there, is active, and does such work", () => {
    expect(ids("contact")).toEqual(["b", "d", "a"]);
    expect(ids("responsible")).toEqual(["a", "b", "d"]);
  });
  it("always holds whoever has the task now", () => {
    expect(ids("contact", { id: "e", name: "e" })).toEqual(["e", "b", "d", "a"]);
    expect(ids("contact", { id: "b", name: "b" })).toEqual(["b", "d", "a"]);
  });
});
