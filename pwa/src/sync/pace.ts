// How much one request may carry. On a slow link a large request never ends within its time limit, and would be
// sent again for ever: so each timeout halves the next one, and each answer doubles it again.

export interface Pace {
  /** Operations of one push. */
  ops(): number;
  /** Changes of one pull. */
  page(): number;
  timedOut(): void;
  answered(): void;
}

const MAX_OPS = 200;
const MAX_PAGE = 200;
const MIN_PAGE = 5;
const MAX_HALVINGS = 8;

export function createPace(): Pace {
  let halvings = 0;
  const share = (max: number, min: number): number => Math.max(min, Math.floor(max / 2 ** halvings));
  return {
    ops: () => share(MAX_OPS, 1),
    page: () => share(MAX_PAGE, MIN_PAGE),
    timedOut() {
      halvings = Math.min(MAX_HALVINGS, halvings + 1);
    },
    answered() {
      halvings = Math.max(0, halvings - 1);
    },
  };
}

/** What a push or a pull needs to know of the round it is part of. */
export interface Round {
  readonly pace: Pace;
  /** Ends it between two requests. */
  stopped(): boolean;
}
