import type { ConflictItem } from "@/db/rows";

export interface Home {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly items: readonly ConflictItem[];
}

/** Conflicts by household, in the order in which they came. */
export function byHousehold(items: readonly ConflictItem[]): Home[] {
  const homes = new Map<string, ConflictItem[]>();
  for (const item of items) homes.set(item.body.household_id, [...(homes.get(item.body.household_id) ?? []), item]);
  return [...homes].map(([id, own]) => ({ id, name: own[0]?.household_name ?? "", address: own[0]?.address ?? "", items: own }));
}
