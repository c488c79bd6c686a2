// Starting a visit, and opening one again wherever it stands: a draft to go on with, a sent one to look at.

import { decode } from "@/db/codec";
import type { Store } from "@/db/database";
import { findDraftOf, openDraft, startDraft } from "@/db/drafts";
import { findHousehold } from "@/db/households";
import { findVisit } from "@/db/visits";
import type { Draft, StuckOperation, VisitEntry } from "@/db/rows";
import { type LocalDefinitions, findDefinitions } from "@/db/definitions";
import { readMeta } from "@/db/meta";
import type { Definitions, Form } from "@/forms";
import { editReturnedVisit, editStuckVisit } from "@/sync/submit";
import type { VisitDraft } from "./logic/draft";
import { reopened } from "./logic/mend";
import { homeRegion } from "./logic/regions";

export interface OpenedDraft {
  readonly is: "draft";
  readonly draft: VisitDraft;
  readonly definitions: Definitions;
  readonly form: Form;
  /** How far the phone's clock is ahead, in milliseconds, by the last contact. */
  readonly clockOffsetMs: number;
  readonly householdName: string;
  /** Phone numbers in clear, by path. */
  readonly clear: Readonly<Record<string, string>>;
  /** Set when a returned visit is mended. */
  readonly review: VisitEntry["review"];
  /** Set when a visit is mended that the server did not take. */
  readonly refused: Refused | null;
}
/** What the server said about a visit that it did not take, and the answers that it said it about. */
export interface Refused extends Pick<StuckOperation, "outcome" | "code" | "errors"> {
  readonly answers: Draft["answers"];
}
export type Opened =
  | OpenedDraft
  | { readonly is: "sent"; readonly entry: VisitEntry }
  | { readonly is: "missing" }
  /** The forms have not been loaded yet, or not the version of this draft. */
  | { readonly is: "no_form" };

export async function openVisit(store: Store, id: string): Promise<Opened> {
  const draft = await openDraft(store, id);
  const entry = await findVisit(store, id);
  if (!draft) return entry ? { is: "sent", entry } : { is: "missing" };
  const published = await findDefinitions(store);
  const form = published?.form(draft.form);
  if (!published || !form) return { is: "no_form" };
  const household = await findHousehold(store, draft.household_id);
  const { clock_offset_ms } = await readMeta(store.db, "contact");
  return {
    is: "draft",
    draft,
    definitions: published.data,
    form,
    clockOffsetMs: clock_offset_ms,
    householdName: household?.name ?? "",
    clear: household?.clear ?? {},
    review: draft.rev > 1 ? (entry?.review ?? null) : null,
    refused: await refusedOf(store, draft, entry?.stuck ?? null),
  };
}

async function refusedOf(store: Store, draft: Draft, stuck: StuckOperation | null): Promise<Refused | null> {
  if (!stuck || stuck.id !== draft.replaces_op) return null;
  const sent = await findStuck(store, stuck.id);
  return sent ? { ...stuck, answers: sent.answers } : null;
}

/** The draft that an answered operation was made from. */
export async function findStuck(store: Store, opId: string): Promise<Draft | undefined> {
  const row = await store.db.outbox.get(opId);
  return row?.draft ? decode(row.draft) : undefined;
}

export type Started =
  | { readonly is: "started"; readonly id: string }
  /** Somebody here is already writing about this household. */
  | { readonly is: "there"; readonly id: string }
  | { readonly is: "no_form" };

/** Starts a visit at a household, or with `null` at one found on the spot. One draft per household. */
export async function startVisit(store: Store, householdId: string | null, visitType: string): Promise<Started> {
  const there = householdId === null ? undefined : await findDraftOf(store, householdId);
  if (there) return { is: "there", id: there.id };
  const published = await findDefinitions(store);
  const form = published && newestFor(published, visitType);
  if (!published || !form) return { is: "no_form" };
  const household = householdId === null ? undefined : await findHousehold(store, householdId);
  const base = household && !household.local ? household.file : null;
  const draft = await startDraft(store, {
    household_id: householdId,
    visit_type: visitType,
    form: { id: form.id, version: form.version },
    dictionary_version: published.data.dictionary.version,
    base,
    base_rev: household?.rev ?? 0,
    file: base ?? homeRegion(store.user.scope),
  });
  return { is: "started", id: draft.id };
}

/** The newest form of a kind of visit. */
const newestFor = ({ forms }: LocalDefinitions, visitType: string): Form | undefined =>
  [...forms.values()].filter((form) => form.visit_type === visitType).sort((a, b) => b.version - a.version)[0];

/** Opens a returned visit as its next revision; `null` when it is not there to be mended, or its form is not. */
export async function mendVisit(store: Store, id: string): Promise<string | null> {
  const published = await findDefinitions(store);
  if (!published) return null;
  const draft = await editReturnedVisit(store, id, (begun, proposal) => {
    const form = published.form(proposal.form);
    return form ? reopened(published.data, form, begun, proposal) : undefined;
  });
  return draft?.id ?? null;
}

/** Opens a visit again that the server did not take; `null` when that was dealt with meanwhile. */
export async function mendRefused(store: Store, stuck: StuckOperation): Promise<string | null> {
  return (await editStuckVisit(store, stuck.id))?.id ?? null;
}
