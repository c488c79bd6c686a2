// What a caseworker does with the app: the same functions that the pages call.
import { decode } from "@/db/codec";
import type { Store } from "@/db/database";
import { discardDraft, openDraft, saveDraft } from "@/db/drafts";
import { findDefinitions } from "@/db/definitions";
import { readMeta } from "@/db/meta";
import type { Draft, HouseholdSummary, LocalVisit } from "@/db/rows";
import type { ConflictBody, DecideConflictBody, Proposal, VisitBody } from "@/db/wire";
import type { VisitDraft } from "@/features/visits/logic/draft";
import { mendVisit, openVisit, startVisit } from "@/features/visits/openVisit";
import { decideConflicts } from "@/sync/decide";
import { discardStuck, editStuckVisit, submitDraft, withdrawVisit } from "@/sync/submit";
import type { Chance } from "./chance";
import type { Ledger, Saved, SavedKind } from "./ledger";
import type { Phone } from "./phone";
import { contentOfDraft, fillIn, firstSurvey, revisit, type Books } from "./visits";

export const TOWNS = ["150602001", "150602002", "150603001"];

interface Books2 extends Books {
  readonly clock: { nowMs: number; clockOffsetMs: number };
}

/** The books that belong to a draft: definitions, form, and the phone's clock. */
async function booksOf(store: Store, draft: Draft): Promise<Books2 | null> {
  const published = await findDefinitions(store);
  const form = published?.form(draft.form);
  if (!published || !form) return null;
  const { clock_offset_ms } = await readMeta(store.db, "contact");
  return { data: published.data, form, clock: { nowMs: store.platform.nowMs(), clockOffsetMs: clock_offset_ms } };
}

export class Caseworker {
  private readonly store: Store;
  private readonly phone: Phone;
  private readonly chance: Chance;
  private readonly ledger: Ledger;

  constructor(store: Store, phone: Phone, chance: Chance, ledger: Ledger) {
    this.store = store;
    this.phone = phone;
    this.chance = chance;
    this.ledger = ledger;
  }

  /** Writes a visit from door to "saved"; what happened, for the count. */
  async visit(): Promise<string> {
    const { store, chance } = this;
    const households = await store.db.households.toArray();
    const isNew = households.length === 0 || chance.happens(0.25);
    const at = isNew ? null : chance.pick(households);
    const rev = at ? decode(at.summary as unknown as Parameters<typeof decode<HouseholdSummary>>[0]).rev : 0;
    const started = await startVisit(store, at?.id ?? null, rev > 0 ? "V02" : "V01");
    if (started.is === "no_form") return "no_form";
    return this.write(started.id, chance.happens(0.15));
  }

  /** Goes on with a draft; `later`: leaves it lying. */
  async write(id: string, later: boolean): Promise<string> {
    const { store, chance } = this;
    const opened = await openVisit(store, id);
    if (opened.is !== "draft") return `draft_${opened.is}`;
    const books = await booksOf(store, opened.draft);
    if (!books) return "no_form";
    const isFirst = opened.draft.visit_type === "V01";
    let draft: VisitDraft = isFirst
      ? firstSurvey(opened.draft, chance.happens(0.3), chance.pick(TOWNS.filter((town) => town.startsWith(store.user.scope))), chance, this.ledger)
      : revisit(opened.draft, chance);
    const half = await saveDraft(store, { ...draft, section: "basic", focus: null });
    if (!half) return "draft_lost";
    if (later) return "draft_left";
    draft = fillIn({ ...half }, books, books.clock);
    if (!(await saveDraft(store, draft))) return "draft_lost";
    return this.send(id);
  }

  async send(id: string): Promise<string> {
    const { store } = this;
    const draft = await openDraft(store, id);
    const books = draft && (await booksOf(store, draft));
    if (!draft || !books) return "draft_lost";
    const done = await submitDraft(store, id, (now) => contentOfDraft(now, books, books.clock));
    if (done.is === "gone") return "draft_gone";
    await this.note(done.op_id, "visit.submit", done.visit_id);
    return "submitted";
  }

  /** What the person was shown as saved goes into the ledger, as it lies on the disk at that moment. */
  private async note(op: string, kind: SavedKind, subject: string): Promise<void> {
    const row = await this.store.db.outbox.get(op);
    const receipt = row ? undefined : await this.store.db.receipts.get(op);
    const kept = row ?? receipt?.kept;
    const body = kept ? (decode(kept.op).body as unknown as { visit?: Proposal; hash?: string; rev?: number }) : {};
    const { user } = this.store;
    const rev = body.visit?.rev ?? body.rev ?? 0;
    const { name, world } = this.phone;
    await this.noteReplaced(subject);
    this.ledger.saved.push({ op, kind, subject, rev, hash: body.hash ?? "", phone: name, user: user.id, atMs: world.clock.nowMs, fate: "held", dealt: false, forgotten: null });
    this.ledger.trace(`saved ${op} ${body.hash ?? ""}`);
  }

