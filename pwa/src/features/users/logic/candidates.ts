// Who can be given a household.

import { type Role, type StaffView, covers } from "./staff";

export interface Person {
  readonly id: string;
  readonly name: string;
}
export interface Candidate extends Person {
  /** Unknown for somebody who holds the task now and is not in the list. */
  readonly role: Role | null;
}

/** Who may do each task; a contact has to be able to visit. */
const TASKS: Readonly<Record<"contact" | "responsible", readonly Role[]>> = {
  contact: ["caseworker", "grassroots_admin", "responsible"],
  responsible: ["responsible", "grassroots_admin", "caseworker"],
};
const byName = new Intl.Collator("zh");

/**
 * Active people who work where the household lies, the usual role first, then by name. Whoever has the task now
 * is always among them, so that opening the dialog takes nobody away.
 */
export function candidatesFor(
  task: "contact" | "responsible",
  staff: readonly StaffView[],
  region: string,
  current: Person | null,
): Candidate[] {
  const order = TASKS[task];
  const fitting = staff.filter((one) => !one.disabled && order.includes(one.role) && covers(one.scope, region));
  const sorted = [...fitting].sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role) || byName.compare(a.name, b.name));
  const candidates = sorted.map(({ id, name, role }): Candidate => ({ id, name, role }));
  if (current === null || candidates.some((one) => one.id === current.id)) return candidates;
  return [{ id: current.id, name: current.name, role: null }, ...candidates];
}
