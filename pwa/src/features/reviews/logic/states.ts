import type { Tone } from "@/ui/tone";
import type { VisitState } from "../wire";

/** States of a visit that the queue can be asked for, the one with work first. */
export const queueStates = ["in_review", "returned", "approved", "rejected", "conflict", "withdrawn", "all"] as const;

const tones: Readonly<Record<VisitState, Tone>> = {
  submitted: "wait",
  conflict: "needs",
  in_review: "needs",
  approved: "ok",
  returned: "wait",
  rejected: "bad",
  withdrawn: "plain",
};

export const stateTone = (state: VisitState): Tone => tones[state];
