import { computed, shallowRef } from "vue";

/** The browser's offer to install, which some browsers make. Not in the standard library's types. */
interface InstallOffer extends Event {
  prompt(): Promise<unknown>;
}

const offer = shallowRef<InstallOffer | null>(null);

/** Keeps the browser's offer for the button on the page 我的. */
export function offerInstall(event: Event): void {
  event.preventDefault();
  if ("prompt" in event) offer.value = event as InstallOffer;
}

export const useInstall = () =>
  ({
    offered: computed(() => offer.value !== null),
    async install(): Promise<void> {
      await offer.value?.prompt();
      offer.value = null;
    },
  }) as const;
