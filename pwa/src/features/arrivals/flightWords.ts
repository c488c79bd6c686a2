// What may still be under way to a household, one sentence for each phone and one for its visits. Pure.
import type { Flight, OutstandingDevice } from "./wire";

export type FlightPart =
  /** A phone told that it holds records, to whichever households. */
  | { readonly is: "held"; readonly key: string; readonly name: string; readonly n: number; readonly seen_at: string }
  /** A phone held nothing when it was last heard of; what came after that nobody knows. */
  | { readonly is: "silent"; readonly key: string; readonly name: string; readonly seen_at: string }
  /** Visits that wait for a decision. */
  | { readonly is: "waiting"; readonly key: string; readonly n: number }
  /** Visits that were returned, and that their visitor could not mend without the household. */
  | { readonly is: "returned"; readonly key: string; readonly n: number };

/** Every phone that holds something; of those that do not, the one that each person used last. */
export function flightParts({ devices, visits }: Flight): FlightPart[] {
  const silent = new Set<string>();
  const phones = devices.flatMap(({ id, user, held, last_seen_at }): FlightPart[] => {
    const of = { key: id, name: user.name, seen_at: last_seen_at };
    if (held > 0) return [{ is: "held", n: held, ...of }];
    if (silent.has(user.id)) return [];
    silent.add(user.id);
    return [{ is: "silent", ...of }];
  });
  const returned = visits.filter(({ state }) => state === "returned").length;
  const waiting = visits.length - returned;
  return [
    ...phones,
    ...(waiting > 0 ? [{ is: "waiting", key: "waiting", n: waiting } as const] : []),
    ...(returned > 0 ? [{ is: "returned", key: "returned", n: returned } as const] : []),
  ];
}

/** The same of one person's phones that are known to hold something, before their role, area or account changes. */
export const heldParts = (phones: readonly OutstandingDevice[]): FlightPart[] =>
  phones
    .filter(({ held }) => held > 0)
    .map(({ id, user, held, last_seen_at }) => ({ is: "held", key: id, name: user.name, n: held, seen_at: last_seen_at }));
