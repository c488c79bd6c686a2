import { describe, expect, it } from "vitest";
import { createApi } from "@/api/client";
import { listDrafts, openDraft, saveDraft, startDraft } from "@/db/drafts";
import { listHouseholds } from "@/db/households";
import {
  endOwedSession, findUnsentWork, openInstallation, refreshUser, resume, signIn, signOut, type Installation,
} from "./account";
import { createEngine } from "./engine";
import { aRoutineVisit, content, World } from "./testing/kit";
import { submitDraft } from "./submit";
import type { Store } from "@/db/database";
import type { ConflictBody } from "@/db/wire";

async function anInstallation(world: World, storage = world.newStorage()): Promise<Installation> {
  const platform = world.platform(storage);
  return openInstallation(platform, createApi(platform));
}

async function signedIn(installation: Installation, login: string): Promise<Store> {
  const result = await signIn(installation, { login, password: "p", label: "phone" });
  if (result.is !== "signed_in") throw new Error(result.problem.code);
  return result.store;
}

describe("who uses the phone", () => {
  it("goes on without a network as the last user", async () => {
    const world = new World();
    world.server.addUser("ana");
    const storage = world.newStorage();
    const first = await anInstallation(world, storage);
    const store = await signedIn(first, "ana");
    const draft = await startDraft(store, aRoutineVisit(null));
    store.db.close();
    first.device.close();
    world.faults = () => "lose_request";
    const second = await anInstallation(world, storage);
    const again = (await resume(second))!;
    expect(again.user.login).toBe("ana");
    expect((await openDraft(again, draft.id))?.id).toBe(draft.id);
    again.db.close();
  });

  it("keeps each user's work apart, and each user's device id", async () => {
    const world = new World();
    world.server.addUser("ana");
    world.server.addUser("bo");
    const installation = await anInstallation(world);
    const ana = await signedIn(installation, "ana");
    const draft = await startDraft(ana, aRoutineVisit(null));
    await submitDraft(ana, draft.id, () => content());
    await startDraft(ana, aRoutineVisit(null));
    await signOut(installation, ana, true);
    expect(await resume(installation)).toBeUndefined();
    const bo = await signedIn(installation, "bo");
    expect(await listDrafts(bo)).toEqual([]);
    expect((await listHouseholds(bo, { today: "2026-11-23" })).total).toBe(0);
    bo.db.close();
    const again = await signedIn(installation, " ANA ".trim().toLowerCase());
    expect(await findUnsentWork(again)).toEqual({ drafts: 1, operations: 1 });
    expect((await listHouseholds(again, { today: "2026-11-23" })).total).toBe(2);
    const ids = (await installation.device.users.toArray()).map((known) => known.device_id);
    expect(new Set(ids).size).toBe(2);
    again.db.close();
  });

  it("never sends one user's work in another's session", async () => {
    const world = new World();
    world.server.addUser("ana");
    world.server.addUser("bo");
    const storage = world.newStorage();
    const tab = await anInstallation(world, storage);
    const ana = await signedIn(tab, "ana");
    const draft = await startDraft(ana, aRoutineVisit(null));
    await submitDraft(ana, draft.id, () => content());
    const other = await anInstallation(world, storage);
    (await signedIn(other, "bo")).db.close();
    world.server.expireTokens();
    const engine = createEngine(ana, tab.api);
    engine.start();
    await engine.settled();
    expect(engine.status()).toEqual({ is: "sign_in_needed", pending: 1 });
    expect(world.server.pushes).toEqual([]);
    engine.stop();
    ana.db.close();
  });

  it("tells the server about a sign-out without a network at the next start", async () => {
    const world = new World();
    world.server.addUser("ana");
    const storage = world.newStorage();
    const first = await anInstallation(world, storage);
    const store = await signedIn(first, "ana");
    world.faults = () => "lose_request";
    await signOut(first, store, false);
    await endOwedSession(first);
    expect(world.server.cookie).not.toBeNull();
    world.faults = () => "none";
    const second = await anInstallation(world, storage);
    expect(await resume(second)).toBeUndefined();
    await endOwedSession(second);
    expect(world.server.cookie).toBeNull();
  });

  it("stays signed out although telling the server takes a refresh", async () => {
    const world = new World();
    world.server.addUser("ana");
    const storage = world.newStorage();
    const first = await anInstallation(world, storage);
    await signedIn(first, "ana");
    first.device.close();
    const second = await anInstallation(world, storage);
    const kept: Promise<unknown>[] = [];
    second.api.onSession((session) => {
      if (session) kept.push(refreshUser(second));
    });
    await signOut(second, (await resume(second))!, true);
    await endOwedSession(second);
    await Promise.all(kept);
    expect(kept).toHaveLength(1);
    expect(world.server.cookie).toBeNull();
    second.device.close();
    const third = await anInstallation(world, storage);
    expect(await resume(third)).toBeUndefined();
  });

  it("does not make a user of a session that came late the last one", async () => {
    const world = new World();
    world.server.addUser("ana");
    world.server.addUser("bo");
    const storage = world.newStorage();
    const tab = await anInstallation(world, storage);
    (await signedIn(tab, "ana")).db.close();
    const other = await anInstallation(world, storage);
    (await signedIn(other, "bo")).db.close();
    await refreshUser(tab);
    const again = (await resume(await anInstallation(world, storage)))!;
    expect(again.user.login).toBe("bo");
    again.db.close();
  });

  it("wipes and closes at a sign-out without waiting for the network", async () => {
    const world = new World();
    world.server.addUser("ana");
    world.server.addHousehold("h1");
    world.server.setConflict({ id: "c1", household_id: "h1", state: "open", mine: { visit_id: "v1" } } as ConflictBody);
    const storage = world.newStorage();
    const installation = await anInstallation(world, storage);
    const store = await signedIn(installation, "ana");
    const draft = await startDraft(store, aRoutineVisit(null));
    await submitDraft(store, draft.id, () => content());
    const engine = createEngine(store, installation.api);
    engine.start();
    await engine.settled();
    // What was answered is kept for a restored server, but not beyond the sign-out.
    expect((await store.db.receipts.toArray()).map((row) => row.kept !== null)).toEqual([true]);
    expect(await store.db.households.count()).toBeGreaterThan(0);
    expect(await store.db.conflicts.count()).toBe(1);
    engine.stop();
    const asked: string[] = [];
    world.faults = (request) => {
      asked.push(request.url);
      return "lose_request";
    };
    await signOut(installation, store, true);
    expect(asked).toEqual([]);
    expect(store.db.isOpen()).toBe(false);
    world.faults = () => "none";
    const again = await signedIn(installation, "ana");
    expect(await again.db.households.count()).toBe(0);
    expect(await again.db.files.count()).toBe(0);
    expect(await again.db.conflicts.count()).toBe(0);
    expect(await again.db.visits.count()).toBe(0);
    expect(await again.db.receipts.count()).toBe(0);
    again.db.close();
  });

  it("lets a sign-in wait for the end of the session before", async () => {
    const world = new World();
    world.server.addUser("ana");
    world.server.addUser("bo");
    const installation = await anInstallation(world);
    await signOut(installation, await signedIn(installation, "ana"), true);
    void endOwedSession(installation);
    const bo = await signedIn(installation, "bo");
    await installation.ending;
    expect(world.server.cookie?.user).toBe("bo");
    expect(installation.api.signedIn()?.session.user.login).toBe("bo");
    bo.db.close();
  });

  it("says why a sign-in failed", async () => {
    const world = new World();
    const installation = await anInstallation(world);
    const wrong = await signIn(installation, { login: "nobody", password: "p", label: "phone" });
    expect(wrong).toMatchObject({ is: "failed", problem: { status: 401, code: "auth.wrong_password" } });
    world.faults = () => "lose_request";
    const offline = await signIn(installation, { login: "nobody", password: "p", label: "phone" });
    expect(offline).toMatchObject({ is: "failed", problem: { code: "net.offline" } });
  });
});

