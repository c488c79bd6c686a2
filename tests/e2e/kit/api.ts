// The wire without a browser: what a journey needs beside what its people do on their screens.
import { createHash, randomUUID } from "node:crypto";
import { canonicalJson } from "../../../pwa/src/forms/canonical";
import type { components } from "../../../pwa/src/api/schema.gen";
import { type Asked, someAnswer } from "../../sim/src/answers";
import { PASSWORD } from "./server";

type Schemas = components["schemas"];
export type Household = Schemas["HouseholdBody"];
export type Proposal = Schemas["Proposal"];

export interface Member {
  device: string;
  /** Operations sent so far. */
  sent: number;
  get: <T>(path: string) => Promise<T>;
  post: <T>(path: string, body: unknown) => Promise<T>;
}

/** Signs somebody in on a device of their own. */
export async function member(url: string, login: string): Promise<Member> {
  const device = randomUUID();
  const ask = async <T>(method: string, path: string, body?: unknown, token?: string): Promise<T> => {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as T;
  };
  const session = await ask<{ access_token: string }>("POST", "/auth/login", {
    login,
    password: PASSWORD,
    device: { id: device, label: "e2e" },
  });
  return {
    device,
    sent: 0,
    get: (path) => ask("GET", path, undefined, session.access_token),
    post: (path, body) => ask("POST", path, body, session.access_token),
  };
}

interface Change {
  kind: string;
  id: string;
  body: unknown;
}
interface Page {
  changes: Change[];
  cursor: string;
  more: boolean;
}
export interface Pulled {
  households: Household[];
  visits: { id: string; household_id: string; state: string; visitor: { name: string } }[];
}

/** Everything in a member's scope. */
export async function pullAll(who: Member): Promise<Pulled> {
  const pulled: Pulled = { households: [], visits: [] };
  let cursor: string | undefined;
  for (;;) {
    const page: Page = await who.post("/sync/pull", { limit: 200, ...(cursor !== undefined && { cursor }) });
    for (const { kind, body } of page.changes) {
      if (kind === "household") pulled.households.push(body as Household);
      else if (kind === "visit") pulled.visits.push(body as Pulled["visits"][number]);
    }
    if (!page.more) return pulled;
    cursor = page.cursor;
  }
}

/** The name of a household as the lists show it: its worker's. */
export function nameOf(household: Household): string {
  const persons = Object.values((household.file as { persons?: Record<string, { name?: string; is_worker?: boolean }> }).persons ?? {});
  return (persons.find((person) => person.is_worker === true) ?? persons[0])?.name ?? "";
}

/** Households on file, met by nobody's waiting visit, each with a name that only it has. */
export function plainHouseholds({ households, visits }: Pulled): Household[] {
  const busy = new Set(visits.filter(({ state }) => state !== "approved").map(({ household_id }) => household_id));
  const names = households.map(nameOf);
  const isAlone = (name: string): boolean => names.filter((other) => other.includes(name)).length === 1;
  return households.filter(
    (one) => one.rev > 0 && !one.is_lead && one.status === "active" && !busy.has(one.id) && isAlone(nameOf(one)),
  );
}

interface Receipt {
  outcome: string;
  code?: string;
  errors?: { code: string; path: string }[];
}

/** Sends a finished visit as `who`'s phone would; what the form warns about gets a reason. */
export async function submitVisit(who: Member, visit: Proposal): Promise<void> {
  const arrived = ["applied", "merged", "conflict"];
  const receipt = await push(who, visit);
  if (arrived.includes(receipt?.outcome ?? "")) return;
  if (receipt?.code !== "visit.warning_unexplained") throw new Error(`the visit was not taken: ${JSON.stringify(receipt)}`);
  const warnings = (receipt.errors ?? []).map(({ code, path }) => ({ code, path, reason: "已当面核实" }));
  const again = await push(who, { ...visit, warnings });
  if (!arrived.includes(again?.outcome ?? "")) throw new Error(`the visit was not taken: ${JSON.stringify(again)}`);
}

/** The same for a visit of which only what matters is said: what the form still asks for is answered somehow. */
export async function submitFilled(who: Member, visit: Proposal): Promise<void> {
  const { dictionary, codes } = await who.get<{ dictionary: { fields: Record<string, Asked> }; codes: { tables: Record<string, { code: string }[]> } }>("/definitions");
  const some = (path: string): unknown =>
    someAnswer(dictionary.fields[path.replace(/\/[0-9a-f-]{36}\//, "/*/")], codes.tables);
  let filled = visit;
  for (let tries = 0; tries < 40; tries += 1) {
    const receipt = await push(who, filled);
    const missing = (receipt?.errors ?? []).filter(({ code }) => code === "value.required").map(({ path }) => path);
    if (receipt?.code !== "visit.invalid" || missing.length === 0) return submitVisit(who, filled);
    const [own, file] = [missing.filter((path) => path.startsWith("visit/")), missing.filter((path) => !path.startsWith("visit/"))];
    filled = {
      ...filled,
      visit: { ...filled.visit, ...Object.fromEntries(own.map((path) => [path.slice("visit/".length), some(path)])) },
      changes: [...filled.changes, ...file.map((path) => ({ path, from: null, to: some(path) }))],
    } as Proposal;
  }
  throw new Error("the form is never content");
}

async function push(who: Member, visit: Proposal): Promise<Receipt | undefined> {
  const seq = (who.sent += 1);
  const hash = createHash("sha256").update(canonicalJson(visit)).digest("hex");
  const op = {
    seq,
    id: randomUUID(),
    kind: "visit.submit",
    version: 1,
    subject: visit.id,
    after: null,
    recorded_at: visit.ended_at,
    clock: { offset_ms: 0, monotonic_ms: 0 },
    body: { visit, hash },
  };
  const answer = await who.post<{ receipts: Receipt[] }>("/sync/push", {
    device: who.device,
    epoch: 1,
    protocol: 1,
    app_build: "e2e",
    manifest: { count: 1, first_seq: seq, last_seq: seq, head: "" },
    ops: [op],
  });
  return answer.receipts[0];
}
