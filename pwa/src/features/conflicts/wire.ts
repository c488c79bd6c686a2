// What the desk asks of the server about conflicts.
import type { Api } from "@/api/client";
import type { Result } from "@/api/problem";
import type { components } from "@/api/schema.gen";
import type { DecideConflictBody } from "@/db/wire";

type Schemas = components["schemas"];
export type ConflictList = Schemas["ConflictList"];
export type DecideResult = Schemas["DecideResult"];

/** How many the server decides at once. */
export const DECISIONS_MAX = 100;
const PAGE = 50;

export interface ConflictFilter {
  /** Only those that are not the visitor's alone any more. */
  readonly due: boolean;
  /** Region code inside one's own area; empty for the whole of it. */
  readonly region: string;
}

type Asks = Pick<Api, "ask">;

export function listConflicts(api: Asks, { due, region }: ConflictFilter, cursor: string | null, limit = PAGE): Promise<Result<ConflictList>> {
  const query = { limit, ...(due && { due: "supervisor" }), ...(region !== "" && { region }), ...(cursor !== null && { cursor }) };
  return api.ask((http) => http.GET("/api/v1/conflicts", { params: { query } }));
}

/** Each decision stands alone; the answers are in the order of the request. */
export async function decideConflicts(api: Asks, decisions: readonly DecideConflictBody[]): Promise<Result<readonly DecideResult[]>> {
  const results: DecideResult[] = [];
  let etag: string | null = null;
  for (let at = 0; at < decisions.length; at += DECISIONS_MAX) {
    const body = { decisions: decisions.slice(at, at + DECISIONS_MAX) };
    const answer = await api.ask((http) => http.POST("/api/v1/conflicts/decide", { body }));
    // What was decided before the network broke off is decided: the list is read anew.
    if (!answer.ok) return answer;
    results.push(...answer.data.results);
    ({ etag } = answer);
  }
  return { ok: true, data: results, etag };
}
