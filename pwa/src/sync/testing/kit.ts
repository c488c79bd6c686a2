// One phone in a test: real client core, fake browser, fake clock, and a way to die between any two steps.
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { createHash } from "node:crypto";
import { createApi, type Api } from "@/api/client";
import { UserDatabase, type Store } from "@/db/database";
import { saveDraft, startDraft, type NewDraft } from "@/db/drafts";
import type { Platform, Storage, Transport } from "@/db/platform";
import type { UserView } from "@/db/wire";
import { createEngine, type Engine } from "../engine";
import { submitDraft, type ProposedContent } from "../submit";
import { FakeClock } from "./clock";
import { FakeServer } from "./fakeServer";

/** Dies at the given step; after that every step fails, as in a killed process. */
export class Life {
  steps = 0;
  private readonly lastStep: number;

  constructor(lastStep = Infinity) {
    this.lastStep = lastStep;
  }

  get dead(): boolean {
    return this.steps >= this.lastStep;
  }

  step(): void {
    if (this.dead) throw new Error("killed");
    this.steps += 1;
  }
}

/** What happens to one request. */
export type Fault = "none" | "lose_request" | "lose_answer" | Response;
export type Faults = (request: Request) => Fault;

export class World {
  readonly clock = new FakeClock();
  readonly server = new FakeServer(() => this.clock.nowMs);
  faults: Faults = () => "none";
  private ids = 0;
  private seed = 1;

  newStorage(): Storage {
    return { indexedDB: new IDBFactory(), IDBKeyRange };
  }

  newId(): string {
    this.ids += 1;
    return `01890000-0000-7000-8000-${String(this.ids).padStart(12, "0")}`;
  }

  random(): number {
    this.seed = (this.seed * 48271) % 2147483647;
    return this.seed / 2147483647;
  }

  transport(life: Life): Transport {
    return async (request) => {
      life.step();
      const fault = this.faults(request);
      if (fault === "lose_request") throw new TypeError("network");
      if (fault instanceof Response) return fault;
      const answer = await this.server.handle(request);
      life.step();
      if (fault === "lose_answer") throw new TypeError("network");
      return answer;
    };
  }

  /** `ahead`: how many milliseconds the phone's clock is fast. */
  platform(storage: Storage, life = new Life(), ahead = 0): Platform {
    return {
      storage,
      transport: this.transport(life),
      origin: "https://ruhu.example",
      appBuild: "0.1.0+test",
      appVersion: "0.1.0",
      nowMs: () => this.clock.nowMs + ahead,
      monotonicMs: () => this.clock.monotonicMs,
      newId: () => this.newId(),
      random: () => this.random(),
      secretBytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(this.random() * 256)),
      sha256: (bytes) => Promise.resolve(new Uint8Array(createHash("sha256").update(bytes).digest())),
      timer: (afterMs, run) => this.clock.timer(afterMs, run),
    };
  }
}

export interface Phone {
  readonly store: Store;
  readonly api: Api;
  readonly engine: Engine;
  readonly platform: Platform;
  close(): void;
}

/** Opens the app on a phone. The same storage again is the same phone after a restart, or another tab. */
export async function openPhone(
  world: World,
  user: UserView,
  storage: Storage,
  life = new Life(),
  ahead = 0,
): Promise<Phone> {
  const platform = world.platform(storage, life, ahead);
  const db = new UserDatabase(storage, user.id);
  db.use({
    stack: "dbcore",
    name: "life",
    create: (core) => ({
      ...core,
      table: (name) => {
        const table = core.table(name);
        return {
          ...table,
          mutate: (request) => {
            life.step();
            return table.mutate(request);
          },
        };
      },
    }),
  });
  await db.open();
  const store: Store = { db, platform, user };
  const api = createApi(platform);
  const engine = createEngine(store, api);
  return {
    store,
    api,
    engine,
    platform,
    close() {
      engine.stop();
      db.close();
    },
  };
}

/** Signs the phone in as its user without any screen. */
export async function signInPhone(phone: Phone, deviceId = "device-1"): Promise<void> {
  const { login } = phone.store.user;
  const result = await phone.api.login({ login, password: "p", device: { id: deviceId, label: "phone" } });
  if (!result.ok) throw new Error(result.problem.code);
}

export const aRoutineVisit = (householdId: string | null): NewDraft => ({
  household_id: householdId,
  visit_type: "V02",
  form: { id: "V02", version: 1 },
  dictionary_version: 1,
  base: null,
  base_rev: householdId === null ? 0 : 1,
  file: { residence_address: "示例社区03号楼" },
  visit: { outcome: "done" },
});

export const content = (outcome = "done"): ProposedContent => ({
  visit: { outcome },
  changes: [{ path: "residence_address", from: null, to: "示例社区03号楼" }],
  later: [],
  unchanged: ["income"],
  warnings: [],
});

/** Writes a visit and saves it; answers visit and operation once the app would show "saved". */
export async function writeVisit(phone: Phone, householdId: string | null): Promise<{ visit: string; op: string }> {
  const draft = await startDraft(phone.store, aRoutineVisit(householdId));
  await saveDraft(phone.store, { ...draft, section: "income", focus: "residence_address" });
  const done = await submitDraft(phone.store, draft.id, () => content());
  if (done.is !== "submitted") throw new Error(done.is);
  return { visit: done.visit_id, op: done.op_id };
}

/** Lets time pass, timer by timer, until the condition holds; fails after a number of timers. */
export async function until(world: World, phones: readonly Phone[], holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let timers = 0; timers < 60; timers += 1) {
    for (const phone of phones) await phone.engine.settled();
    if (await holds()) return;
    world.clock.fireNext();
  }
  throw new Error("it never came to pass");
}

export const isQuiet = (phone: Phone): boolean => phone.engine.status().is === "up_to_date";

/** A signed-in phone of this user, with nothing synced yet. */
export async function aPhone(world: World, login = "ana"): Promise<Phone> {
  const user = world.server.users.get(login) ?? world.server.addUser(login);
  const phone = await openPhone(world, user, world.newStorage());
  await signInPhone(phone, `device-${login}`);
  return phone;
}

export const isPush = (request: Request): boolean => request.url.endsWith("/sync/push");
