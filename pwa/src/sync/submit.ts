// What the user does with a visit: send it, take it back, write it again, give it up.
// Each is one transaction that changes the rows and appends the operation.
import { canonicalHash } from "@/forms/canonical";
import { decode, encode } from "@/db/codec";
import type { Store, UserDatabase } from "@/db/database";
import { dropLocalHousehold, insertDraft } from "@/db/drafts";
import { readMeta, touch, writeAll } from "@/db/meta";
import type { DoorTimes, Draft, LocalVisit, OutboxRow, Settled } from "@/db/rows";
import { timeText } from "@/db/time";
import { isOpenState, outcomeOf } from "@/db/visitEntries";
import type { HouseholdFile } from "@/forms/definition";
import type { Proposal } from "@/db/wire";
import { appendOperation, settle } from "./outbox";
import { keepCopy } from "./secondCopy";

/** The part of a proposal that the forms engine computes from the answers. */
export type ProposedContent = Pick<Proposal, "visit" | "changes" | "later" | "unchanged" | "warnings">;

export type Submitted =
  | { readonly is: "submitted"; readonly visit_id: string; readonly op_id: string }
  /** Submitted or discarded meanwhile, perhaps in another tab. */
  | { readonly is: "gone" };

/**
 * Sends a draft on its way. `propose` gets the draft as it lies on the disk; a save that comes in between makes
 * it run again. When this resolves, the visit is on the disk as "saved", twice where the browser has a place for
 * the second copy, and the draft is gone.
 */
export async function submitDraft(
  store: Store,
  draftId: string,
  propose: (draft: Draft) => ProposedContent,
): Promise<Submitted> {
  const { db, platform } = store;
  for (;;) {
    const row = await db.drafts.get(draftId);
    if (!row) return { is: "gone" };
    const draft = decode(row.body);
    const proposal = await assemble(store, draft, propose(draft));
    const hash = await canonicalHash(proposal, platform.sha256);
    const opId = platform.newId();
    const done = await writeAll(db, async () => {
      const now = await db.drafts.get(draftId);
      if (now?.saves !== row.saves) return false;
      await storeSubmission(store, opId, draft, proposal, hash);
      return true;
    });
    if (!done) continue;
    await keepCopy(store);
    return { is: "submitted", visit_id: draft.id, op_id: opId };
  }
}

/**
 * When a visit submitted now ended, and how long it took. A correction keeps the times at the door.
 * A phone's clock that was set back meanwhile never lets a visit end before the work on it did.
 */
export function doorTimes(draft: Pick<Draft, "started_at" | "elapsed_ms" | "door">, now: Clock): DoorTimes {
  const { door = null } = draft;
  const monotonic_ms = door?.monotonic_ms ?? draft.elapsed_ms;
  const earliest = Date.parse(draft.started_at) + monotonic_ms;
  const ended = door === null ? now.nowMs : Date.parse(door.ended_at);
  return {
    ended_at: door !== null && ended >= earliest ? door.ended_at : timeText(Math.max(ended, earliest)),
    monotonic_ms,
    clock_offset_ms: door?.clock_offset_ms ?? now.clockOffsetMs,
  };
}

/** The phone's clock, and how far it is ahead of the server's, in milliseconds. */
export interface Clock {
  readonly nowMs: number;
  readonly clockOffsetMs: number;
}

/** Bytes that make the hash of two equal visits differ, so that nobody finds a number by trying them all. */
const NONCE_BYTES = 16;

