// What the desk asks of the server about phones.
import type { Api } from "@/api/client";
import type { Result } from "@/api/problem";
import type { components } from "@/api/schema.gen";

type Schemas = components["schemas"];
export type OutstandingList = Schemas["OutstandingList"];
export type OutstandingDevice = Schemas["OutstandingDevice"];
export type Flight = Schemas["FlightView"];

const PAGE = 50;
/** The most that the server gives at once. */
const PAGE_MAX = 200;
type Asks = Pick<Api, "ask">;

export function listOutstanding(api: Asks, cursor: string | null, limit = PAGE): Promise<Result<OutstandingList>> {
  const query = { limit, ...(cursor !== null && { cursor }) };
  return api.ask((http) => http.GET("/api/v1/devices/outstanding", { params: { query } }));
}

/** The phones of one person among them; the server tells of the whole area, page by page. */
export async function listOutstandingOf(api: Asks, user: string): Promise<Result<readonly OutstandingDevice[]>> {
  const found: OutstandingDevice[] = [];
  let cursor: string | null = null;
  for (;;) {
    const answer: Result<OutstandingList> = await listOutstanding(api, cursor, PAGE_MAX);
    if (!answer.ok) return answer;
    found.push(...answer.data.items.filter((phone) => phone.user.id === user));
    cursor = answer.data.next_cursor;
    if (cursor === null) return { ...answer, data: found };
  }
}

/** Somebody has asked what became of what a phone holds, or holds no more; refused when it is another number by now. */
export function clearLoss(api: Asks, { id, possible_loss, held }: OutstandingDevice): Promise<Result<unknown>> {
  const body = { possible_loss, held };
  return api.ask((http) => http.POST("/api/v1/devices/{id}/loss", { params: { path: { id } }, body }));
}

export function findFlight(api: Asks, id: string): Promise<Result<Flight>> {
  return api.ask((http) => http.GET("/api/v1/households/{id}/flight", { params: { path: { id } } }));
}
