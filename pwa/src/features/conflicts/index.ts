// What two people found differently at one door, and who decides it (DESIGN.md §4.3).
//
// - `ConflictsPage` (/conflicts): on a phone the cards of one's own visits, out of the local database; at the desk the
//   list of what a supervisor may decide, out of the server;
// - `ConflictBlock`: the same cards inside a visit's record;
// - `parts/ConflictCard` shows one in three lines; `parts/OtherSheet` asks for a third value with the form's fields;
// - `logic/` decides and has no Vue.
import { defineAsyncComponent } from "vue";
import type { RouteRecordRaw } from "vue-router";

export const ConflictBlock = defineAsyncComponent(() => import("./ConflictBlock.vue"));
export const DueNotice = defineAsyncComponent(() => import("./DueNotice.vue"));

export const routes: RouteRecordRaw[] = [{ path: "/conflicts", name: "conflicts", component: () => import("./ConflictsPage.vue") }];
export { cardOf } from "./logic/card";
