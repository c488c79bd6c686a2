// The only file that talks to the network. Every call ends in a `Result`: data or a problem, never an exception.
import createClient, { type Client } from "openapi-fetch";
import { EMPTY_STATUS, problemOf, strangersProblem } from "./answer";
import { inLock, type LockPorts } from "./lock";
import { localProblem, type Problem, type Result } from "./problem";
import type { components, paths } from "./schema.gen";
import { isAnyAnswer, isSession, type Shape } from "./shape";

export type Session = components["schemas"]["SessionView"];
export type UserView = components["schemas"]["UserView"];
export type Http = Client<paths>;

/** What the client takes from outside. */
export interface ClientPorts extends LockPorts {
  readonly transport: (request: Request) => Promise<Response>;
  readonly origin: string;
  nowMs(): number;
  /** A clock that nobody sets. */
  monotonicMs(): number;
}

/** Who is signed in, as the last sign-in or refresh said. */
export interface SignedIn {
  readonly session: Session;
  /** Phone clock minus server clock in milliseconds, measured at this answer. */
  readonly clock_offset_ms: number;
  /** By the clock that nobody sets, when this answer came. */
  readonly at_monotonic_ms: number;
}

interface Answer<D> {
  readonly data?: D;
  readonly error?: unknown;
  readonly response: Response;
}

export interface Api {
  /**
   * Runs one typed call: `api.ask((http) => http.GET("/api/v1/me"))`. Whatever is going to be kept names the shape
   * that it must have; another one is no answer of our server.
   */
  ask<D>(call: (http: Http) => Promise<Answer<D>>, shape?: Shape): Promise<Result<D>>;
  login(body: components["schemas"]["LoginRequest"]): Promise<Result<Session>>;
  /** Gets a new access token by the cookie; calls at the same time share one. */
  refresh(): Promise<Result<Session>>;
  /** Ends the session on the server. The token here is forgotten whatever the server says. */
  logout(): Promise<Result<void>>;
  /** Only this user's session is used from now on; `null`: anybody's. Forgets the token when it is another's. */
  expectUser(userId: string | null): void;
  signedIn(): SignedIn | null;
  /** The server's time, by its last session and the clock that nobody sets; `null` when nobody is signed in. */
  serverNowMs(): number | null;
  /** Tells about every sign-in, refresh and end of a session; answers how to stop. */
  onSession(listener: (signedIn: SignedIn | null) => void): () => void;
}

/** How long a request may wait for the head of its answer, and then for the whole of its body. */
export const HEAD_TIMEOUT_MS = 30_000;
export const BODY_TIMEOUT_MS = 30_000;
const HEADER_CLIENT = { "X-Ruhu-Client": "pwa" };
/** Calls that need nobody to be signed in. */
const PUBLIC = /^\/api\/v1\/(auth\/(login|refresh)|about|setup)$/;

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

  /** What `run` answers, or the end of the time, whatever the transport makes of being aborted. */
  function within<T>(limitMs: number, abort: AbortController, run: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = ports.timer(limitMs, () => {
        abort.abort();
        reject(new Unanswered(localProblem("net.timeout")));
      });
      void run().then(resolve, reject).finally(cancel);
    });
  }

  /** Sends a request and reads the whole answer of our server within the time limits. Throws `Unanswered`. */
  async function send(request: Request): Promise<Response> {
    const abort = new AbortController();
    try {
      const ours = new Request(request, { signal: abort.signal, redirect: "manual" });
      const response = await within(HEAD_TIMEOUT_MS, abort, () => ports.transport(ours));
      const isEmpty = EMPTY_STATUS.has(response.status);
      const body = isEmpty ? null : await within(BODY_TIMEOUT_MS, abort, () => response.arrayBuffer());
      const problem = strangersProblem(response, body, ports.nowMs());
      if (problem) throw new Unanswered(problem);
      return new Response(body, { status: response.status, headers: response.headers });
    } catch (error) {
      throw error instanceof Unanswered ? error : new Unanswered(localProblem("net.offline"));
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
    const result = await askWith(plain, call, isSession);
    if (!result.ok) return result;
    if (expected !== null && result.data.user.id !== expected) {
      change(null);
      return { ok: false, problem: localProblem("auth.other_user") };
    }
    const middleMs = (sentMs + ports.nowMs()) / 2;
    const clock_offset_ms = Math.round(middleMs - Date.parse(result.data.server_time));
    change({ session: result.data, clock_offset_ms, at_monotonic_ms: ports.monotonicMs() });
    return result;
  }

  async function askWith<D>(client: Http, call: (http: Http) => Promise<Answer<D>>, shape: Shape): Promise<Result<D>> {
    try {
      const { data, error, response } = await call(client);
      if (!response.ok) return { ok: false, problem: problemOf(response, error, ports.nowMs()) };
      if (!shape(data)) return { ok: false, problem: localProblem("net.captive_portal") };
      return { ok: true, data: data as D, etag: response.headers.get("etag") };
    } catch (error) {
      // Not thrown by us: an answer that says JSON and is none.
      return { ok: false, problem: error instanceof Unanswered ? error.problem : localProblem("net.captive_portal") };
    }
  }

  return {
    ask: (call, shape = isAnyAnswer) => askWith(http, call, shape),
    login: (body) => startSession((client) => client.POST("/api/v1/auth/login", { body, headers: HEADER_CLIENT })),
    refresh,
    async logout() {
      const result = await askWith<unknown>(http, (client) => client.POST("/api/v1/auth/logout"), isAnyAnswer);
      change(null);
      return result.ok ? { ok: true, data: undefined, etag: null } : result;
    },
    expectUser(userId) {
      expected = userId;
      if (userId !== null && signedIn !== null && signedIn.session.user.id !== userId) change(null);
    },
    signedIn: () => signedIn,
    serverNowMs: () =>
      signedIn && Date.parse(signedIn.session.server_time) + ports.monotonicMs() - signedIn.at_monotonic_ms,
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
