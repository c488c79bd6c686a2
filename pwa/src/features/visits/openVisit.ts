// Starting a visit, and opening one again wherever it stands: a draft to go on with, a sent one to look at.

import { type Store } from "@/db/database";
import { findDraftOf, openDraft, startDraft } from "@/db/drafts";
import { findHousehold } from "@/db/households";
import { today as readToday } from "@/db/time";
import { findVisit } from "@/db/visits";
import type { VisitEntry } from "@/db/rows";
import { type Definitions, type Form, type HouseholdFile, applyChanges, normaliseFile } from "@/forms";
import { editReturnedVisit } from "@/sync/submit";
import { formFor, formOf, readPublished } from "./definitions";
import type { VisitDraft } from "./logic/draft";
import { homeRegion } from "./logic/regions";

export interface OpenedDraft {
  readonly is: "draft";
  readonly draft: VisitDraft;
  readonly definitions: Definitions;
  readonly form: Form;
  readonly today: string;
  readonly householdName: string;
  /** Phone numbers in clear, by path. */
  readonly clear: Readonly<Record<string, string>>;
  /** Set when a returned visit is mended. */
  readonly review: VisitEntry["review"];
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
  const published = await readPublished(store);
  const form = published && formOf(published.forms, draft.form.id, draft.form.version);
  if (!published || !form) return { is: "no_form" };
  const household = await findHousehold(store, draft.household_id);
  return {
    is: "draft",
    draft,
    definitions: published.definitions,
    form,
    today: await readToday(store),
    householdName: household?.name ?? "",
    clear: household?.clear ?? {},
    review: draft.rev > 1 ? (entry?.review ?? null) : null,
  };
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
  const published = await readPublished(store);
  const form = published && formFor(published.forms, visitType);
  if (!published || !form) return { is: "no_form" };
  const household = householdId === null ? undefined : await findHousehold(store, householdId);
  const base = household && !household.local ? household.file : null;
  const draft = await startDraft(store, {
    household_id: householdId,
    visit_type: visitType,
    form: { id: form.id, version: form.version },
    dictionary_version: published.definitions.dictionary.version,
    base,
    base_rev: household?.rev ?? 0,
    file: base ?? homeRegion(store.user.scope),
  });
  return { is: "started", id: draft.id };
}

/** Opens a returned visit as its next revision; `null` when it is not there to be mended any more. */
export async function mendVisit(store: Store, id: string): Promise<string | null> {
  const published = await readPublished(store);
  if (!published) return null;
  const { dictionary } = published.definitions;
  const draft = await editReturnedVisit(store, id, (base, proposal): HouseholdFile => {
    const applied = applyChanges(dictionary, base, proposal.changes as Parameters<typeof applyChanges>[2]);
    return applied.is === "applied" ? applied.file : normaliseFile(dictionary, base);
  });
  return draft?.id ?? null;
}
