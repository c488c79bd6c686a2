// The queue on the screen: asks again when a filter changes, page by page as the reviewer wants more.
import { type Ref, ref, watch } from "vue";
import type { Problem } from "@/api/problem";
import { type PagedList, usePages } from "@/ui/usePages";
import type { Desk } from "./desk";
import { type QueueFilter, firstFilter, queryOf } from "./logic/queue";
import type { VisitSummary } from "./wire";

export interface QueueOnScreen extends PagedList<VisitSummary, Problem> {
  readonly filter: Ref<QueueFilter>;
  /** Takes a visit out that was decided here. */
  drop(id: string): void;
}

/** `allowed` is false for roles without a queue: nothing is asked then. */
export function useQueue(desk: Pick<Desk, "listVisits">, allowed: boolean): QueueOnScreen {
  const filter = ref<QueueFilter>({ ...firstFilter });
  const pages = usePages((cursor) => desk.listVisits(queryOf(filter.value, cursor)), ({ id }) => id);
  watch(filter, (now, before) => {
    if (now.words === before.words) void pages.reload();
    else pages.reloadSoon();
  });
  if (allowed) void pages.reload();
  return { ...pages, filter };
}
