// The page's side of the service worker: registers it, says when a new version is ready, applies it when asked.

/** Applies the waiting version; the page reloads once it has taken over. */
export type ApplyUpdate = () => void;

export interface WorkerHost {
  readonly container: ServiceWorkerContainer;
  reload(): void;
}

/**
 * Registers the worker and calls `ready` when a new version waits. Nothing happens to the open page until
 * `ApplyUpdate` is called. Failing to register leaves an app that works online.
 */
export async function onUpdateReady(host: WorkerHost, ready: (apply: ApplyUpdate) => void): Promise<void> {
  const registration = await host.container
    .register("/worker.js", { scope: "/", updateViaCache: "none" })
    .catch(() => undefined);
  if (!registration) return;
  let applying = false;
  host.container.addEventListener("controllerchange", () => {
    if (applying) host.reload();
  });
  const offer = (worker: ServiceWorker): void =>
    ready(() => {
      applying = true;
      worker.postMessage({ kind: "apply-update" });
    });
  // Without a controller this is the first version ever: nothing to offer.
  if (registration.waiting && host.container.controller) offer(registration.waiting);
  registration.addEventListener("updatefound", () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => {
      if (worker.state === "installed" && host.container.controller) offer(worker);
    });
  });
}

/** Asks whether there is a new version, for instance when the app comes to the front. */
export async function checkForUpdate(container: ServiceWorkerContainer): Promise<void> {
  const registration = await container.getRegistration("/");
  await registration?.update().catch(() => undefined);
}

/** Asks the browser to wake the app when the network is back, where it can (background sync). */
export async function requestWake(container: ServiceWorkerContainer): Promise<void> {
  const registration = await container.getRegistration("/");
  const sync = registration && "sync" in registration ? (registration.sync as { register(tag: string): Promise<void> }) : undefined;
  await sync?.register("run-sync").catch(() => undefined);
}
