// The real world for the client core: the browser's clock, randomness, network, storage and locks.
import { browserTransport } from "@/api/client";
import { browserStorage } from "@/db/database";
import { browserJournal } from "@/db/opfs";
import type { Locks, Platform } from "@/db/platform";
import type { Engine } from "@/sync/engine";

const random = (bytes: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(bytes));

/** UUIDv7 (RFC 9562): 48 bits of time, then random bits. */
export function uuidV7(nowMs: number, entropy: Uint8Array): string {
  const bytes = new Uint8Array(16);
  bytes.set(entropy.subarray(0, 16));
  let rest = nowMs;
  for (let at = 5; at >= 0; at -= 1) {
    bytes[at] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function webLocks(manager: LockManager): Locks {
  return {
    async request<T>(name: string, options: { signal?: AbortSignal }, run: () => Promise<T>): Promise<T> {
      return await manager.request(name, options, run);
    },
  };
}

export function browserPlatform(): Platform {
  // Older browsers lack some of these, and all lack some away from HTTPS.
  const { locks, storage } = navigator as Partial<Pick<Navigator, "locks" | "storage">>;
  const held = locks && webLocks(locks);
  const journal = browserJournal(held);
  return {
    storage: browserStorage(),
    transport: browserTransport,
    origin: location.origin,
    appBuild: __APP_BUILD__,
    appVersion: __APP_BUILD__.split("+")[0] ?? __APP_BUILD__,
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    newId: () => uuidV7(Date.now(), random(16)),
    random: () => Math.random(),
    secretBytes: random,
    sha256: (bytes) => crypto.subtle.digest("SHA-256", bytes),
    timer(afterMs, run) {
      const handle = setTimeout(run, afterMs);
      return () => clearTimeout(handle);
    },
    ...(held && { locks: held }),
    ...(journal && { journal }),
    ...(storage && { storageManager: storage }),
  };
}

/** Tells the engine when the network or the user comes back; answers how to stop. */
export function wakeOnReturn(engine: Engine): () => void {
  const online = (): void => engine.nudge("online");
  const visible = (): void => {
    if (document.visibilityState === "visible") engine.nudge("visible");
  };
  const message = (event: MessageEvent<unknown>): void => {
    const { data } = event;
    if (typeof data === "object" && data !== null && "kind" in data && data.kind === "run-sync") engine.nudge("online");
  };
  const worker = (navigator as Partial<Pick<Navigator, "serviceWorker">>).serviceWorker;
  addEventListener("online", online);
  addEventListener("pageshow", visible);
  document.addEventListener("visibilitychange", visible);
  worker?.addEventListener("message", message);
  return () => {
    removeEventListener("online", online);
    removeEventListener("pageshow", visible);
    document.removeEventListener("visibilitychange", visible);
    worker?.removeEventListener("message", message);
  };
}