const base64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function assemble(store: Store, draft: Draft, content: ProposedContent): Promise<Proposal> {
  const { clock_offset_ms } = await readMeta(store.db, "contact");
  const times = doorTimes(draft, { nowMs: store.platform.nowMs(), clockOffsetMs: clock_offset_ms });
  return {
    id: draft.id,
    rev: draft.rev,
    household_id: draft.household_id,
    base_rev: draft.base_rev,
    visit_type: draft.visit_type as Proposal["visit_type"],
    form: { id: draft.form.id, version: draft.form.version },
    dictionary_version: draft.dictionary_version,
    app_version: store.platform.appVersion,
    nonce: base64Url(store.platform.secretBytes(NONCE_BYTES)),
    started_at: draft.started_at,
    ended_at: times.ended_at,
    monotonic_ms: times.monotonic_ms,
    clock_offset_ms: times.clock_offset_ms,
    visit: content.visit,
    changes: content.changes,
    later: content.later,
    unchanged: content.unchanged,
    warnings: content.warnings,
    evidence: [...draft.evidence],
    signatures: [...draft.signatures] as Proposal["signatures"],
  };
}

async function storeSubmission(
  store: Store,
  opId: string,
  draft: Draft,
  proposal: Proposal,
  hash: string,
): Promise<void> {
  const { db } = store;
  const household = await db.households.get(draft.household_id);
  const summary = household && decode(household.summary);
  const visit: LocalVisit = {
    rev: proposal.rev,
    visit_type: proposal.visit_type,
    outcome: outcomeOf(proposal.visit),
    base_rev: proposal.base_rev,
    started_at: proposal.started_at,
    ended_at: proposal.ended_at,
    saved_at: timeText(store.platform.nowMs()),
    hash,
    op_id: opId,
    household_name: summary?.name ?? "",
    address: summary?.address ?? "",
  };
  await appendOperation(store, opId, {
    kind: "visit.submit",
    subject: draft.id,
    household_id: draft.household_id,
    after: null,
    body: { visit: proposal, hash },
    visit,
    draft,
  });
  const there = await db.visits.get(draft.id);
  await db.visits.put({
    id: draft.id,
    household_id: draft.household_id,
    gen: there?.gen ?? (await readMeta(db, "pull")).gen,
    open: 1,
    server: there?.server ?? null,
    local: encode(visit),
  });
  await settleAnswered(store, draft.id, "edited");
  await db.drafts.delete(draft.id);
  await touch(db);
}

/** The user has dealt with what the server refused or put aside about a visit; part of a transaction. */
async function settleAnswered(store: Store, visitId: string, settled: Settled): Promise<void> {
  for (const op of await store.db.outbox.where("subject").equals(visitId).toArray()) {
    if (op.state === "answered" && op.receipt) await settle(store, op, op.receipt, settled);
  }
}

/** Takes a visit back that was not decided yet, sent or not. Answers the operation's id. */
export async function withdrawVisit(store: Store, visitId: string, reason: string): Promise<string | undefined> {
  const { db } = store;
  const opId = store.platform.newId();
  const appended = await writeAll(db, async () => {
    const row = await db.visits.get(visitId);
    const ops = await db.outbox.where("subject").equals(visitId).sortBy("order");
    if (ops.some((op) => op.kind === "visit.withdraw" && op.state !== "answered")) return undefined;
    // One that the office has put aside may still be taken in: the withdrawal comes after it.
    const isUnderWay = (op: OutboxRow): boolean => op.state !== "answered" || op.receipt?.outcome === "parked";
    const submit = ops.filter((op) => op.kind === "visit.submit" && isUnderWay(op)).pop();
    const server = row?.server ? decode(row.server) : null;
    const local = submit ? decode(submit.visit) : row?.local ? decode(row.local) : null;
    const seen = local && (!server || local.rev > server.rev) ? local : server;
    if (!row || !seen) return undefined;
    const visit: LocalVisit = local ?? {
      rev: seen.rev,
      visit_type: seen.visit_type,
      outcome: seen.outcome,
      base_rev: seen.base_rev,
      started_at: seen.started_at,
      ended_at: seen.ended_at,
      saved_at: timeText(store.platform.nowMs()),
      hash: seen.hash,
      op_id: opId,
      household_name: "",
      address: "",
    };
    for (const op of ops) {
      if (op.kind === "visit.withdraw" && op.receipt) await settle(store, op, op.receipt, "edited");
    }
    await appendOperation(store, opId, {
      kind: "visit.withdraw",
      subject: visitId,
      household_id: row.household_id,
      after: submit?.id ?? null,
      body: { visit_id: visitId, rev: seen.rev, reason },
      visit,
      draft: null,
    });
    await touch(db);
    return opId;
  });
  await keepCopy(store);
  return appended;
}

