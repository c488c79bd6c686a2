// The published definitions as they lie on the phone, made once per version: what is compiled from them is kept
// per object.

import type { Store } from "@/db/database";
import { readMeta } from "@/db/meta";
import type { Codes, Definitions, Dictionary, Form } from "@/forms";

export interface Published {
  readonly definitions: Definitions;
  readonly forms: readonly Form[];
}

let latest: { readonly key: string; readonly published: Published } | null = null;

/** `null` before the first sync has brought them. */
export async function readPublished(store: Store): Promise<Published | null> {
  const published = await readMeta(store.db, "definitions");
  const regions = await readMeta(store.db, "regions");
  if (!published || !regions || published.body.forms.length === 0) return null;
  const key = [published.body.version, published.etag, regions.body.version, regions.etag].join(" ");
  if (latest?.key !== key) {
    const definitions: Definitions = {
      dictionary: published.body.dictionary as unknown as Dictionary,
      codes: published.body.codes as unknown as Codes,
      // The list is the same; only its version is a text on the wire.
      regions: { version: 1, regions: regions.body.regions },
    };
    latest = { key, published: { definitions, forms: published.body.forms as unknown as readonly Form[] } };
  }
  return latest.published;
}

/** The newest form of a kind of visit. */
export function formFor(forms: readonly Form[], visitType: string): Form | undefined {
  return forms.filter((form) => form.visit_type === visitType).reduce<Form | undefined>(
    (newest, form) => (!newest || form.version > newest.version ? form : newest),
    undefined,
  );
}

export const formOf = (forms: readonly Form[], id: string, version: number): Form | undefined =>
  forms.find((form) => form.id === id && form.version === version);
