// People: the accounts of one's area, and who is given which household.
import { defineAsyncComponent } from "vue";
import type { RouteRecordRaw } from "vue-router";

/** Loaded when it is first shown: every feature's door is part of the first screen. */
export const AssignDialog = defineAsyncComponent(() => import("./AssignDialog.vue"));

export const routes: RouteRecordRaw[] = [{ path: "/users", name: "users", component: () => import("./UsersPage.vue") }];
