import { liveQuery } from "dexie";
import { type Ref, type ShallowRef, onScopeDispose, ref, shallowRef, watch } from "vue";

/** A live answer of the local database: `value` is `undefined` until the first answer is there. */
export interface Live<T> {
  readonly value: Readonly<ShallowRef<T | undefined>>;
  /** Set when the query failed, for instance because the database could not be opened. */
  readonly error: Readonly<Ref<unknown>>;
}

/**
 * Runs `query` against IndexedDB and again whenever what it read changes, here or in another tab,
 * and whenever `inputs` (a getter of the reactive values it uses) gives something else.
 * The last answer stays until the next one is there. Ends with the component.
 */
export function useLive<T>(query: () => Promise<T> | T, inputs: () => unknown = () => undefined): Live<T> {
  const value = shallowRef<T>();
  const error = ref<unknown>();
  let stop = (): void => undefined;
  watch(
    inputs,
    () => {
      stop();
      const subscription = liveQuery(query).subscribe({
        next: (found) => {
          value.value = found;
          error.value = undefined;
        },
        error: (reason: unknown) => {
          error.value = reason;
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
  return { value, error };
}
