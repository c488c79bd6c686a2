// Accounts of one's area, asked of the server page by page.
import { type Ref, ref, watch } from "vue";
import type { Api } from "@/api/client";
import type { Problem, Result } from "@/api/problem";
import type { components } from "@/api/schema.gen";
import { type PagedList, usePages } from "@/ui/usePages";
import type { CreateUser, PatchUser, Role, StaffView } from "./logic/staff";

type Saved = components["schemas"]["StaffSaved"];
const PAGE = 50;

export interface PeopleFilter {
  readonly words: string;
  readonly role: Role | "";
}

export interface People extends PagedList<StaffView, Problem> {
  readonly filter: Ref<PeopleFilter>;
  create(body: CreateUser): Promise<Result<Saved>>;
  update(id: string, body: PatchUser): Promise<Result<Saved>>;
}

export function usePeople(api: Pick<Api, "ask">, allowed: boolean): People {
  const filter = ref<PeopleFilter>({ words: "", role: "" });

  function list(cursor: string | null): Promise<Result<components["schemas"]["StaffList"]>> {
    const words = filter.value.words.trim();
    const query = {
      limit: PAGE,
      ...(words !== "" && { q: words }),
      ...(filter.value.role !== "" && { role: filter.value.role }),
      ...(cursor !== null && { cursor }),
    };
    return api.ask((http) => http.GET("/api/v1/users", { params: { query } }));
  }
  const pages = usePages(list, ({ id }) => id);

  /** The list hears of an account that was saved. */
  async function kept(saving: Promise<Result<Saved>>, tell: (user: StaffView) => void): Promise<Result<Saved>> {
    const result = await saving;
    if (result.ok) tell(result.data.user);
    return result;
  }

  watch(filter, (now, before) => {
    if (now.words === before.words) void pages.reload();
    else pages.reloadSoon();
  });
  if (allowed) void pages.reload();
  return {
    ...pages,
    filter,
    create: (body) => kept(api.ask((http) => http.POST("/api/v1/users", { body })), pages.add),
    update: (id, body) => kept(api.ask((http) => http.PATCH("/api/v1/users/{id}", { params: { path: { id } }, body })), pages.replace),
  };
}
