// What the desk asks of the server about phones.
import type { Api } from "@/api/client";
import type { Result } from "@/api/problem";
import type { components } from "@/api/schema.gen";

type Schemas = components["schemas"];
export type OutstandingList = Schemas["OutstandingList"];
export type OutstandingDevice = Schemas["OutstandingDevice"];
export type Flight = Schemas["FlightView"];

const PAGE = 50;
type Asks = Pick<Api, "ask">;

export function listOutstanding(api: Asks, cursor: string | null, limit = PAGE): Promise<Result<OutstandingList>> {
  const query = { limit, ...(cursor !== null && { cursor }) };
  return api.ask((http) => http.GET("/api/v1/devices/outstanding", { params: { query } }));
}

/** Somebody has asked what became of what a phone held no more; refused when it is another number by now. */
export function clearLoss(api: Asks, { id, possible_loss }: OutstandingDevice): Promise<Result<unknown>> {
  const body = { possible_loss };
  return api.ask((http) => http.POST("/api/v1/devices/{id}/loss", { params: { path: { id } }, body }));
}

export function findFlight(api: Asks, id: string): Promise<Result<Flight>> {
  return api.ask((http) => http.GET("/api/v1/households/{id}/flight", { params: { path: { id } } }));
}
