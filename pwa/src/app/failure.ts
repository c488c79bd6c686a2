import { ref } from "vue";

/** The page could not be drawn or loaded; the shell says so in its place. */
export const failed = ref(false);
