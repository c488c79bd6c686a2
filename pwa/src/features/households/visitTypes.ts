import type { HouseholdItem } from "@/db/rows";

/** Kinds of visit of this version of the app. */
export type VisitType = "V01" | "V02" | "V03";

/**
 * Which visits suit a household, the best first: a household without an approved file gets its first survey;
 * one on file a routine visit, or a second look at everything.
 */
export function suitableTypes(item: Pick<HouseholdItem, "rev" | "is_lead">): VisitType[] {
  return item.rev === 0 || item.is_lead ? ["V01"] : ["V02", "V03"];
}
