// Who may open which page. The server has the last word; this only saves a look at an empty page.
import type { Router } from "vue-router";
import { type Client, firstPlaceOf } from "@/features/auth";
import { failed } from "./failure";

export function guard(router: Router, client: Client): void {
  router.beforeEach((to) => {
    const user = client.store.value?.user;
    if (to.path === "/") return user ? `/${firstPlaceOf(user.role)}` : { name: "sign-in" };
    if (to.meta.open || user) return true;
    return { name: "sign-in", query: { next: to.fullPath } };
  });
  // A page of this version that is no longer on the server, or a network that broke off while it was loading.
  router.onError(() => {
    failed.value = true;
  });
}
