// I4 and I11: what a phone holds of the server is, byte for byte, what a phone that begins with nothing would get now.
import { decode } from "@/db/codec";
import type { ConflictRow, FileRow, OutboxRow, VisitRow } from "@/db/rows";
import type { ConflictBody, HouseholdBody } from "@/db/wire";
import { canonicalJson } from "@/forms/canonical";
import { Violation } from "./ledger";
import type { Network } from "./network";
import type { Window } from "./phone";
import { readStore } from "./storage";

type Rows = Map<string, string>;

interface Change {
  readonly kind: string;
  readonly id: string;
  readonly body: unknown;
}

interface Page {
  readonly changes: readonly Change[];
  readonly evict: readonly { readonly kind: string; readonly id: string }[];
  readonly cursor: string;
  readonly more: boolean;
}

/**
 * Whether the reader may decide now changes with the hour, and no row tells of it; the household's name comes with
 * the household, and the phone shows that one.
 */
const lasting = ({ may_decide: _may, household_name: _name, ...body }: ConflictBody): string => canonicalJson(body);

const bodyOf = ({ kind, body }: Change): string => (kind === "conflict" ? lasting(body as ConflictBody) : canonicalJson(body));

/** Everything from an empty cursor; `null` when the session has ended. */
function pullAll(network: Network, token: string): { readonly rows: Rows; readonly homes: Set<string> } | null {
  const rows: Rows = new Map();
  let cursor: string | null = null;
  for (let page = 0; page < 200; page += 1) {
    const headers: [string, string][] = [["content-type", "application/json"], ["authorization", `Bearer ${token}`]];
    const body = JSON.stringify(cursor === null ? { limit: 200 } : { cursor, limit: 200 });
    const answered = network.ask({ method: "POST", path: "/api/v1/sync/pull", headers, body }, null);
    if (answered?.status !== 200) return null;
    const got = JSON.parse(answered.body) as Page;
    for (const { kind, id } of got.evict) rows.delete(`${kind} ${id}`);
    for (const change of got.changes) rows.set(`${change.kind} ${change.id}`, bodyOf(change));
    cursor = got.cursor;
    if (got.more) continue;
    const homes = [...rows.keys()].filter((key) => key.startsWith("household ")).map((key) => key.slice("household ".length));
    return { rows, homes: new Set(homes) };
  }
  throw new Violation("I5", "a pull from the beginning never ends");
}

interface Held {
  readonly rows: Rows;
  /** Conflicts that the phone takes for over; a first pull brings none of them. */
  readonly closed: readonly ConflictBody[];
}

async function heldOf({ phone }: Window, user: string): Promise<Held> {
  const read = <T>(store: string): Promise<T[]> => readStore<T>(phone.factory, `ruhu-${user}`, store);
  const rows: Rows = new Map();
  for (const row of await read<FileRow>("files")) rows.set(`household ${row.id}`, canonicalJson(decode(row.body) as HouseholdBody));
  for (const row of await read<VisitRow>("visits")) if (row.server) rows.set(`visit ${row.id}`, canonicalJson(decode(row.server)));
  const closed: ConflictBody[] = [];
  // A decision that the server did not take lies in the outbox until its author has seen why, and so does its card.
  const waiting = new Set((await read<OutboxRow>("outbox")).filter((row) => row.kind === "conflict.decide").map((row) => row.subject));
  for (const row of await read<ConflictRow>("conflicts")) {
    const body = decode(row.body);
    if (row.open === 1 && !waiting.has(row.id)) rows.set(`conflict ${row.id}`, lasting(body));
    else closed.push(body);
  }
  return { rows, closed };
}

/** Whether it could be looked at: not when the session ended meanwhile. */
export async function checkSame(window: Window, network: Network): Promise<boolean> {
  const { store, api } = window;
  const token = api.signedIn()?.session.access_token;
  if (!store || token === undefined) return false;
  const theirs = pullAll(network, token);
  if (!theirs) return false;
  const mine = await heldOf(window, store.user.id);
  const over = new Set(mine.closed.map((body) => `conflict ${body.id}`));
  for (const [key, body] of theirs.rows) {
    const here = mine.rows.get(key);
    if (here === undefined && over.has(key)) continue;
    if (here === undefined) throw new Violation("I4", `${window.name} has synced and lacks ${key}`);
    if (here !== body) throw new Violation("I4", `${window.name} has synced and holds another ${key}: ${here} instead of ${body}`);
  }
  for (const key of mine.rows.keys()) {
    if (!theirs.rows.has(key)) throw new Violation("I11", `${window.name} has synced and still holds ${key}, which a first pull does not bring`);
  }
  for (const { id, household_id, mine: side } of mine.closed) {
    if (side.by.id === store.user.id || theirs.homes.has(household_id)) continue;
    throw new Violation("I11", `${window.name} has synced and still holds conflict ${id} of a household that is not theirs`);
  }
  return true;
}
