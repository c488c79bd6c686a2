// A phone: its disk, its cookies, its clock, and the windows of the app that are open on it. The windows run the
// real client core.
import { createHash } from "node:crypto";
import { IDBFactory } from "fake-indexeddb";
import { createApi, type Api } from "@/api/client";
import type { Store } from "@/db/database";
import type { Platform } from "@/db/platform";
import { openInstallation, resume, signIn, type Installation } from "@/sync/account";
import { createEngine, type Engine } from "@/sync/engine";
import type { Chance } from "./chance";
import type { Clock, Listener } from "./clock";
import type { Ledger } from "./ledger";
import { copyDatabases, Journals, storageFor, type Reader } from "./storage";

export type Sender = (window: Window, request: Request) => Promise<Response>;

export interface World {
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** For ids, jitter and secrets of the phones. */
  readonly chance: Chance;
  readonly send: Sender;
  /** Counts everything that moves, so that a standstill is noticed. */
  stir(): void;
}

/** How a window will die, and what else its database does to it. */
interface Fate {
  /** Steps until it is killed. */
  stepsLeft: number;
  /** Writes until the disk is full; it stays full until there is room again. */
  writesLeft: number;
  opensFail: boolean;
  wentBad: boolean;
}

export class Window implements Listener, Reader {
  readonly phone: Phone;
  readonly number: number;
  readonly platform: Platform;
  readonly api: Api;
  gone = false;
  frozen = false;
  readonly fate: Fate = { stepsLeft: Infinity, writesLeft: Infinity, opensFail: false, wentBad: false };
  installation: Installation | null = null;
  store: Store | null = null;
  engine: Engine | null = null;
  private readonly startedMs: number;
  private thaw: (() => void)[] = [];

  constructor(phone: Phone, number: number) {
    this.phone = phone;
    this.number = number;
    this.startedMs = phone.world.clock.nowMs;
    this.platform = platformOf(this, this.startedMs);
    this.api = createApi(this.platform);
  }

  get name(): string {
    return `${this.phone.name}.${this.number}`;
  }

  private step(what: string): void {
    this.phone.world.stir();
    if (this.gone) throw new DOMException("killed", "AbortError");
    this.fate.stepsLeft -= 1;
    if (this.fate.stepsLeft > 0) return;
    this.phone.world.ledger.fire(what === "write" ? "killed_in_a_write" : "killed_between_two_steps");
    this.kill();
    throw new DOMException("killed", "AbortError");
  }

  beforeOpen(): void {
    this.step("look");
    if (!this.fate.opensFail) return;
    this.phone.world.ledger.fire("database_does_not_open");
    throw new DOMException("Internal error opening backing store", "UnknownError");
  }

  beforeLook(): void {
    this.step("look");
    if (!this.fate.wentBad) return;
    this.phone.world.ledger.fire("database_went_bad");
    throw new DOMException("The database connection is closing", "InvalidStateError");
  }

  beforeWrite(): void {
    this.step("write");
    this.fate.writesLeft -= 1;
    if (this.fate.writesLeft > 0) return;
    this.phone.world.ledger.fire("disk_of_the_phone_full");
    throw new DOMException("quota", "QuotaExceededError");
  }

  /** Between two lines of the network. */
  async beforeNetwork(): Promise<void> {
    this.step("network");
    await this.awake();
  }

  awake(): Promise<void> {
    return this.frozen ? new Promise((resolve) => this.thaw.push(resolve)) : Promise.resolve();
  }

  freeze(): void {
    this.frozen = true;
  }

  wakeUp(): void {
    this.frozen = false;
    for (const go of this.thaw.splice(0)) go();
  }

  /** Opens the app: who used it last goes on. */
  async open(): Promise<void> {
    this.installation = await openInstallation(this.platform, this.api);
    const store = await resume(this.installation);
    if (store) this.use(store);
  }

