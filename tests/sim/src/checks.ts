// The invariants of QUALITY.md, as far as this simulator can look: on the disks of the phones and behind the server.
import type { OutboxRow, ReceiptRow } from "@/db/rows";
import type { Clock } from "./clock";
import { Violation, type Ledger } from "./ledger";
import type { Phone, Window } from "./phone";
import type { Network } from "./network";
import type { Server } from "./server";
import { checkSame } from "./same";
import { readStore } from "./storage";

const databaseOf = (user: string): string => `ruhu-${user}`;

interface Operation {
  readonly op: string;
  readonly outcome: string;
  readonly kind: string;
}

interface Revision {
  readonly op: string;
  readonly hash: string;
  readonly rev: number;
  readonly visit: string;
}

export class Checks {
  /** Operations that the server has answered in its present history. */
  private known = new Set<string>();
  private readonly clock: Clock;
  private readonly ledger: Ledger;
  private readonly server: Server;
  private readonly network: Network;

  constructor(clock: Clock, ledger: Ledger, server: Server, network: Network) {
    this.clock = clock;
    this.ledger = ledger;
    this.server = server;
    this.network = network;
  }

  forgetServer(): void {
    this.known = new Set();
  }

  /** Whether the server has answered it, in its present history. */
  onServer(op: string): boolean {
    if (!this.known.has(op)) {
      if (!this.server.isUp) this.server.start(this.clock.nowMs);
      this.known = new Set(this.server.rows<{ op: string }>("SELECT json_object('op', op_id) AS line FROM operations").map((row) => row.op));
    }
    return this.known.has(op);
  }

  /** I1: what was shown as saved is in the outbox, or has an answer. */
  async checkSaved(phone: Phone, user: string): Promise<void> {
    const mine = this.ledger.saved.filter((one) => one.fate === "held" && one.phone === phone.name && one.user === user);
    if (mine.length === 0 || phone.restoring.has(user)) return;
    const outbox = new Set((await readStore<OutboxRow>(phone.factory, databaseOf(user), "outbox")).map((row) => row.id));
    const receipts = new Set((await readStore<ReceiptRow>(phone.factory, databaseOf(user), "receipts")).map((row) => row.op_id));
    this.ledger.checked("I1");
    for (const one of mine) {
      if (outbox.has(one.op) || receipts.has(one.op)) continue;
      // Answered, and the answer forgotten with the files of a signed-out user, or with the phone's storage.
      if (one.forgotten !== null && this.onServer(one.op)) continue;
      throw new Violation("I1", `${one.kind} ${one.op} was saved on ${one.phone} and is neither there nor answered`);
    }
  }

  /** I5: once nothing moves any more, no round is under way, and each engine has something that wakes it. */
  checkAlive(window: Window): void {
    const { engine } = window;
    if (window.gone || window.frozen || !engine || engine.state().is === "stopped") return;
    this.ledger.checked("I5");
    if (engine.state().is === "syncing") throw new Violation("I5", `${window.name} has a round that comes to no end: ${JSON.stringify(engine.state())}`);
    if (this.clock.waitsFor(window)) return;
    throw new Violation("I5", `${window.name} is ${engine.state().is} and nothing will wake it`);
  }

  /** What `ruhu verify` finds. */
  verify(): void {
    if (!this.server.isUp) this.server.start(this.clock.nowMs);
    const report = this.server.verify();
    this.ledger.checked("verify");
    for (const { name, broken, findings } of report.invariants) {
      if (broken > 0) throw new Violation(name, `verify: ${JSON.stringify(findings.slice(0, 3))}`);
    }
  }

  /** I4 and I11; whether they could be looked at. */
  async checkSame(window: Window): Promise<boolean> {
    const looked = await checkSame(window, this.network);
    if (looked) for (const invariant of ["I4", "I11"]) this.ledger.checked(invariant);
    return looked;
  }

  /** At the end: every saved operation has exactly one effect, with the content that was saved (I1, I2, I6). */
  checkEffects(putAside: ReadonlySet<string>): void {
    const operations = this.server.rows<Operation>(
      "SELECT json_object('op', op_id, 'outcome', outcome, 'kind', kind) AS line FROM operations",
    );
    const revisions = this.server.rows<Revision>(
      "SELECT json_object('op', op_id, 'hash', hash, 'rev', rev, 'visit', visit_id) AS line FROM visit_revisions",
    );
    const effects = new Map<string, number>();
    const decided = new Map<string, string>();
    for (const { op, outcome } of operations) {
      if (outcome !== "duplicate") decided.set(op, outcome);
      if (["applied", "merged", "conflict"].includes(outcome)) effects.set(op, (effects.get(op) ?? 0) + 1);
    }
    const brought = new Map<string, Revision[]>();
    for (const one of revisions) brought.set(one.op, [...(brought.get(one.op) ?? []), one]);
    this.ledger.checked("I2");
    for (const [op, count] of effects) if (count > 1) throw new Violation("I2", `operation ${op} had ${count} effects`);
    for (const saved of this.ledger.saved) {
      if (saved.fate !== "held" || putAside.has(saved.op)) continue;
      this.ledger.checked("I6");
      const outcome = decided.get(saved.op);
      if (outcome === undefined) throw new Violation("I1", `${saved.kind} ${saved.op}, saved on ${saved.phone}, has no answer on the server`);
      if (!effects.has(saved.op) || saved.kind !== "visit.submit") continue;
      const [one, other] = brought.get(saved.op) ?? [];
      if (!one || other) throw new Violation("I2", `${saved.op} is applied, and brought ${brought.get(saved.op)?.length ?? 0} revisions`);
      if (one.hash !== saved.hash) throw new Violation("I6", `visit ${saved.subject} arrived with other content than was saved`);
    }
  }
}
