// Wires the client core to what the pages see: one signed-in user at a time, their database, their engine.
import { liveQuery } from "dexie";
import { computed, ref, shallowRef } from "vue";
import { type Api, createApi } from "@/api/client";
import { isAbout } from "@/api/shape";
import type { Store } from "@/db/database";
import type { Platform } from "@/db/platform";
import { type About, type Client, worksInTheField } from "@/features/auth";
import { type Installation, endOwedSession, openInstallation, refreshUser, resume, signIn, signOut } from "@/sync/account";
import { refreshDocuments } from "@/sync/documents";
import { type Engine, createEngine } from "@/sync/engine";
import { countParked, countUnsent } from "@/sync/outbox";
import { leaveField } from "@/sync/pull";
import { type SyncStatus, withoutNetwork } from "@/sync/status";
import { deviceLabel } from "./deviceLabel";
import { wakeOnReturn } from "./platform";

export interface ClientHooks {
  /** Something was saved that must go out: asks the browser to wake the app when the network is back. */
  saved(): void;
}

/** Opens the installation and goes on with the last user. Throws when the browser has no usable IndexedDB. */
export async function createClient(platform: Platform, hooks: ClientHooks): Promise<Client> {
  const api = createApi(platform);
  const installation = await openInstallation(platform, api);
  const store = shallowRef<Store | null>(null);
  const about = shallowRef<About | null>(await keptAbout(installation));
  const online = ref(navigator.onLine);
  const heard = shallowRef<SyncStatus>({ is: "up_to_date", at_ms: null });
  const status = computed(() => (online.value ? heard.value : withoutNetwork(heard.value)));
  let engine: Engine | null = null;
  let close = (): void => undefined;

  function open(opened: Store): void {
    close();
    store.value = opened;
    heard.value = { is: "up_to_date", at_ms: null };
    const end = worksInTheField(opened.user.role) ? openField(opened) : openDesk(opened);
    close = () => {
      end();
      engine = null;
      opened.db.close();
    };
  }

  function openField(opened: Store): () => void {
    const made = createEngine(opened, api);
    engine = made;
    const unsubscribe = made.subscribe((next) => {
      heard.value = next;
    });
    const sleep = wakeOnReturn(made);
    let unsent = 0;
    const watching = liveQuery(() => countUnsent(opened)).subscribe({
      next: (count) => {
        if (count > unsent) {
          made.nudge("saved");
          hooks.saved();
        }
        unsent = count;
      },
      // A database that can no longer be read fails again, and visibly, on the page that needs it.
      error: () => undefined,
    });
    made.start();
    return () => {
      watching.unsubscribe();
      sleep();
      unsubscribe();
      made.stop();
    };
  }

  /**
   * The desk keeps nothing but the definitions; everything else is asked of the server. What the same person recorded
   * on this phone before they got a desk still goes out, and their households leave it.
   */
  function openDesk(opened: Store): () => void {
    const earlier = createEngine(opened, api, "hand_in");
    let isOver = false;
    void leaveField(opened)
      .then(async () => (await countUnsent(opened)) + (await countParked(opened)))
      .then(
        (count) => {
          if (count > 0 && !isOver) earlier.start();
        },
        () => undefined,
      );
    const unsubscribe = api.onSession((signedIn) => {
      heard.value = signedIn ? { is: "up_to_date", at_ms: platform.nowMs() } : { is: "sign_in_needed", pending: 0 };
    });
    void refreshDocuments(opened, api);
    return () => {
      isOver = true;
      earlier.stop();
      unsubscribe();
    };
  }

  api.onSession((signedIn) => {
    if (signedIn) void refreshUser(installation);
  });
  addEventListener("online", () => {
    online.value = true;
    void refreshAbout(installation, api, about);
  });
  addEventListener("offline", () => {
    online.value = false;
  });
  void refreshAbout(installation, api, about);
  const known = await resume(installation);
  if (known) open(known);
  else void endOwedSession(installation);

  return {
    store,
    about,
    online,
    status,
    api,
    platform,
    async signIn(login, password) {
      const label = deviceLabel(navigator.userAgent);
      const result = await signIn(installation, { login, password, label });
      if (result.is === "failed") return result.problem;
      open(result.store);
      return null;
    },
    async signOut() {
      const leaving = store.value;
      if (!leaving) return;
      close();
      try {
        await signOut(installation, leaving, true);
      } finally {
        store.value = null;
        void endOwedSession(installation);
      }
    },
    syncNow() {
      engine?.nudge("asked");
    },
  };
}

const ABOUT_KEY = "about";

async function keptAbout({ device }: Installation): Promise<About | null> {
  const row = await device.meta.get(ABOUT_KEY);
  return (row?.value as About | undefined) ?? null;
}

/** What the server says of itself, kept so that the sign of demonstration data shows offline, too. */
async function refreshAbout({ device }: Installation, api: Api, about: { value: About | null }): Promise<void> {
  const result = await api.ask((http) => http.GET("/api/v1/about"), isAbout);
  if (!result.ok) return;
  about.value = result.data;
  await device.meta.put({ key: ABOUT_KEY, value: result.data });
}
