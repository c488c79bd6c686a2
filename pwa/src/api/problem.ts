// What can go wrong with a call, as one shape. The codes are stable; the app translates them.

/** Codes that this app makes itself because no answer of the server says them. */
export const LOCAL_PROBLEM_CODES = [
  /** No connection: the request never reached a server. */
  "net.offline",
  /** No answer within the time limit. The server may have done it. */
  "net.timeout",
  /** Somebody else answered: the sign-in page of a public network, or a proxy. There is no real connection. */
  "net.captive_portal",
  /** The server or a proxy before it failed (5xx). */
  "net.server",
  /** The server's answers make no sense to this app. */
  "net.protocol",
  /** A proxy does not let so much through at once (413). */
  "net.too_large",
  /** 429: asked too often. */
  "net.too_many_requests",
  /** The data is still the same (304); not an error. */
  "net.not_modified",
  /** Nobody is signed in here, or the sign-in has ended. */
  "auth.sign_in_needed",
  /** Another user signed in on this phone meanwhile. */
  "auth.other_user",
  /** One operation alone is larger than the server or the network takes. */
  "sync.op_too_large",
  /** The phone's storage is full: what was just saved was not. */
  "storage.full",
  /** The phone's database failed in another way. */
  "storage.failed",
] as const;

/** Codes of the server that the app acts upon, not only translates. */
export const KNOWN_PROBLEM_CODES = [
  "sync.fork",
  "sync.gap",
  "sync.batch_too_large",
  "visit.stale_review",
  "visit.already_decided",
  "visit.clash",
  "visit.own",
] as const;

export type LocalProblemCode = (typeof LOCAL_PROBLEM_CODES)[number];
export type KnownProblemCode = LocalProblemCode | (typeof KNOWN_PROBLEM_CODES)[number];
/** Any code; the known ones complete in the editor. A code without a translation is shown as "unknown". */
export type ProblemCode = KnownProblemCode | (string & Record<never, never>);

/** One finding at one path. */
export interface ProblemError {
  readonly code: string;
  readonly path: string;
  readonly params?: unknown;
}

export interface Problem {
  readonly code: ProblemCode;
  /** HTTP status of our server or of a proxy before it; 0 when there was no answer, or one of a stranger. */
  readonly status: number;
  readonly request_id: string | null;
  readonly errors: readonly ProblemError[];
  /** How long the server asks to wait. */
  readonly retry_after_ms: number | null;
  /** Further members of the problem document (`next_seq`, `since`, `decided`, `paths`, …). */
  readonly more: Readonly<Record<string, unknown>>;
}

/** An answer or a problem; never an exception. */
export type Result<T> =
  | { readonly ok: true; readonly data: T; readonly etag: string | null }
  | { readonly ok: false; readonly problem: Problem };

/** A problem made by the app itself. */
export function localProblem(code: LocalProblemCode, extra: Partial<Problem> = {}): Problem {
  return { code, status: 0, request_id: null, errors: [], retry_after_ms: null, more: {}, ...extra };
}

/** Whether the same call may well succeed later without anybody doing anything. */
export function isTransient(problem: Problem): boolean {
  return problem.status === 0 || problem.status >= 500 || problem.status === 408 || problem.status === 429;
}

/** Whether a person must sign in before anything else helps. */
export function needsSignIn(problem: Problem): boolean {
  return problem.status === 401 || problem.code === "auth.sign_in_needed" || problem.code === "auth.other_user";
}
