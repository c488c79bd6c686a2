// The only file that talks to the network. Every call ends in a `Result`: data or a problem, never an exception.
import createClient, { type Client } from "openapi-fetch";
import { inLock, type LockPorts } from "./lock";
import { localProblem, type Problem, type ProblemError, type Result } from "./problem";
import type { components, paths } from "./schema.gen";

export type Session = components["schemas"]["SessionView"];
export type UserView = components["schemas"]["UserView"];
export type Http = Client<paths>;

/** What the client takes from outside. */
export interface ClientPorts extends LockPorts {
  readonly transport: (request: Request) => Promise<Response>;
  readonly origin: string;
  nowMs(): number;
}

/** Who is signed in, as the last sign-in or refresh said. */
export interface SignedIn {
  readonly session: Session;
  /** Phone clock minus server clock in milliseconds, measured at this answer. */
  readonly clock_offset_ms: number;
}

interface Answer<D> {
  readonly data?: D;
  readonly error?: unknown;
  readonly response: Response;
}

export interface Api {
  /** Runs one typed call: `api.ask((http) => http.GET("/api/v1/me"))`. */
  ask<D>(call: (http: Http) => Promise<Answer<D>>): Promise<Result<D>>;
  login(body: components["schemas"]["LoginRequest"]): Promise<Result<Session>>;
  /** Gets a new access token by the cookie; calls at the same time share one. */
  refresh(): Promise<Result<Session>>;
  /** Ends the session on the server. The token here is forgotten whatever the server says. */
  logout(): Promise<Result<void>>;
  /** Only this user's session is used from now on; `null`: anybody's. Forgets the token when it is another's. */
  expectUser(userId: string | null): void;
  signedIn(): SignedIn | null;
  /** Tells about every sign-in, refresh and end of a session; answers how to stop. */
  onSession(listener: (signedIn: SignedIn | null) => void): () => void;
}

const TIMEOUT_MS = 30_000;
const HEADER_CLIENT = { "X-Ruhu-Client": "pwa" };
/** Calls that need nobody to be signed in. */
const PUBLIC = /^\/api\/v1\/(auth\/(login|refresh)|about|setup)$/;
const EMPTY_STATUS: ReadonlySet<number> = new Set([101, 204, 205, 304]);

/** Sends through the browser. */
export const browserTransport = (request: Request): Promise<Response> => fetch(request);

class Unanswered extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.code);
    this.problem = problem;
  }
}

