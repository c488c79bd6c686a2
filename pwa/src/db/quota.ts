// Whether the phone will keep the data, and how much room is left.
import type { Platform } from "./platform";

/** `protected`: the browser removes it only when the user says so. `unknown`: the browser does not tell. */
export type Persistence = "protected" | "unprotected" | "unknown";

export type Room =
  | { readonly is: "enough" | "low"; readonly free_bytes: number; readonly used_bytes: number }
  | { readonly is: "unknown" };

/** Below this the user is warned (domain specification §10: 200 MB). */
const LOW_BYTES = 200 * 1024 * 1024;

export async function persisted(platform: Platform): Promise<Persistence> {
  const manager = platform.storageManager;
  if (!manager?.persisted) return "unknown";
  try {
    return (await manager.persisted()) ? "protected" : "unprotected";
  } catch {
    return "unknown";
  }
}

/** Asks the browser to protect the data; best from a tap of the user. */
export async function persist(platform: Platform): Promise<Persistence> {
  const manager = platform.storageManager;
  if (!manager?.persist) return "unknown";
  try {
    return (await manager.persist()) ? "protected" : "unprotected";
  } catch {
    return "unknown";
  }
}

export async function estimate(platform: Platform): Promise<Room> {
  const manager = platform.storageManager;
  if (!manager?.estimate) return { is: "unknown" };
  try {
    const { usage, quota } = await manager.estimate();
    if (usage === undefined || quota === undefined) return { is: "unknown" };
    const free_bytes = Math.max(0, quota - usage);
    return { is: free_bytes < LOW_BYTES ? "low" : "enough", free_bytes, used_bytes: usage };
  } catch {
    return { is: "unknown" };
  }
}

/** Why the database could not write or read, as a problem code. */
export function storageCode(error: unknown): "storage.full" | "storage.failed" {
  const names = [error, typeof error === "object" && error !== null && "inner" in error ? error.inner : null].map((one) =>
    typeof one === "object" && one !== null && "name" in one ? one.name : "",
  );
  return names.includes("QuotaExceededError") ? "storage.full" : "storage.failed";
}
