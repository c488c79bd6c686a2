// What every person was told, and what was counted: the memory of the run, beside client and server.

/** An operation that a phone has shown as saved. */
export interface Saved {
  readonly op: string;
  readonly kind: SavedKind;
  /** The visit, or the conflict of a decision. */
  readonly subject: string;
  readonly rev: number;
  readonly hash: string;
  readonly phone: string;
  readonly user: string;
  /** In true time. */
  readonly atMs: number;
  /**
   * `gone`: with the phone's whole storage, or forgotten by sign-out with a server that has forgotten it, too;
   * `given_up`: by its author, after a refusal, for something else or for nothing.
   */
  fate: "held" | "gone" | "given_up";
  /** Its author began to deal with its refusal. */
  dealt: boolean;
  /** Why the phone has no copy of it any more although it was answered. */
  forgotten: "signed_out" | "storage" | null;
}

export type SavedKind = "visit.submit" | "visit.withdraw" | "conflict.decide";

/** When the server last answered an operation for good, and in which of its histories. */
interface Answer {
  readonly history: number;
  readonly atMs: number;
}

export class Violation extends Error {
  readonly invariant: string;
  constructor(invariant: string, says: string) {
    super(`${invariant}: ${says}`);
    this.invariant = invariant;
  }
}

export class Ledger {
  readonly saved: Saved[] = [];
  /** ID numbers of people in first surveys, in the order in which they were met. */
  readonly numbers: string[] = [];
  readonly answers = new Map<string, Answer>();
  /** How often the server went back to a backup. */
  history = 0;
  readonly fired = new Map<string, number>();
  readonly did = new Map<string, number>();
  readonly checks = new Map<string, number>();
  private digest = 0x811c9dc5;
  traced = 0;
  readonly lines: string[] = [];
  keepLines = false;

  fire(fault: string): void {
    this.fired.set(fault, (this.fired.get(fault) ?? 0) + 1);
    this.trace(`fault ${fault}`);
  }

  count(what: string): void {
    this.did.set(what, (this.did.get(what) ?? 0) + 1);
  }

  checked(invariant: string): void {
    this.checks.set(invariant, (this.checks.get(invariant) ?? 0) + 1);
  }

  /** Everything that happens goes into one number: the same seed must give the same. */
  trace(line: string): void {
    this.traced += 1;
    for (let at = 0; at < line.length; at += 1) {
      this.digest = Math.imul(this.digest ^ line.charCodeAt(at), 0x01000193) >>> 0;
    }
    if (!this.keepLines) return;
    this.lines.push(line);
    if (this.lines.length > 100_000) this.lines.splice(0, 50_000);
  }

  get hash(): string {
    return this.digest.toString(16).padStart(8, "0");
  }
}
