// The office: supervisors who look and decide, an administrator who keeps accounts. They use the API as the desk does.
import type { Chance } from "./chance";
import type { Clock } from "./clock";
import { Violation, type Ledger } from "./ledger";
import type { Network } from "./network";
import type { Answered } from "./server";

export const PASSWORD = "风吹草低见牛羊-2026";

export interface Person {
  readonly id: string;
  readonly login: string;
  readonly role: string;
  readonly scope: string;
  readonly password: string;
}

interface Seen {
  readonly visit: string;
  readonly rev: number;
  readonly hash: string;
  readonly fileRev: number;
  readonly household: string;
  readonly visitor: string;
  readonly mayReview: boolean;
  readonly declined: readonly string[];
  /** Decided conflicts that the page showed. */
  readonly decided: readonly string[];
}

export interface OpenConflict {
  readonly id: string;
  readonly visitor_until: string;
  readonly mine: { readonly by: { readonly id: string } };
}

interface RecordBody {
  visit: { id: string; rev: number; hash: string; state: string; household_id: string; visitor: { id: string } };
  household: { rev: number };
  changes: { path: string; moved: boolean }[];
  conflicts: { id: string; state: string }[];
  may: { review: boolean; why_not: string | null };
}

/** One person at a desk, with a session of their own. */
export class Desk {
  readonly person: Person;
  private token = "";
  private readonly device: string;
  private readonly outside: Outside;
  /** Pages that lie open since earlier. */
  readonly open: Seen[] = [];

  constructor(outside: Outside, person: Person) {
    this.outside = outside;
    this.person = person;
    this.device = outside.chance.id(outside.clock.nowMs);
  }

  private send(method: string, path: string, body: unknown, withToken = true): Answered {
    const headers: [string, string][] = [["content-type", "application/json"], ["x-ruhu-client", "pwa"]];
    if (withToken) headers.push(["authorization", `Bearer ${this.token}`]);
    const asked = { method, path: `/api/v1${path}`, headers, body: body === undefined ? "" : JSON.stringify(body) };
    const answered = this.outside.network.ask(asked, null);
    if (!answered) throw new Error("the office's server is gone");
    this.outside.ledger.trace(`${this.person.login} ${method} ${path} ${answered.status} ${answered.body}`);
    return answered;
  }

  ask(method: string, path: string, body?: unknown): Answered {
    const first = this.send(method, path, body);
    if (first.status !== 401) return first;
    const device = { id: this.device, label: "desk" };
    const login = this.send("POST", "/auth/login", { login: this.person.login, password: this.person.password, device }, false);
    if (login.status !== 200) return login;
    this.token = (JSON.parse(login.body) as { access_token: string }).access_token;
    return this.send(method, path, body);
  }

  private json<T>(method: string, path: string, body?: unknown): T | null {
    const answered = this.ask(method, path, body);
    return answered.status === 200 ? (JSON.parse(answered.body) as T) : null;
  }

  queue(state = "in_review"): { id: string; household_id: string; visitor: { id: string } }[] {
    return this.json<{ items: { id: string; household_id: string; visitor: { id: string } }[] }>("GET", `/visits?state=${state}&limit=50`)?.items ?? [];
  }

  households(): { id: string; region_code: string; contact: { id: string } | null; responsible: { id: string } | null }[] {
    type Line = { id: string; region_code: string; contact: { id: string } | null; responsible: { id: string } | null };
    return this.json<{ items: Line[] }>("GET", "/households?limit=200")?.items ?? [];
  }

  /** Opens the record of a visit and leaves the page open. */
  look(visit: string): Seen | null {
    const record = this.json<RecordBody>("GET", `/visits/${visit}`);
    if (!record) return null;
    const declined = record.changes.filter((change) => change.moved).map((change) => change.path);
    const seen: Seen = {
      visit, rev: record.visit.rev, hash: record.visit.hash, fileRev: record.household.rev, visitor: record.visit.visitor.id,
      household: record.visit.household_id, mayReview: record.may.review, declined,
      decided: record.conflicts.filter((one) => one.state === "decided").map((one) => one.id).sort(),
    };
    this.open.push(seen);
    if (this.open.length > 20) this.open.shift();
    return seen;
  }

