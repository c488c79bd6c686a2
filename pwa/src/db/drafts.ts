// Visits that are being written. Saving is one strict transaction; how often is the caller's choice.
import type { HouseholdFile, VisitAnswers } from "@/forms/definition";
import { decode, encode } from "./codec";
import type { Store, UserDatabase } from "./database";
import { summaryOfDraft } from "./households";
import { readMeta, touch, writeAll } from "./meta";
import type { Draft, DraftRow } from "./rows";
import { timeText } from "./time";
import type { Proposal } from "./wire";

export interface NewDraft {
  /** `null` for a household that was found on the spot. */
  readonly household_id: string | null;
  readonly visit_type: string;
  readonly form: Proposal["form"];
  readonly dictionary_version: number;
  /** The file that the caseworker sees, and its revision; `null` and 0 for a new household. */
  readonly base: HouseholdFile | null;
  readonly base_rev: number;
  /** Answers to start with. */
  readonly file: HouseholdFile;
  readonly visit?: VisitAnswers;
}

/** What this window knows of a draft that it opened. */
interface Mark {
  /** When it was last looked at, by the monotonic clock. */
  readonly at: number;
  /** How often it had been saved then; another number on the disk means that another window went on with it. */
  readonly saves: number;
}
const marks = new WeakMap<UserDatabase, Map<string, Mark>>();

function marksOf(db: UserDatabase): Map<string, Mark> {
  const found = marks.get(db) ?? new Map<string, Mark>();
  marks.set(db, found);
  return found;
}

/** Starts a visit. A household found on the spot is listed from now on. */
export async function startDraft(store: Store, input: NewDraft): Promise<Draft> {
  const { platform } = store;
  const now = timeText(platform.nowMs());
  const draft: Draft = {
    id: platform.newId(),
    household_id: input.household_id ?? platform.newId(),
    rev: 1,
    base_rev: input.base_rev,
    visit_type: input.visit_type,
    form: input.form,
    dictionary_version: input.dictionary_version,
    is_new: input.household_id === null,
    base: input.base,
    answers: { file: input.file, visit: input.visit ?? {}, later: [] },
    unchanged: [],
    warnings: [],
    evidence: [],
    signatures: [],
    section: null,
    focus: null,
    started_at: now,
    replaces_op: null,
    updated_at: now,
    elapsed_ms: 0,
  };
  return insertDraft(store, draft);
}

/** Stores a draft that was not there before; an existing one of the same visit is kept and returned. */
export async function insertDraft(store: Store, draft: Draft): Promise<Draft> {
  const { db } = store;
  const fresh = plain(draft);
  const stored = await writeAll(db, async () => {
    const there = await db.drafts.get(draft.id);
    if (there) return { draft: decode(there.body), saves: there.saves };
    await db.drafts.add(rowOf(fresh, 0));
    await writeLocalHousehold(db, fresh);
    await touch(db);
    return { draft: fresh, saves: 0 };
  });
  marksOf(db).set(draft.id, { at: store.platform.monotonicMs(), saves: stored.saves });
  return stored.draft;
}

// A draft is JSON; the copy takes off what a screen may have wrapped around it, which IndexedDB refuses to store.
function plain(draft: Draft): Draft {
  return JSON.parse(JSON.stringify(draft)) as Draft;
}

function rowOf(draft: Draft, saves: number): DraftRow {
  return { id: draft.id, household_id: draft.household_id, updated_at: draft.updated_at, saves, body: encode(draft) };
}

/** Keeps what lists show of a new household in step with its draft; says whether anything changed. */
async function writeLocalHousehold(db: UserDatabase, draft: Draft): Promise<boolean> {
  if (!draft.is_new) return false;
  const there = await db.households.get(draft.household_id);
  if (there && !there.local) return false;
  const summary = summaryOfDraft(draft.answers.file);
  if (there && JSON.stringify(decode(there.summary)) === JSON.stringify(summary)) return false;
  await db.households.put({
    id: draft.household_id,
    gen: (await readMeta(db, "pull")).gen,
    local: true,
    summary: encode(summary),
  });
  return true;
}

/**
 * Saves the whole draft. Answers the draft as it now lies on the disk, or `undefined` when it is not this window's
 * to save any more: gone (submitted or discarded meanwhile), or saved by another window since this one opened it.
 * A late save never brings a draft back and never writes over what another window wrote.
 */
export async function saveDraft(store: Store, draft: Draft): Promise<Draft | undefined> {
  const { db, platform } = store;
  const mark = marksOf(db).get(draft.id);
  const monotonic = platform.monotonicMs();
  const saved = await db.transaction("rw", [db.drafts, db.households, db.meta], async () => {
    const there = await db.drafts.get(draft.id);
    if (!there || (mark && mark.saves !== there.saves)) return undefined;
    const worked = mark === undefined ? 0 : Math.max(0, Math.round(monotonic - mark.at));
    const next: Draft = {
      ...plain(draft),
      updated_at: timeText(platform.nowMs()),
      elapsed_ms: decode(there.body).elapsed_ms + worked,
    };
    await db.drafts.put(rowOf(next, there.saves + 1));
    if (await writeLocalHousehold(db, next)) await touch(db);
    return { draft: next, saves: there.saves + 1 };
  });
  if (saved) marksOf(db).set(draft.id, { at: monotonic, saves: saved.saves });
  return saved?.draft;
}

/** Opens a draft to go on with it; work time counts from now on. */
export async function openDraft(store: Store, id: string): Promise<Draft | undefined> {
  const row = await store.db.drafts.get(id);
  if (!row) return undefined;
  marksOf(store.db).set(id, { at: store.platform.monotonicMs(), saves: row.saves });
  return decode(row.body);
}

/** The draft of a household, if one is being written. */
export async function findDraftOf(store: Store, householdId: string): Promise<Draft | undefined> {
  const row = await store.db.drafts.where("household_id").equals(householdId).first();
  return row && decode(row.body);
}

/** Every draft, the latest first. */
export async function listDrafts(store: Store): Promise<Draft[]> {
  const rows = await store.db.drafts.orderBy("updated_at").reverse().toArray();
  return rows.map((row) => decode(row.body));
}

/** Throws a draft away; ask before. */
export async function discardDraft(store: Store, id: string): Promise<void> {
  const { db } = store;
  await writeAll(db, async () => {
    const row = await db.drafts.get(id);
    if (!row) return;
    await db.drafts.delete(id);
    await dropLocalHousehold(db, row.household_id);
    await touch(db);
  });
}

/** Drops a household that only this phone knew once nothing of it is left; part of a transaction. */
export async function dropLocalHousehold(db: UserDatabase, id: string): Promise<void> {
  const household = await db.households.get(id);
  if (!household?.local) return;
  const traces =
    (await db.drafts.where("household_id").equals(id).count()) +
    (await db.outbox.where("household_id").equals(id).count()) +
    (await db.visits.where("household_id").equals(id).count());
  if (traces === 0) await db.households.delete(id);
}
