import { type Ref, type ShallowRef, computed, onScopeDispose, readonly, ref, shallowRef } from "vue";

/** Typing is asked about once it pauses. */
export const PAUSE_MS = 300;

/** One page of a longer list; `next_cursor` leads to the one after it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
  /** Of everything that was asked for, loaded or not; some lists are not counted. */
  readonly total?: number;
}

type Answer<T, P> = { readonly ok: true; readonly data: Page<T> } | { readonly ok: false; readonly problem: P };

/** A list that somebody else keeps, as a page shows it. */
export interface PagedList<T, P> {
  /** What has come so far; `null` until the first page of what is asked now is there. */
  readonly items: Readonly<ShallowRef<readonly T[] | null>>;
  readonly total: Readonly<Ref<number>>;
  readonly hasMore: Readonly<Ref<boolean>>;
  /** The next page is on its way. */
  readonly growing: Readonly<Ref<boolean>>;
  /** Why the first or the next page did not come. What came before it stays. */
  readonly problem: Readonly<ShallowRef<P | null>>;
  /** Asks from the start. */
  reload(): Promise<void>;
  /** The next page, if there is one. */
  grow(): Promise<void>;
  /** Asks again for the page that did not come. */
  retry(): Promise<void>;
}

/** The same for whoever knows what is asked and what became of an item. */
export interface Pages<T, P> extends PagedList<T, P> {
  /** Asks from the start once nothing more is typed. */
  reloadSoon(): void;
  /** An item as it is now, where it stands; nothing when it is not in the list. */
  replace(item: T): void;
  /** A new item, before all others; nothing when there is no list yet, which will bring it. */
  add(item: T): void;
  /** Takes an item out; with the last one the next page comes. */
  drop(id: string): void;
}

/**
 * Asks `ask` for pages; what it asks for may change meanwhile, then `reload`. A slower answer to an earlier question
 * is thrown away. An item that moved between two pages stands once, as it was last seen. Ends with the component.
 */
export function usePages<T, P>(ask: (cursor: string | null) => Promise<Answer<T, P>>, idOf: (item: T) => string): Pages<T, P> {
  const items = shallowRef<readonly T[] | null>(null);
  const next = ref<string | null>(null);
  const total = ref(0);
  const growing = ref(false);
  const problem = shallowRef<P | null>(null);
  /** Counts the questions. */
  let asked = 0;
  let pause: ReturnType<typeof setTimeout> | undefined;

  /** From here on another question counts, and only its answer. */
  function turn(): number {
    clearTimeout(pause);
    pause = undefined;
    growing.value = false;
    return (asked += 1);
  }

  async function load(cursor: string | null): Promise<void> {
    const mine = turn();
    problem.value = null;
    if (cursor === null) items.value = null;
    growing.value = cursor !== null;
    const answer = await ask(cursor);
    if (mine !== asked) return;
    growing.value = false;
    if (!answer.ok) {
      problem.value = answer.problem;
      return;
    }
    const { data } = answer;
    const seen = new Set(data.items.map(idOf));
    const before = (items.value ?? []).filter((item) => !seen.has(idOf(item)));
    items.value = [...before, ...data.items];
    next.value = data.next_cursor;
    total.value = data.total ?? 0;
  }

  const reload = (): Promise<void> => load(null);

  function reloadSoon(): void {
    turn();
    pause = setTimeout(() => void reload(), PAUSE_MS);
  }

  async function grow(): Promise<void> {
    // The cursor belongs to the question whose pages are here, not to one that is about to be asked.
    if (items.value === null || next.value === null || growing.value || pause !== undefined) return;
    await load(next.value);
  }

  onScopeDispose(turn);
  return {
    items,
    total: readonly(total),
    hasMore: computed(() => next.value !== null),
    growing: readonly(growing),
    problem,
    reload,
    reloadSoon,
    grow,
    retry: () => (items.value === null ? reload() : grow()),
    replace(item) {
      const id = idOf(item);
      items.value = items.value?.map((one) => (idOf(one) === id ? item : one)) ?? null;
    },
    add(item) {
      if (items.value === null) return;
      items.value = [item, ...items.value];
      total.value += 1;
    },
    drop(id) {
      if (items.value === null) return;
      const left = items.value.filter((item) => idOf(item) !== id);
      total.value -= items.value.length - left.length;
      items.value = left;
      // An empty list would say that there is nothing.
      if (left.length === 0) void grow();
    },
  };
}
