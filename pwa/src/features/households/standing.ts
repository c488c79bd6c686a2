import type { VisitStatus } from "@/db/rows";
import type { Tone } from "@/ui/tone";

const TONES: Record<VisitStatus, Tone> = {
  draft: "plain",
  saved_local: "wait",
  sending: "wait",
  delivered: "ok",
  in_review: "ok",
  approved: "ok",
  returned: "needs",
  refused: "bad",
  parked: "wait",
  conflict: "needs",
  rejected: "bad",
  withdrawn: "plain",
};

/** Which colour goes with where a visit stands. */
export const standingTone = (status: VisitStatus): Tone => TONES[status];
