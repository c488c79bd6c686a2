// What has arrived and what has not: the pill on every page, and the page behind it.
import type { RouteRecordRaw } from "vue-router";

export { default as SyncPill } from "./SyncPill.vue";
export { default as DayLine } from "./DayLine.vue";
export { useStorage } from "./useStorage";

export const routes: RouteRecordRaw[] = [
  { path: "/sync", name: "sync", component: () => import("./SyncPage.vue"), meta: { place: "me" } },
];
