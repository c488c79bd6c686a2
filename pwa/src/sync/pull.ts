// Fetches what the server has for this user, page by page. A page and its cursor are one transaction, so that a
// kill at any point goes on with the next page.
import type { Api } from "@/api/client";
import type { Problem } from "@/api/problem";
import { isPullAnswer } from "@/api/shape";
import { decode, encode } from "@/db/codec";
import type { Store, UserDatabase } from "@/db/database";
import { summaryOf } from "@/db/households";
import { readMeta, touch, writeAll, writeMeta, type PullMeta } from "@/db/meta";
import { isOpenState } from "@/db/visitEntries";
import type { VisitRow } from "@/db/rows";
import type { ConflictBody, HouseholdBody, PullAnswer, VisitBody } from "@/db/wire";
import { applyReceipts } from "./outbox";
import type { Round } from "./pace";

/** `total` is known during a full pull. */
export type PullProgress = (done: number, total: number | null) => void;

/** `null` when everything is here, or the round was stopped. */
export async function pull(store: Store, api: Api, round: Round, progress: PullProgress): Promise<Problem | null> {
  while (!round.stopped()) {
    const before = await readMeta(store.db, "pull");
    if (before.full) progress(before.done, before.total);
    const limit = round.pace.page();
    const body = before.cursor === null ? { limit } : { cursor: before.cursor, limit };
    const result = await api.ask((http) => http.POST("/api/v1/sync/pull", { body }), isPullAnswer);
    if (!result.ok) {
      if (result.problem.code === "net.timeout") round.pace.timedOut();
      if (!isAboutTheCursor(result.problem) || before.cursor === null) return result.problem;
      await startOver(store, before);
      continue;
    }
    round.pace.answered();
    const after = await applyPage(store, before, result.data, api.serverNowMs());
    if (after?.full || before.full) progress(after?.done ?? before.done, after?.total ?? before.total);
    if (after !== null && !result.data.more) return null;
  }
  return null;
}

/** The server does not know the cursor any more. */
function isAboutTheCursor(problem: Problem): boolean {
  return problem.code === "request.cursor";
}

function startOver(store: Store, before: PullMeta): Promise<void> {
  return writeAll(store.db, async () => {
    const now = await readMeta(store.db, "pull");
    if (now.cursor !== before.cursor || now.gen !== before.gen) return;
    await writeMeta(store.db, "pull", { cursor: null, gen: now.gen + 1, full: true, done: 0, total: null });
  });
}

/** `null` when another tab has moved the cursor meanwhile; then nothing of the page is used. */
async function applyPage(
  store: Store,
  before: PullMeta,
  page: PullAnswer,
  answeredMs: number | null,
): Promise<PullMeta | null> {
  const { db } = store;
  return writeAll(db, async () => {
    const there = await readMeta(db, "pull");
    if (there.cursor !== before.cursor || there.gen !== before.gen) return null;
    const now = atPage(there, page);
    // What left and came back within one page is there: bodies are only sent of what is in scope now.
    for (const { kind, id } of page.evict) {
      // A former caseworker keeps the visits that they made, not the file.
      if (kind === "household") await evictHousehold(store, id, (row) => isBy(row, store.user.id));
      else if (kind === "visit") await evictVisit(db, id);
      else if (kind === "conflict") await evictConflict(db, id);
    }
    const households = await storeChanges(db, now.gen, page);
    await applyReceipts(store, page.outcomes.map((outcome) => outcome.receipt), answeredMs);
    const complete = now.full && !page.more;
    if (complete) await sweep(store, now.gen);
    const after: PullMeta = {
      ...now,
      cursor: page.cursor,
      full: now.full && !complete,
      done: now.full ? Math.min(now.done + households, now.total ?? Infinity) : 0,
    };
    await writeMeta(db, "pull", after);
    if (page.changes.length + page.evict.length > 0 || complete) await touch(db);
    return after;
  });
}

// Only the first page of everything has a total. When it comes although we had a cursor, the server starts anew,
// for instance since the user's area has changed.
function atPage(there: PullMeta, page: PullAnswer): PullMeta {
  const total = page.total ?? null;
  if (total === null) return there;
  if (there.cursor === null) return { ...there, total };
  return { ...there, gen: there.gen + 1, full: true, done: 0, total };
}

