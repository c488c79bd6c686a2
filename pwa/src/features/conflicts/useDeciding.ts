// Deciding at the desk: asks the server, and keeps what it said about each.
import { type Ref, type ShallowRef, readonly, ref, shallowRef } from "vue";
import type { Api } from "@/api/client";
import type { Problem } from "@/api/problem";
import type { DecideConflictBody } from "@/db/wire";
import { type DecideResult, decideConflicts } from "./wire";

export interface Deciding {
  readonly busy: Readonly<Ref<boolean>>;
  /** What became of each decision of the last time, by conflict. */
  readonly results: Readonly<ShallowRef<ReadonlyMap<string, DecideResult>>>;
  /** The answer did not come: it is not known what was decided. */
  readonly problem: Readonly<ShallowRef<Problem | null>>;
  /** Whether everything was taken. */
  decide(decisions: readonly DecideConflictBody[]): Promise<boolean>;
}

export function useDeciding(api: Pick<Api, "ask">): Deciding {
  const busy = ref(false);
  const results = shallowRef<ReadonlyMap<string, DecideResult>>(new Map());
  const problem = shallowRef<Problem | null>(null);
  return {
    busy: readonly(busy),
    results,
    problem,
    async decide(decisions) {
      if (busy.value || decisions.length === 0) return false;
      busy.value = true;
      problem.value = null;
      const answer = await decideConflicts(api, decisions);
      busy.value = false;
      if (!answer.ok) {
        problem.value = answer.problem;
        return false;
      }
      results.value = new Map([...results.value, ...answer.data.map((one) => [one.conflict_id, one] as const)]);
      return answer.data.every((one) => one.state !== undefined && one.state !== null);
    },
  };
}
