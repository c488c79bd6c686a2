// The queue on the screen: asks again when a filter changes, page by page as the reviewer wants more.
import { type Ref, type ShallowRef, onScopeDispose, readonly, ref, shallowRef, watch } from "vue";
import type { Problem } from "@/api/problem";
import type { Desk } from "./desk";
import { type Load, loading } from "./load";
import { PAGE, type Queue, type QueueFilter, firstFilter, queryOf, withPage, without } from "./logic/queue";

/** Typing is asked about once it pauses. */
const PAUSE_MS = 300;

export interface QueueOnScreen {
  readonly filter: Ref<QueueFilter>;
  readonly queue: Readonly<ShallowRef<Load<Queue>>>;
  /** The next page is on its way. */
  readonly growing: Readonly<Ref<boolean>>;
  /** Why the next page did not come. */
  readonly growthProblem: Readonly<ShallowRef<Problem | null>>;
  reload(): Promise<void>;
  grow(): Promise<void>;
  /** Takes a visit out that was decided here. */
  drop(id: string): void;
}

/** `allowed` is false for roles without a queue: nothing is asked then. */
export function useQueue(desk: Desk, allowed: boolean): QueueOnScreen {
  const filter = ref<QueueFilter>({ ...firstFilter });
  const queue = shallowRef<Load<Queue>>(loading);
  const growing = ref(false);
  const growthProblem = shallowRef<Problem | null>(null);
  let asked = 0;
  let pause: ReturnType<typeof setTimeout> | undefined;

  async function reload(): Promise<void> {
    const mine = ++asked;
    growing.value = false;
    growthProblem.value = null;
    queue.value = loading;
    const result = await desk.listVisits(queryOf(filter.value, null));
    // A slower answer to an earlier question is not the answer to this one.
    if (mine !== asked) return;
    queue.value = result.ok ? { is: "ready", value: withPage(null, result.data) } : { is: "failed", problem: result.problem };
  }

  async function grow(): Promise<void> {
    if (queue.value.is !== "ready" || queue.value.value.next === null || growing.value) return;
    const mine = asked;
    growing.value = true;
    growthProblem.value = null;
    const result = await desk.listVisits(queryOf(filter.value, queue.value.value.next, PAGE));
    if (mine !== asked) return;
    growing.value = false;
    if (result.ok) queue.value = { is: "ready", value: withPage(queue.value.value, result.data) };
    else growthProblem.value = result.problem;
  }

  function drop(id: string): void {
    if (queue.value.is === "ready") queue.value = { is: "ready", value: without(queue.value.value, id) };
  }

  watch(
    filter,
    (now, before) => {
      clearTimeout(pause);
      if (now.words !== before.words) pause = setTimeout(() => void reload(), PAUSE_MS);
      else void reload();
    },
    { deep: false },
  );
  onScopeDispose(() => {
    clearTimeout(pause);
    asked += 1;
  });
  if (allowed) void reload();
  return { filter, queue, growing: readonly(growing), growthProblem, reload, grow, drop };
}
