// Lets things happen: turns of the event loop while something moves, the clock when nothing does.
import type { Clock } from "./clock";
import { Violation } from "./ledger";
import type { Window } from "./phone";

/** So many turns without a move, and everything waits for time to pass. */
const STILL_TURNS = 1_200;

/** So many turns in which no time passes, and it never ends. */
const RESTLESS_TURNS = 100_000;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export type Ended<T> = { readonly is: "done"; readonly value: T } | { readonly is: "failed"; readonly error: unknown } | { readonly is: "died" } | { readonly is: "late" };

export class Driver {
  private moves = 0;
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  stir(): void {
    this.moves += 1;
  }

  /** Until it holds, or nothing moves any more until the limit; whether it came to hold. */
  private async until(holds: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.clock.nowMs + limitMs;
    let [still, seen] = [0, this.moves];
    let [restless, atMs] = [0, this.clock.nowMs];
    while (!holds()) {
      await turn();
      restless += 1;
      if (this.clock.nowMs !== atMs) [restless, atMs] = [0, this.clock.nowMs];
      if (restless > RESTLESS_TURNS) throw new Violation("I5", "something goes round in a circle, and no time passes");
      if (this.moves !== seen) [still, seen] = [0, this.moves];
      else still += 1;
      if (still < STILL_TURNS) continue;
      still = 0;
      if (!this.clock.fireNext(end)) return false;
    }
    return true;
  }

  /** Runs something that a person waits for. */
  async run<T>(window: Window, action: () => Promise<T>, limitMs = 600_000): Promise<Ended<T>> {
    let ended: Ended<T> | null = null;
    action().then(
      (value) => { ended = { is: "done", value }; },
      (error: unknown) => { ended = { is: "failed", error }; },
    );
    await this.until(() => ended !== null, limitMs);
    if (window.gone) return { is: "died" };
    return ended ?? { is: "late" };
  }

  /** Until every round of these windows is over, waiting through their time limits. */
  settle(windows: readonly Window[], limitMs = 300_000): Promise<boolean> {
    const isBusy = (window: Window): boolean => !window.gone && !window.frozen && window.engine?.state().is === "syncing";
    return this.until(() => !windows.some(isBusy), limitMs);
  }

  /** Lets time pass, timer by timer, each round to its end. */
  async pass(windows: () => readonly Window[], ms: number): Promise<void> {
    const end = this.clock.nowMs + ms;
    await this.settle(windows());
    while (this.clock.nowMs < end && this.clock.fireNext(end)) await this.settle(windows());
    this.clock.moveTo(end);
  }
}
