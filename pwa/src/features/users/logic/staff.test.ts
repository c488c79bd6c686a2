import { describe, expect, it } from "vitest";
import { type StaffForm, type StaffView, bannersWithin, covers, creation, formOf, grantableRoles, movesPerson, patch, problemsOf, townsOf } from "./staff";

const regions = ["1506", "150600", "150602", "150602001", "150602002", "150603", "150603001"].map((code) => ({ code, zh: code, en: code }));
const form: StaffForm = { login: "zhang.san", name: "张三", workPhone: "13800001111", role: "caseworker", banner: "150602", town: "" };
const user: StaffView = {
  id: "01890000-0000-7000-8000-000000000001",
  login: "zhang.san",
  name: "张三",
  role: "caseworker",
  scope: "150602",
  scope_zh: "东胜区",
  scope_en: "Dongsheng",
  work_phone: "13800001111",
  disabled: false,
  created_at: "2026-11-01T00:00:00Z",
};

describe("who may be given what", () => {
  it("keeps the operator's role from a city administrator", () => {
    expect(grantableRoles("city_admin")).not.toContain("sysop");
    expect(grantableRoles("sysop")).toContain("sysop");
    expect(grantableRoles("banner_supervisor")).toEqual([]);
  });
  it("offers the banners of the city and the towns of one banner", () => {
    expect(bannersWithin(regions, "1506").map((one) => one.code)).toEqual(["150602", "150603"]);
    expect(bannersWithin(regions, "150600").map((one) => one.code)).toEqual(["150602", "150603"]);
    expect(bannersWithin(regions, "150602").map((one) => one.code)).toEqual(["150602"]);
    expect(townsOf(regions, "150602").map((one) => one.code)).toEqual(["150602001", "150602002"]);
    expect(townsOf(regions, "")).toEqual([]);
  });
  it("knows who works at a place", () => {
    expect(covers("1506", "150602001")).toBe(true);
    expect(covers("150600", "150602001")).toBe(true);
    expect(covers("150603", "150602001")).toBe(false);
  });
});

describe("an account's form", () => {
  it("needs a banner for local roles only", () => {
    expect(problemsOf(form)).toEqual([]);
    expect(problemsOf({ ...form, banner: "" })).toEqual(["banner"]);
    expect(problemsOf({ ...form, role: "city_reviewer", banner: "" })).toEqual([]);
  });
  it("names every problem at once", () => {
    expect(problemsOf({ login: "a b", name: " ", workPhone: "12", role: "", banner: "", town: "" })).toEqual(["login", "name", "phone", "role"]);
  });
  it("sends no password for a new account", () => {
    expect(creation(form, "1506")).toEqual({
      login: "zhang.san",
      name: "张三",
      role: "caseworker",
      scope: "150602",
      work_phone: "13800001111",
    });
    expect(creation({ ...form, workPhone: "", town: "150602001" }, "1506")).not.toHaveProperty("work_phone");
    expect(creation({ ...form, town: "150602001" }, "1506")?.scope).toBe("150602001");
    expect(creation({ ...form, role: "" }, "1506")).toBeNull();
  });
  it("sends only what differs of a known one", () => {
    expect(patch(user, formOf(user), "1506")).toBeNull();
    expect(patch(user, { ...formOf(user), name: "张四" }, "1506")).toEqual({ name: "张四" });
    expect(patch(user, { ...formOf(user), role: "city_reviewer", banner: "" }, "1506")).toEqual({ role: "city_reviewer", scope: "1506" });
    expect(patch(user, { ...formOf(user), workPhone: "" }, "1506")).toEqual({ work_phone: "" });
  });
  it("knows when saving would move a person, and when it only corrects them", () => {
    const moves = (change: Partial<StaffForm>): boolean => movesPerson(user, { ...formOf(user), ...change }, "1506");
    expect([moves({ role: "city_reviewer" }), moves({ banner: "150603", town: "" }), moves({ town: "150602001" })]).toEqual([true, true, true]);
    expect([moves({}), moves({ name: "张四" }), moves({ workPhone: "" }), moves({ role: "" })]).toEqual([false, false, false, false]);
  });
});
