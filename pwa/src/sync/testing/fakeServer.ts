// A server that keeps the promises of docs/SYNC.md, in memory, for the tests.
import type { ConflictBody, HouseholdBody, Operation, Proposal, PushRequest, Receipt, UserView, VisitBody } from "@/db/wire";

interface Device {
  epoch: number;
  nextSeq: number;
}

interface Answered {
  readonly content: string;
  readonly receipt: Receipt;
}

type Change = { readonly kind: "household"; readonly id: string } | { readonly kind: "visit"; readonly id: string }
  | { readonly kind: "conflict" | "evict" | "evict_conflict"; readonly id: string };

export type Refusal = { readonly outcome: "refused" | "parked"; readonly code: string };

interface Cursor {
  readonly history: string;
  readonly snapshot: number | null;
  readonly feed: number;
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": status < 400 ? "application/json" : "application/problem+json", ...headers },
  });

const problem = (status: number, code: string, more: Record<string, unknown> = {}): Response =>
  json(status, { type: `/problems/${code}`, title: code, status, code, request_id: "r1", errors: [], ...more });

export class FakeServer {
  readonly users = new Map<string, UserView>();
  readonly households = new Map<string, HouseholdBody>();
  readonly visits = new Map<string, VisitBody>();
  readonly conflicts = new Map<string, ConflictBody>();
  readonly devices = new Map<string, Device>();
  /** By device/epoch/seq. */
  readonly answered = new Map<string, Answered>();
  readonly firstReceipts = new Map<string, Receipt>();
  /** How often each operation had an effect. */
  readonly effects = new Map<string, number>();
  readonly refusals = new Map<string, Refusal>();
  readonly outcomes: { op_id: string; receipt: Receipt }[] = [];
  readonly pushes: PushRequest[] = [];
  feed: Change[] = [];
  history = "history-1";
  definitionsVersion = 1;
  pageSize = 50;
  /** The cookie jar of the one browser that talks to this server: whose session it holds. */
  cookie: { user: string; device: string } | null = null;
  private tokens = new Map<string, string>();
  refreshes = 0;
  pulls = 0;
  private readonly nowMs: () => number;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  addUser(login: string): UserView {
    const user = {
      id: `user-${login}`, login, name: login, role: "caseworker", scope: "1506", scope_zh: "鄂尔多斯", scope_en: "Ordos",
    } as UserView;
    this.users.set(login, user);
    return user;
  }

  addHousehold(id: string, more: Partial<HouseholdBody> = {}): void {
    this.households.set(id, {
      id, rev: 1, status: "active", file_no: `F-${id}`, region_code: "150602", is_lead: false, file: {}, clear: {},
      hash: "h", contact: null, responsible: null, next_visit_due_on: null, last_visit_on: null, ...more,
    });
    this.feed.push({ kind: "household", id });
  }

  setVisit(id: string, more: Partial<VisitBody>): void {
    const visit = this.visits.get(id);
    if (!visit) throw new Error(`no visit ${id}`);
    this.visits.set(id, { ...visit, ...more });
    this.feed.push({ kind: "visit", id });
  }

  setConflict(body: ConflictBody): void {
    this.conflicts.set(body.id, body);
    this.feed.push({ kind: "conflict", id: body.id });
  }

  evict(id: string): void {
    this.households.delete(id);
    this.feed.push({ kind: "evict", id });
  }

  /** Somebody else is asked from now on. */
  evictConflict(id: string): void {
    this.conflicts.delete(id);
    this.feed.push({ kind: "evict_conflict", id });
  }

  async handle(request: Request): Promise<Response> {
    const path = new URL(request.url).pathname;
    const body: unknown = request.method === "POST" ? await request.json().catch(() => ({})) : {};
    if (path === "/api/v1/auth/login") return this.login(body as { login: string; device: { id: string } });
    if (path === "/api/v1/auth/refresh") return this.refresh();
    if (path === "/api/v1/auth/logout") {
      this.cookie = null;
      return new Response(null, { status: 204 });
    }
    const device = this.tokens.get((request.headers.get("authorization") ?? "").replace("Bearer ", ""));
    if (device === undefined) return problem(401, "auth.token");
    if (path === "/api/v1/sync/push") return this.push(body as PushRequest);
    if (path === "/api/v1/sync/pull") return this.pull(body as { cursor?: string });
    if (path === "/api/v1/definitions") {
      return this.document(request, { version: this.definitionsVersion, dictionary: {}, codes: {}, forms: [] });
    }
    if (path === "/api/v1/regions") return this.document(request, { version: 1, regions: [] });
    return problem(404, "not_found");
  }

