// A visit while it is being written. Pure: takes a draft, gives a draft; time and ids come in as arguments.

import type { Draft } from "@/db/rows";
import type { Json, Row } from "@/forms";

/** A draft of the local database with what only these screens keep in it. */
export interface VisitDraft extends Draft {
  /** Keys of sections opened for editing with 有变化. */
  readonly opened?: readonly string[];
  /** What a mended visit proposed before and does not any more. */
  readonly setAside?: readonly SetAside[];
}

/** A proposed value that was left out: the file has `moved` meanwhile, or the path is `unknown` to this app. */
export interface SetAside {
  readonly path: string;
  readonly to: Json;
  readonly why: "moved" | "unknown";
}

type Answers = Record<string, Json | undefined>;

/** The screen after the last section: what is wrong, what was put off, what will be sent. */
export const CHECK_SCREEN = "$check";

export type DraftAge = "fresh" | "old" | "expired";
const DAY_MS = 86_400_000;
const WARN_AFTER_DAYS = 14;
const REVISIT_AFTER_DAYS = 30;

/** Domain rule §5.2.7: older than 14 days warns, older than 30 days needs another visit. */
export function draftAge(startedAt: string, nowMs: number): DraftAge {
  const days = (nowMs - Date.parse(startedAt)) / DAY_MS;
  if (days > REVISIT_AFTER_DAYS) return "expired";
  return days > WARN_AFTER_DAYS ? "old" : "fresh";
}

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);

function withKey(from: Readonly<Answers>, key: string, value: Json): Answers {
  const next: Answers = { ...from };
  if (isEmpty(value)) Reflect.deleteProperty(next, key);
  else next[key] = value;
  return next;
}

const asRows = (value: Json | undefined): Readonly<Record<string, Json>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};

const withFile = (draft: VisitDraft, file: Answers, later: readonly string[] = draft.answers.later): VisitDraft => ({
  ...draft,
  answers: { ...draft.answers, file, later },
});

/** The draft with one value set; an empty value is left out. What was put off and is now answered is no longer put off. */
export function setValue(draft: VisitDraft, path: string, value: Json): VisitDraft {
  const { file, visit } = draft.answers;
  const wasPutOff = !isEmpty(value) && draft.answers.later.includes(path);
  const later = wasPutOff ? draft.answers.later.filter((one) => one !== path) : draft.answers.later;
  const [first = "", id, key] = path.split("/");
  if (first === "visit") return { ...draft, answers: { file, later, visit: withKey(visit, id ?? "", value) } };
  if (id === undefined || key === undefined) return withFile(draft, withKey(file, first, value), later);
  const rows = asRows(file[first]);
  const row = withKey(asRows(rows[id]), key, value) as { [key: string]: Json };
  return withFile(draft, { ...file, [first]: { ...rows, [id]: row } }, later);
}

export function addRow(draft: VisitDraft, rows: string, id: string, values: Row): VisitDraft {
  const { file } = draft.answers;
  const row = { ...values } as { [key: string]: Json };
  return withFile(draft, { ...file, [rows]: { ...asRows(file[rows]), [id]: row } });
}

/** The draft without a row; references to it from elsewhere stay and are found by the checks. */
export function removeRow(draft: VisitDraft, rows: string, id: string): VisitDraft {
  const table = { ...asRows(draft.answers.file[rows]) };
  Reflect.deleteProperty(table, id);
  const file: Answers = { ...draft.answers.file, [rows]: table };
  if (Object.keys(table).length === 0) Reflect.deleteProperty(file, rows);
  const prefix = `${rows}/${id}/`;
  return withFile(draft, file, draft.answers.later.filter((path) => !path.startsWith(prefix)));
}

/** A row's values before it is removed, so that they can be put back. */
export const rowAt = (draft: VisitDraft, rows: string, id: string): Row =>
  asRows(asRows(draft.answers.file[rows])[id]);

export function putOff(draft: VisitDraft, path: string, off: boolean): VisitDraft {
  const rest = draft.answers.later.filter((one) => one !== path);
  return { ...draft, answers: { ...draft.answers, later: off ? [...rest, path] : rest } };
}

/**
 * Puts some paths back to what they were when the draft was opened. Of the tables only which rows there are: removed
 * ones come back, added ones go; what other sections wrote in a row stays.
 */
export function restore(draft: VisitDraft, paths: readonly string[], tables: readonly string[]): VisitDraft {
  const base: Readonly<Answers> = draft.base ?? {};
  const file: Answers = { ...draft.answers.file };
  for (const table of tables) {
    const now = asRows(file[table]);
    const rows = Object.entries(asRows(base[table])).map(([id, row]) => [id, now[id] ?? row] as const);
    if (rows.length === 0) Reflect.deleteProperty(file, table);
    else file[table] = Object.fromEntries(rows);
  }
  const isAdded = (path: string): boolean => {
    const [table = "", id = ""] = path.split("/");
    return tables.includes(table) && id !== "" && !(id in asRows(base[table]));
  };
  const gone = new Set(paths);
  let next = withFile(draft, file, draft.answers.later.filter((path) => !gone.has(path) && !isAdded(path)));
  for (const path of paths) {
    const [first = "", id, key] = path.split("/");
    if (first === "visit" || isAdded(path)) continue;
    const was = id === undefined || key === undefined ? base[first] : asRows(asRows(base[first])[id])[key];
    next = setValue(next, path, was ?? null);
  }
  return next;
}

/** 无变化 or 有变化. */
export function answerSection(draft: VisitDraft, key: string, answer: "unchanged" | "changed"): VisitDraft {
  const unchanged = draft.unchanged.filter((one) => one !== key);
  const opened = (draft.opened ?? []).filter((one) => one !== key);
  return answer === "unchanged"
    ? { ...draft, unchanged: [...unchanged, key], opened }
    : { ...draft, unchanged, opened: [...opened, key] };
}

const isAt =
  (code: string, path: string) =>
  (one: { readonly code: string; readonly path: string }): boolean =>
    one.code === code && one.path === path;

export const reasonFor = (draft: VisitDraft, code: string, path: string): string =>
  draft.warnings.find(isAt(code, path))?.reason ?? "";

export function giveReason(draft: VisitDraft, code: string, path: string, reason: string): VisitDraft {
  const rest = draft.warnings.filter((one) => !isAt(code, path)(one));
  return { ...draft, warnings: reason.trim() === "" ? rest : [...rest, { code, path, reason }] };
}

/** A set with `none` has it alone: choosing it drops the others, choosing another drops it. */
export function toggleCode(chosen: readonly string[], code: string): string[] {
  if (chosen.includes(code)) return chosen.filter((one) => one !== code);
  return code === "none" ? ["none"] : [...chosen.filter((one) => one !== "none"), code].sort();
}
