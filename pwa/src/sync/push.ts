// Sends the outbox: batch by batch, until it is empty or something stands in the way.
import type { Api } from "@/api/client";
import { localProblem, type Problem, type Result } from "@/api/problem";
import { isPushAnswerTo } from "@/api/shape";
import type { Store } from "@/db/database";
import { readMeta, writeMeta } from "@/db/meta";
import type { Operation, PushAnswer } from "@/db/wire";
import {
  adoptHistory, applyReceipts, manifestOf, markQueued, nextBatch, readHeld, rewind, setAside, takeNewEpoch,
  type Batch, type Held,
} from "./outbox";
import type { Round } from "./pace";

export const PROTOCOL = 1;
/** The server's limit, less room for what stands around the operations. */
const MAX_BYTES = 1024 * 1024 - 4096;
/** After this time the server is told what this phone holds although nothing has changed. */
const TELL_MS = 24 * 3_600_000;
/** Requests without any new receipt after which the answers make no sense. */
const MAX_FRUITLESS = 12;

export type Progress = (done: number, total: number) => void;

interface Course {
  /** Smaller than what the pace allows after a batch was too large, or could not be read. */
  readonly ops: number;
  readonly fruitless: number;
  readonly done: number;
}

/** `null` when everything is answered, or the round was stopped. */
export async function push(store: Store, api: Api, round: Round, progress: Progress): Promise<Problem | null> {
  let course: Course = { ops: Infinity, fruitless: 0, done: 0 };
  while (!round.stopped() && course.fruitless < MAX_FRUITLESS) {
    const limits = { ops: Math.min(course.ops, round.pace.ops()), bytes: MAX_BYTES };
    const batch = await nextBatch(store, limits);
    if (batch === null) return null;
    progress(course.done, course.done + batch.held.length);
    const next = await sendBatch(store, api, batch, course);
    if ("code" in next) {
      if (next.code === "net.timeout") round.pace.timedOut();
      await markQueued(store);
      return next;
    }
    round.pace.answered();
    course = next;
  }
  await markQueued(store);
  return round.stopped() ? null : localProblem("net.protocol");
}

async function sendBatch(store: Store, api: Api, batch: Batch, course: Course): Promise<Course | Problem> {
  const sentMs = store.platform.nowMs();
  const result = await ask(store, api, batch, batch.ops);
  if (!result.ok) return handleProblem(store, batch, course, result.problem);
  const news = await applyReceipts(store, result.data.receipts, Date.parse(result.data.server_time));
  await noteContact(store, result.data, sentMs);
  if (await adoptHistory(store, result.data.history_id)) return { ...course, fruitless: course.fruitless + 1 };
  return { ops: course.ops, fruitless: news > 0 ? 0 : course.fruitless + 1, done: course.done + news };
}

async function ask(store: Store, api: Api, held: Held, ops: readonly Operation[]): Promise<Result<PushAnswer>> {
  const { device, epoch } = held;
  const manifest = await manifestOf(store, held);
  const body = { device, epoch, protocol: PROTOCOL, app_build: store.platform.appBuild, manifest, ops: [...ops] };
  const shape = isPushAnswerTo(ops.map((op) => op.id));
  const result = await api.ask((http) => http.POST("/api/v1/sync/push", { body }), shape);
  if (result.ok) await writeMeta(store.db, "told", { head: manifest.head, at_ms: store.platform.nowMs() });
  return result;
}

/**
 * Tells the server what this phone holds when it was told something else, or long ago: after a push it would
 * believe for ever that what it has just answered is still out here. Comes to nothing without harm; the next round
 * tries again.
 */
export async function tellHeld(store: Store, api: Api): Promise<void> {
  const held = await readHeld(store);
  const told = await readMeta(store.db, "told");
  const { head } = await manifestOf(store, held);
  const sentMs = store.platform.nowMs();
  // A phone's clock may have been set either way.
  if (told.head === head && Math.abs(sentMs - told.at_ms) < TELL_MS) return;
  const result = await ask(store, api, held, []);
  if (!result.ok) {
    if (result.problem.code === "sync.fork") await takeNewEpoch(store, held.epoch);
    return;
  }
  await noteContact(store, result.data, sentMs);
  await adoptHistory(store, result.data.history_id);
}

async function handleProblem(store: Store, batch: Batch, course: Course, problem: Problem): Promise<Course | Problem> {
  const again: Course = { ...course, fruitless: course.fruitless + 1 };
  const [only] = batch.ops;
  if (problem.code === "sync.fork") {
    await takeNewEpoch(store, batch.epoch);
    return again;
  }
  if (problem.code === "sync.gap") {
    const next = problem.more["next_seq"];
    if (typeof next !== "number") return problem;
    await rewind(store, batch.epoch, next);
    return again;
  }
  // One operation that the server cannot even read must not hold back the others: find it, put it aside.
  if (!isAboutTheBody(problem)) return problem;
  if (batch.ops.length > 1) return { ...course, ops: Math.ceil(batch.ops.length / 2) };
  if (only) await setAside(store, only.id, batch.epoch, isTooLarge(problem) ? "sync.op_too_large" : problem.code);
  return { ...again, ops: Infinity };
}

/** Whoever says it: our server, or a proxy in words of its own. */
const isTooLarge = ({ status }: Problem): boolean => status === 413;

// `request.shape`: the server does not know a key or a type of the body, as after a mistake of an older app.
const isAboutTheBody = (problem: Problem): boolean => isTooLarge(problem) || problem.code === "request.shape";

async function noteContact(store: Store, answer: PushAnswer, sentMs: number): Promise<void> {
  const now = store.platform.nowMs();
  const clock_offset_ms = Math.round((sentMs + now) / 2 - Date.parse(answer.server_time));
  const { db } = store;
  await db.transaction("rw", db.meta, async () => {
    await writeMeta(db, "contact", { ...(await readMeta(db, "contact")), last_contact_ms: now, clock_offset_ms });
  });
}