describe("a draft", () => {
  it("comes back with its place and counts work time by the monotonic clock", async () => {
    const world = new World();
    world.server.addUser("ana");
    const store = await signedIn(await anInstallation(world), "ana");
    const draft = await startDraft(store, aRoutineVisit(null));
    world.clock.advance(60_000);
    const saved = await saveDraft(store, { ...draft, section: "income", focus: "visit/no_income" });
    expect(saved).toMatchObject({ section: "income", focus: "visit/no_income", elapsed_ms: 60_000 });
    world.clock.nowMs += 86_400_000;
    expect((await saveDraft(store, saved!))?.elapsed_ms).toBe(60_000);
    store.db.close();
  });

  it("lists a household found on the spot under the name typed so far", async () => {
    const world = new World();
    world.server.addUser("ana");
    const store = await signedIn(await anInstallation(world), "ana");
    const draft = await startDraft(store, { ...aRoutineVisit(null), file: {} });
    const file = { persons: { p: { name: "白示例", is_worker: true } } };
    await saveDraft(store, { ...draft, answers: { ...draft.answers, file } });
    const { items } = await listHouseholds(store, { text: "白示例", today: "2026-11-23" });
    expect(items).toMatchObject([{ id: draft.household_id, local: true, draft_id: draft.id, standing: "draft" }]);
    store.db.close();
  });

  it("is not brought back by a late save, and a save in between is part of what is sent", async () => {
    const world = new World();
    world.server.addUser("ana");
    const store = await signedIn(await anInstallation(world), "ana");
    const draft = await startDraft(store, aRoutineVisit(null));
    const seen: (string | null)[] = [];
    const slow = { ...store, platform: { ...store.platform } };
    slow.platform = {
      ...store.platform,
      sha256: async (bytes) => {
        if (seen.length === 1) await saveDraft(store, { ...draft, section: "later" });
        return store.platform.sha256(bytes);
      },
    };
    await submitDraft(slow, draft.id, (now) => {
      seen.push(now.section);
      return content();
    });
    expect(seen).toEqual([null, "later"]);
    expect(await saveDraft(store, draft)).toBeUndefined();
    expect(await listDrafts(store)).toEqual([]);
    store.db.close();
  });
});