export function createApi(ports: ClientPorts): Api {
  let signedIn: SignedIn | null = null;
  let expected: string | null = null;
  let refreshing: Promise<Result<Session>> | null = null;
  const listeners = new Set<(signedIn: SignedIn | null) => void>();
  const http = createClient<paths>({ baseUrl: ports.origin, fetch: authorised, credentials: "same-origin" });
  const plain = createClient<paths>({ baseUrl: ports.origin, fetch: send, credentials: "same-origin" });

  function change(next: SignedIn | null): void {
    if (next === null && signedIn === null) return;
    signedIn = next;
    for (const listener of [...listeners]) listener(next);
  }

  /** Sends a request and reads the whole answer within the time limit. Throws `Unanswered`. */
  async function send(request: Request): Promise<Response> {
    const abort = new AbortController();
    let late = false;
    const cancel = ports.timer(TIMEOUT_MS, () => {
      late = true;
      abort.abort();
    });
    try {
      const response = await ports.transport(new Request(request, { signal: abort.signal }));
      const body = EMPTY_STATUS.has(response.status) ? null : await response.arrayBuffer();
      return checked(new Response(body, { status: response.status, headers: response.headers }));
    } catch (error) {
      if (error instanceof Unanswered) throw error;
      throw new Unanswered(localProblem(late ? "net.timeout" : "net.offline"));
    } finally {
      cancel();
    }
  }

  async function authorised(request: Request): Promise<Response> {
    if (PUBLIC.test(new URL(request.url).pathname)) return send(request);
    if (signedIn === null) await refreshed();
    const again = request.clone();
    const used = signedIn;
    const first = await send(withToken(request, used));
    if (first.status !== 401) return first;
    if (signedIn === used) await refreshed();
    const second = await send(withToken(again, signedIn));
    if (second.status === 401) change(null);
    return second;
  }

  async function refreshed(): Promise<void> {
    const result = await refresh();
    if (!result.ok) throw new Unanswered(result.problem);
  }

  function refresh(): Promise<Result<Session>> {
    // One tab at a time rotates the cookie.
    refreshing ??= inLock(ports, "ruhu-refresh", () => startSession((client) => client.POST("/api/v1/auth/refresh", { params: { header: HEADER_CLIENT } })))
      .then((result) => (result.ok || result.problem.status !== 401 ? result : signInNeeded(result.problem)))
      .finally(() => {
        refreshing = null;
      });
    return refreshing;
  }

  function signInNeeded(problem: Problem): Result<Session> {
    change(null);
    return { ok: false, problem: { ...problem, code: "auth.sign_in_needed" } };
  }

  async function startSession(call: (client: Http) => Promise<Answer<Session>>): Promise<Result<Session>> {
    const sentMs = ports.nowMs();
    const result = await askWith(plain, call);
    if (!result.ok) return result;
    if (expected !== null && result.data.user.id !== expected) {
      change(null);
      return { ok: false, problem: localProblem("auth.other_user") };
    }
    const middleMs = (sentMs + ports.nowMs()) / 2;
    const clock_offset_ms = Math.round(middleMs - Date.parse(result.data.server_time));
    change({ session: result.data, clock_offset_ms });
    return result;
  }

  async function askWith<D>(client: Http, call: (http: Http) => Promise<Answer<D>>): Promise<Result<D>> {
    try {
      const { data, error, response } = await call(client);
      if (!response.ok) return { ok: false, problem: problemOf(response, error, ports.nowMs()) };
      return { ok: true, data: data as D, etag: response.headers.get("etag") };
    } catch (error) {
      if (error instanceof Unanswered) return { ok: false, problem: error.problem };
      // An answer that says JSON and is none.
      return { ok: false, problem: localProblem("net.protocol") };
    }
  }

  return {
    ask: (call) => askWith(http, call),
    login: (body) => startSession((client) => client.POST("/api/v1/auth/login", { body, headers: HEADER_CLIENT })),
    refresh,
    async logout() {
      const result = await askWith<unknown>(http, (client) => client.POST("/api/v1/auth/logout"));
      change(null);
      return result.ok ? { ok: true, data: undefined, etag: null } : result;
    },
    expectUser(userId) {
      expected = userId;
      if (userId !== null && signedIn !== null && signedIn.session.user.id !== userId) change(null);
    },
    signedIn: () => signedIn,
    onSession(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function authHeaders(signedIn: SignedIn | null): Record<string, string> {
  return signedIn === null
    ? HEADER_CLIENT
    : { ...HEADER_CLIENT, Authorization: `Bearer ${signedIn.session.access_token}` };
}

function withToken(request: Request, signedIn: SignedIn | null): Request {
  const headers = new Headers(request.headers);
  for (const [name, value] of Object.entries(authHeaders(signedIn))) headers.set(name, value);
  return new Request(request, { headers });
}

/** Recognises what is no answer of our server: the page of a public network, or of a proxy. */
function checked(response: Response): Response {
  const type = response.headers.get("content-type") ?? "";
  const isJson = /\bjson\b/.test(type);
  if (isJson || EMPTY_STATUS.has(response.status) || response.status >= 500) return response;
  const status = response.status;
  if (/text\/html/.test(type)) throw new Unanswered(localProblem("net.captive_portal", { status }));
  if (response.ok) throw new Unanswered(localProblem("net.protocol", { status }));
  return response;
}

function problemOf(response: Response, error: unknown, nowMs: number): Problem {
  const { status, headers } = response;
  const body = typeof error === "object" && error !== null ? (error as Record<string, unknown>) : {};
  const { type: _type, title: _title, status: _status, code, request_id, errors, ...more } = body;
  return {
    code: codeOf(status, code),
    status,
    request_id: typeof request_id === "string" ? request_id : headers.get("x-request-id"),
    errors: Array.isArray(errors) ? (errors as ProblemError[]) : [],
    retry_after_ms: retryAfterMs(headers.get("retry-after"), nowMs),
    more,
  };
}

function codeOf(status: number, code: unknown): Problem["code"] {
  if (status === 304) return "net.not_modified";
  if (status >= 500) return "net.server";
  if (typeof code === "string" && code !== "") return code;
  return status === 429 ? "net.too_many_requests" : "net.protocol";
}

/** `Retry-After` in seconds or as a date. */
function retryAfterMs(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}
