// Whether an answer is our server's. Between phone and server stand the sign-in pages of hotels and trains, proxies
// and their error pages; whatever they say, in HTML or in JSON, must never count as the server's word.
import { localProblem, type Problem, type ProblemError } from "./problem";

/** Answers that have no body. */
export const EMPTY_STATUS: ReadonlySet<number> = new Set([204, 205, 304]);

/** The network itself wants a sign-in (RFC 6585). */
const NETWORK_SIGN_IN = 511;

/** What stands in the way when the answer is not ours; `null` when it is, be it data or a refusal. */
export function strangersProblem(response: Response, body: ArrayBuffer | null, nowMs: number): Problem | null {
  const { status, headers } = response;
  // Our API redirects nobody. A redirect that was not followed has status 0.
  if (response.redirected || response.type === "opaqueredirect") return localProblem("net.captive_portal");
  if (EMPTY_STATUS.has(status)) return null;
  const type = mediaTypeOf(headers);
  if (status >= 200 && status < 300 && type === "application/json") return null;
  if (status >= 400 && type === "application/problem+json" && isOurRefusal(status, body)) return null;
  const extra = { status, retry_after_ms: retryAfterMs(headers, nowMs) };
  if (status === 413) return localProblem("net.too_large", extra);
  if (status === 429) return localProblem("net.too_many_requests", extra);
  if (status === 408) return localProblem("net.timeout");
  if (status >= 500 && status !== NETWORK_SIGN_IN) return localProblem("net.server", extra);
  return localProblem("net.captive_portal");
}

const mediaTypeOf = (headers: Headers): string =>
  (headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";

function isOurRefusal(status: number, body: ArrayBuffer | null): boolean {
  try {
    const { code } = JSON.parse(new TextDecoder().decode(body ?? new ArrayBuffer(0))) as { code?: unknown };
    // Only our own words end a session.
    return typeof code === "string" && code !== "" && (status !== 401 || code.startsWith("auth."));
  } catch {
    return false;
  }
}

/** A refusal of our server as a problem. */
export function problemOf(response: Response, error: unknown, nowMs: number): Problem {
  const { status, headers } = response;
  const body = typeof error === "object" && error !== null ? (error as Record<string, unknown>) : {};
  const { type: _type, title: _title, status: _status, code, request_id, errors, ...more } = body;
  return {
    code: codeOf(status, code),
    status,
    request_id: typeof request_id === "string" ? request_id : headers.get("x-request-id"),
    errors: Array.isArray(errors) ? (errors as ProblemError[]) : [],
    retry_after_ms: retryAfterMs(headers, nowMs),
    more,
  };
}

function codeOf(status: number, code: unknown): Problem["code"] {
  if (status === 304) return "net.not_modified";
  if (status >= 500) return "net.server";
  return typeof code === "string" ? code : "net.protocol";
}

/** `Retry-After` in seconds or as a date; the date by the clock of whoever wrote it, where they tell it. */
function retryAfterMs(headers: Headers, nowMs: number): number | null {
  const value = headers.get("retry-after")?.trim();
  if (value === undefined) return null;
  const theirs = Date.parse(headers.get("date") ?? "");
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - (Number.isNaN(theirs) ? nowMs : theirs);
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}
