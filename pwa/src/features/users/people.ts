// Accounts of one's area, asked of the server page by page.
import { type Ref, type ShallowRef, onScopeDispose, readonly, ref, shallowRef, watch } from "vue";
import type { Api } from "@/api/client";
import type { Problem, Result } from "@/api/problem";
import type { components } from "@/api/schema.gen";
import type { CreateUser, PatchUser, Role, StaffView } from "./logic/staff";

type Saved = components["schemas"]["StaffSaved"];
const PAGE = 50;
/** Typing is asked about once it pauses. */
const PAUSE_MS = 300;

export interface PeopleFilter {
  readonly words: string;
  readonly role: Role | "";
}

export interface People {
  readonly filter: Ref<PeopleFilter>;
  readonly items: Readonly<ShallowRef<readonly StaffView[]>>;
  readonly state: Readonly<Ref<"loading" | "more" | "ready">>;
  readonly problem: Readonly<ShallowRef<Problem | null>>;
  readonly hasMore: Readonly<Ref<boolean>>;
  reload(): Promise<void>;
  grow(): Promise<void>;
  create(body: CreateUser): Promise<Result<Saved>>;
  update(id: string, body: PatchUser): Promise<Result<Saved>>;
}

export function usePeople(api: Pick<Api, "ask">, allowed: boolean): People {
  const filter = ref<PeopleFilter>({ words: "", role: "" });
  const items = shallowRef<readonly StaffView[]>([]);
  const state = ref<"loading" | "more" | "ready">("loading");
  const problem = shallowRef<Problem | null>(null);
  const cursor = ref<string | null>(null);
  const hasMore = ref(false);
  let asked = 0;
  let pause: ReturnType<typeof setTimeout> | undefined;

  async function ask(from: string | null): Promise<void> {
    const mine = ++asked;
    state.value = from === null ? "loading" : "more";
    const words = filter.value.words.trim();
    const query = {
      limit: PAGE,
      ...(words !== "" && { q: words }),
      ...(filter.value.role !== "" && { role: filter.value.role }),
      ...(from !== null && { cursor: from }),
    };
    const answer = await api.ask((http) => http.GET("/api/v1/users", { params: { query } }));
    // A late answer to an earlier question is thrown away.
    if (mine !== asked) return;
    state.value = "ready";
    problem.value = answer.ok ? null : answer.problem;
    if (!answer.ok) return;
    items.value = from === null ? answer.data.items : [...items.value, ...answer.data.items];
    cursor.value = answer.data.next_cursor;
    hasMore.value = answer.data.next_cursor !== null;
  }

  /** The list with an account as it is now; a new one stands first. */
  function keep(result: Result<Saved>): Result<Saved> {
    if (result.ok) {
      const { user } = result.data;
      const known = items.value.some((one) => one.id === user.id);
      items.value = known ? items.value.map((one) => (one.id === user.id ? user : one)) : [user, ...items.value];
    }
    return result;
  }

  watch(filter, (now, before) => {
    clearTimeout(pause);
    if (now.words === before.words) void ask(null);
    else pause = setTimeout(() => void ask(null), PAUSE_MS);
  });
  onScopeDispose(() => {
    clearTimeout(pause);
    asked += 1;
  });
  if (allowed) void ask(null);
  return {
    filter,
    items,
    state: readonly(state),
    problem,
    hasMore: readonly(hasMore),
    reload: () => ask(null),
    grow: () => (cursor.value === null ? Promise.resolve() : ask(cursor.value)),
    create: async (body) => keep(await api.ask((http) => http.POST("/api/v1/users", { body }))),
    update: async (id, body) => keep(await api.ask((http) => http.PATCH("/api/v1/users/{id}", { params: { path: { id } }, body }))),
  };
}
