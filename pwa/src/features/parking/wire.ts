// What the desk asks of the server about parked operations.
import type { Api } from "@/api/client";
import type { Result } from "@/api/problem";
import type { components } from "@/api/schema.gen";

type Schemas = components["schemas"];
export type ParkedItem = Schemas["ParkedItem"];
export type ParkedView = Schemas["ParkedView"];
export type ParkedList = Schemas["ParkedList"];
export type ParkState = ParkedItem["state"];
export type ParkReason = ParkedItem["reason"];

const PAGE = 50;

export interface ParkedFilter {
  readonly state: ParkState | "all";
  readonly reason: ParkReason | "";
}

type Asks = Pick<Api, "ask">;

export function listParked(api: Asks, { state, reason }: ParkedFilter, cursor: string | null, limit = PAGE): Promise<Result<ParkedList>> {
  const query = { limit, state, ...(reason !== "" && { reason }), ...(cursor !== null && { cursor }) };
  return api.ask((http) => http.GET("/api/v1/parked", { params: { query } }));
}

export function findParked(api: Asks, id: string): Promise<Result<ParkedView>> {
  return api.ask((http) => http.GET("/api/v1/parked/{id}", { params: { path: { id } } }));
}

export function replayParked(api: Asks, id: string): Promise<Result<ParkedView>> {
  return api.ask((http) => http.POST("/api/v1/parked/{id}/replay", { params: { path: { id } } }));
}

export function dismissParked(api: Asks, id: string, reason: string): Promise<Result<ParkedView>> {
  return api.ask((http) => http.POST("/api/v1/parked/{id}/dismiss", { params: { path: { id } }, body: { reason } }));
}
