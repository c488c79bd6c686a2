import type { Component, InjectionKey } from "vue";

/**
 * The dialog that names contact and responsible person: `v-model`, prop `household`, event `assigned`.
 * It belongs to the feature of people, which knows households; the shell brings the two together.
 */
export const assignDialogKey: InjectionKey<Component> = Symbol("assign dialog");
