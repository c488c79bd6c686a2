// The list of parked operations, asked of the server page by page, and what is done about one of them.
import { type Ref, type ShallowRef, onScopeDispose, readonly, ref, shallowRef, watch } from "vue";
import type { Api } from "@/api/client";
import type { Problem, Result } from "@/api/problem";
import { type ParkedFilter, type ParkedItem, type ParkedView, dismissParked, findParked, listParked, replayParked } from "./wire";

export interface Parked {
  readonly filter: Ref<ParkedFilter>;
  readonly items: Readonly<ShallowRef<readonly ParkedItem[] | null>>;
  readonly total: Readonly<Ref<number>>;
  readonly hasMore: Readonly<Ref<boolean>>;
  readonly problem: Readonly<ShallowRef<Problem | null>>;
  readonly growing: Readonly<Ref<boolean>>;
  /** The operation that something is being done about. */
  readonly busy: Readonly<Ref<string | null>>;
  /** What happened to the operations whose history is open. */
  readonly views: Readonly<ShallowRef<ReadonlyMap<string, ParkedView>>>;
  reload(): Promise<void>;
  grow(): Promise<void>;
  replay(id: string): Promise<Result<ParkedView>>;
  dismiss(id: string, reason: string): Promise<Result<ParkedView>>;
  /** Opens or closes what happened; `null` when it worked. */
  toggle(id: string): Promise<Problem | null>;
}

export function useParked(api: Pick<Api, "ask">, allowed: boolean): Parked {
  const filter = ref<ParkedFilter>({ state: "waiting", reason: "" });
  const items = shallowRef<readonly ParkedItem[] | null>(null);
  const total = ref(0);
  const cursor = ref<string | null>(null);
  const hasMore = ref(false);
  const problem = shallowRef<Problem | null>(null);
  const growing = ref(false);
  const busy = ref<string | null>(null);
  const views = shallowRef<ReadonlyMap<string, ParkedView>>(new Map());
  let asked = 0;

  async function ask(from: string | null): Promise<void> {
    const mine = (asked += 1);
    problem.value = null;
    if (from === null) items.value = null;
    growing.value = from !== null;
    const answer = await listParked(api, filter.value, from);
    // A slower answer to an earlier question is not the answer to this one.
    if (mine !== asked) return;
    growing.value = false;
    if (!answer.ok) {
      problem.value = answer.problem;
      return;
    }
    const seen = new Set(answer.data.items.map((item) => item.op_id));
    const before = from === null ? [] : (items.value ?? []).filter((item) => !seen.has(item.op_id));
    items.value = [...before, ...answer.data.items];
    cursor.value = answer.data.next_cursor;
    hasMore.value = answer.data.next_cursor !== null;
    total.value = answer.data.total;
  }

  /** The list with an operation as it is now; it stays where it stood, so that its end can be read. */
  function keep(view: ParkedView): void {
    const { parked } = view;
    items.value = (items.value ?? []).map((item) => (item.op_id === parked.op_id ? parked : item));
    if (views.value.has(parked.op_id)) views.value = new Map(views.value).set(parked.op_id, view);
  }

  async function act(id: string, asking: Promise<Result<ParkedView>>): Promise<Result<ParkedView>> {
    busy.value = id;
    const answer = await asking;
    busy.value = null;
    if (answer.ok) keep(answer.data);
    return answer;
  }

  async function toggle(id: string): Promise<Problem | null> {
    const next = new Map(views.value);
    if (next.delete(id)) {
      views.value = next;
      return null;
    }
    const answer = await findParked(api, id);
    if (!answer.ok) return answer.problem;
    views.value = new Map(views.value).set(id, answer.data);
    keep(answer.data);
    return null;
  }

  watch(filter, () => void ask(null));
  onScopeDispose(() => {
    asked += 1;
  });
  if (allowed) void ask(null);
  return {
    filter,
    items,
    total: readonly(total),
    hasMore: readonly(hasMore),
    problem,
    growing: readonly(growing),
    busy: readonly(busy),
    views,
    reload: () => ask(null),
    grow: () => ask(cursor.value),
    replay: (id) => act(id, replayParked(api, id)),
    dismiss: (id, reason) => act(id, dismissParked(api, id, reason)),
    toggle,
  };
}
