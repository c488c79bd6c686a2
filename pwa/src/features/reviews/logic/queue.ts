// The queue: what is asked for, and who is next.

import type { VisitSummary, VisitType } from "../wire";

export interface QueueFilter {
  /** A state of a visit, or `all`. */
  readonly state: string;
  readonly visitType: VisitType | "";
  /** Region code inside the reviewer's own area; empty for the whole of it. */
  readonly region: string;
  readonly visitor: string;
  readonly hasWarnings: boolean;
  readonly words: string;
}

export const firstFilter: QueueFilter = {
  state: "in_review",
  visitType: "",
  region: "",
  visitor: "",
  hasWarnings: false,
  words: "",
};

export interface QueueQuery {
  state?: string;
  visit_type?: VisitType;
  region?: string;
  visitor?: string;
  has_warnings?: boolean;
  q?: string;
  limit: number;
  cursor?: string;
}

export const PAGE = 50;

/** Only what narrows the answer is sent. */
export function queryOf(filter: QueueFilter, cursor: string | null, limit = PAGE): QueueQuery {
  const words = filter.words.trim();
  return {
    state: filter.state,
    ...(filter.visitType === "" ? {} : { visit_type: filter.visitType }),
    ...(filter.region === "" ? {} : { region: filter.region }),
    ...(filter.visitor === "" ? {} : { visitor: filter.visitor }),
    ...(filter.hasWarnings ? { has_warnings: true } : {}),
    ...(words === "" ? {} : { q: words }),
    limit,
    ...(cursor === null ? {} : { cursor }),
  };
}

/** How many of the folded filters are set. */
export const narrowedBy = (filter: QueueFilter): number =>
  [filter.visitType, filter.region, filter.visitor].filter((one) => one !== "").length + (filter.hasWarnings ? 1 : 0);

/** The visits that have come so far, in the order of the queue. */
type Queue = readonly Pick<VisitSummary, "id">[];

/** The visit `step` places away, null at the ends. From nowhere, the first one. */
export function neighbour(queue: Queue, id: string | null, step: 1 | -1): string | null {
  const at = queue.findIndex((item) => item.id === id);
  if (at < 0) return queue[0]?.id ?? null;
  return queue[at + step]?.id ?? null;
}

/** Which record opens once this one is decided: the next one in line, at the end the one before. */
export const afterDecision = (queue: Queue, id: string): string | null => neighbour(queue, id, 1) ?? neighbourBefore(queue, id);

function neighbourBefore(queue: Queue, id: string): string | null {
  const before = neighbour(queue, id, -1);
  return before === id ? null : before;
}
