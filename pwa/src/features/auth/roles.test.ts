import { describe, expect, it } from "vitest";
import { firstPlaceOf, mayClearLoss, placesOf } from "./roles";

describe("the places that a role finds", () => {
  it("gives a caseworker the field work", () => {
    expect(placesOf("caseworker")).toEqual(["today", "households", "collect", "card", "me"]);
  });
  it("gives a banner supervisor the queue first", () => {
    expect(firstPlaceOf("banner_supervisor")).toBe("reviews");
  });
  it("gives the machine's keeper what could not be taken in, and no household", () => {
    expect(placesOf("sysop")).toEqual(["users", "parked", "me"]);
  });
  it("gives a role without tasks its own account only", () => {
    expect(placesOf("read_only_leader")).toEqual(["me"]);
  });
});

describe("what a role is offered", () => {
  it("lets those who assign households say what became of a possible loss, and nobody else", () => {
    const all = ["caseworker", "grassroots_admin", "banner_supervisor", "industry_supervisor", "city_reviewer", "city_admin", "auditor", "sysop"];
    expect(all.filter(mayClearLoss)).toEqual(["banner_supervisor", "city_reviewer"]);
  });
});
