// Keeps phone and server together: when to sync, what after what, and when to try again.
// One round: session → push → documents (when missing) → pull → documents → what was saved meanwhile.
import type { Api, SignedIn } from "@/api/client";
import { inLock } from "@/api/lock";
import { isTransient, localProblem, needsSignIn, type Problem } from "@/api/problem";
import type { Store } from "@/db/database";
import { readMeta, writeMeta } from "@/db/meta";
import { storageCode } from "@/db/quota";
import { adoptDevice, adoptHistory, countParked, countUnsent, forgetOld } from "./outbox";
import { refreshDocuments } from "./documents";
import { createPace, type Round } from "./pace";
import { pull } from "./pull";
import { push, tellHeld } from "./push";
import { keepCopy } from "./secondCopy";
import { syncStatus, type EngineState, type Phase, type SyncStatus } from "./status";

/** Why a sync is due: an operation was saved, the network came back, the app came to the front, … */
export type Nudge = "saved" | "online" | "visible" | "signed_in" | "asked";

export interface Engine {
  start(): void;
  /** Ends after the request under way; nothing is lost at any point. */
  stop(): void;
  nudge(why: Nudge): void;
  status(): SyncStatus;
  state(): EngineState;
  /** Calls on every change of the status; answers how to stop. */
  subscribe(listener: (status: SyncStatus) => void): () => void;
  /** Resolves when no round is under way. */
  settled(): Promise<void>;
}

export const POLL_MS = 180_000;
export const DOCUMENTS_MS = 900_000;
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 300_000;
/** No server and no stranger keeps this phone waiting for longer than this. */
export const MAX_RETRY_AFTER_MS = 900_000;

/** Exponential with jitter: between half of the step and the whole. `random` from 0 up to 1. */
export function backoffMs(failures: number, random: number): number {
  const step = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 20));
  return Math.round(step / 2 + (step / 2) * random);
}

/**
 * What a phone does with the server. `hand_in`: only what was recorded in an earlier role goes out, and as long as some
 * of it is parked the phone asks what became of it; the server answers with nothing else.
 */
export type Task = "sync" | "hand_in";

