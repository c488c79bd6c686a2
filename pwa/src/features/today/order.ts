import type { HouseholdItem } from "@/db/rows";

/** The households that are not due yet, by date; what has no date comes last. */
export function comingUp(items: readonly HouseholdItem[], due: ReadonlySet<string>): HouseholdItem[] {
  return items
    .filter((item) => !due.has(item.id) && !item.met)
    .sort((a, b) => ((a.due_on ?? "9999") < (b.due_on ?? "9999") ? -1 : (a.due_on ?? "9999") > (b.due_on ?? "9999") ? 1 : 0));
}
