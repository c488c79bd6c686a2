import type { SyncStatus } from "@/sync/status";
import type { Tone } from "@/ui/tone";
import type { IconName } from "@/ui/icons/shapes";

/** What the pill says: the key of its sentence under `sync.pill`, its number, colour and sign. */
export interface PillWords {
  readonly key:
    | "all"
    | "unsent"
    | "sending"
    | "stuck"
    | "offline"
    | "offlineUnsent"
    | "receiving"
    | "signIn"
    | "failed";
  readonly n: number;
  readonly tone: Tone;
  readonly icon: IconName;
}

/** The most important thing first: a person is needed, then what is not there yet, then that all is well. */
export function pillWords(status: SyncStatus, stuck: number): PillWords {
  if (status.is === "sign_in_needed") return { key: "signIn", n: status.pending, tone: "needs", icon: "alert" };
  if (stuck > 0) return { key: "stuck", n: stuck, tone: "needs", icon: "alert" };
  switch (status.is) {
    case "up_to_date":
      return { key: "all", n: 0, tone: "ok", icon: "check" };
    case "pending":
      return { key: "unsent", n: status.pending, tone: "wait", icon: "clock" };
    case "sending":
      return { key: "sending", n: status.total, tone: "wait", icon: "sync" };
    case "receiving":
      return { key: "receiving", n: 0, tone: "wait", icon: "sync" };
    case "offline":
      return status.pending > 0
        ? { key: "offlineUnsent", n: status.pending, tone: "wait", icon: "offline" }
        : { key: "offline", n: 0, tone: "plain", icon: "offline" };
    case "failed":
      return status.pending > 0
        ? { key: "unsent", n: status.pending, tone: "wait", icon: "clock" }
        : { key: "failed", n: 0, tone: "plain", icon: "offline" };
  }
}
