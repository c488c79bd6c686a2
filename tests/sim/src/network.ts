// What stands between a phone and the server: lost, doubled, late, cut and bent messages, and strangers who answer.
import type { Chance } from "./chance";
import type { Clock } from "./clock";
import { Violation, type Ledger } from "./ledger";
import type { Phone, Window } from "./phone";
import type { Answered, Asked, Server, Trap } from "./server";

/** What may happen to one request, by name; `docs/ASSURANCE.md` lists them. */
export const REQUEST_FAULTS = [
  "request_lost", "answer_lost", "request_doubled", "late_double", "overtaken", "request_cut", "answer_breaks_off",
  "answer_cut_silently", "body_never_comes", "answer_never_comes", "portal_html", "portal_json", "portal_redirect",
  "proxy_502", "proxy_503_retry_after", "proxy_429_retry_after", "proxy_413", "proxy_401_page", "no_name_or_tls",
  "server_killed_within", "server_killed_before_answer", "handler_panics", "no_randomness",
] as const;
export type RequestFault = (typeof REQUEST_FAULTS)[number];

/** How a phone is cut off for a while. */
export type Partition = "none" | "both" | "out" | "in";

/** Sessions, as the server handed them out, for whoever must not get in any more. */
export interface Access {
  readonly user: string;
  readonly device: string;
}

interface Late {
  readonly atMs: number;
  readonly asked: Asked;
}

const offline = (): TypeError => new TypeError("network");
const PATH = /^https:\/\/ruhu\.example/;

export class Network {
  readonly partitions = new Map<string, Partition>();
  /** Probability of a fault for one request. */
  rate = 0;
  faults: readonly RequestFault[] = REQUEST_FAULTS;
  readonly shutUsers = new Set<string>();
  /** Access tokens, and the cookies that get new ones. */
  private readonly keys = new Map<string, Access>();
  private readonly shutKeys = new Set<string>();
  private late: Late[] = [];
  private readonly receipts = new Map<string, string>();
  private readonly clock: Clock;
  private readonly ledger: Ledger;
  private readonly server: Server;
  private readonly chance: Chance;
  private broken: Violation | null = null;

  constructor(clock: Clock, ledger: Ledger, server: Server, chance: Chance) {
    this.clock = clock;
    this.ledger = ledger;
    this.server = server;
    this.chance = chance;
  }

  /** What a check in the middle of a request found; the core would take an exception for a lost connection. */
  takeViolation(): Violation | null {
    const found = this.broken;
    this.broken = null;
    return found;
  }

  partitionOf(phone: Phone): Partition {
    return this.partitions.get(phone.name) ?? "none";
  }

  /** What the server promised before it was put back to a backup no longer binds it. */
  forgetAnswers(): void {
    this.receipts.clear();
    this.keys.clear();
    this.shutKeys.clear();
  }

  /** Sessions of somebody that must not do anything from now on. */
  shut(user: string, device?: string): void {
    for (const [key, access] of this.keys) {
      if (access.user === user && (device === undefined || access.device === device)) this.shutKeys.add(key);
    }
  }

  async send(window: Window, request: Request): Promise<Response> {
    await window.beforeNetwork();
    const asked = await askedOf(window.phone, request);
    this.clock.creep(this.chance.between(20, 400));
    const partition = this.partitionOf(window.phone);
    if (partition === "both" || partition === "out") {
      this.ledger.fire(partition === "both" ? "cut_off" : "cut_off_outwards");
      throw offline();
    }
    const fault = this.chance.happens(this.rate) ? this.chance.pick(this.faults) : null;
    const response = fault ? await this.faulty(window, asked, fault) : this.deliver(window, asked);
    await window.beforeNetwork();
    if (partition === "in") {
      this.ledger.fire("cut_off_inwards");
      throw offline();
    }
    return response;
  }

  /** Delivers what was held up until now. */
  deliverLate(): void {
    const due = this.late.filter((one) => one.atMs <= this.clock.nowMs);
    this.late = this.late.filter((one) => one.atMs > this.clock.nowMs);
    for (const { asked } of due) this.ask(asked, null);
  }

