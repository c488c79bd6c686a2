// Who is signed in, what the shell hands to the features, and the pages around the sign-in.
import type { RouteRecordRaw } from "vue-router";

export { type About, type Client, clientKey, useClient, useStore, useUser } from "./client";
/** The shortest password that the server takes, in characters. */
export const PASSWORD_MIN = 12;
export { default as LanguageChoice } from "./LanguageChoice.vue";
export { type Place, firstPlaceOf, mayClearLoss, placesOf, seesParked, worksAtTheDesk, worksInTheField } from "./roles";

export const routes: RouteRecordRaw[] = [
  { path: "/sign-in", name: "sign-in", component: () => import("./SignInPage.vue"), meta: { open: true } },
  { path: "/first-sync", name: "first-sync", component: () => import("./FirstSyncPage.vue"), meta: { focused: true } },
];
