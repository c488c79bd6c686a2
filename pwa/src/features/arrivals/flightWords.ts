// What may still be under way to a household, one sentence for each phone and one for its visits. Pure.
import type { Flight } from "./wire";

export type FlightPart =
  /** A phone told that it holds records, to whichever households. */
  | { readonly is: "held"; readonly key: string; readonly name: string; readonly n: number; readonly seen_at: string }
  /** A phone held nothing when it was last heard of; what came after that nobody knows. */
  | { readonly is: "silent"; readonly key: string; readonly name: string; readonly seen_at: string }
  /** Visits that wait for a decision. */
  | { readonly is: "waiting"; readonly key: string; readonly n: number }
  /** Visits that were returned, and that their visitor could not mend without the household. */
  | { readonly is: "returned"; readonly key: string; readonly n: number };

export function flightParts({ devices, visits }: Flight): FlightPart[] {
  const phones = devices.map(({ id, user, held, last_seen_at }): FlightPart =>
    held > 0
      ? { is: "held", key: id, name: user.name, n: held, seen_at: last_seen_at }
      : { is: "silent", key: id, name: user.name, seen_at: last_seen_at },
  );
  const returned = visits.filter(({ state }) => state === "returned").length;
  const waiting = visits.length - returned;
  return [
    ...phones,
    ...(waiting > 0 ? [{ is: "waiting", key: "waiting", n: waiting } as const] : []),
    ...(returned > 0 ? [{ is: "returned", key: "returned", n: returned } as const] : []),
  ];
}