  private async faulty(window: Window, asked: Asked, fault: RequestFault): Promise<Response> {
    this.ledger.fire(fault);
    switch (fault) {
      case "request_lost":
      case "no_name_or_tls":
        throw offline();
      case "answer_lost":
        this.deliver(window, asked);
        throw offline();
      case "request_doubled":
        this.deliver(window, asked);
        return this.deliver(window, asked);
      case "late_double": {
        const response = this.deliver(window, asked);
        this.hold(asked, this.chance.between(3_600_000, 20 * 3_600_000));
        return response;
      }
      case "overtaken":
        this.hold(asked, this.chance.between(31_000, 900_000));
        return never();
      case "request_cut":
        this.ask({ ...asked, body: asked.body.slice(0, this.chance.below(asked.body.length + 1)) }, null);
        throw offline();
      case "answer_never_comes":
        this.deliver(window, asked);
        return never();
      default:
        return this.bent(window, asked, fault);
    }
  }

  private bent(window: Window, asked: Asked, fault: RequestFault): Response | Promise<Response> {
    const page = (status: number, headers: Record<string, string> = {}): Response =>
      new Response("<html><body>欢迎使用</body></html>", { status, headers: { "content-type": "text/html", ...headers } });
    switch (fault) {
      case "portal_html": return page(200);
      case "portal_json": return Response.json({ code: 0, msg: "请先登录", receipts: [], changes: [] });
      case "portal_redirect": return page(302, { location: "http://portal.example/" });
      case "proxy_502": return page(502);
      case "proxy_503_retry_after": return page(503, { "retry-after": String(this.chance.between(1, 4000)) });
      case "proxy_429_retry_after": {
        const at = new Date(this.clock.nowMs + 120_000).toUTCString();
        return page(429, { "retry-after": at, date: new Date(this.clock.nowMs).toUTCString() });
      }
      case "proxy_413": return page(413);
      case "proxy_401_page": return page(401);
      case "server_killed_within": return this.deliver(window, asked, { at: this.chance.between(0, 12), what: "die" });
      case "handler_panics": return this.deliver(window, asked, { at: this.chance.between(0, 12), what: "panic" });
      case "no_randomness": return this.deliver(window, asked, { at: this.chance.between(1, 8), what: "no_random" });
      case "server_killed_before_answer":
        this.deliver(window, asked);
        this.server.kill();
        throw offline();
      default: {
        const whole = this.deliver(window, asked);
        return fault === "body_never_comes" ? stalled(whole) : this.cut(whole, fault === "answer_breaks_off");
      }
    }
  }

