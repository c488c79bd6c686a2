// One's own account and this phone: devices, password, language, text size, installing, updating, signing out.
import type { RouteRecordRaw } from "vue-router";

export { offerUpdate, useUpdate } from "./update";
export { offerInstall } from "./install";

export const routes: RouteRecordRaw[] = [
  { path: "/me", name: "me", component: () => import("./MePage.vue") },
  { path: "/me/password", name: "password", component: () => import("./PasswordPage.vue") },
  { path: "/me/devices", name: "devices", component: () => import("./DevicesPage.vue") },
];
