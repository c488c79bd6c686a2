// The only place where the real adapters meet: browser, client core, pages, service worker.
import { createApp } from "vue";
import { i18n, preferredLocale, showLocale } from "@/i18n";
import App from "./app/App.vue";
import { createClient } from "./app/client";
import { guard } from "./app/guards";
import { browserPlatform } from "./app/platform";
import { router } from "./app/router";
import UnsuitablePage from "./app/UnsuitablePage.vue";
import { clientKey } from "./features/auth";
import { offerInstall, offerUpdate } from "./features/me";
import { checkForUpdate, onUpdateReady, requestWake } from "./sw/update";
import { applyTextSize, readTextSize } from "./ui/textSize";
import "./ui/styles/tokens.css";
import "./ui/styles/base.css";

applyTextSize(readTextSize());
addEventListener("beforeinstallprompt", offerInstall);

const worker = (navigator as Partial<Pick<Navigator, "serviceWorker">>).serviceWorker;
const saved = (): void => {
  if (worker) void requestWake(worker);
};

async function start(): Promise<void> {
  const [client] = await Promise.all([
    createClient(browserPlatform(), { saved }).catch(() => null),
    showLocale(preferredLocale()),
  ]);
  if (!client) {
    createApp(UnsuitablePage).use(i18n).mount("#app");
    return;
  }
  guard(router, client);
  createApp(App).use(i18n).use(router).provide(clientKey, client).mount("#app");
}

function serveOffline(container: ServiceWorkerContainer): void {
  const host = { container, reload: () => location.reload() };
  void onUpdateReady(host, offerUpdate);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void checkForUpdate(container);
  });
}

void start();
// A worker in front of the development server would serve yesterday's files.
if (worker && import.meta.env.PROD) serveOffline(worker);
