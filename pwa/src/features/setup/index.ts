// The first administrator, made once with the token that the server prints.
import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "/setup", name: "setup", component: () => import("./SetupPage.vue"), meta: { open: true } },
];
