// Records by id: opened at once when they were fetched ahead, and fetched anew when they may have grown old.
import type { Result } from "@/api/problem";
import type { Desk } from "./desk";
import type { RecordView } from "./wire";

/** A record fetched ahead is not shown any more after this time. */
const FRESH_MS = 60_000;
/** Records kept ahead; the reviewer only ever needs the neighbours. */
const KEPT = 4;

export interface Records {
  open(id: string): Promise<Result<RecordView>>;
  /** Fetches a record that will probably be opened next. */
  preload(id: string): void;
  /** The next opening asks the server. */
  forget(id: string): void;
  /** So does every opening: a decision may have moved the file that other visits are held against. */
  forgetAll(): void;
}

export function recordsOf(desk: Pick<Desk, "findVisit">, nowMs: () => number): Records {
  const ahead = new Map<string, { readonly answer: Promise<Result<RecordView>>; readonly at: number }>();

  return {
    async open(id) {
      const kept = ahead.get(id);
      ahead.delete(id);
      if (kept && nowMs() - kept.at < FRESH_MS) {
        const result = await kept.answer;
        if (result.ok) return result;
      }
      return desk.findVisit(id);
    },
    preload(id) {
      const kept = ahead.get(id);
      if (kept && nowMs() - kept.at < FRESH_MS) return;
      ahead.set(id, { answer: desk.findVisit(id), at: nowMs() });
      for (const oldest of ahead.keys()) {
        if (ahead.size <= KEPT) break;
        ahead.delete(oldest);
      }
    },
    forget: (id) => {
      ahead.delete(id);
    },
    forgetAll: () => {
      ahead.clear();
    },
  };
}
