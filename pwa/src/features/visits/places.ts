// The parts of a form that other features fill, by the name that the form gives them (`photos`, `signatures`,
// `card`). A part without a feature is not shown. A component gets the prop `visitId`.

import type { Component } from "vue";

export const places: Record<string, Component> = {};

/** Called once by the feature that fills a part, when the app starts. */
export function fillPlace(name: string, component: Component): void {
  places[name] = component;
}
