// What has not arrived at the office, and what a hand-over would find under way (DESIGN.md §4.1).
//
// - `OutstandingPage` (/outstanding): phones that hold records without a receipt, and possible losses;
// - `OutstandingNotice`: the way there, above the queue, while there is something;
// - `FlightNotice`: the sentences before a household changes hands;
// - `PersonFlightNotice`: those before a person gets another role or area, or their account is shut.
import { defineAsyncComponent } from "vue";
import type { RouteRecordRaw } from "vue-router";

export const OutstandingNotice = defineAsyncComponent(() => import("./OutstandingNotice.vue"));
export const FlightNotice = defineAsyncComponent(() => import("./FlightNotice.vue"));
export const PersonFlightNotice = defineAsyncComponent(() => import("./PersonFlightNotice.vue"));

export const routes: RouteRecordRaw[] = [
  { path: "/outstanding", name: "outstanding", component: () => import("./OutstandingPage.vue"), meta: { place: "reviews" } },
];
