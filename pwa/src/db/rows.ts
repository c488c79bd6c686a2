// What lies in the tables of the local database, and the shapes that its functions give to the screens.
import type { Draft as AnswerState, HouseholdFile } from "@/forms/definition";
import type { Stored } from "./codec";
import type { ConflictBody, DecideConflictBody, ExplainedWarning, HouseholdBody, Operation, Proposal, Receipt, VisitBody } from "./wire";

// ---- what a caseworker is writing ----

/** A visit that is being written. The screens change `answers`, `unchanged`, `warnings`, `section`, `focus`. */
export interface Draft {
  /** The visit's id. */
  readonly id: string;
  readonly household_id: string;
  /** 1 for a new visit; the returned revision + 1 for a mended one. */
  readonly rev: number;
  readonly base_rev: number;
  readonly visit_type: string;
  readonly form: Proposal["form"];
  readonly dictionary_version: number;
  /** The household was found on the spot: the server does not know it yet. */
  readonly is_new: boolean;
  /** The file that the caseworker saw; `null` for a new household. */
  readonly base: HouseholdFile | null;
  answers: AnswerState;
  /** Keys of sections answered with "无变化". */
  unchanged: string[];
  /** Reasons given for warnings. */
  warnings: ExplainedWarning[];
  evidence: string[];
  signatures: unknown[];
  /** Where to come back to after a kill. */
  section: string | null;
  focus: string | null;
  readonly started_at: string;
  /** The refused or parked operation that this draft was made from, for display. */
  readonly replaces_op: string | null;
  readonly updated_at: string;
  /** Work time by the monotonic clock so far; counted by `saveDraft`. */
  readonly elapsed_ms: number;
  /** When the visit at the door ended, if the draft is a correction of what was submitted before. */
  readonly door?: DoorTimes;
}

/** End, length and clock error of a visit as its first submission stated them. */
export type DoorTimes = Pick<Proposal, "ended_at" | "monotonic_ms" | "clock_offset_ms">;

export interface DraftRow {
  readonly id: string;
  readonly household_id: string;
  readonly updated_at: string;
  /** Counts the saves, so that a submit notices a save that came in between. */
  readonly saves: number;
  readonly body: Stored<Draft>;
}

// ---- households ----

export interface HouseholdSummary {
  readonly name: string;
  readonly address: string;
  readonly file_no: string | null;
  readonly region_code: string;
  readonly status: string;
  readonly is_lead: boolean;
  readonly rev: number;
  readonly due_on: string | null;
  readonly last_visit_on: string | null;
}

export interface HouseholdRow {
  readonly id: string;
  /** Number of the full pull that saw it last; what a newer full pull did not see is swept. */
  readonly gen: number;
  /** Only on this phone until the server has it. */
  readonly local: boolean;
  readonly summary: Stored<HouseholdSummary>;
}

export interface FileRow {
  readonly id: string;
  readonly body: Stored<HouseholdBody>;
}

// ---- visits ----

/** A visit as this phone sent it or is going to. */
export interface LocalVisit {
  readonly rev: number;
  readonly visit_type: string;
  readonly outcome: string;
  readonly base_rev: number;
  readonly started_at: string;
  readonly ended_at: string;
  readonly saved_at: string;
  readonly hash: string;
  readonly op_id: string;
  readonly household_name: string;
  readonly address: string;
}

export interface VisitRow {
  readonly id: string;
  readonly household_id: string;
  readonly gen: number;
  /** Somebody still has to do something about it, or it has not come back from the server yet. */
  readonly open: 0 | 1;
  readonly server: Stored<VisitBody> | null;
  readonly local: Stored<LocalVisit> | null;
}

// ---- conflicts ----

export interface ConflictRow {
  readonly id: string;
  readonly household_id: string;
  /** The visit that brought the later value, and is held up by it. */
  readonly visit_id: string;
  readonly gen: number;
  /** Nobody has decided, as far as the server has told. */
  readonly open: 0 | 1;
  readonly body: Stored<ConflictBody>;
}

// ---- outbox ----

/**
 * `sending` is only for display: every operation without a receipt is sent, whichever of the two it says.
 * `answered` stays only with outcome `refused` or `parked`, until the user deals with it.
 */
export type OperationState = "queued" | "sending" | "answered";

/** An operation without the number that it gets from its place in the outbox. */
export type OperationBody = Omit<Operation, "seq">;

export interface OutboxRow {
  /** The operation's id. */
  readonly id: string;
  /** Order of recording on this phone; never changes. */
  readonly order: number;
  readonly epoch: number;
  readonly seq: number;
  readonly kind: string;
  readonly subject: string;
  readonly household_id: string;
  readonly state: OperationState;
  /** Size on the wire in bytes. */
  readonly bytes: number;
  readonly op: Stored<OperationBody>;
  readonly visit: Stored<LocalVisit>;
  /** The draft it was made from, to edit it again if the server says no. */
  readonly draft: Stored<Draft> | null;
  readonly receipt: Receipt | null;
}

