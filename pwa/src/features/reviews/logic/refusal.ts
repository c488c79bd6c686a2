// Why a decision was not taken, in a shape that the screen can explain.

import type { Problem } from "@/api/problem";
import type { ConflictBody } from "@/db/wire";
import type { Decided, Since } from "../wire";

export type Refusal =
  | { readonly is: "stale"; readonly since: Since }
  | { readonly is: "decided"; readonly decided: Decided }
  | { readonly is: "clash"; readonly paths: readonly string[] }
  | { readonly is: "own" }
  /** A conflict of the visit is not decided. */
  | { readonly is: "conflict_open" }
  /** Another visit to the household must be decided before. */
  | { readonly is: "other_first"; readonly visitId: string }
  /** The network or the server failed: nothing was decided, or it is not known. */
  | { readonly is: "unsent"; readonly code: string }
  | { readonly is: "refused"; readonly code: string };

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

export function refusalOf(problem: Problem): Refusal {
  const { code, more } = problem;
  if (code === "visit.stale_review" && isSince(more["since"])) return { is: "stale", since: more["since"] };
  if (code === "visit.already_decided" && isDecided(more["decided"])) return { is: "decided", decided: more["decided"] };
  if (code === "visit.clash") {
    const paths = more["paths"];
    return { is: "clash", paths: Array.isArray(paths) ? paths.filter((path): path is string => typeof path === "string") : [] };
  }
  if (code === "visit.own") return { is: "own" };
  if (code === "visit.conflict_open") return { is: "conflict_open" };
  if (code === "visit.other_first" && typeof more["visit_id"] === "string") return { is: "other_first", visitId: more["visit_id"] };
  return problem.status === 0 || problem.status >= 500 || problem.status === 429 ? { is: "unsent", code } : { is: "refused", code };
}

/** The conflicts about which somebody decided after the record was read: those it showed, and whether there are others. */
export function decidedSince(since: Since, conflicts: readonly ConflictBody[]): { readonly seen: ConflictBody[]; readonly others: boolean } {
  const known = new Map(conflicts.map((one) => [one.id, one]));
  const news = since.decided.filter((id) => known.get(id)?.state !== "decided");
  const seen = news.flatMap((id) => known.get(id) ?? []);
  return { seen, others: seen.length < news.length };
}

const isSince = (value: unknown): value is Since =>
  isRecord(value) && typeof value["file_rev"] === "number" && Array.isArray(value["moved"]) && Array.isArray(value["decided"]);
const isDecided = (value: unknown): value is Decided =>
  isRecord(value) && isRecord(value["by"]) && typeof value["at"] === "string" && typeof value["decision"] === "string";
