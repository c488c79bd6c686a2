import { describe, expect, it } from "vitest";
import { createApi } from "@/api/client";
import { listDrafts, openDraft, saveDraft, startDraft } from "@/db/drafts";
import { listHouseholds } from "@/db/households";
import { listKnownUsers } from "@/db/device";
import { findUnsentWork, openInstallation, resume, signIn, signOut, type Installation } from "./account";
import { createEngine } from "./engine";
import { aRoutineVisit, content, World } from "./testing/kit";
import { submitDraft } from "./submit";
import type { Store } from "@/db/database";

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
    const ids = (await listKnownUsers(installation.device)).map((known) => known.device_id);
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
    expect(world.server.cookie).not.toBeNull();
    world.faults = () => "none";
    expect(await resume(await anInstallation(world, storage))).toBeUndefined();
    expect(world.server.cookie).toBeNull();
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
