// How long a phone with 20 queued visits takes to hand them in once the link is there again: the app's own core
// (outbox, push, pull, engine) in Node on a database in memory, real time, the real server behind a slow link.
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createApi } from "@/api/client";
import { UserDatabase, type Store } from "@/db/database";
import { saveDraft, startDraft, type NewDraft } from "@/db/drafts";
import type { Platform } from "@/db/platform";
import type { Proposal, UserView } from "@/db/wire";
import { createEngine, type Engine } from "@/sync/engine";
import { countUnsent } from "@/sync/outbox";
import { submitDraft } from "@/sync/submit";
import { Link, type LinkOptions } from "./link";

interface Plan {
  readonly port: number;
  readonly login: string;
  readonly password: string;
  readonly town: string;
  readonly visits: number;
  readonly runs: number;
  readonly lanes: number;
  readonly seed: number;
  readonly outbox: string;
  readonly link: Omit<LinkOptions, "random">;
}

interface Run {
  readonly drainedMs: number;
  readonly segments: number;
  readonly lost: number;
}

const plan = JSON.parse(process.argv[2] ?? "{}") as Plan;
const PATIENCE_MS = 120_000;

function chance(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 15), z | 1);
    z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
    return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
  };
}

function newId(): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const platformOf = (origin: string): Platform => ({
  storage: { indexedDB: new IDBFactory(), IDBKeyRange },
  transport: (request) => fetch(request),
  origin,
  appBuild: "bench",
  appVersion: "bench",
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  newId,
  random: Math.random,
  secretBytes: (count) => new Uint8Array(randomBytes(count)),
  sha256: (bytes) => Promise.resolve(new Uint8Array(createHash("sha256").update(bytes).digest())),
  timer(afterMs, run) {
    const timer = setTimeout(run, afterMs);
    return () => clearTimeout(timer);
  },
});

/** A whole first survey of a household found on the spot, as the newest outbox of tests/vectors holds one. */
function aSurvey(): Proposal {
  const outbox = JSON.parse(readFileSync(plan.outbox, "utf8")) as { pushes: { ops: { body: { visit: Proposal } }[] }[] };
  const { visit } = outbox.pushes[0]!.ops[0]!.body;
  const places: Record<string, string> = { banner_code: plan.town.slice(0, 6), town_code: plan.town };
  const changes = visit.changes.map((change) => ({ ...change, to: places[change.path] ?? change.to }));
  return { ...visit, changes };
}

async function writeSurvey(store: Store, said: Proposal): Promise<void> {
  const draft = await startDraft(store, {
    household_id: null, visit_type: said.visit_type, form: said.form, dictionary_version: 1, base: null, base_rev: 0,
    file: {}, visit: said.visit as NewDraft["visit"],
  });
  await saveDraft(store, draft);
  // Rows get ids of their own, as on a phone.
  const rows = new Map<string, string>();
  const text = JSON.stringify(said.changes).replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => {
    if (!rows.has(id)) rows.set(id, newId());
    return rows.get(id)!;
  });
  const { visit, later, unchanged } = said;
  // Nobody surveys a household in no time: the form warns, and wants a word.
  const warnings = [...said.warnings, { code: "W7", path: "visit/outcome", reason: "补录" }];
  const changes = JSON.parse(text) as Proposal["changes"];
  const done = await submitDraft(store, draft.id, () => ({ visit, changes, later, unchanged, warnings }));
  if (done.is !== "submitted") throw new Error(done.is);
}

const settled = (engine: Engine, is: (status: string) => boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`still ${engine.status().is}`)), PATIENCE_MS);
    const stop = engine.subscribe(look);
    function look(): void {
      if (!is(engine.status().is)) return;
      clearTimeout(late);
      queueMicrotask(() => stop());
      resolve();
    }
    look();
  });

/** One phone: first sync, a day without a signal, and the signal again. */
async function run(number: number): Promise<Run> {
  const link = new Link(plan.port, { ...plan.link, random: chance(plan.seed + number) });
  const platform = platformOf(`http://127.0.0.1:${await link.listen()}`);
  const api = createApi(platform);
  link.isUp = true;
  const signedIn = await api.login({ login: plan.login, password: plan.password, device: { id: newId(), label: "bench" } });
  if (!signedIn.ok) throw new Error(signedIn.problem.code);
  const user: UserView = signedIn.data.user;
  const db = new UserDatabase(platform.storage, user.id);
  await db.open();
  const store: Store = { db, platform, user };
  const engine = createEngine(store, api);
  engine.start();
  await settled(engine, (is) => is === "up_to_date");

  link.cut();
  const said = aSurvey();
  for (let nth = 0; nth < plan.visits; nth += 1) await writeSurvey(store, said);
  engine.nudge("saved");
  await settled(engine, (is) => is === "offline");
  await engine.settled();
  const [segments, lost] = [link.segments, link.lost];

  link.isUp = true;
  const healedMs = performance.now();
  // What the browser's `online` event does.
  engine.nudge("online");
  while ((await countUnsent(store)) > 0) {
    if (performance.now() - healedMs > PATIENCE_MS) throw new Error("it never drained");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const drainedMs = performance.now() - healedMs;
  const [refused] = await db.outbox.filter((op) => op.state === "answered").toArray();
  if (refused) throw new Error(`not taken in: ${JSON.stringify(refused.receipt)}`);
  await settled(engine, (is) => is === "up_to_date");
  engine.stop();
  await link.close();
  db.close();
  return { drainedMs, segments: link.segments - segments, lost: link.lost - lost };
}

const runs: Run[] = [];
let next = 0;
await Promise.all(
  Array.from({ length: plan.lanes }, async () => {
    while (next < plan.runs) {
      next += 1;
      runs.push(await run(next));
    }
  }),
);
const ordered = runs.map(({ drainedMs }) => drainedMs).sort((a, b) => a - b);
const at = (share: number): number => Math.round(ordered[Math.ceil(share * ordered.length) - 1] ?? NaN);
const sum = (of: (run: Run) => number): number => runs.reduce((total, one) => total + of(one), 0);
process.stdout.write(`${JSON.stringify({
  drain: {
    runs: runs.length, visits: plan.visits, ...plan.link, p50_ms: at(0.5), p90_ms: at(0.9), p99_ms: at(0.99), max_ms: at(1),
    segments_per_run: Math.round(sum((one) => one.segments) / runs.length), lost: sum((one) => one.lost),
  },
})}\n`);
process.exit(0);
