import { liveQuery } from "dexie";
import { type ComputedRef, type ShallowRef, computed, onScopeDispose, ref, shallowRef, watch } from "vue";

export type Load<T> =
  | { readonly is: "loading" }
  /** The query failed, for instance because the database could not be opened. */
  | { readonly is: "failed"; readonly error: unknown }
  | { readonly is: "ready"; readonly value: T };

/** A live answer of the local database. */
export interface Live<T> {
  readonly load: Readonly<ShallowRef<Load<T>>>;
  /** The answer; `undefined` while loading and once the query has failed: nothing old is shown as if it were true. */
  readonly value: ComputedRef<T | undefined>;
  /** Asks again after a failure. */
  retry(): void;
}

/**
 * Runs `query` against IndexedDB and again whenever what it read changes, here or in another tab,
 * and whenever `inputs` (a getter of the reactive values it uses) gives something else.
 * The last answer stays until the next one is there. Ends with the component.
 * Every page shows `LiveState` in place of the answer as long as there is none.
 */
export function useLive<T>(query: () => Promise<T> | T, inputs: () => unknown = () => undefined): Live<T> {
  const load = shallowRef<Load<T>>({ is: "loading" });
  const attempt = ref(0);
  let stop = (): void => undefined;
  watch(
    [inputs, attempt],
    () => {
      stop();
      const subscription = liveQuery(query).subscribe({
        next: (value) => {
          load.value = { is: "ready", value };
        },
        error: (error: unknown) => {
          load.value = { is: "failed", error };
        },
      });
      stop = () => {
        subscription.unsubscribe();
      };
    },
    { immediate: true },
  );
  onScopeDispose(() => {
    stop();
  });
  return {
    load,
    value: computed(() => (load.value.is === "ready" ? load.value.value : undefined)),
    retry() {
      load.value = { is: "loading" };
      attempt.value += 1;
    },
  };
}