export function createEngine(store: Store, api: Api, task: Task = "sync"): Engine {
  const { db, platform } = store;
  const listeners = new Set<(status: SyncStatus) => void>();
  let state: EngineState = { is: "stopped" };
  let pending = 0;
  let failures = 0;
  /** Earliest next attempt that the server asked for, by the clock that nobody sets. */
  let notBeforeMs = 0;
  let completeAtMs: number | null = null;
  let documentsAtMs: number | null = null;
  /** The session that this phone's numbering and history were matched with. */
  let matched: SignedIn | null = null;
  let again = false;
  let running: Promise<void> | null = null;
  let cancelTimer = (): void => undefined;

  const stopped = (): boolean => state.is === "stopped";
  const pacing: Round = { pace: createPace(), stopped };

  function enter(next: EngineState): void {
    state = next;
    for (const listener of [...listeners]) listener(syncStatus(state, pending));
  }

  function phase(next: Phase): void {
    if (!stopped()) enter({ is: "syncing", phase: next });
  }

  async function countPending(): Promise<void> {
    const count = await countUnsent(store).catch(() => pending);
    if (count === pending) return;
    pending = count;
    enter(state);
  }

  function arm(afterMs: number): void {
    cancelTimer();
    cancelTimer = platform.timer(afterMs, wake);
  }

  function wake(): void {
    if (stopped()) return;
    if (running !== null) {
      again = true;
      return;
    }
    cancelTimer();
    running = rounds().finally(() => {
      running = null;
      // A nudge between the last look and here must not be lost.
      if (again) wake();
    });
  }

  async function rounds(): Promise<void> {
    let problem: Problem | null;
    do {
      again = false;
      phase({ is: "starting", at_ms: completeAtMs });
      // Receipts make it right without the lock, too.
      problem = await inLock(platform, `ruhu-sync-${store.user.id}`, round).catch((error: unknown) =>
        localProblem(storageCode(error)),
      );
      await keepCopy(store);
      await countPending();
    } while (again && problem === null && !stopped());
    again = false;
    if (!stopped()) rest(problem);
  }

  function rest(problem: Problem | null): void {
    const now = platform.nowMs();
    if (problem === null) {
      failures = 0;
      completeAtMs = now;
      enter({ is: "idle", at_ms: now });
      arm(pending > 0 ? FIRST_BACKOFF_MS : POLL_MS);
      return;
    }
    failures += 1;
    const askedMs = Math.min(problem.retry_after_ms ?? 0, MAX_RETRY_AFTER_MS);
    notBeforeMs = platform.monotonicMs() + askedMs;
    const waitMs = Math.max(askedMs, backoffMs(failures, platform.random()));
    if (needsSignIn(problem)) {
      enter({ is: "blocked", problem });
      arm(MAX_BACKOFF_MS);
    } else {
      enter(problem.code === "net.offline" ? { is: "offline" } : { is: "backoff", problem, until_ms: now + waitMs });
      arm(waitMs);
    }
  }

  async function round(): Promise<Problem | null> {
    const refused = await openSession();
    if (refused) return refused;
    const sendAll = (): Promise<Problem | null> =>
      push(store, api, pacing, (done, total) => phase({ is: "sending", done, total }));
    const unsent = await sendAll();
    if (unsent && (isTransient(unsent) || needsSignIn(unsent))) return unsent;
    if (task === "hand_in") return unsent ?? (await hearOutcomes());
    const problem =
      (await documents("missing")) ??
      (await pull(store, api, pacing, (done, total) => phase({ is: "receiving", done, total }))) ??
      (await documents("old"));
    if (problem ?? unsent) return problem ?? unsent;
    const serverNowMs = api.serverNowMs();
    if (serverNowMs !== null) await forgetOld(store, serverNowMs);
    await noteComplete();
    const late = (await countUnsent(store)) > 0 ? await sendAll() : null;
    if (late !== null || stopped()) return late;
    // All is well from here on, whatever becomes of the last word to the office.
    completeAtMs = platform.nowMs();
    await countPending();
    phase({ is: "starting", at_ms: completeAtMs });
    await tellHeld(store, api);
    return null;
  }

  async function hearOutcomes(): Promise<Problem | null> {
    return (await countParked(store)) > 0 ? pull(store, api, pacing, () => undefined) : null;
  }

  /** Makes sure of a session and of this device's numbering before anything is sent. */
  async function openSession(): Promise<Problem | null> {
    if (api.signedIn() === null) {
      const result = await api.refresh();
      if (!result.ok) return result.problem;
    }
    const signedIn = api.signedIn();
    if (signedIn === null) return localProblem("auth.sign_in_needed");
    if (signedIn.session.user.id !== store.user.id) return localProblem("auth.other_user");
    if (matched !== signedIn) {
      await adoptDevice(store, signedIn.session.device_id);
      // Once: a push may tell of a newer history than the one at the time of the sign-in.
      await adoptHistory(store, signedIn.session.history_id);
      matched = signedIn;
    }
    await db.transaction("rw", db.meta, async () => {
      const contact = await readMeta(db, "contact");
      if (contact.last_contact_ms !== null) return;
      const { clock_offset_ms } = signedIn;
      await writeMeta(db, "contact", { ...contact, last_contact_ms: platform.nowMs(), clock_offset_ms });
    });
    return null;
  }

  async function documents(when: "missing" | "old"): Promise<Problem | null> {
    const now = platform.monotonicMs();
    const missing = (await readMeta(db, "definitions")) === null || (await readMeta(db, "regions")) === null;
    const old = documentsAtMs === null || now - documentsAtMs >= DOCUMENTS_MS;
    if (!(when === "missing" ? missing : old)) return null;
    const problem = await refreshDocuments(store, api);
    if (problem === null) documentsAtMs = now;
    return problem;
  }

  async function noteComplete(): Promise<void> {
    const now = platform.nowMs();
    await db.transaction("rw", db.meta, async () => {
      const contact = await readMeta(db, "contact");
      await writeMeta(db, "contact", { ...contact, last_contact_ms: now, last_complete_ms: now });
    });
  }

  return {
    start() {
      if (!stopped()) return;
      api.expectUser(store.user.id);
      enter({ is: "idle", at_ms: null });
      void countPending();
      wake();
    },
    stop() {
      cancelTimer();
      enter({ is: "stopped" });
    },
    nudge(why) {
      if (stopped()) return;
      if (why === "saved") {
        void countPending();
        // While waiting, the timer decides; otherwise each save would hammer a server in trouble.
        if (state.is === "idle" || state.is === "syncing") wake();
        return;
      }
      failures = 0;
      if (platform.monotonicMs() >= notBeforeMs || why === "signed_in") wake();
    },
    status: () => syncStatus(state, pending),
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async settled() {
      while (running !== null) await running;
    },
  };
}
