// The office's definitions as the phone has them.
import type { Definitions as FormData, Form, Regions as FormRegions } from "@/forms/definition";
import type { Store, UserDatabase } from "./database";
import { readMeta } from "./meta";
import type { Definitions, Proposal } from "./wire";

export interface LocalDefinitions {
  /** For the forms engine; the same object as long as nothing changed. */
  readonly data: FormData;
  /** The newest version of each form, by id. */
  readonly forms: ReadonlyMap<string, Form>;
  /** Any version, also one that the office has replaced since. */
  form(ref: Proposal["form"]): Form | undefined;
}

interface Memo {
  readonly stamp: string;
  readonly definitions: LocalDefinitions;
}

const memos = new WeakMap<UserDatabase, Memo>();

/** Definitions and regions, or `undefined` before the first sync has brought them. */
export async function findDefinitions(store: Store): Promise<LocalDefinitions | undefined> {
  const definitions = await readMeta(store.db, "definitions");
  const regions = await readMeta(store.db, "regions");
  if (definitions === null || regions === null) return undefined;
  const stamp = JSON.stringify([definitions.etag, definitions.body.version, regions.etag, regions.body.version]);
  const memo = memos.get(store.db);
  if (memo?.stamp === stamp) return memo.definitions;
  const made = localDefinitions(definitions.body, regions.body as unknown as FormRegions);
  memos.set(store.db, { stamp, definitions: made });
  return made;
}

function localDefinitions(body: Definitions, regions: FormRegions): LocalDefinitions {
  const all = formsOf(body);
  const newest = new Map<string, Form>();
  for (const form of all) if ((newest.get(form.id)?.version ?? 0) < form.version) newest.set(form.id, form);
  // The wire says "an object" of what docs/FORMS.md describes; the server has checked it.
  const { dictionary, codes } = body as unknown as Pick<FormData, "dictionary" | "codes">;
  return {
    data: { dictionary, codes, regions },
    forms: newest,
    form: ({ id, version }) => all.find((form) => form.id === id && form.version === version),
  };
}

function formsOf(body: Definitions): readonly Form[] {
  return body.forms as unknown as readonly Form[];
}

/** New definitions together with the form versions that they no longer carry. */
export function keepOlderForms(before: Definitions | null, now: Definitions): Definitions {
  const carried = new Set(formsOf(now).map((form) => `${form.id}.${form.version}`));
  const older = before === null ? [] : formsOf(before).filter((form) => !carried.has(`${form.id}.${form.version}`));
  return { ...now, forms: [...now.forms, ...(older as unknown as Definitions["forms"])] };
}