/** Why an operation is no longer in the outbox. */
export type Settled = "delivered" | "edited" | "discarded";

export interface ReceiptRow {
  readonly op_id: string;
  readonly order: number;
  readonly epoch: number;
  readonly seq: number;
  readonly kind: string;
  readonly subject: string;
  readonly household_id: string;
  readonly settled: Settled;
  readonly receipt: Receipt;
  /** Milliseconds since 1970 by the phone's clock. */
  readonly settled_at_ms: number;
  /** The same by the server's clock, when its answer settled it; older rows do not have it. */
  readonly answered_ms?: number | null;
  /** The whole entry, kept for some days: a server restored from a backup asks for it again. */
  readonly kept: OutboxRow | null;
}

// ---- for the screens ----

/** Where a visit stands, from the first key to the decision. */
export type VisitStatus =
  | "draft"
  | "saved_local"
  | "sending"
  | "delivered"
  | "in_review"
  | "approved"
  | "returned"
  | "refused"
  | "parked"
  | "conflict"
  | "rejected"
  | "withdrawn";

/** An answered operation that waits for the user. */
export interface StuckOperation {
  readonly id: string;
  readonly kind: string;
  readonly outcome: Receipt["outcome"];
  readonly code: string | null;
  readonly errors: NonNullable<Receipt["errors"]>;
}

/** One visit in a time line, whatever of it is on the phone, on the way or on the server. */
export interface VisitEntry {
  readonly id: string;
  readonly household_id: string;
  readonly household_name: string;
  readonly address: string;
  readonly status: VisitStatus;
  readonly rev: number;
  readonly base_rev: number;
  readonly visit_type: string;
  readonly outcome: string;
  readonly mine: boolean;
  readonly visitor_name: string;
  readonly started_at: string;
  /** `null` while it is a draft. */
  readonly ended_at: string | null;
  readonly received_at: string | null;
  /** The latest decision; stays while a mended revision is on its way. */
  readonly review: VisitBody["review"];
  readonly file_rev: number | null;
  /** A withdrawal is waiting to be sent. */
  readonly withdrawing: boolean;
  /** How many of its values differ from somebody else's, and nobody has decided. */
  readonly open_conflicts: number;
  /** It has arrived, and the household is in other hands by now. */
  readonly handed_over: boolean;
  /** Set with status `refused` or `parked`, or when the server refused the withdrawal. */
  readonly stuck: StuckOperation | null;
}

/** A household in a list. */
export interface HouseholdItem extends HouseholdSummary {
  readonly id: string;
  readonly local: boolean;
  readonly draft_id: string | null;
  /** The most urgent of its open visits. */
  readonly standing: VisitStatus | null;
  readonly never_visited: boolean;
  /** One of my visits came back. */
  readonly returned: boolean;
  /** A visit is waiting to be sent or decided. */
  readonly waiting: boolean;
  /** A waiting visit already counts for the rhythm: somebody was met. */
  readonly met: boolean;
}

export interface HouseholdView extends HouseholdItem {
  /** Masked file; `{}` for a household that only this phone knows. */
  readonly file: HouseholdFile;
  /** Path → phone number in clear, for calling at the door. */
  readonly clear: Readonly<Record<string, string>>;
  readonly contact: HouseholdBody["contact"];
  readonly responsible: HouseholdBody["responsible"];
  /** Newest first. */
  readonly visits: readonly VisitEntry[];
}

/** What the user must look at, most urgent first. */
export type NeedsMe =
  | { readonly is: "returned"; readonly visit: VisitEntry; readonly review: NonNullable<VisitBody["review"]> | null }
  | { readonly is: "stuck"; readonly visit: VisitEntry; readonly operation: StuckOperation };

/** A conflict of one of my visits, with what I have decided on this phone. */
export interface ConflictItem {
  readonly body: ConflictBody;
  readonly household_name: string;
  readonly address: string;
  /** Masked file, for the names that values refer to. */
  readonly file: HouseholdFile;
  /** Kinds of the two visits; `null` for one that is not on this phone. */
  readonly visit_types: { readonly theirs: string | null; readonly mine: string | null };
  /** Decided here: on its way to the server, or refused with `stuck`. */
  readonly decision: DecideConflictBody | null;
  readonly stuck: StuckOperation | null;
}

/** How much of my work stands where; each visit counts once. */
export interface WorkCounts {
  readonly drafts: number;
  /** Operations without a receipt. */
  readonly unsent: number;
  readonly stuck: number;
  /** Delivered and waiting for a decision. */
  readonly waiting: number;
  readonly returned: number;
}
