// Synthetic records for the tests of this folder.
import type { Problem } from "@/api/problem";
import type { RecordChange, RecordView, VisitSummary } from "../wire";

export const PERSON = "01890000-0000-7000-8000-00000000000a";
export const OTHER_PERSON = "01890000-0000-7000-8000-00000000000b";
export const ITEM = "01890000-0000-7000-8000-00000000000c";

export function change(path: string, from: RecordChange["from"], to: RecordChange["to"], more: Partial<RecordChange> = {}): RecordChange {
  return { path, from, to, current: from, standing: "clean", moved: false, masked: false, ...more };
}

export const moved = (path: string, from: RecordChange["from"], to: RecordChange["to"], current: RecordChange["to"]): RecordChange =>
  change(path, from, to, { current, standing: "moved", moved: true });

export function summary(id: string, more: Partial<VisitSummary> = {}): VisitSummary {
  return {
    id,
    household_id: "01890000-0000-7000-8000-0000000000ff",
    rev: 1,
    state: "in_review",
    visit_type: "V02",
    outcome: "done",
    visitor: { id: "01890000-0000-7000-8000-0000000000ee", name: "访员甲" },
    name: "张*",
    region_code: "150602001",
    started_at: "2026-11-23T01:00:00.000000Z",
    ended_at: "2026-11-23T01:30:30.000000Z",
    received_at: "2026-11-23T02:00:00.000000Z",
    hash: "0123456789abcdef",
    base_rev: 3,
    warnings: 0,
    review: null,
    file_rev: null,
    ...more,
  };
}

export function record(changes: readonly RecordChange[], more: Partial<RecordView> = {}): RecordView {
  return {
    visit: summary("01890000-0000-7000-8000-000000000001"),
    form: { id: "V02", version: 1 },
    conflicts: [],
    household: {
      id: "01890000-0000-7000-8000-0000000000ff",
      rev: 4,
      status: "active",
      file_no: null,
      region_code: "150602001",
      is_lead: false,
      file: {},
      clear: {},
      hash: "",
      contact: null,
      responsible: null,
      next_visit_due_on: null,
      last_visit_on: null,
    },
    answers: {},
    changes,
    unchanged: [],
    later: [],
    warnings: [],
    figures: { before: {}, after: {} },
    clock_offset_ms: 0,
    previous: null,
    earlier: [],
    may: { review: true, send_back: true, approve: true, why_not: null },
    ...more,
  };
}

export function problem(code: string, status: number, more: Problem["more"] = {}): Problem {
  return { code, status, request_id: null, errors: [], retry_after_ms: null, more };
}
