// What goes into a merge and what comes out; the names are those of the server's domain/sync/merge.

import type { Change, Definitions, HouseholdFile, Json, MergePolicy } from "../../forms";

export interface Rebase {
  readonly definitions: Pick<Definitions, "dictionary" | "codes">;
  /** The file that the visit began with; null for a new household. */
  readonly base: HouseholdFile | null;
  /** The file now. */
  readonly current: HouseholdFile;
  readonly mine: readonly Change[];
  /** Corrected time of the visit, RFC 3339 in UTC. */
  readonly mineAt: string;
  /** The corrected time of whatever wrote a path into `current`, null when nobody knows. */
  readonly theirsAt: (path: string) => string | null;
}

export type ClashKind = "path" | "group" | "row_gone";
export type Choice = "mine" | "theirs" | "other" | "revisit";

/** Something that a person must decide. */
export interface Clash {
  readonly kind: ClashKind;
  /** The path, the path of the row, or the group: `income`, `persons/<id>#identity`. */
  readonly path: string;
  /** Every path that the decision may write. */
  readonly paths: readonly string[];
  /** For a group the three values are objects of path → value, a row being one value. */
  readonly base: Json;
  readonly theirs: Json;
  readonly mine: Json;
  /** Further changes of mine that name a row which is not there without mine. */
  readonly waiting: readonly Change[];
}

/** Both sides changed a path and its policy knew what to do. */
export interface Settled {
  readonly path: string;
  readonly policy: MergePolicy;
  readonly base: Json;
  readonly theirs: Json;
  readonly mine: Json;
  readonly kept: Json;
  readonly won: "mine" | "theirs" | "both";
}

export interface Refused {
  readonly path: string;
  readonly code: string;
  readonly mine: Json;
}

/** What became of the changes; every list is sorted by path. */
export interface Merged {
  /** What goes into the file; `from` is what it holds now. */
  readonly accepted: readonly Change[];
  /** What the file holds already, because somebody else wrote the same. */
  readonly already: readonly Change[];
  readonly clashes: readonly Clash[];
  /** What a policy decided; a kept value that is new to the file is accepted, too. */
  readonly settled: readonly Settled[];
  readonly refused: readonly Refused[];
  /** Whether somebody else changed something since the base. */
  readonly isBesideOthers: boolean;
}

/** The lists while they are filled. */
export interface Sorting {
  accepted: Change[];
  readonly already: Change[];
  readonly clashes: Clash[];
  settled: Settled[];
  readonly refused: Refused[];
}

/** My changes that are not sorted yet, by path. */
export type Open = Map<string, Change>;