/** Stores the households, visits and conflicts of a page; says how many households. Kinds of a later server are passed over. */
async function storeChanges(db: UserDatabase, gen: number, page: PullAnswer): Promise<number> {
  const households: HouseholdBody[] = [];
  const visits: VisitBody[] = [];
  const conflicts: ConflictBody[] = [];
  for (const change of page.changes) {
    if (change.kind === "household") households.push(change.body as HouseholdBody);
    else if (change.kind === "visit") visits.push(change.body as VisitBody);
    else if (change.kind === "conflict") conflicts.push(change.body as ConflictBody);
  }
  await db.households.bulkPut(
    households.map((body) => ({ id: body.id, gen, local: false, summary: encode(summaryOf(body)) })),
  );
  await db.files.bulkPut(households.map((body) => ({ id: body.id, body: encode(body) })));
  const there = await db.visits.bulkGet(visits.map((body) => body.id));
  await db.visits.bulkPut(
    visits.map((body, at) => {
      const local = there[at]?.local ?? null;
      const newer = local !== null && decode(local).rev > body.rev ? local : null;
      return {
        id: body.id,
        household_id: body.household_id,
        gen,
        open: newer !== null || isOpenState(body.state) ? (1 as const) : (0 as const),
        server: encode(body),
        local: newer,
      };
    }),
  );
  await db.conflicts.bulkPut(
    conflicts.map((body) => ({
      id: body.id,
      household_id: body.household_id,
      visit_id: body.mine.visit_id,
      gen,
      open: body.state === "open" ? (1 as const) : (0 as const),
      body: encode(body),
    })),
  );
  return households.length;
}

const isBy = ({ server }: VisitRow, userId: string): boolean => server !== null && decode(server).visitor.id === userId;

/** Drops what left the user's scope. Drafts, the outbox and what only the user decides are their own work and stay. */
async function evictHousehold(store: Store, id: string, isKept: (visit: VisitRow) => boolean): Promise<void> {
  const { db } = store;
  for (const row of await db.conflicts.where("household_id").equals(id).toArray()) {
    if (decode(row.body).mine.by.id !== store.user.id) await evictConflict(db, row.id);
  }
  await db.households.delete(id);
  await db.files.delete(id);
  const visits = await db.visits.where("household_id").equals(id).toArray();
  for (const visit of visits) if (!isKept(visit)) await evictVisit(db, visit.id);
}

async function evictVisit(db: UserDatabase, id: string): Promise<void> {
  const row = await db.visits.get(id);
  if (!row) return;
  const unsent = (await db.outbox.where("subject").equals(id).count()) > 0;
  if (unsent && row.local) await db.visits.put({ ...row, server: null, open: 1 });
  else await db.visits.delete(id);
}

/** Somebody else is asked now. A decision that is still here needs its card: its author must see what became of it. */
async function evictConflict(db: UserDatabase, id: string): Promise<void> {
  if ((await db.outbox.where("subject").equals(id).count()) === 0) await db.conflicts.delete(id);
}

/**
 * The user works at a desk by now: everything that only field work needs goes, as after a pull that finds nothing.
 * Drafts and the outbox stay. Comes the user back to the field, everything is pulled anew.
 */
export async function leaveField(store: Store): Promise<void> {
  const { db } = store;
  if ((await db.households.count()) + (await db.visits.count()) === 0) return;
  await writeAll(db, async () => {
    const gen = (await readMeta(db, "pull")).gen + 1;
    await writeMeta(db, "pull", { cursor: null, gen, full: true, done: 0, total: null });
    await sweep(store, gen);
    await touch(db);
  });
}

/** At the end of a full pull: drops what it did not see, except what only this phone knows. */
async function sweep(store: Store, gen: number): Promise<void> {
  const { db } = store;
  for (const id of await db.conflicts.where("gen").below(gen).primaryKeys()) await evictConflict(db, id);
  const households = await db.households.where("gen").below(gen).toArray();
  const isSeen = (visit: VisitRow): boolean => visit.gen === gen;
  for (const row of households) if (!row.local) await evictHousehold(store, row.id, isSeen);
  const visits = await db.visits.where("gen").below(gen).toArray();
  for (const row of visits) if (row.server) await evictVisit(db, row.id);
}
