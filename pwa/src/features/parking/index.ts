// What arrived and could not be taken in: whose it is, what must be done, and the two answers (docs/SYNC.md, "Parking").
import { defineAsyncComponent } from "vue";
import type { RouteRecordRaw } from "vue-router";

export const ParkedNotice = defineAsyncComponent(() => import("./ParkedNotice.vue"));

export const routes: RouteRecordRaw[] = [
  { path: "/parked", name: "parked", component: () => import("./ParkedPage.vue"), meta: { place: "parked" } },
];
