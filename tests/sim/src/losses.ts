// What the run no longer promises, and why: only that of which, by the rules of the product, no copy can be anywhere.
import type { OutboxRow, ReceiptRow } from "@/db/rows";
import type { Checks } from "./checks";
import type { Clock } from "./clock";
import { Violation, type Ledger, type Saved } from "./ledger";
import type { Phone } from "./phone";
import { readStore } from "./storage";

/** How long a phone keeps what was answered, for a server that goes back to a backup. */
const KEPT_MS = 30 * 86_400_000;

/** Operations that a phone could still send: not answered yet, or kept for a restored server. */
export interface Copies {
  readonly outbox: ReadonlySet<string>;
  readonly kept: ReadonlySet<string>;
}

export async function copiesOn(phone: Phone, user: string): Promise<Copies> {
  const outbox = await readStore<OutboxRow>(phone.factory, `ruhu-${user}`, "outbox");
  const receipts = await readStore<ReceiptRow>(phone.factory, `ruhu-${user}`, "receipts");
  // The database is gone, and what only the journal holds comes back when the app is opened.
  const inJournal = phone.restoring.get(user) ?? [];
  return {
    outbox: new Set([...outbox.map((row) => row.id), ...inJournal]),
    kept: new Set(receipts.filter((row) => row.kept).map((row) => row.op_id)),
  };
}

export class Losses {
  private readonly clock: Clock;
  private readonly ledger: Ledger;
  private readonly checks: Checks;

  constructor(clock: Clock, ledger: Ledger, checks: Checks) {
    this.clock = clock;
    this.ledger = ledger;
    this.checks = checks;
  }

  private held(phone: Phone, user: string): Saved[] {
    return this.ledger.saved.filter((one) => one.fate === "held" && one.phone === phone.name && one.user === user);
  }

  private gone(one: Saved, count: string): void {
    one.fate = "gone";
    this.ledger.count(count);
    this.ledger.trace(`${count} ${one.op}`);
  }

  /**
   * Somebody signed out and had their files forgotten. What was not answered stays, and what was answered is the
   * server's, unless it went back to a backup since and this phone has not heard of it.
   */
  async signedOut(phone: Phone, user: string, before: Copies): Promise<void> {
    const { outbox, kept } = await copiesOn(phone, user);
    this.ledger.checked("I1");
    for (const one of this.held(phone, user)) {
      if (outbox.has(one.op) || kept.has(one.op)) continue;
      if (this.checks.onServer(one.op)) {
        one.forgotten ??= "signed_out";
        continue;
      }
      const answer = this.ledger.answers.get(one.op);
      if (before.outbox.has(one.op)) throw new Violation("I1", `${one.kind} ${one.op} waited in the outbox of ${phone.name} and went with a sign-out`);
      if (!answer || answer.history === this.ledger.history) throw new Violation("I1", `${one.kind} ${one.op} of ${phone.name} went with a sign-out, and no server has it`);
      this.gone(one, "gone_by_signing_out_after_a_restore");
    }
  }

  /** A phone's storage is not what it was; `since`: it is what it was then. What had not arrived is gone with it. */
  async storageLost(phone: Phone, users: readonly string[], since: number | null): Promise<void> {
    for (const user of users) {
      const { outbox, kept } = await copiesOn(phone, user);
      for (const one of this.held(phone, user)) {
        if (outbox.has(one.op) || kept.has(one.op)) continue;
        if (this.checks.onServer(one.op)) one.forgotten ??= "storage";
        else if (since === null || one.atMs > since || one.forgotten !== null) this.gone(one, "gone_with_the_phone");
      }
    }
  }

  /** The server went back to a backup. What it has forgotten and no phone needs to have any more is promised no more. */
  async serverRestored(phone: Phone, user: string): Promise<void> {
    const { outbox, kept } = await copiesOn(phone, user);
    for (const one of this.held(phone, user)) {
      if (outbox.has(one.op) || kept.has(one.op) || this.checks.onServer(one.op)) continue;
      const answer = this.ledger.answers.get(one.op);
      if (one.forgotten === "signed_out") this.gone(one, "gone_by_signing_out_before_a_restore");
      else if (one.forgotten === "storage") this.gone(one, "gone_with_server_and_phone");
      else if (answer && this.clock.nowMs - answer.atMs > KEPT_MS) this.gone(one, "gone_with_the_time_that_it_is_kept");
      else throw new Violation("I1", `${one.kind} ${one.op} was answered, the server went back to a backup, and ${phone.name} has not kept it`);
    }
  }
}
