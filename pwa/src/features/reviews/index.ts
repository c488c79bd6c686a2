// The desk of a supervisor: visits that wait for a decision, and the records behind them.
import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  // One route with or without an open record, so that the queue stays as it is while records come and go.
  {
    path: "/reviews/:visitId?",
    name: "review",
    component: () => import("./ReviewsPage.vue"),
    props: true,
    meta: { place: "reviews" },
  },
];
