import { describe, expect, it } from "vitest";
import { matching, rowChoices, codeChoices } from "./choices";
import { nextDoor } from "./nextDoor";
import { homeRegion, nowOutside, pathAbove, regionsOf } from "./regions";
import { firstValues, isUntouched } from "./rows";

const codes = {
  version: 1,
  tables: {
    health: [
      { code: "a", zh: "良好", en: "Good" },
      { code: "b", zh: "旧病种", en: "Old", retired: true },
      { code: "c", zh: "癌症", en: "Cancer", top: true },
    ],
  },
};

describe("choices", () => {
  it("show the common ones first and a retired one only where it is the answer", () => {
    expect(codeChoices(codes, "health", "zh", null).map(({ code }) => code)).toEqual(["c", "a"]);
    expect(codeChoices(codes, "health", "zh", "b").map(({ code }) => code)).toEqual(["c", "a", "b"]);
  });
  it("are found by words in any order", () => {
    const all = [{ code: "1", label: "Serious illness of a dependant" }, { code: "2", label: "Other" }];
    expect(matching(all, "DEPENDANT serious").map(({ code }) => code)).toEqual(["1"]);
    expect(matching(all, " ")).toHaveLength(2);
  });
  it("name the rows that a question may refer to", () => {
    const file = { persons: { b: { name: "示例乙" }, a: {} } };
    expect(rowChoices(file, "persons", "name", (n) => `成员 ${n}`)).toEqual([
      { code: "a", label: "成员 1" },
      { code: "b", label: "示例乙" },
    ]);
  });
});

describe("regions", () => {
  const regions = [
    { code: "150600", zh: "市", en: "City" },
    { code: "150602", zh: "区", en: "District" },
    { code: "150602001", zh: "街道", en: "Street" },
    { code: "150603001", zh: "别处", en: "Elsewhere" },
  ];
  it("are offered below what was chosen", () => {
    expect(regionsOf(regions, "county", null).map(({ code }) => code)).toEqual(["150602"]);
    expect(regionsOf(regions, "town", "150602").map(({ code }) => code)).toEqual(["150602001"]);
    expect(regionsOf(regions, "town", null)).toEqual([]);
    expect(pathAbove("community_code")).toBe("town_code");
    expect(pathAbove("hukou_region_code")).toBeNull();
  });
  it("fall away when a larger one is changed", () => {
    const values: Record<string, string> = { town_code: "150602001", community_code: "150602001999" };
    const valueOf = (path: string) => values[path] ?? null;
    expect(nowOutside("banner_code", "150603", valueOf)).toEqual(["town_code", "community_code"]);
    expect(nowOutside("banner_code", "150602", valueOf)).toEqual([]);
  });
  it("start with the caseworker's own area", () => {
    expect(homeRegion("150602001")).toEqual({ banner_code: "150602", town_code: "150602001" });
    expect(homeRegion("1506")).toEqual({});
  });
});

describe("a new card", () => {
  it("makes the first person the worker and goes away when nothing was entered", () => {
    const first = firstValues("persons", {});
    expect(first).toMatchObject({ is_worker: true, relation: "01" });
    expect(firstValues("persons", { persons: { a: { name: "示例" } } })).toMatchObject({ is_worker: false });
    expect(isUntouched({ ...first }, first)).toBe(true);
    expect(isUntouched({ ...first, name: "示例甲" }, first)).toBe(false);
  });
});

describe("the next door", () => {
  const door = (id: string, region_code: string, address: string) => ({ id, region_code, address, due_on: null });
  it("is the nearest of those due, never the one just left", () => {
    const due = [door("a", "150602001001", "示例一号楼"), door("b", "150602002", "示例二号楼"), door("c", "150602001001", "示例一号楼二单元")];
    expect(nextDoor(due, "a")?.id).toBe("c");
    expect(nextDoor([due[0]!], "a")).toBeNull();
    expect(nextDoor(due, "x")?.id).toBe("a");
  });
});
