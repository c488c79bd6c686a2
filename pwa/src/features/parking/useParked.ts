// The list of parked operations, asked of the server page by page, and what is done about one of them.
import { type Ref, type ShallowRef, readonly, ref, shallowRef, watch } from "vue";
import type { Api } from "@/api/client";
import type { Problem, Result } from "@/api/problem";
import { type PagedList, usePages } from "@/ui/usePages";
import { type ParkedFilter, type ParkedItem, type ParkedView, dismissParked, findParked, listParked, replayParked } from "./wire";

export interface Parked extends PagedList<ParkedItem, Problem> {
  readonly filter: Ref<ParkedFilter>;
  /** The operation that something is being done about. */
  readonly busy: Readonly<Ref<string | null>>;
  /** What happened to the operations whose history is open. */
  readonly views: Readonly<ShallowRef<ReadonlyMap<string, ParkedView>>>;
  replay(id: string): Promise<Result<ParkedView>>;
  dismiss(id: string, reason: string): Promise<Result<ParkedView>>;
  /** Opens or closes what happened; `null` when it worked. */
  toggle(id: string): Promise<Problem | null>;
}

export function useParked(api: Pick<Api, "ask">, allowed: boolean): Parked {
  const filter = ref<ParkedFilter>({ state: "waiting", reason: "" });
  const pages = usePages((cursor) => listParked(api, filter.value, cursor), ({ op_id }) => op_id);
  const busy = ref<string | null>(null);
  const views = shallowRef<ReadonlyMap<string, ParkedView>>(new Map());

  /** The list with an operation as it is now; it stays where it stood, so that its end can be read. */
  function keep(view: ParkedView): void {
    const { parked } = view;
    pages.replace(parked);
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

  watch(filter, () => void pages.reload());
  if (allowed) void pages.reload();
  return {
    ...pages,
    filter,
    busy: readonly(busy),
    views,
    replay: (id) => act(id, replayParked(api, id)),
    dismiss: (id, reason) => act(id, dismissParked(api, id, reason)),
    toggle,
  };
}
