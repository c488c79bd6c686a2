import { describe, expect, it } from "vitest";
import { countDay } from "@/db/day";
import { decode } from "@/db/codec";
import { shanghaiDay } from "@/db/time";
import { countWork, findVisit, listNeedsMe } from "@/db/visits";
import type { Receipt } from "@/db/wire";
import { applyReceipts, countStuck } from "./outbox";
import { editStuckVisit, submitDraft, withdrawVisit } from "./submit";
import { aPhone, content, isQuiet, type Phone, until, World, writeVisit } from "./testing/kit";

async function parkedVisit(): Promise<{ world: World; phone: Phone; visit: string; op: string; first: Receipt }> {
  const world = new World();
  const phone = await aPhone(world);
  const { visit, op } = await writeVisit(phone, null);
  world.server.refusals.set(visit, { outcome: "parked", code: "op.failed" });
  phone.engine.start();
  await until(world, [phone], () => isQuiet(phone));
  return { world, phone, visit, op, first: world.server.firstReceipts.get(op)! };
}

describe("what the server keeps and could not take in yet", () => {
  it("waits for the office and asks nothing of its author", async () => {
    const { world, phone, visit } = await parkedVisit();
    expect((await findVisit(phone.store, visit))?.status).toBe("parked");
    expect(await listNeedsMe(phone.store)).toEqual([]);
    expect([await countStuck(phone.store), (await countWork(phone.store)).stuck]).toEqual([0, 0]);
    const today = shanghaiDay(world.clock.nowMs);
    expect(await countDay(phone.store, today)).toEqual({ households: 1, arrived: 0, waiting: 0, parked: 1, stuck: 0 });
    phone.close();
  });

  it("is taken back by a withdrawal that comes after it, whenever it is taken in", async () => {
    const { phone, visit, op } = await parkedVisit();
    phone.engine.stop();
    const withdrawal = await withdrawVisit(phone.store, visit, "走错了门");
    const row = await phone.store.db.outbox.get(withdrawal!);
    expect(row && decode(row.op)).toMatchObject({ kind: "visit.withdraw", subject: visit, after: op });
    phone.close();
  });

  it("is delivered once the server has taken it in, and stays so when the first answer comes late", async () => {
    const { world, phone, visit, op, first } = await parkedVisit();
    world.server.outcomes.push({ op_id: op, receipt: { ...first, outcome: "applied", code: undefined } });
    phone.engine.nudge("asked");
    await until(world, [phone], async () => (await findVisit(phone.store, visit))?.status === "delivered");
    expect(await applyReceipts(phone.store, [first], null)).toBe(0);
    expect((await findVisit(phone.store, visit))?.status).toBe("delivered");
    expect(await phone.store.db.outbox.count()).toBe(0);
    phone.close();
  });

  it("comes back to its author with the office's reason, to be mended and sent as a new operation", async () => {
    const { world, phone, visit, op, first } = await parkedVisit();
    const errors = [{ code: "op.dismissed_because", path: "", params: { reason: "重复登记" } }];
    world.server.outcomes.push({ op_id: op, receipt: { ...first, outcome: "refused", code: "op.dismissed", errors } });
    phone.engine.nudge("asked");
    await until(world, [phone], async () => (await findVisit(phone.store, visit))?.status === "refused");
    expect(await listNeedsMe(phone.store)).toMatchObject([{ is: "stuck", operation: { id: op, code: "op.dismissed", errors } }]);
    expect(await countStuck(phone.store)).toBe(1);
    world.server.refusals.clear();
    await editStuckVisit(phone.store, op);
    await submitDraft(phone.store, visit, () => content());
    phone.engine.nudge("saved");
    await until(world, [phone], async () => (await findVisit(phone.store, visit))?.status === "in_review");
    phone.close();
  });

  it("hears the outcome also of what it never heard the first answer to", async () => {
    const world = new World();
    const phone = await aPhone(world);
    const { visit, op } = await writeVisit(phone, null);
    const row = await phone.store.db.outbox.get(op);
    const receipt: Receipt = {
      seq: row!.seq, op_id: op, outcome: "applied", errors: [], subject: { kind: "visit", id: decode(row!.op).subject },
    };
    expect(await applyReceipts(phone.store, [receipt], null)).toBe(1);
    expect((await findVisit(phone.store, visit))?.status).toBe("delivered");
    phone.close();
  });
});