  expireTokens(): void {
    this.tokens.clear();
  }

  /** What a backup taken now would bring back; call the answer to restore it. */
  backup(): () => void {
    const copies = [this.households, this.visits, this.conflicts, this.devices, this.answered, this.firstReceipts].map(
      (table) => [table, structuredClone([...table])] as const,
    );
    const feed = [...this.feed];
    return () => {
      for (const [table, rows] of copies) {
        const target = table as Map<string, unknown>;
        target.clear();
        for (const [key, value] of rows) target.set(key, value);
      }
      this.effects.clear();
      this.feed = feed;
      this.history = `${this.history}+`;
    };
  }

  private document(request: Request, body: unknown): Response {
    const etag = `"${(body as { version: number }).version}"`;
    if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304 });
    return json(200, body, { etag });
  }

  private login({ login, device }: { login: string; device: { id: string } }): Response {
    if (!this.users.has(login)) return problem(401, "auth.wrong_password");
    this.cookie = { user: login, device: device.id };
    return this.session();
  }

  private refresh(): Response {
    this.refreshes += 1;
    return this.cookie ? this.session() : problem(401, "auth.session_ended");
  }

  private session(): Response {
    const { user, device } = this.cookie ?? { user: "", device: "" };
    const access_token = `token-${this.tokens.size + 1}-${this.refreshes}`;
    this.tokens.set(access_token, device);
    return json(200, {
      access_token, expires_in_s: 900, user: this.users.get(user), device_id: device,
      server_time: new Date(this.nowMs()).toISOString(), history_id: this.history,
    });
  }

  private push(request: PushRequest): Response {
    this.pushes.push(request);
    const device = this.devices.get(request.device) ?? { epoch: request.epoch, nextSeq: 1 };
    if (request.epoch < device.epoch) return problem(409, "sync.fork");
    const next = { epoch: request.epoch, nextSeq: request.epoch > device.epoch ? 1 : device.nextSeq };
    for (const op of request.ops) {
      const seen = this.answered.get(`${request.device}/${request.epoch}/${op.seq}`);
      if (op.seq < next.nextSeq && seen?.content !== JSON.stringify(op)) return problem(409, "sync.fork");
    }
    const [first] = request.ops;
    if (first && first.seq > next.nextSeq) return problem(409, "sync.gap", { next_seq: next.nextSeq });
    const receipts = request.ops.map((op) => this.receive(request, op));
    const last = request.ops[request.ops.length - 1];
    next.nextSeq = Math.max(next.nextSeq, (last?.seq ?? 0) + 1);
    this.devices.set(request.device, next);
    return json(200, {
      receipts, next_seq: next.nextSeq, server_time: new Date(this.nowMs()).toISOString(), history_id: this.history,
    });
  }

  private receive(request: PushRequest, op: Operation): Receipt {
    const key = `${request.device}/${request.epoch}/${op.seq}`;
    const seen = this.answered.get(key);
    if (seen) return seen.receipt;
    const first = this.firstReceipts.get(op.id);
    const receipt: Receipt = first
      ? { ...first, seq: op.seq, outcome: "duplicate", first }
      : this.apply(op);
    this.answered.set(key, { content: JSON.stringify(op), receipt });
    if (!first) this.firstReceipts.set(op.id, receipt);
    return receipt;
  }

  private apply(op: Operation): Receipt {
    const base = { seq: op.seq, op_id: op.id, errors: [], subject: { kind: op.kind.split(".")[0] ?? "", id: op.subject } };
    const refusal = this.refusals.get(op.subject);
    if (refusal) return { ...base, ...refusal };
    this.effects.set(op.id, (this.effects.get(op.id) ?? 0) + 1);
    if (op.kind === "visit.withdraw") {
      this.setVisit(op.subject, { state: "withdrawn" });
      return { ...base, outcome: "applied", state: "withdrawn" };
    }
    if (op.kind === "conflict.decide") {
      const conflict = this.conflicts.get(op.subject);
      if (!conflict) return { ...base, outcome: "refused", code: "conflict.unknown" };
      if (conflict.state !== "open") return { ...base, outcome: "refused", code: "conflict.already_decided" };
      this.setConflict({ ...conflict, state: "decided" });
      return { ...base, outcome: "applied", state: "decided" };
    }
    const { visit, hash } = op.body as { visit: Proposal; hash: string };
    const author = this.users.get(this.cookie?.user ?? "");
    // Only a household that was found comes with its visit; one that left is in other hands.
    const isFound = visit.base_rev === 0 && !this.households.has(visit.household_id);
    if (isFound) this.addHousehold(visit.household_id, { rev: 0, status: "draft" });
    this.visits.set(visit.id, {
      id: visit.id, household_id: visit.household_id, rev: visit.rev, state: "in_review", visit_type: visit.visit_type,
      outcome: String(visit.visit["outcome"] ?? ""), visitor: { id: author?.id ?? "", name: author?.name ?? "" },
      started_at: visit.started_at, ended_at: visit.ended_at, received_at: visit.ended_at, hash, base_rev: visit.base_rev,
      review: null, file_rev: null, proposal: null,
    });
    this.feed.push({ kind: "visit", id: visit.id });
    return { ...base, outcome: "applied", rev: visit.rev, state: "in_review", household_id: visit.household_id };
  }

  private pull(request: { cursor?: string }): Response {
    this.pulls += 1;
    const parsed = request.cursor === undefined ? null : (JSON.parse(request.cursor) as Cursor);
    const cursor: Cursor =
      parsed?.history === this.history ? parsed : { history: this.history, snapshot: 0, feed: this.feed.length };
    if (cursor.snapshot === null) return this.pullFeed(cursor);
    const ids = [...this.households.keys()].sort();
    const page = ids.slice(cursor.snapshot, cursor.snapshot + this.pageSize);
    const end = cursor.snapshot + page.length;
    const changes = page.flatMap((id) => [
      ...this.change("household", id),
      ...[...this.visits.values()].filter((v) => v.household_id === id).flatMap((v) => this.change("visit", v.id)),
      ...[...this.conflicts.values()]
        .filter((one) => one.household_id === id && one.state === "open")
        .flatMap((one) => this.change("conflict", one.id)),
    ]);
    const next: Cursor = { ...cursor, snapshot: end >= ids.length ? null : end };
    // Whoever made a visit keeps it, also when the household is no longer theirs.
    const orphans = next.snapshot === null ? [...this.visits.values()].filter((v) => !this.households.has(v.household_id)) : [];
    changes.push(...orphans.flatMap((v) => this.change("visit", v.id)));
    return json(200, {
      changes, evict: [], outcomes: [], cursor: JSON.stringify(next), more: true,
      ...(cursor.snapshot === 0 && { total: ids.length }),
    });
  }

  private pullFeed(cursor: Cursor): Response {
    const page = this.feed.slice(cursor.feed, cursor.feed + this.pageSize);
    const next: Cursor = { ...cursor, feed: cursor.feed + page.length };
    return json(200, {
      changes: page.flatMap(({ kind, id }) => (kind === "evict" || kind === "evict_conflict" ? [] : this.change(kind, id))),
      evict: page.flatMap(({ kind, id }) => {
        if (kind === "evict_conflict") return [{ kind: "conflict", id }];
        return kind === "evict" && !this.households.has(id) ? [{ kind: "household", id }] : [];
      }),
      outcomes: this.outcomes.splice(0),
      cursor: JSON.stringify(next),
      more: next.feed < this.feed.length,
    });
  }

  private change(kind: "household" | "visit" | "conflict", id: string): { kind: string; id: string; rev: number; body: object }[] {
    const conflict = this.conflicts.get(id);
    if (kind === "conflict") return conflict ? [{ kind, id, rev: conflict.state === "open" ? 1 : 2, body: conflict }] : [];
    const body = kind === "household" ? this.households.get(id) : this.visits.get(id);
    return body ? [{ kind, id, rev: body.rev, body }] : [];
  }
}
