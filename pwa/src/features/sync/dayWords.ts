import type { DayCounts } from "@/db/day";

/** One part of the line: its key under `sync.day` and its number. */
export interface DayPart {
  readonly key: "visited" | "all" | "arrived" | "waiting" | "parked" | "stuck";
  readonly n: number;
}

/** The parts of the day's line, in order; none while nobody was visited. */
export function dayParts(day: DayCounts): readonly DayPart[] {
  const n = day.households;
  if (n === 0) return [];
  if (day.arrived === n) return [{ key: "visited", n }, { key: "all", n }];
  const rest = (["arrived", "waiting", "parked", "stuck"] as const).map((key) => ({ key, n: day[key] }));
  return [{ key: "visited", n }, ...rest.filter((part) => part.n > 0)];
}
