// One position, asked for once, when the caseworker presses the button; never a trail.

import type { Json } from "@/forms";

export type Fix =
  | { readonly is: "fixed"; readonly geo: Json }
  | { readonly is: "failed"; readonly reason: "denied" | "no_fix" | "not_supported" };

const TIMEOUT_MS = 20_000;
const OLDEST_MS = 60_000;
const PERMISSION_DENIED = 1;
const MICRO = 1_000_000;

export function askPosition(geolocation: Geolocation | undefined): Promise<Fix> {
  if (!geolocation) return Promise.resolve({ is: "failed", reason: "not_supported" });
  return new Promise((resolve) => {
    geolocation.getCurrentPosition(
      ({ coords }) => {
        resolve({
          is: "fixed",
          geo: {
            lat_e6: Math.round(coords.latitude * MICRO),
            lon_e6: Math.round(coords.longitude * MICRO),
            accuracy_m: Math.round(coords.accuracy),
          },
        });
      },
      ({ code }) => {
        resolve({ is: "failed", reason: code === PERMISSION_DENIED ? "denied" : "no_fix" });
      },
      { enableHighAccuracy: true, timeout: TIMEOUT_MS, maximumAge: OLDEST_MS },
    );
  });
}
