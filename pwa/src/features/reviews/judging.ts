// What a reviewer has marked on the record in front of them, handed down to every line that can be marked.
import { type ComputedRef, type InjectionKey, inject } from "vue";
import type { DecisionDraft, Mark } from "./logic/decision";

export interface Judging {
  readonly draft: ComputedRef<DecisionDraft>;
  /** False for readers and for records that are decided: nothing can be marked. */
  readonly enabled: ComputedRef<boolean>;
  mark(path: string, mark: Mark): void;
  unmark(path: string): void;
}

export const judgingKey: InjectionKey<Judging> = Symbol("judging a record");

export function useJudging(): Judging {
  const judging = inject(judgingKey);
  if (!judging) throw new Error("a mark stands outside of a record");
  return judging;
}
