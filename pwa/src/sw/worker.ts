// The service worker: keeps the shell for use without a network, and wakes the pages. It stores no data of its
// own; what is saved is saved from the page.
import { createHandlerBoundToURL, cleanupOutdatedCaches, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";
import { OUTSIDE_THE_APP } from "./routes";

declare const self: ServiceWorkerGlobalScope & { readonly __WB_MANIFEST: { url: string; revision: string | null }[] };

/** Not in the standard library's types: fired when the network is back, perhaps without any page open. */
interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}

cleanupOutdatedCaches();
precacheAndRoute(self.__WB_MANIFEST);
registerRoute(new NavigationRoute(createHandlerBoundToURL("/index.html"), { denylist: [...OUTSIDE_THE_APP] }));

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  const data: unknown = event.data;
  if (typeof data !== "object" || data === null || !("kind" in data)) return;
  if (data.kind === "apply-update") event.waitUntil(self.skipWaiting());
});

self.addEventListener("sync", (event) => (event as SyncEvent).waitUntil(wakePages()));

async function wakePages(): Promise<void> {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  for (const page of pages) page.postMessage({ kind: "run-sync" });
}
