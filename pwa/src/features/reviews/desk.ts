// What the desk asks of the server.
import type { Api } from "@/api/client";
import type { Result } from "@/api/problem";
import { useClient } from "../auth";
import type { QueueQuery } from "./logic/queue";
import type { ApproveRequest, RecordView, RejectRequest, ReturnRequest, VisitList, VisitSummary } from "./wire";

export interface Desk {
  listVisits(query: QueueQuery): Promise<Result<VisitList>>;
  findVisit(id: string): Promise<Result<RecordView>>;
  approveVisit(id: string, body: ApproveRequest): Promise<Result<VisitSummary>>;
  returnVisit(id: string, body: ReturnRequest): Promise<Result<VisitSummary>>;
  rejectVisit(id: string, body: RejectRequest): Promise<Result<VisitSummary>>;
}

export function deskOf(api: Pick<Api, "ask">): Desk {
  const at = (id: string): { path: { id: string } } => ({ path: { id } });
  return {
    listVisits: (query) => api.ask((http) => http.GET("/api/v1/visits", { params: { query } })),
    async findVisit(id) {
      const result = await api.ask((http) => http.GET("/api/v1/visits/{id}", { params: at(id) }));
      return result.ok ? { ...result, data: result.data as RecordView } : result;
    },
    approveVisit: (id, body) => api.ask((http) => http.POST("/api/v1/visits/{id}/approve", { params: at(id), body })),
    returnVisit: (id, body) => api.ask((http) => http.POST("/api/v1/visits/{id}/return", { params: at(id), body })),
    rejectVisit: (id, body) => api.ask((http) => http.POST("/api/v1/visits/{id}/reject", { params: at(id), body })),
  };
}

export const useDesk = (): Desk => deskOf(useClient().api);
