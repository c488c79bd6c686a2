import { type ComputedRef, computed } from "vue";
import { type LocalDefinitions, findDefinitions } from "@/db/definitions";
import type { Language } from "@/forms";
import { currentLocale } from "@/i18n";
import { useLive } from "@/ui/useLive";
import { useStore } from "../auth";

/** The office's definitions on this phone: `null` when they are not there or cannot be read, `undefined` while being read. */
export function useDefinitions(): ComputedRef<LocalDefinitions | null | undefined> {
  const store = useStore();
  const found = useLive(async () => (await findDefinitions(store)) ?? null);
  return computed(() => (found.load.value.is === "failed" ? null : found.value.value));
}

/** The language in the words of the definitions. */
export const useLanguage = (): ComputedRef<Language> => computed(() => (currentLocale.value === "en" ? "en" : "zh"));