  private held(subject: string): Saved[] {
    const isOwn = (one: Saved): boolean => one.phone === this.phone.name && one.user === this.store.user.id;
    return this.ledger.saved.filter((one) => one.subject === subject && one.fate === "held" && isOwn(one));
  }

  /** What its author has said anew, after a refusal, is not theirs any more. */
  private async noteReplaced(subject: string): Promise<void> {
    for (const saved of this.held(subject)) {
      const receipt = await this.store.db.receipts.get(saved.op);
      if (receipt && receipt.settled !== "delivered") saved.fate = "given_up";
    }
  }

  /** Goes on with something that lies there: a draft, a visit that came back, a refusal. */
  async tidy(): Promise<string> {
    const { store, chance } = this;
    const stuck = await store.db.outbox.where("state").equals("answered").toArray();
    const drafts = await store.db.drafts.toArray();
    const returned = (await store.db.visits.toArray()).filter((row) => row.server && (decode(row.server) as VisitBody).state === "returned");
    const one = stuck[0];
    if (one && chance.happens(0.7)) {
      // A kill may come after the deed and before it is noted here: the last look asks the phone.
      for (const saved of this.held(one.subject)) saved.dealt = true;
      if (one.kind === "visit.submit" && chance.happens(0.6) && (await editStuckVisit(store, one.id))) return this.write(one.subject, false);
      const before = new Set((await store.db.outbox.where("subject").equals(one.subject).toArray()).map((row) => row.id));
      await discardStuck(store, one.id);
      for (const saved of this.ledger.saved) if (before.has(saved.op) && !(await store.db.outbox.get(saved.op))) saved.fate = "given_up";
      return "gave_up";
    }
    const draft = drafts.length > 0 ? chance.pick(drafts) : null;
    if (draft && chance.happens(0.6)) {
      if (chance.happens(0.2)) {
        await discardDraft(store, draft.id);
        return "draft_discarded";
      }
      return this.write(draft.id, false);
    }
    const back = returned.length > 0 ? chance.pick(returned) : null;
    if (!back) return "nothing";
    const id = await mendVisit(store, back.id);
    return id === null ? "not_mended" : this.write(id, false);
  }

  /** Takes back one of the own visits. */
  async withdraw(): Promise<string> {
    const { store, chance } = this;
    const rows = await store.db.visits.where("open").equals(1).toArray();
    const mine = rows.filter((row) => {
      const server = row.server ? (decode(row.server) as VisitBody) : null;
      return (row.local && (decode(row.local) as LocalVisit).rev > 0) || server?.visitor.id === store.user.id;
    });
    if (mine.length === 0) return "nothing";
    const visit = chance.pick(mine);
    const op = await withdrawVisit(store, visit.id, "走错门");
    if (op === undefined) return "not_withdrawn";
    await this.note(op, "visit.withdraw", visit.id);
    return "withdrawn";
  }

  /** Says which value counts, for one card or for all that lie there. */
  async decide(): Promise<string> {
    const { store, chance } = this;
    const open = (await store.db.conflicts.where("open").equals(1).toArray()).map((row) => decode(row.body));
    const mine = open.filter((body) => body.mine.by.id === store.user.id);
    if (mine.length === 0) return "nothing";
    const decisions = (chance.happens(0.3) ? mine : [chance.pick(mine)]).map((body) => decisionAbout(body, chance));
    const known = new Set(this.ledger.saved.map((saved) => saved.op));
    if ((await decideConflicts(store, decisions)) === 0) return "not_decided";
    const rows = await store.db.outbox.toArray();
    const receipts = await store.db.receipts.toArray();
    const made = [...rows.map(({ id, kind, subject }) => ({ id, kind, subject })), ...receipts.map(({ op_id, kind, subject }) => ({ id: op_id, kind, subject }))];
    const asked = new Set(decisions.map((decision) => decision.conflict_id));
    for (const { id, kind, subject } of made) {
      if (kind === "conflict.decide" && asked.has(subject) && !known.has(id)) await this.note(id, kind, subject);
    }
    return "decided";
  }
}

function decisionAbout(body: ConflictBody, chance: Chance): DecideConflictBody {
  const conflict_id = body.id;
  const choice = chance.pick(["mine", "mine", "theirs", "theirs", "other", "revisit"] as const);
  // Whether two files are one household is answered with yes or no.
  if (body.kind === "twice") return { conflict_id, choice: choice === "mine" ? "mine" : "theirs" };
  if (choice !== "other") return { conflict_id, choice };
  if (typeof body.mine.value !== "string") return { conflict_id, choice: "revisit" };
  return { conflict_id, choice, value: `${body.mine.value.slice(0, 40)}（已核对${chance.below(1000)}）`, reason: "当面问过" };
}
