// Whom the queue can be narrowed to: the visitors seen in it, and for who may see the accounts of their area, all
// of those who visit.
import { type ComputedRef, type Ref, computed, shallowRef, watch } from "vue";
import type { Api } from "@/api/client";
import { placesOf } from "../auth";
import type { VisitSummary } from "./wire";

export interface Visitor {
  readonly id: string;
  readonly name: string;
}

const VISITING = ["caseworker", "responsible", "grassroots_admin"] as const;
const MOST = 200;
const byName = new Intl.Collator("zh");

export function useVisitors(api: Pick<Api, "ask">, role: string, items: Ref<readonly VisitSummary[]>): ComputedRef<Visitor[]> {
  const known = shallowRef<ReadonlyMap<string, string>>(new Map());
  const add = (more: readonly Visitor[]): void => {
    const next = new Map(known.value);
    for (const { id, name } of more) next.set(id, name);
    if (next.size > known.value.size) known.value = next;
  };
  watch(
    items,
    (now) => {
      add(now.map((item) => item.visitor));
    },
    { immediate: true },
  );
  async function askAll(): Promise<void> {
    for (const visiting of VISITING) {
      const query = { role: visiting, limit: MOST };
      const answer = await api.ask((http) => http.GET("/api/v1/users", { params: { query } }));
      // Without the list, those in the queue remain.
      if (!answer.ok) return;
      add(answer.data.items);
    }
  }
  if (placesOf(role).includes("users")) void askAll();
  return computed(() =>
    [...known.value].map(([id, name]) => ({ id, name })).sort((a, b) => byName.compare(a.name, b.name)),
  );
}
