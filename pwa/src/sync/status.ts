// What the sync pill says; the words are the screen's.
import type { Problem } from "@/api/problem";

export type SyncStatus =
  /** Everything here is there and the other way round; `null`: never synced and nothing to send. */
  | { readonly is: "up_to_date"; readonly at_ms: number | null }
  /** Saved here, about to go out. */
  | { readonly is: "pending"; readonly pending: number }
  | { readonly is: "sending"; readonly done: number; readonly total: number }
  /** `total` is known during a first sync. */
  | { readonly is: "receiving"; readonly done: number; readonly total: number | null }
  | { readonly is: "offline"; readonly pending: number }
  | { readonly is: "failed"; readonly problem: Problem; readonly retry_at_ms: number; readonly pending: number }
  | { readonly is: "sign_in_needed"; readonly pending: number };

/** What the engine is doing. Every state but `stopped` has an armed timer or a run under way. */
export type EngineState =
  | { readonly is: "stopped" }
  | { readonly is: "idle"; readonly at_ms: number | null }
  | { readonly is: "syncing"; readonly phase: Phase }
  | { readonly is: "offline" }
  | { readonly is: "backoff"; readonly problem: Problem; readonly until_ms: number }
  /** A person must sign in; tried again now and then, since they may do so in another tab. */
  | { readonly is: "blocked"; readonly problem: Problem };

export type Phase =
  /** `at_ms`: end of the last complete round of this engine. */
  | { readonly is: "starting"; readonly at_ms: number | null }
  | { readonly is: "sending"; readonly done: number; readonly total: number }
  | { readonly is: "receiving"; readonly done: number; readonly total: number | null };

export function syncStatus(state: EngineState, pending: number): SyncStatus {
  switch (state.is) {
    case "stopped":
      return pending > 0 ? { is: "pending", pending } : { is: "up_to_date", at_ms: null };
    case "idle":
      return pending > 0 ? { is: "pending", pending } : { is: "up_to_date", at_ms: state.at_ms };
    case "syncing":
      if (state.phase.is !== "starting") return state.phase;
      if (pending > 0) return { is: "sending", done: 0, total: pending };
      // A look whether there is news is no news.
      if (state.phase.at_ms !== null) return { is: "up_to_date", at_ms: state.phase.at_ms };
      return { is: "receiving", done: 0, total: null };
    case "offline":
      return { is: "offline", pending };
    case "backoff":
      return { is: "failed", problem: state.problem, retry_at_ms: state.until_ms, pending };
    case "blocked":
      return { is: "sign_in_needed", pending };
  }
}

/** The same while the browser says that there is no network: the engine finds out at its next try only. */
export function withoutNetwork(status: SyncStatus): SyncStatus {
  if (status.is === "up_to_date") return { is: "offline", pending: 0 };
  return status.is === "pending" ? { is: "offline", pending: status.pending } : status;
}
