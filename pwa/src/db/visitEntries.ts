// One visit from its up to four traces: server's record, sent revision, outbox, draft. Pure.
import { decode } from "./codec";
import type { Draft, DraftRow, LocalVisit, OutboxRow, StuckOperation, VisitEntry, VisitRow, VisitStatus } from "./rows";
import type { VisitBody, VisitState } from "./wire";

/** What the phone holds about one visit. */
export interface Traces {
  readonly id: string;
  readonly household_id: string;
  readonly row: VisitRow | undefined;
  /** In the order of recording. */
  readonly ops: readonly OutboxRow[];
  readonly draft: DraftRow | undefined;
  /** How many of its conflicts nobody has decided. */
  readonly open_conflicts: number;
}

export interface Reader {
  readonly user_id: string;
  readonly user_name: string;
  /** Name and address for lists; empty when the household is not on the phone. */
  readonly household: { readonly name: string; readonly address: string };
  /** Whether the household is on the phone. */
  readonly is_here: boolean;
}

const BY_STATE: Record<VisitState, VisitStatus> = {
  submitted: "delivered",
  conflict: "conflict",
  in_review: "in_review",
  approved: "approved",
  returned: "returned",
  rejected: "rejected",
  withdrawn: "withdrawn",
};

/** Whether a server state leaves something to do for anybody. */
export function isOpenState(state: VisitState): boolean {
  return state === "submitted" || state === "conflict" || state === "in_review" || state === "returned";
}

export function stuckOf(op: OutboxRow): StuckOperation | null {
  if (op.state !== "answered" || op.receipt === null) return null;
  const { outcome, code, errors } = op.receipt;
  return { id: op.id, kind: op.kind, outcome, code: code ?? null, errors: errors ?? [] };
}

function last<T>(items: readonly T[], matches: (item: T) => boolean): T | undefined {
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const item = items[at];
    if (item !== undefined && matches(item)) return item;
  }
  return undefined;
}

function statusOf(
  draft: DraftRow | undefined,
  submit: OutboxRow | undefined,
  local: LocalVisit | null,
  server: VisitBody | null,
): VisitStatus {
  if (draft) return "draft";
  if (submit) {
    if (submit.state === "sending") return "sending";
    if (submit.state === "queued") return "saved_local";
    return submit.receipt?.outcome === "refused" ? "refused" : "parked";
  }
  if (server && (!local || server.rev >= local.rev)) return BY_STATE[server.state];
  return "delivered";
}

/** The entry of a time line; `null` when nothing is left of the visit. */
export function visitEntry(traces: Traces, reader: Reader): VisitEntry | null {
  const server = traces.row?.server ? decode(traces.row.server) : null;
  const submit = last(traces.ops, (op) => op.kind === "visit.submit");
  const withdraw = last(traces.ops, (op) => op.kind === "visit.withdraw");
  const local = submit ? decode(submit.visit) : traces.row?.local ? decode(traces.row.local) : null;
  const draft = traces.draft ? decode(traces.draft.body) : null;
  const newest = newestOf(draft, local, server);
  if (!newest) return null;
  return {
    id: traces.id,
    household_id: traces.household_id,
    household_name: reader.household.name || (local?.household_name ?? ""),
    address: reader.household.address || (local?.address ?? ""),
    status: statusOf(traces.draft, submit, local, server),
    ...newest,
    mine: draft !== null || local !== null || server?.visitor.id === reader.user_id,
    visitor_name: server?.visitor.name ?? reader.user_name,
    received_at: server?.received_at ?? null,
    review: server?.review ?? null,
    file_rev: server?.file_rev ?? null,
    withdrawing: withdraw !== undefined && withdraw.state !== "answered",
    open_conflicts: traces.open_conflicts,
    handed_over: server?.visitor.id === reader.user_id && !reader.is_here,
    stuck: (submit && stuckOf(submit)) ?? (withdraw && stuckOf(withdraw)) ?? null,
  };
}

function newestOf(draft: Draft | null, local: LocalVisit | null, server: VisitBody | null) {
  if (draft) {
    const { rev, base_rev, visit_type, started_at } = draft;
    return { rev, base_rev, visit_type, started_at, ended_at: null, outcome: outcomeOf(draft.answers.visit) };
  }
  const seen = local && (!server || local.rev > server.rev) ? local : server;
  if (!seen) return null;
  const { rev, base_rev, visit_type, started_at, ended_at, outcome } = seen;
  return { rev, base_rev, visit_type, started_at, ended_at, outcome };
}

/** The answer `visit/outcome`; empty while it is not given. */
export function outcomeOf(visit: Readonly<Record<string, unknown>>): string {
  return typeof visit["outcome"] === "string" ? visit["outcome"] : "";
}