/** Opens a refused or parked visit again; submitting it makes a new operation. `undefined` when it is not there. */
export async function editStuckVisit(store: Store, opId: string): Promise<Draft | undefined> {
  const row = await store.db.outbox.get(opId);
  if (row?.state !== "answered" || !row.draft) return undefined;
  const draft = decode(row.draft);
  const { visit } = decode(row.op).body as unknown as { readonly visit: Proposal };
  const updated_at = timeText(store.platform.nowMs());
  return insertDraft(store, { ...draft, door: doorOf(visit), replaces_op: opId, updated_at });
}

const doorOf = ({ ended_at, monotonic_ms, clock_offset_ms }: Proposal): DoorTimes => ({
  ended_at,
  monotonic_ms,
  clock_offset_ms,
});

/**
 * What the forms engine makes of a returned proposal; the draft begins with the file as it is now.
 * `undefined` when the form is not here.
 */
export type Reapply = (begun: Draft, proposal: Proposal) => Draft | undefined;

/** Opens a returned visit as its next revision, on the file as it is now. */
export async function editReturnedVisit(store: Store, visitId: string, reapply: Reapply): Promise<Draft | undefined> {
  const { db, platform } = store;
  const row = await db.visits.get(visitId);
  const server = row?.server ? decode(row.server) : null;
  if (server?.state !== "returned" || !server.proposal) return undefined;
  const stored = await db.files.get(server.household_id);
  const household = stored && decode(stored.body);
  const known = household !== undefined && household.rev > 0;
  const base = household ? (household.file as HouseholdFile) : null;
  const { proposal } = server;
  const begun: Draft = {
    id: visitId,
    household_id: server.household_id,
    rev: server.rev + 1,
    base_rev: household?.rev ?? 0,
    visit_type: server.visit_type,
    form: proposal.form,
    dictionary_version: proposal.dictionary_version,
    is_new: !known,
    base,
    answers: {
      file: base ?? {},
      visit: proposal.visit as Draft["answers"]["visit"],
      later: proposal.later,
    },
    unchanged: [...proposal.unchanged],
    warnings: [...proposal.warnings],
    evidence: [...proposal.evidence],
    signatures: [...proposal.signatures],
    section: null,
    focus: null,
    started_at: proposal.started_at,
    replaces_op: null,
    updated_at: timeText(platform.nowMs()),
    elapsed_ms: proposal.monotonic_ms,
    door: doorOf(proposal),
  };
  const draft = reapply(begun, proposal);
  return draft && insertDraft(store, draft);
}

/** Gives up a refused or parked operation; ask before. The server keeps its copy. */
export async function discardStuck(store: Store, opId: string): Promise<void> {
  const { db } = store;
  await writeAll(db, async () => {
    const row = await db.outbox.get(opId);
    if (row?.state !== "answered" || !row.receipt) return;
    if (row.kind === "visit.submit") {
      // A withdrawal of what never arrived has nothing left to be about.
      await settleAnswered(store, row.subject, "discarded");
      await forgetLocalVisit(db, row);
    } else await settle(store, row, row.receipt, "discarded");
    // The card of a decision stayed for its author's eyes only.
    if (row.kind === "conflict.decide" && (await db.conflicts.get(row.subject))?.open === 0) await db.conflicts.delete(row.subject);
    await dropLocalHousehold(db, row.household_id);
    await touch(db);
  });
}

async function forgetLocalVisit(db: UserDatabase, op: OutboxRow): Promise<void> {
  const row = await db.visits.get(op.subject);
  if (!row?.local || decode(row.local).op_id !== op.id) return;
  if (!row.server) await db.visits.delete(row.id);
  else await db.visits.put({ ...row, local: null, open: isOpenState(decode(row.server).state) ? 1 : 0 });
}
