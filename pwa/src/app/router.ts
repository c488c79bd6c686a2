// Where everything is. Each feature says its own pages in `routes` of its index.ts; every page is loaded when
// it is first opened (the service worker has it by then, also offline).
import { createRouter, createWebHistory } from "vue-router";
import { routes as arrivals } from "@/features/arrivals";
import { routes as auth } from "@/features/auth";
import { routes as conflicts } from "@/features/conflicts";
import { routes as households } from "@/features/households";
import { routes as me } from "@/features/me";
import { routes as reviews } from "@/features/reviews";
import { routes as setup } from "@/features/setup";
import { routes as sync } from "@/features/sync";
import { routes as today } from "@/features/today";
import { routes as users } from "@/features/users";
import { routes as visits } from "@/features/visits";
import "./routeMeta";

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    // Leads to the first place of the role; guards.ts knows it.
    { path: "/", name: "start", component: () => import("./NotFoundPage.vue"), meta: { open: true } },
    ...auth, // /sign-in, /first-sync
    ...setup, // /setup
    ...today, // /today
    ...households, // /households, /households/:id, /collect
    ...visits, // /visits/:id
    ...sync, // /sync
    ...reviews, // /reviews
    ...conflicts, // /conflicts
    ...arrivals, // /outstanding
    ...users, // /users
    ...me, // /me, /me/password, /me/devices
    { path: "/cards", name: "cards", component: () => import("./CardsPage.vue") },
    { path: "/:rest(.*)*", name: "not-found", component: () => import("./NotFoundPage.vue"), meta: { open: true } },
  ],
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
});
