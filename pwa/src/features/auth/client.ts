// What the shell hands to the features: who is here, the local database, the sync engine, the server.
// `main.ts` provides the one that is real.
import { type InjectionKey, type ShallowRef, inject } from "vue";
import type { Api } from "@/api/client";
import type { Problem } from "@/api/problem";
import type { components } from "@/api/schema.gen";
import type { Store } from "@/db/database";
import type { Platform } from "@/db/platform";
import type { UserView } from "@/db/wire";
import type { SyncStatus } from "@/sync/status";

export type About = components["schemas"]["AboutView"];

export interface Client {
  /** The database of whoever is signed in on this phone; `null` when nobody is. */
  readonly store: Readonly<ShallowRef<Store | null>>;
  /** What the server said of itself at the last contact; kept for offline. */
  readonly about: Readonly<ShallowRef<About | null>>;
  readonly online: Readonly<ShallowRef<boolean>>;
  readonly status: Readonly<ShallowRef<SyncStatus>>;
  /** Calls to the server that are not synchronisation; each ends in data or a problem. */
  readonly api: Api;
  readonly platform: Platform;

  /** `null` when it worked; the store is open then. */
  signIn(login: string, password: string): Promise<Problem | null>;
  signOut(): Promise<void>;
  /** Starts a round of synchronisation unless one is under way. */
  syncNow(): void;
}

export const clientKey: InjectionKey<Client> = Symbol("client");

export function useClient(): Client {
  const client = inject(clientKey);
  if (!client) throw new Error("no client is provided");
  return client;
}

/** The open database; only for pages behind the sign-in. */
export function useStore(): Store {
  const store = useClient().store.value;
  if (!store) throw new Error("nobody is signed in");
  return store;
}

export const useUser = (): UserView => useStore().user;
