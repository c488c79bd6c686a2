// Where the app is open: on the home screen, in a browser, or in a window inside another app.

/** Opened from the home screen, in a window of its own. */
export const isInstalled = (): boolean =>
  matchMedia("(display-mode: standalone)").matches || ("standalone" in navigator && navigator.standalone === true);

/**
 * A window inside another app: it has no service worker, or its storage goes with that app.
 * Asked of what it can do, not of its name.
 */
export const isInsideAnotherApp = (): boolean => isSecureContext && !("serviceWorker" in navigator);
