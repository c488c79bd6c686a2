// A clock that moves only when told, with its timers.

interface Timer {
  readonly id: number;
  readonly atMs: number;
  readonly run: () => void;
}

export class FakeClock {
  nowMs: number;
  /** Timers go by it, too. Setting `nowMs`, the clock on the wall, does not move it. */
  monotonicMs = 0;
  private timers: Timer[] = [];
  private lastId = 0;

  constructor(nowMs = Date.parse("2026-11-23T01:00:00Z")) {
    this.nowMs = nowMs;
  }

  timer(afterMs: number, run: () => void): () => void {
    this.lastId += 1;
    const id = this.lastId;
    this.timers.push({ id, atMs: this.monotonicMs + afterMs, run });
    return () => {
      this.timers = this.timers.filter((timer) => timer.id !== id);
    };
  }

  /** When the next timer is due, in milliseconds from now. */
  nextInMs(): number | null {
    const next = this.next();
    return next ? next.atMs - this.monotonicMs : null;
  }

  private next(): Timer | undefined {
    return [...this.timers].sort((a, b) => a.atMs - b.atMs || a.id - b.id)[0];
  }

  /** Moves on to the next timer and runs it. */
  fireNext(): void {
    const next = this.next();
    if (!next) return;
    this.advance(Math.max(0, next.atMs - this.monotonicMs));
  }

  advance(ms: number): void {
    const until = this.monotonicMs + ms;
    for (let next = this.next(); next && next.atMs <= until; next = this.next()) {
      this.move(Math.max(this.monotonicMs, next.atMs));
      this.timers = this.timers.filter((timer) => timer !== next);
      next.run();
    }
    this.move(until);
  }

  private move(toMs: number): void {
    this.nowMs += toMs - this.monotonicMs;
    this.monotonicMs = toMs;
  }
}
