import type { Component, InjectionKey } from "vue";

/** What the shell puts into the head of every page, beside its title: the sync pill. */
export const pageToolsKey: InjectionKey<Component> = Symbol("page tools");
