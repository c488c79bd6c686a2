import { computed, shallowRef } from "vue";

/** How to apply the version that waits; `null` while there is none. One per page load, like the worker. */
const ready = shallowRef<(() => void) | null>(null);

/** Told by the service worker's side when a new version is ready. */
export function offerUpdate(apply: () => void): void {
  ready.value = apply;
}

export const useUpdate = () =>
  ({
    waiting: computed(() => ready.value !== null),
    apply: (): void => ready.value?.(),
  }) as const;
