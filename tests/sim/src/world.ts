// A small office and its caseworkers: who there is, and everything that belongs to one run.
import { Chance } from "./chance";
import { Checks } from "./checks";
import { Clock } from "./clock";
import { Driver } from "./drive";
import { Ledger, Violation } from "./ledger";
import { Losses } from "./losses";
import { Network } from "./network";
import { Desk, PASSWORD, type Outside, type Person, type VisitNow } from "./office";
import { Phone, type Image, type Window, type World } from "./phone";
import { Server } from "./server";

/** A Monday morning in Shanghai. */
const START_MS = Date.parse("2026-11-22T23:00:00Z");

export interface Worker extends Person {
  password: string;
}

export interface Handset {
  readonly phone: Phone;
  /** Who works with it; the first is its owner. */
  readonly users: readonly Worker[];
  image: Image | null;
  /** Users whose journal was damaged since their database was last opened. */
  readonly bentJournals: Set<string>;
}

export class Scene implements World, Outside {
  readonly clock = new Clock(START_MS);
  readonly ledger = new Ledger();
  readonly chance: Chance;
  /** For ids and jitter, apart from what people do, so that one more draw there does not change the plan. */
  readonly plan: Chance;
  readonly server: Server;
  readonly network: Network;
  readonly checks: Checks;
  readonly losses: Losses;
  readonly driver: Driver;
  readonly workers: Worker[] = [];
  readonly handsets: Handset[] = [];
  readonly supervisors: Desk[] = [];
  admin!: Desk;

  constructor(binary: string, folder: string, seed: number) {
    const root = new Chance(seed);
    this.plan = root.branch();
    this.chance = root.branch();
    this.server = new Server(binary, folder, seed);
    this.network = new Network(this.clock, this.ledger, this.server, root.branch());
    this.checks = new Checks(this.clock, this.ledger, this.server, this.network);
    this.losses = new Losses(this.clock, this.ledger, this.checks);
    this.driver = new Driver(this.clock);
  }

  /** Starts the server and hires everybody. */
  begin(): void {
    this.server.start(this.clock.nowMs);
    const hire = (login: string, role: string, scope: string): Worker => {
      const who = { login, name: `示例${login}`, role, scope, password: PASSWORD };
      return { id: this.server.hire(this.clock.nowMs, who), login, role, scope, password: PASSWORD };
    };
    this.admin = new Desk(this, hire("admin", "city_admin", "1506"));
    for (const [login, role, scope] of [
      ["sup1", "banner_supervisor", "150602"], ["sup2", "banner_supervisor", "150602"], ["city", "city_reviewer", "1506"],
    ] as const) this.supervisors.push(new Desk(this, hire(login, role, scope)));
    for (const [login, scope] of [
      ["w1", "150602"], ["w2", "150602"], ["w3", "150602"], ["w4", "150602"], ["w5", "150603"], ["w6", "150603"],
    ] as const) this.workers.push(hire(login, "caseworker", scope));
    const uses = [[0], [1], [2, 3], [4], [5, 4], [0]];
    uses.forEach((users, at) => {
      const own = users.map((user) => this.workers[user]).filter((one) => one !== undefined);
      this.handsets.push({ phone: new Phone(this, `p${at + 1}`), users: own, image: null, bentJournals: new Set() });
    });
  }

  stir(): void {
    this.driver.stir();
  }

  send(window: Window, request: Request): Promise<Response> {
    this.driver.stir();
    return this.network.send(window, request);
  }

  visitNow(visit: string): VisitNow | undefined {
    if (!this.server.isUp) this.server.start(this.clock.nowMs);
    return this.server.rows<VisitNow>(
      `SELECT json_object('rev', v.rev, 'hash', v.hash, 'state', v.state, 'file_rev', h.rev, 'decided',
         (SELECT coalesce(group_concat(id), '') FROM (SELECT id FROM conflicts WHERE my_visit_id = v.id AND state = 'decided' ORDER BY id))) AS line
       FROM visits v JOIN households h ON h.id = v.household_id WHERE v.id = '${visit}'`,
    )[0];
  }

  /** Windows that are open anywhere. */
  get windows(): Window[] {
    return this.handsets.flatMap(({ phone }) => phone.windows);
  }

  /** Whatever was found in the middle of a request ends the run here. */
  raise(): void {
    const found: Violation | null = this.network.takeViolation();
    if (found) throw found;
  }

  /** Somebody is shut out from this moment on: none of their sessions may do anything any more. */
  shut(user: string, device?: string): void {
    this.network.shut(user, device);
  }
}
