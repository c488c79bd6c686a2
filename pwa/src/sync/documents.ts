// Definitions and regions: fetched with their ETag, kept on the phone, older forms kept for drafts made with them.
import type { Api } from "@/api/client";
import type { Problem, Result } from "@/api/problem";
import { isDefinitions, isRegions } from "@/api/shape";
import type { Store } from "@/db/database";
import { readMeta, writeMeta, type Cached } from "@/db/meta";
import { keepOlderForms } from "@/db/definitions";

/** Refreshes both documents; `null` when they are as the server has them. */
export async function refreshDocuments(store: Store, api: Api): Promise<Problem | null> {
  const { db } = store;
  const definitions = await readMeta(db, "definitions");
  const newer = await fetched(definitions, (headers) => api.ask((http) => http.GET("/api/v1/definitions", { headers }), isDefinitions));
  if ("problem" in newer) return newer.problem;
  if (newer.is === "new") {
    const body = keepOlderForms(definitions?.body ?? null, newer.cached.body);
    await writeMeta(db, "definitions", { etag: newer.cached.etag, body });
  }
  const regions = await readMeta(db, "regions");
  const map = await fetched(regions, (headers) => api.ask((http) => http.GET("/api/v1/regions", { headers }), isRegions));
  if ("problem" in map) return map.problem;
  if (map.is === "new") await writeMeta(db, "regions", map.cached);
  return null;
}

type Fetched<T> = { readonly is: "same" } | { readonly is: "new"; readonly cached: Cached<T> } | { readonly problem: Problem };

async function fetched<T>(
  known: Cached<T> | null,
  get: (headers: Record<string, string>) => Promise<Result<T>>,
): Promise<Fetched<T>> {
  const result = await get(known?.etag ? { "If-None-Match": known.etag } : {});
  if (result.ok) return { is: "new", cached: { etag: result.etag, body: result.data } };
  return result.problem.code === "net.not_modified" ? { is: "same" } : { problem: result.problem };
}
