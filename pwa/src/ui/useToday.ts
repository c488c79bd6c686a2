import { type Ref, onScopeDispose, readonly, ref } from "vue";

/** How often a page that stays open looks at the calendar. */
const LOOK_MS = 30_000;

export interface Today {
  /** `yyyy-mm-dd`; `undefined` until it was read for the first time. */
  readonly today: Readonly<Ref<string | undefined>>;
  /** Counts the days that began while the page was open: an input for a `useLive` that reads the day itself. */
  readonly turns: Readonly<Ref<number>>;
}

/**
 * The current day, also when a page stays open over midnight: looked at again twice a minute and whenever the page
 * comes to the front (timers stand still while it sleeps). `read` tells the day (`today(store)` of src/db/time.ts);
 * `first` is the day that is already known. Ends with the component.
 */
export function useToday(read: () => Promise<string> | string, first?: string): Today {
  const today = ref(first);
  const turns = ref(0);
  const look = async (): Promise<void> => {
    try {
      const day = await read();
      if (day === today.value) return;
      if (today.value !== undefined) turns.value += 1;
      today.value = day;
    } catch {
      // What cannot be read now is looked at again; the page's own queries say so when it stays that way.
    }
  };
  const seen = (): void => {
    if (document.visibilityState === "visible") void look();
  };
  void look();
  const timer = setInterval(() => void look(), LOOK_MS);
  document.addEventListener("visibilitychange", seen);
  onScopeDispose(() => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", seen);
  });
  return { today: readonly(today), turns: readonly(turns) };
}
