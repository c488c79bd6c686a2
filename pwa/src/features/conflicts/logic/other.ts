// A value that neither side had: which fields are asked for it, and how the answers become one value. Pure.
import { type Definitions, type Json, checkValue, fieldAt, isMasked, isObject, normalise, parsePath } from "@/forms";
import type { HouseholdFile, Problem } from "@/forms";
import type { ConflictBody, DecideConflictBody } from "@/db/wire";
import { pathsOf, sideOf } from "./card";

export const REASON_MAX = 200;

/** The fields that are asked; whether a row is there at all is not asked, it is chosen with the two buttons. */
export function askedPaths({ dictionary }: Definitions, body: ConflictBody): string[] {
  const mine = sideOf(body, "mine");
  return pathsOf(body).filter((path) => {
    if (parsePath(path)?.is === "row" || fieldAt(dictionary, path) === undefined) return false;
    // Of a group the server takes only what the visit wrote.
    return body.kind !== "group" || (isObject(mine) && path in mine);
  });
}

/** What the fields begin with, masks and all: what was decided before and came back, else mine, else theirs. */
function start(body: ConflictBody, paths: readonly string[], before: DecideConflictBody | null): [string, Json][] {
  const value = before?.choice === "other" ? ((before.value ?? null) as Json) : sideOf(body, "mine");
  const whole = body.kind === "row_gone" && !isObject(value) ? sideOf(body, "theirs") : value;
  return paths.map((path) => {
    const key = body.kind === "row_gone" ? (path.split("/")[2] ?? "") : path;
    return [path, body.kind === "path" ? whole : isObject(whole) ? (whole[key] ?? null) : null];
  });
}

/** What stands in the fields at first; never a mask. */
export function firstAnswers(body: ConflictBody, paths: readonly string[], before: DecideConflictBody | null): Map<string, Json> {
  return new Map(start(body, paths, before).map(([path, one]) => [path, isMasked(one) ? null : one]));
}

/**
 * Covered cells of a row, by path: nobody can type them again, so what is left empty keeps the value behind its mask.
 * A row is written as a whole, and without them it would lose them.
 */
export function coveredCells(body: ConflictBody, paths: readonly string[], before: DecideConflictBody | null): Map<string, Json> {
  if (body.kind !== "row_gone") return new Map();
  return new Map(start(body, paths, before).filter(([, one]) => isMasked(one)));
}

/** The answers in the conflict's own shape. In a group, what has no answer stays theirs. */
export function otherValue(
  { dictionary }: Definitions,
  body: ConflictBody,
  answers: ReadonlyMap<string, Json>,
  covered: ReadonlyMap<string, Json> = new Map(),
): Json {
  const clean = [...answers].map(([path, value]): [string, Json] => {
    return [path, normalise(fieldAt(dictionary, path), value) ?? covered.get(path) ?? null];
  });
  if (body.kind === "path") return clean[0]?.[1] ?? null;
  const given = clean.filter(([, value]) => value !== null);
  if (body.kind === "group") return Object.fromEntries(given);
  return Object.fromEntries(given.map(([path, value]) => [path.split("/")[2] ?? "", value]));
}

/** What is wrong with the answers; the server looks again. */
export function problemsOf(
  definitions: Definitions,
  answers: ReadonlyMap<string, Json>,
  file: HouseholdFile,
  today: string,
): Problem[] {
  return [...answers].flatMap(([path, value]) => {
    const field = fieldAt(definitions.dictionary, path);
    const finding = field && checkValue(field, normalise(field, value), { definitions, file, today });
    return finding ? [{ ...finding, path }] : [];
  });
}

/** Whether there is anything to send. */
export const isAnswered = (body: ConflictBody, value: Json): boolean =>
  value !== null && (body.kind === "path" || (isObject(value) && Object.keys(value).length > 0));
