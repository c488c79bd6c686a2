// Names for what the desk sends and gets; all of them come from the generated schema. Values inside a file are
// JSON whatever the schema says of them.
import type { components } from "@/api/schema.gen";
import type { HouseholdFile, Json } from "@/forms";

type Schemas = components["schemas"];
type Values = Readonly<Record<string, Json>>;

export type VisitState = Schemas["VisitStateCode"];
export type VisitType = Schemas["VisitTypeCode"];
export type VisitSummary = Schemas["VisitSummary"];
export type VisitList = Schemas["VisitList"];
export type Reason = Schemas["Reason"];
export type Decided = Schemas["Decided"];
export type Decision = Schemas["DecisionCode"];
export type ApproveRequest = Schemas["ApproveRequest"];
export type ReturnRequest = Schemas["ReturnRequest"];
export type RejectRequest = Schemas["RejectRequest"];

type Valued<T, K extends keyof T> = Omit<T, K> & { readonly [P in K]: Json };
export type RecordChange = Valued<Omit<Schemas["RecordChange"], "kept">, "from" | "to" | "current"> & { readonly kept?: Json };
export type ProposedChange = Valued<Schemas["ProposedChange"], "from" | "to">;
export type MovedPath = Valued<Schemas["MovedPath"], "before" | "now">;
export type Since = Omit<Schemas["Since"], "moved"> & { readonly moved: readonly MovedPath[] };

type Answered = Schemas["RecordView"];
export interface RecordView extends Omit<Answered, "answers" | "changes" | "clock_offset_ms" | "figures" | "household" | "previous"> {
  readonly answers: Values;
  readonly changes: readonly RecordChange[];
  readonly figures: { readonly before: Values; readonly after: Values };
  readonly household: Omit<Answered["household"], "file"> & { readonly file: HouseholdFile };
  /** Phone clock minus server clock, milliseconds. */
  readonly clock_offset_ms?: number;
  /** While a mended revision waits: the revision that was returned. */
  readonly previous?: { readonly rev: number; readonly changes: readonly ProposedChange[] } | null;
}
