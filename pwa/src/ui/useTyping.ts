import { type Ref, ref, watch } from "vue";

export interface Typing {
  /** What stands in the field, also while an input method is still composing. */
  readonly shown: Readonly<Ref<string>>;
  /** For `input` and `compositionend`. */
  typed(event: Event): void;
}

/**
 * Text as it is typed. While an input method is composing, `give` hears nothing, yet what stands in the field is
 * kept: otherwise anything that draws the page anew would wipe it. What comes from outside replaces it.
 */
export function useTyping(text: () => string, give: (text: string) => void): Typing {
  const shown = ref(text());
  watch(text, (now) => {
    shown.value = now;
  });
  return {
    shown,
    typed(event) {
      shown.value = (event.target as HTMLInputElement).value;
      if (event instanceof InputEvent && event.isComposing) return;
      give(shown.value);
    },
  };
}