  async signIn(login: string, password: string): Promise<string | null> {
    if (!this.installation) return "closed";
    const result = await signIn(this.installation, { login, password, label: "sim" });
    if (result.is === "failed") return result.problem.code;
    this.use(result.store);
    return null;
  }

  private use(store: Store): void {
    this.engine?.stop();
    if (this.store && this.store !== store) this.store.db.close();
    this.store = store;
    this.engine = createEngine(store, this.api);
    this.engine.start();
  }

  /** Leaves without a word, as a killed process does. */
  kill(): void {
    if (this.gone) return;
    this.gone = true;
    this.engine?.stop();
    this.phone.windows = this.phone.windows.filter((one) => one !== this);
    this.phone.journals.letGo();
    this.wakeUp();
    // What is in the middle of a transaction meets `gone` at its next step; the rest is closed as the system does.
    this.store?.db.close();
    this.installation?.device.close();
  }
}

/** A backup of a phone, or the phone at one moment. */
export interface Image {
  readonly factory: IDBFactory;
  readonly files: Map<string, Uint8Array>;
  readonly cookies: Map<string, string>;
  /** Whose database was gone then, so that only the journal holds their work. */
  readonly restoring: ReadonlyMap<string, ReadonlySet<string>>;
  readonly takenMs: number;
}

export class Phone {
  readonly name: string;
  readonly world: World;
  factory = new IDBFactory();
  journals = new Journals();
  cookies = new Map<string, string>();
  windows: Window[] = [];
  /** The database is gone for these users, until they open the app and get back what the journal holds: these. */
  readonly restoring = new Map<string, ReadonlySet<string>>();
  /** The phone's clock is so much ahead. */
  aheadMs = 0;
  private opened = 0;

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
    this.watchJournal();
  }

  private watchJournal(): void {
    this.journals.met = (trouble) => this.world.ledger.fire(trouble === "hangs" ? "journal_hangs" : "journal_fails");
  }

  newWindow(): Window {
    this.opened += 1;
    const window = new Window(this, this.opened);
    this.windows.push(window);
    return window;
  }

  closeAll(): void {
    for (const window of [...this.windows]) window.kill();
  }

  async image(): Promise<Image> {
    return {
      factory: await copyDatabases(this.factory),
      files: new Map(this.journals.files),
      cookies: new Map(this.cookies),
      restoring: new Map(this.restoring),
      takenMs: this.world.clock.nowMs,
    };
  }

  async become(image: Image): Promise<void> {
    this.closeAll();
    this.factory = await copyDatabases(image.factory);
    this.journals = new Journals();
    this.journals.files = new Map(image.files);
    this.watchJournal();
    this.cookies = new Map(image.cookies);
    this.restoring.clear();
    image.restoring.forEach((ops, user) => this.restoring.set(user, ops));
  }

  /** The browser throws everything of this site away, or only its database. */
  evict(journalToo: boolean): void {
    this.closeAll();
    this.factory = new IDBFactory();
    if (!journalToo) return;
    this.journals = new Journals();
    this.watchJournal();
    this.cookies.clear();
  }
}

function platformOf(window: Window, startedMs: number): Platform {
  const { phone } = window;
  const { clock, chance } = phone.world;
  return {
    storage: storageFor(phone.factory, window),
    transport: (request) => phone.world.send(window, request),
    origin: "https://ruhu.example",
    appBuild: "0.1.0+sim",
    appVersion: "0.1.0",
    nowMs: () => clock.nowMs + phone.aheadMs,
    monotonicMs: () => clock.nowMs - startedMs,
    newId: () => chance.id(clock.nowMs + phone.aheadMs),
    random: () => chance.next(),
    secretBytes: (count) => chance.bytes(count),
    sha256: (bytes) => Promise.resolve(new Uint8Array(createHash("sha256").update(bytes).digest())),
    timer: (afterMs, run) => clock.timer(window, afterMs, run),
    journal: phone.journals,
  };
}