  private async cut(whole: Response, isNoticed: boolean): Promise<Response> {
    const bytes = new Uint8Array(await whole.arrayBuffer());
    const part = bytes.slice(0, this.chance.below(Math.max(1, bytes.length)));
    const { status, headers } = whole;
    if (bytes.length === 0) return new Response(null, { status, headers });
    if (!isNoticed) return new Response(part, { status, headers });
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(part);
        controller.error(offline());
      },
    });
    return new Response(body, { status, headers });
  }

  private hold(asked: Asked, forMs: number): void {
    // A stranger who keeps a sign-in for hours and plays it again is an attack, and TLS is there against it.
    if (asked.path.startsWith("/api/v1/auth/")) return;
    this.late.push({ atMs: this.clock.nowMs + forMs, asked });
  }

  /** Asks the server, which is started again when it is down: somebody looks after it. */
  ask(asked: Asked, trap: Trap | null): Answered | null {
    if (!this.server.isUp) this.server.start(this.clock.nowMs);
    const answered = this.server.ask(this.clock.nowMs, asked, trap);
    if (answered) this.learn(asked, answered);
    return answered;
  }

  private deliver(window: Window, asked: Asked, trap: Trap | null = null): Response {
    const answered = this.ask(asked, trap);
    if (!answered) throw offline();
    const headers = new Headers();
    for (const [name, value] of answered.headers) {
      if (name === "set-cookie") keepCookie(window.phone, value);
      else headers.append(name, value);
    }
    this.clock.creep(this.chance.between(20, 400));
    this.ledger.trace(`${window.name} ${asked.method} ${asked.path} ${answered.status} ${answered.body}`);
    this.ledger.count(`${asked.path.split("?")[0]} ${answered.status}`);
    const isEmpty = [204, 205, 304].includes(answered.status);
    return new Response(isEmpty ? null : answered.body, { status: answered.status, headers });
  }

  private learn(asked: Asked, answered: Answered): void {
    const isRefresh = asked.path === "/api/v1/auth/refresh";
    const shown = asked.headers.find(([name]) => name === (isRefresh ? "cookie" : "authorization"))?.[1];
    this.checkAccess(asked, answered, shown);
    if (answered.status !== 200) return;
    if (isRefresh || asked.path === "/api/v1/auth/login") {
      const body = JSON.parse(answered.body) as { access_token: string; device_id: string; user: { id: string } };
      const access = { user: body.user.id, device: body.device_id };
      this.keys.set(`Bearer ${body.access_token}`, access);
      const cookie = answered.headers.find(([name]) => name === "set-cookie")?.[1].split(";")[0];
      if (cookie !== undefined) this.keys.set(cookie, access);
    } else if (asked.path === "/api/v1/sync/push") this.checkReceipts(asked, answered);
  }

  private found(invariant: string, says: string): void {
    this.broken ??= new Violation(invariant, says);
  }

  /** I12: who was shut out gets nothing from then on. */
  private checkAccess(asked: Asked, answered: Answered, shown: string | undefined): void {
    const access = shown === undefined ? undefined : this.keys.get(shown);
    if (shown === undefined || !access) return;
    if (!this.shutUsers.has(access.user) && !this.shutKeys.has(shown)) return;
    this.ledger.checked("I12");
    if (answered.status < 400) this.found("I12", `${asked.method} ${asked.path} answered ${answered.status} to somebody shut out`);
  }

  /** I2: the answer to a position is given once; again it is the same, word for word. */
  private checkReceipts(asked: Asked, answered: Answered): void {
    const sent = JSON.parse(asked.body) as { device: string; epoch: number; ops: { seq: number; id: string }[] };
    const { receipts } = JSON.parse(answered.body) as { receipts: { seq: number; op_id: string; outcome: string }[] };
    receipts.forEach((receipt, at) => {
      this.ledger.count(`receipt ${receipt.outcome}${"code" in receipt && receipt.code ? ` ${String(receipt.code)}` : ""}`);
      const answer = this.ledger.answers.get(receipt.op_id);
      if (answer?.history !== this.ledger.history) this.ledger.answers.set(receipt.op_id, { history: this.ledger.history, atMs: this.clock.nowMs });
      const key = `${sent.device}/${sent.epoch}/${receipt.seq}/${sent.ops[at]?.id ?? ""}`;
      const text = JSON.stringify(receipt);
      const before = this.receipts.get(key);
      this.ledger.checked("I2");
      if (before !== undefined && before !== text) this.found("I2", `another answer to ${key}: ${before} and ${text}`);
      this.receipts.set(key, text);
    });
  }
}

async function askedOf(phone: Phone, request: Request): Promise<Asked> {
  const headers: [string, string][] = [...request.headers].filter(([name]) => name !== "cookie");
  const cookies = [...phone.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  if (cookies !== "") headers.push(["cookie", cookies]);
  return { method: request.method, path: request.url.replace(PATH, ""), headers, body: await request.text() };
}

function keepCookie(phone: Phone, header: string): void {
  const [pair = ""] = header.split(";");
  const at = pair.indexOf("=");
  const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
  if (value === "") phone.cookies.delete(name);
  else phone.cookies.set(name, value);
}

const never = (): Promise<Response> => new Promise(() => undefined);

/** Head, but no body. */
const stalled = ({ status, headers }: Response): Response =>
  new Response(status === 204 || status === 304 ? null : new ReadableStream(), { status, headers });
