// What each role finds in the app. The server decides what is allowed; this only decides what is offered.

/** Places of the main bar. */
export type Place = "today" | "households" | "collect" | "card" | "me" | "reviews" | "parked" | "users";

/** Visits households, with a database on the phone. */
const FIELD = new Set(["caseworker", "responsible", "grassroots_admin"]);
/** Sees the queue of visits. */
const DESK = new Set(["banner_supervisor", "industry_supervisor", "city_reviewer", "city_admin", "auditor"]);
/** Sees the accounts of their area. */
const PEOPLE = new Set(["banner_supervisor", "city_reviewer", "city_admin", "sysop"]);

/** Sees what could not be taken in; the machine's keeper among them. */
const PARKED = new Set([...DESK, "sysop"]);
/** Answers for what became of records that a phone holds no more. */
const LOSSES = new Set(["banner_supervisor", "city_reviewer"]);

export const worksInTheField = (role: string): boolean => FIELD.has(role);
export const worksAtTheDesk = (role: string): boolean => DESK.has(role);

export const seesParked = (role: string): boolean => PARKED.has(role);
export const mayClearLoss = (role: string): boolean => LOSSES.has(role);

export function placesOf(role: string): Place[] {
  if (worksInTheField(role)) return ["today", "households", "collect", "card", "me"];
  const places: Place[] = [];
  if (worksAtTheDesk(role)) places.push("reviews", "households");
  if (PEOPLE.has(role)) places.push("users");
  if (PARKED.has(role)) places.push("parked");
  return [...places, "me"];
}

/** Where a role begins: the first of its places. */
export const firstPlaceOf = (role: string): Place => placesOf(role)[0] ?? "me";
