// What a reviewer has marked and typed and not sent yet, by visit: kept from page to page until the sign-out.
import { reactive } from "vue";
import type { Store } from "@/db/database";
import type { DecisionDraft } from "./logic/decision";

const kept = new WeakMap<Store, Map<string, DecisionDraft>>();

/** The same map for the same signed-in user; another sign-in begins with an empty one. */
export function decisionDraftsOf(store: Store): Map<string, DecisionDraft> {
  const there = kept.get(store);
  if (there) return there;
  const made = reactive(new Map<string, DecisionDraft>());
  kept.set(store, made);
  return made;
}
