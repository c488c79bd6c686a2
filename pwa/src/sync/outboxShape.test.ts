// What the app of today leaves in an outbox has the shape of the newest file of tests/vectors/outbox, which the server's
// tests replay for ever. A new shape is a new file:
//   RUHU_WRITE_OUTBOX=5-what npx vitest run src/sync/outboxShape.test.ts
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { saveDraft, startDraft, type NewDraft } from "@/db/drafts";
import type { ConflictBody, Proposal, PushRequest } from "@/db/wire";
import { decideConflicts } from "./decide";
import { submitDraft, withdrawVisit } from "./submit";
import { isQuiet, openPhone, signInPhone, until, World, type Phone } from "./testing/kit";

interface Outbox {
  readonly what: string;
  readonly app: string;
  readonly pushes: readonly PushRequest[];
}

const FOLDER = fileURLToPath(new URL("../../../tests/vectors/outbox/", import.meta.url));
const names = readdirSync(FOLDER).sort();
const newest = JSON.parse(readFileSync(FOLDER + names.at(-1)!, "utf8")) as Outbox;
const proposalsOf = (outbox: Outbox): Proposal[] =>
  outbox.pushes.flatMap(({ ops }) => ops).filter(({ kind }) => kind === "visit.submit")
    .map(({ body }) => (body as unknown as { visit: Proposal }).visit);

/** Writes what the file's proposals say, as a user of today would. */
async function write(phone: Phone, world: World, said: Proposal, home: string | null): Promise<{ visit: string; home: string }> {
  const draft = await startDraft(phone.store, {
    household_id: home, visit_type: said.visit_type, form: said.form, dictionary_version: 1, base: null,
    base_rev: said.base_rev, file: {}, visit: said.visit as NewDraft["visit"],
  });
  world.clock.advance(720_000);
  await saveDraft(phone.store, { ...draft, elapsed_ms: 720_000 });
  const { visit, changes, later, unchanged, warnings } = said;
  const done = await submitDraft(phone.store, draft.id, () => ({ visit, changes, later, unchanged, warnings }));
  if (done.is !== "submitted") throw new Error(done.is);
  return { visit: done.visit_id, home: draft.household_id };
}

const aConflict = (household_id: string, visit_id: string, by: string): ConflictBody => ({
  id: "$CONFLICT", household_id, household_name: "示例", kind: "path", path: "residence_address", paths: ["residence_address"],
  base: "甲", waiting: [], state: "open", visitor_until: "2026-11-26T02:00:00Z", decision: null,
  created_at: "2026-11-23T02:00:00Z", may_decide: true,
  theirs: { value: "乙", by: { id: "bo", name: "bo" }, at: "2026-11-23T01:00:00Z", visit_id: null, visit_rev: null, in_file: true },
  mine: { value: "丙", by: { id: by, name: by }, at: "2026-11-23T02:00:00Z", visit_id, visit_rev: 1 },
});

async function outboxOfToday(): Promise<PushRequest[]> {
  const world = new World();
  const phone = await openPhone(world, world.server.addUser("ana"), world.newStorage());
  await signInPhone(phone, "$DEVICE");
  const sync = async (): Promise<void> => {
    phone.engine.start();
    phone.engine.nudge("asked");
    await until(world, [phone], () => isQuiet(phone));
  };
  const [survey, absent, moved] = proposalsOf(newest);
  const first = await write(phone, world, survey!, null);
  await withdrawVisit(phone.store, (await write(phone, world, absent!, null)).visit, "走错了门");
  await sync();
  await write(phone, world, moved!, first.home);
  await sync();
  world.server.setConflict(aConflict(first.home, first.visit, phone.store.user.id));
  await sync();
  const other = { conflict_id: "$CONFLICT", choice: "other" as const, value: "示例社区11号楼3单元303室", reason: "户主电话里说的" };
  expect(await decideConflicts(phone.store, [other])).toBe(1);
  await sync();
  phone.close();
  return world.server.pushes.filter(({ ops }) => ops.length > 0);
}

/** Every key of what the app itself lays out; what users answer is theirs. */
function shapeOf(pushes: readonly PushRequest[]): unknown {
  const keys = (of: object): string[] => Object.keys(of).sort();
  return pushes.map((push) => ({
    push: keys(push),
    manifest: keys(push.manifest),
    head: push.manifest.head.length,
    ops: push.ops.map((op) => {
      const body = op.body as unknown as Record<string, unknown>;
      const visit = body.visit as Proposal | undefined;
      return { kind: op.kind, version: op.version, op: keys(op), clock: keys(op.clock), body: keys(body), visit: visit && keys(visit) };
    }),
  }));
}

it("an outbox of today has the shape of the newest one that the server's tests replay", async () => {
  const pushes = await outboxOfToday();
  const name = process.env.RUHU_WRITE_OUTBOX;
  if (name) {
    const outbox = { what: name, app: "the commit that adds this file", pushes };
    writeFileSync(`${FOLDER}${name}.json`, `${JSON.stringify(outbox, null, 1)}\n`);
  }
  expect(shapeOf(pushes)).toEqual(shapeOf(newest.pushes));
});
