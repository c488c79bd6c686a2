// What a reviewer is about to say about a record, and the request that says it.
// One mark serves both answers: on a return it is a reason at a field, on an approval the field is declined for it.

import type { ApproveRequest, Reason, RecordView, RejectRequest, ReturnRequest } from "../wire";

export interface Mark {
  /** Of the code table `return_reason`; empty until chosen. */
  readonly code: string;
  readonly text: string;
}

/** Typed so far; kept while the reviewer looks at other records. */
export interface DecisionDraft {
  /** By path; a row's path stands for every change in it, `""` for the visit as a whole (for a return only). */
  readonly marks: Readonly<Record<string, Mark>>;
  /** Words to the caseworker beside the reasons. */
  readonly returnText: string;
  /** Of the code table `reject_reason`. */
  readonly rejectCode: string;
  readonly rejectText: string;
}

export const WHOLE = "";
/** This code says nothing by itself. */
const OTHER = "other";

export const emptyDraft: DecisionDraft = { marks: {}, returnText: "", rejectCode: "", rejectText: "" };

export type Blocker =
  | { readonly is: "nothing_marked" }
  | { readonly is: "code_missing"; readonly path: string }
  | { readonly is: "text_missing"; readonly path: string }
  | { readonly is: "moved_undecided"; readonly paths: readonly string[] }
  | { readonly is: "nothing_left" };

const filled = (text: string): boolean => text.trim() !== "";

export function withMark(draft: DecisionDraft, path: string, mark: Mark): DecisionDraft {
  return { ...draft, marks: { ...draft.marks, [path]: mark } };
}

export function withoutMark(draft: DecisionDraft, path: string): DecisionDraft {
  const { [path]: _gone, ...marks } = draft.marks;
  return { ...draft, marks };
}

/** Marks every path that is not marked yet. */
export function withMarks(draft: DecisionDraft, paths: readonly string[], mark: Mark): DecisionDraft {
  return paths.reduce((now, path) => (path in now.marks ? now : withMark(now, path, mark)), draft);
}

/** The row of a cell's path, the path itself otherwise. */
function rowOf(path: string): string {
  const [table, id, key] = path.split("/");
  return key === undefined ? path : `${table ?? ""}/${id ?? ""}`;
}

/** Where the mark that covers a change stands: at its own path or at its row; null when there is none. */
function coverOf(draft: DecisionDraft, path: string): string | null {
  return [path, rowOf(path)].find((at) => at in draft.marks) ?? null;
}

/** Marked paths in the order of the record, a row before what stands in it; the visit as a whole comes first. */
export function markedPaths(draft: DecisionDraft, record: RecordView): string[] {
  const known = [WHOLE, ...record.changes.flatMap(({ path }) => [rowOf(path), path])];
  const marked = [...new Set(known)].filter((path) => path in draft.marks);
  const others = Object.keys(draft.marks).filter((path) => !marked.includes(path));
  return [...marked, ...others.sort()];
}

/** Changed paths that the marks decline on an approval. */
export function declinedPaths(draft: DecisionDraft, record: RecordView): string[] {
  return record.changes.map((change) => change.path).filter((path) => coverOf(draft, path) !== null);
}

/** The marks that decline something on an approval. */
export function decliningMarks(draft: DecisionDraft, record: RecordView): string[] {
  const covers = new Set(record.changes.map((change) => coverOf(draft, change.path)));
  return markedPaths(draft, record).filter((path) => covers.has(path));
}

/** Overtaken changes that nobody has declined yet. */
export function undecidedPaths(draft: DecisionDraft, record: RecordView): string[] {
  return movedPaths(record).filter((path) => coverOf(draft, path) === null);
}

export function movedPaths(record: RecordView): string[] {
  return record.changes.filter((change) => change.moved).map((change) => change.path);
}

function markBlocker(path: string, { code, text }: Mark): Blocker | null {
  if (code === "") return { is: "code_missing", path };
  return code === OTHER && !filled(text) ? { is: "text_missing", path } : null;
}

const unsaid: Mark = { code: "", text: "" };
const markBlockers = (draft: DecisionDraft, paths: readonly string[]): Blocker[] =>
  paths.map((path) => markBlocker(path, draft.marks[path] ?? unsaid)).filter((blocker): blocker is Blocker => blocker !== null);

/** What keeps the record from being approved as it is marked now. */
export function approvalBlockers(draft: DecisionDraft, record: RecordView): Blocker[] {
  const declined = declinedPaths(draft, record);
  const undecided = undecidedPaths(draft, record);
  const blockers = markBlockers(draft, decliningMarks(draft, record));
  if (undecided.length > 0) blockers.unshift({ is: "moved_undecided", paths: undecided });
  // An approval that takes nothing over says the opposite of what it means.
  if (record.changes.length > 0 && declined.length === record.changes.length) blockers.push({ is: "nothing_left" });
  return blockers;
}

/** What keeps the record from being returned. */
export function returnBlockers(draft: DecisionDraft, record: RecordView): Blocker[] {
  const paths = markedPaths(draft, record);
  if (paths.length === 0) return [{ is: "nothing_marked" }];
  return markBlockers(draft, paths);
}

export function rejectionBlockers(draft: DecisionDraft): Blocker[] {
  if (draft.rejectCode === "") return [{ is: "code_missing", path: WHOLE }];
  return filled(draft.rejectText) ? [] : [{ is: "text_missing", path: WHOLE }];
}

/** How reasons are put into words: a decline is kept as one sentence. */
export interface ReasonWords {
  code(code: string): string;
  /** A code's words and what was typed beside them. */
  both(code: string, text: string): string;
}

function sentence({ code, text }: Mark, words: ReasonWords): string {
  const typed = text.trim();
  if (code === OTHER || code === "") return typed;
  return typed === "" ? words.code(code) : words.both(words.code(code), typed);
}

export function approval(draft: DecisionDraft, record: RecordView, words: ReasonWords): ApproveRequest {
  return {
    visit_rev: record.visit.rev,
    visit_hash: record.visit.hash,
    file_rev: record.household.rev,
    decided: record.conflicts.filter((one) => one.state === "decided").map((one) => one.id),
    decisions: declinedPaths(draft, record).map((path) => {
      const mark = draft.marks[coverOf(draft, path) ?? path] ?? unsaid;
      return { path, accept: false, reason: sentence(mark, words) };
    }),
  };
}

export function returning(draft: DecisionDraft, record: RecordView): ReturnRequest {
  const reasons = markedPaths(draft, record).map((path): Reason => {
    const { code, text } = draft.marks[path] ?? unsaid;
    return { path, code, text: text.trim() };
  });
  return { visit_rev: record.visit.rev, visit_hash: record.visit.hash, reasons, text: draft.returnText.trim() };
}

export function rejection(draft: DecisionDraft, record: RecordView): RejectRequest {
  return { visit_rev: record.visit.rev, visit_hash: record.visit.hash, code: draft.rejectCode, text: draft.rejectText.trim() };
}