  /**
   * Approves what was seen. I8: when anything of it has moved since, the answer is 409; I9: nobody approves what
   * they brought themselves.
   */
  approve(seen: Seen, declineMore = false): Answered {
    const { outside } = this;
    const now = outside.visitNow(seen.visit);
    const paths = declineMore ? [...seen.declined, "residence_address"] : seen.declined;
    const decisions = [...new Set(paths)].map((path) => ({ path, accept: false, reason: "以档案为准" }));
    const body = { visit_rev: seen.rev, visit_hash: seen.hash, file_rev: seen.fileRev, decided: seen.decided, decisions };
    const answered = this.ask("POST", `/visits/${seen.visit}/approve`, body);
    outside.ledger.count(`approve ${answered.status} ${codeOf(answered)}`);
    outside.ledger.checked("I8");
    const isStale = !now || now.rev !== seen.rev || now.hash !== seen.hash || now.file_rev !== seen.fileRev || now.state !== "in_review" || now.decided !== seen.decided.join();
    if (isStale) outside.ledger.fire("approval_of_a_stale_page");
    if (isStale && answered.status < 400) {
      throw new Violation("I8", `an approval of ${seen.visit} took effect on what was not seen: ${JSON.stringify(seen)}, now ${JSON.stringify(now)}`);
    }
    if (seen.visitor === this.person.id) {
      outside.ledger.checked("I9");
      outside.ledger.fire("own_visit_reviewed");
      if (answered.status < 400) throw new Violation("I9", `${this.person.login} approved their own visit ${seen.visit}`);
    }
    return answered;
  }

  return_(seen: Seen): Answered {
    const reasons = [{ path: "residence_address", code: "other", text: "请写到门牌号" }];
    const body = { visit_rev: seen.rev, visit_hash: seen.hash, reasons, text: "请补充" };
    const answered = this.ask("POST", `/visits/${seen.visit}/return`, body);
    this.outside.ledger.count(`return ${answered.status} ${codeOf(answered)}`);
    return answered;
  }

  reject(seen: Seen): Answered {
    const body = { visit_rev: seen.rev, visit_hash: seen.hash, code: "duplicate", text: "重复登记" };
    const answered = this.ask("POST", `/visits/${seen.visit}/reject`, body);
    this.outside.ledger.count(`reject ${answered.status} ${codeOf(answered)}`);
    return answered;
  }

  /** Conflicts that nobody has decided. */
  conflicts(): OpenConflict[] {
    return this.json<{ items: OpenConflict[] }>("GET", "/conflicts?limit=200")?.items ?? [];
  }

  /** I6: for 72 hours whoever was at the door decides alone, unless their account is shut. */
  decide(conflict: OpenConflict, choice: "mine" | "theirs" | "revisit"): void {
    const { outside, person } = this;
    const answered = this.ask("POST", "/conflicts/decide", { decisions: [{ conflict_id: conflict.id, choice }] });
    if (answered.status !== 200) return;
    const result = (JSON.parse(answered.body) as { results: { state?: string; code?: string }[] }).results[0];
    outside.ledger.count(`decide ${result?.state ?? result?.code ?? ""}`);
    const visitor = conflict.mine.by.id;
    const isTheirs = Date.parse(conflict.visitor_until) > outside.clock.nowMs && visitor !== person.id && !outside.network.shutUsers.has(visitor);
    outside.ledger.checked("I6");
    if (isTheirs) outside.ledger.fire("decided_before_its_time");
    if (isTheirs && result?.state !== undefined) throw new Violation("I6", `${person.login} decided conflict ${conflict.id}, which was ${visitor}'s alone`);
  }

  assign(household: string, contact: string | null, responsible: string | null): Answered {
    const body = { contact_id: contact, responsible_id: responsible };
    const answered = this.ask("POST", `/households/${household}/assign`, body);
    this.outside.ledger.count(`assign ${answered.status} ${codeOf(answered)}`);
    return answered;
  }

  patch(user: string, body: unknown): Answered {
    const answered = this.ask("PATCH", `/users/${user}`, body);
    this.outside.ledger.count(`patch_user ${answered.status} ${codeOf(answered)}`);
    return answered;
  }
}

const codeOf = ({ status, body }: Answered): string =>
  status < 400 ? "" : ((JSON.parse(body === "" ? "{}" : body) as { code?: string }).code ?? "");

export interface VisitNow {
  /** The decided conflicts, in order. */
  readonly decided: string;
  readonly rev: number;
  readonly hash: string;
  readonly state: string;
  readonly file_rev: number;
}

/** What a desk stands in. */
export interface Outside {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly network: Network;
  readonly chance: Chance;
  visitNow(visit: string): VisitNow | undefined;
}
