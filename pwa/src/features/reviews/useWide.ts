import { type Ref, onScopeDispose, readonly, ref } from "vue";

/** Whether the screen has room for two panes; the same width as in the styles. */
export function useWide(): Readonly<Ref<boolean>> {
  const query = matchMedia("(min-width: 56.25rem)");
  const wide = ref(query.matches);
  const follow = (): void => {
    wide.value = query.matches;
  };
  query.addEventListener("change", follow);
  onScopeDispose(() => {
    query.removeEventListener("change", follow);
  });
  return readonly(wide);
}
