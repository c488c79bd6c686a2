import { describe, expect, it } from "vitest";
import { suitableTypes } from "./visitTypes";

describe("the choice of a visit", () => {
  it("offers only the first survey while nothing is approved", () => {
    expect(suitableTypes({ rev: 0, is_lead: true })).toEqual(["V01"]);
  });
  it("offers the routine visit first for a household on file", () => {
    expect(suitableTypes({ rev: 3, is_lead: false })).toEqual(["V02", "V03"]);
  });
});
