// An open draft on the disk: saved soon after each change, at once when the page is about to go, and never over what
// another window wrote.

import { type ShallowRef, onScopeDispose, shallowRef } from "vue";
import type { Store } from "@/db/database";
import { saveDraft } from "@/db/drafts";
import { storageCode } from "@/db/quota";
import { type SaveState, autosave } from "./logic/autosave";
import type { VisitDraft } from "./logic/draft";

export type StorageCode = ReturnType<typeof storageCode>;

export interface Saving {
  readonly state: Readonly<ShallowRef<SaveState>>;
  /** The draft is gone, or another window went on with it: nothing is saved here any more. */
  readonly isLost: Readonly<ShallowRef<boolean>>;
  /** Why the last save failed. */
  readonly failure: Readonly<ShallowRef<StorageCode>>;
  change(draft: VisitDraft): void;
  /** Resolves when everything is on the disk or could not be put there. */
  flush(): Promise<void>;
  /** Saves nothing from now on: the draft was sent or discarded here. */
  stop(): void;
}

export function useSaving(store: Store): Saving {
  const state = shallowRef<SaveState>("saved");
  const isLost = shallowRef(false);
  const failure = shallowRef<StorageCode>("storage.failed");
  let isStopped = false;
  const saver = autosave<VisitDraft>(
    async (draft) => {
      if (isStopped || isLost.value) return;
      try {
        if (!(await saveDraft(store, draft))) isLost.value = !isStopped;
      } catch (error) {
        failure.value = storageCode(error);
        throw error;
      }
    },
    store.platform.timer,
    (now) => {
      state.value = now;
    },
  );
  const leave = (): void => void saver.flush();
  const leaveWhenHidden = (): void => {
    if (document.visibilityState === "hidden") leave();
  };
  window.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", leaveWhenHidden);
  onScopeDispose(() => {
    window.removeEventListener("pagehide", leave);
    document.removeEventListener("visibilitychange", leaveWhenHidden);
    void saver.end();
  });
  return {
    state,
    isLost,
    failure,
    change: saver.change,
    flush: saver.flush,
    stop: () => {
      isStopped = true;
    },
  };
}
