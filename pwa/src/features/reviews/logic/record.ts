// Small judgements about a record that several parts of the page share.

import type { Json } from "@/forms";
import { sameValue } from "@/forms";
import type { ProposedChange, RecordView, VisitSummary } from "../wire";

const MINUTE_MS = 60_000;
/** From here on the phone's clock is pointed out: legal dates depend on it (DESIGN.md §4.1). */
const CLOCK_TOLERANCE_MS = 5 * MINUTE_MS;

/** Whole minutes between start and end; null when they contradict one another. */
export function minutesOf(visit: Pick<VisitSummary, "started_at" | "ended_at">): number | null {
  const ms = Date.parse(visit.ended_at) - Date.parse(visit.started_at);
  return Number.isFinite(ms) && ms >= 0 ? Math.round(ms / MINUTE_MS) : null;
}

/** Whole minutes by which the phone's clock was off, positive when fast; null while within the tolerance. */
export function clockOffMinutes(offsetMs: number | undefined): number | null {
  if (offsetMs === undefined || Math.abs(offsetMs) <= CLOCK_TOLERANCE_MS) return null;
  return Math.sign(offsetMs) * Math.round(Math.abs(offsetMs) / MINUTE_MS);
}

/** A household that nobody has approved yet: everything in it is new. */
export const isFirstFiling = (record: RecordView): boolean => record.household.rev === 0 || record.visit.file_rev === 1;

/** Whether somebody still has to decide. */
export const isWaiting = (record: RecordView): boolean => record.visit.state === "in_review" || isHeldUp(record);

/** A conflict is not decided: the visit can be returned or rejected, not approved. */
export const isHeldUp = (record: RecordView): boolean => record.visit.state === "conflict";

/** Whether the reader may return or reject it; an approval needs `may.review`, too. */
export const mayJudge = (record: RecordView): boolean =>
  isWaiting(record) && (record.may.review || record.may.why_not === "visit.conflict_open");

export interface Mended {
  readonly path: string;
  readonly before: Json;
  readonly now: Json;
}

/** What the mended revision proposes otherwise than the returned one: path by path, as it would stand in the file. */
export function mendedPaths(previous: readonly ProposedChange[], now: readonly ProposedChange[]): Mended[] {
  const before = new Map(previous.map((change) => [change.path, change]));
  const after = new Map(now.map((change) => [change.path, change]));
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    const [old, next] = [before.get(path), after.get(path)];
    // A change that is proposed no longer leaves what stood there.
    const was = old ? old.to : (next?.from ?? null);
    const is = next ? next.to : (old?.from ?? null);
    return sameValue(was, is) ? [] : [{ path, before: was, now: is }];
  });
}
