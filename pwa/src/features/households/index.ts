// The households of one's area: finding them, reading them, starting a visit.
import type { RouteRecordRaw } from "vue-router";

export { assignDialogKey } from "./assignDialog";
export { standingTone } from "./standing";
export { useDefinitions, useLanguage } from "./useDefinitions";
export { default as HouseholdRow } from "./HouseholdRow.vue";

export const routes: RouteRecordRaw[] = [
  { path: "/households", name: "households", component: () => import("./HouseholdsPage.vue") },
  {
    path: "/households/:id",
    name: "household",
    component: () => import("./HouseholdPage.vue"),
    props: true,
    meta: { place: "households" },
  },
  { path: "/collect", name: "collect", component: () => import("./CollectPage.vue") },
];
