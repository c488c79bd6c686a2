// What two people found differently at one door: decided on the phone of whoever came later, then at the desk.
import type { RouteRecordRaw } from "vue-router";

export { default as ConflictCard } from "./parts/ConflictCard.vue";

export const routes: RouteRecordRaw[] = [
  { path: "/conflicts", name: "conflicts", component: () => import("./ConflictsPage.vue") },
];
