// What a new card starts with: what is nearly always so, visible and easy to change.

import { type HouseholdFile, type Row, rowsOf } from "@/forms";

/** Code of the worker's own relation to the worker. */
const SELF = "01";

export function firstValues(rows: string, file: HouseholdFile): Row {
  switch (rows) {
    case "persons": {
      const isFirst = rowsOf(file, "persons").length === 0;
      return isFirst
        ? { is_worker: true, relation: SELF, counted_in_household: true, lives_here: true }
        : { is_worker: false, counted_in_household: true, lives_here: true };
    }
    case "income_items": {
      const workers = rowsOf(file, "persons").filter(({ row }) => row["is_worker"] === true);
      const [worker] = workers;
      return { period: "month", ...(workers.length === 1 && worker ? { person_id: worker.id } : {}) };
    }
    case "expense_items":
      return { period: "year" };
    default:
      return {};
  }
}

/** Whether somebody has put anything into a new card; one that was opened by mistake goes away again. */
export function isUntouched(row: Row, first: Row): boolean {
  const keys = Object.keys(row);
  return keys.length === Object.keys(first).length && keys.every((key) => row[key] === first[key]);
}
