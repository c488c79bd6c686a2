// How the parts of an open record read its values: labels and values in the language of the page.
import { type ComputedRef, type InjectionKey, computed, inject } from "vue";
import type { Reading } from "@/forms";

export const readingKey: InjectionKey<ComputedRef<Reading | null>> = Symbol("reading of a record");

/** For the parts below the page, which shows them only once the reference data is there. */
export function useReading(): ComputedRef<Reading> {
  const given = inject(readingKey);
  return computed(() => {
    if (!given?.value) throw new Error("a record is shown before its labels are there");
    return given.value;
  });
}
