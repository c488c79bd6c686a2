// Which sentence says what must be done about a parked operation, and what came of trying. Pure.
import type { Tone } from "@/ui/tone";
import type { ParkedItem } from "../wire";

type Item = Pick<ParkedItem, "state" | "owner" | "reason" | "after">;

/** The key under `parking.todo` of what stands in the way, and who has to do what. */
export function todoKey({ owner, reason, after }: Item): string {
  switch (reason) {
    case "op.unknown":
      return "unknown";
    case "op.failed":
      return "failed";
    case "op.after":
      if (owner === "nobody") return "afterParked";
      if (after === null) return "afterNobodyKnows";
      return after.standing === "missing" ? "afterMissing" : "afterOver";
  }
}

/** Needs somebody, or ends by itself. */
export function toneOf({ state, owner }: Item): Tone {
  switch (state) {
    case "waiting":
      return owner === "nobody" ? "wait" : "needs";
    case "played":
      return "ok";
    case "refused":
    case "dismissed":
      return "plain";
  }
}

/** The key under `parking.said` of what came of playing it again. */
export function saidKey({ state }: Pick<Item, "state">): "played" | "refused" | "still" {
  if (state === "waiting") return "still";
  return state === "played" ? "played" : "refused";
}
