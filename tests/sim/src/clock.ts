// The one true time of a simulated world, and who waits for what. It moves only when told.

/** Whose timer it is: a window that is gone or frozen does not hear it. */
export interface Listener {
  readonly gone: boolean;
  readonly frozen: boolean;
}

interface Timer {
  readonly number: number;
  readonly atMs: number;
  readonly of: Listener;
  readonly run: () => void;
}

const DAY_MS = 86_400_000;

export class Clock {
  nowMs: number;
  readonly startMs: number;
  private timers: Timer[] = [];
  private last = 0;

  constructor(startMs: number) {
    this.nowMs = startMs;
    this.startMs = startMs;
  }

  get day(): number {
    return Math.floor((this.nowMs - this.startMs) / DAY_MS);
  }

  timer(of: Listener, afterMs: number, run: () => void): () => void {
    this.last += 1;
    const timer: Timer = { number: this.last, atMs: this.nowMs + Math.max(0, afterMs), of, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  }

  /** Whether anything will wake this window again. */
  waitsFor(of: Listener): boolean {
    return this.timers.some((timer) => timer.of === of);
  }

  /** Moves on without waking anybody, as while a request is under way. */
  creep(ms: number): void {
    this.nowMs += ms;
  }

  private next(untilMs: number): Timer | undefined {
    this.timers = this.timers.filter((timer) => !timer.of.gone);
    let first: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.of.frozen || timer.atMs > untilMs) continue;
      if (!first || timer.atMs < first.atMs || (timer.atMs === first.atMs && timer.number < first.number)) first = timer;
    }
    return first;
  }

  /** Moves on to the next timer that is due by then and runs it; whether there was one. */
  fireNext(untilMs: number): boolean {
    const timer = this.next(untilMs);
    if (!timer) return false;
    this.nowMs = Math.max(this.nowMs, timer.atMs);
    this.timers = this.timers.filter((one) => one !== timer);
    timer.run();
    return true;
  }

  moveTo(ms: number): void {
    this.nowMs = Math.max(this.nowMs, ms);
  }
}
