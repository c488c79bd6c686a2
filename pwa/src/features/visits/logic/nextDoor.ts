// Which door to knock at next: the nearest of those due by region and address, the longest overdue first.

import type { HouseholdItem } from "@/db/rows";

type Door = Pick<HouseholdItem, "id" | "region_code" | "address" | "due_on">;

/** Number of characters that two texts have in common from the start. */
function shared(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return at;
}

/** `due` comes ordered by due date and may still contain the household just visited. */
export function nextDoor<T extends Door>(due: readonly T[], visited: string, from?: Pick<Door, "region_code" | "address">): T | null {
  const here = due.find(({ id }) => id === visited) ?? from;
  const others = due.filter(({ id }) => id !== visited);
  if (!here) return others[0] ?? null;
  const nearness = (door: T): number => shared(door.region_code, here.region_code) * 100 + shared(door.address, here.address);
  return others.reduce<T | null>((best, door) => (best && nearness(best) >= nearness(door) ? best : door), null);
}
