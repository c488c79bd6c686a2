// The days of a scene, one after the other, and how everything is well again at the end.
import type { OutboxRow, ReceiptRow } from "@/db/rows";
import { Events } from "./events";
import { Violation } from "./ledger";
import { compare, session } from "./session";
import { readStore } from "./storage";
import type { Handset, Scene, Worker } from "./world";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Once all is well, everything must have gone out after so long: the longest wait that anybody may ask for, twice. */
export const DRAIN_MS = 30 * 60_000;

type Deed = () => void | Promise<void>;

/** One day of everybody. */
export async function day(scene: Scene, events: Events): Promise<void> {
  const { plan, clock, handsets, network, server } = scene;
  const startMs = scene.clock.startMs + clock.day * DAY_MS;
  const deeds: { readonly atMs: number; readonly run: Deed }[] = [];
  const at = (fromHour: number, toHour: number, run: Deed): void => {
    deeds.push({ atMs: startMs + Math.floor((fromHour + plan.next() * (toHour - fromHour)) * HOUR_MS), run });
  };
  for (const handset of handsets) {
    const times = plan.pick([0, 1, 1, 2]);
    for (let time = 0; time < times; time += 1) {
      if (plan.happens(0.03)) at(1, 12, () => events.badDisk(() => session(scene, handset)));
      else at(1, 12, () => session(scene, handset));
    }
    if (plan.happens(0.08)) at(0, 13, () => events.pocket(handset));
  }
  for (let round = plan.between(1, 3); round > 0; round -= 1) at(1, 10, () => events.review());
  const sometimes: readonly (readonly [number, Deed])[] = [
    [0.3, () => events.assign()], [0.1, () => events.promote()], [0.08, () => events.shutOrOpen()],
    [0.05, () => events.resetPassword()], [0.08, () => events.revokeDevice()], [0.05, () => events.moveWorker()],
    [0.5, () => events.decide()], [0.2, () => events.killServer()], [0.2, () => events.takeBackup()], [0.06, () => events.restore()],
  ];
  for (const [probability, run] of sometimes) if (plan.happens(probability)) at(0, 12, run);
  deeds.sort((a, b) => a.atMs - b.atMs);
  for (const { atMs, run } of deeds) {
    await scene.driver.pass(() => scene.windows, Math.max(0, atMs - clock.nowMs));
    network.deliverLate();
    await run();
    scene.raise();
  }
  // Once in a while nobody works for weeks or for more than a year.
  if (plan.happens(0.004)) {
    scene.ledger.fire("everybody_away_for_long");
    clock.moveTo(clock.nowMs + plan.pick([20, 70, 400]) * DAY_MS);
  }
  clock.moveTo(scene.clock.startMs + (clock.day + 1) * DAY_MS);
  if (clock.day % 4 === 0 || !server.isUp) scene.checks.verify();
}

/** All faults end, everybody may work again; then everything must come to rest within a bound (I5), and be the same. */
export async function heal(scene: Scene): Promise<void> {
  const { network, ledger, clock, checks, handsets, server } = scene;
  network.rate = 0;
  network.partitions.clear();
  network.deliverLate();
  if (!server.isUp) server.start(clock.nowMs);
  for (const worker of scene.workers.filter((one) => network.shutUsers.has(one.id))) {
    scene.admin.patch(worker.id, { disabled: false });
    network.shutUsers.delete(worker.id);
  }
  const local = new Set<string>();
  for (const handset of handsets) {
    for (const user of handset.users) await drain(scene, handset, user);
  }
  // What the last phone brought reaches the others by another round.
  for (const handset of handsets) for (const user of handset.users) await drain(scene, handset, user, local);
  scene.raise();
  checks.verify();
  checks.checkEffects(local);
  ledger.count("healed");
}

async function drain(scene: Scene, handset: Handset, user: Worker, local?: Set<string>): Promise<void> {
  const { driver, clock, checks, ledger } = scene;
  const { phone } = handset;
  phone.closeAll();
  phone.journals.trouble = "none";
  phone.aheadMs = 0;
  const window = phone.newWindow();
  const opened = await driver.run(window, () => window.open());
  if (opened.is !== "done") throw new Violation("I5", `${phone.name} does not open: ${describe(opened)}`);
  await driver.settle([window]);
  if (window.store?.user.id !== user.id || window.engine?.state().is === "blocked") {
    const signed = await driver.run(window, () => window.signIn(user.login, user.password));
    if (signed.is !== "done" || signed.value !== null) throw new Violation("I5", `${user.login} cannot sign in on ${phone.name}: ${describe(signed)}`);
  }
  phone.restoring.delete(user.id);
  const from = clock.nowMs;
  let isSame = local === undefined;
  while (clock.nowMs - from < DRAIN_MS) {
    await driver.settle([window]);
    if (window.engine?.state().is === "idle" && window.engine.status().is === "up_to_date") {
      isSame ||= await compare(scene, window);
      if (isSame) break;
    }
    await driver.pass(() => [window], 30_000);
  }
  const status = window.engine?.status();
  ledger.checked("I5");
  if (status?.is !== "up_to_date") throw new Violation("I5", `${window.name} is stuck: ${JSON.stringify(status)}, ${JSON.stringify(window.engine?.state())}`);
  if (!isSame) throw new Violation("I5", `${window.name} has no whole round within the bound: ${JSON.stringify(window.engine?.state())}`);
  const rows = await readStore<OutboxRow>(phone.factory, `ruhu-${user.id}`, "outbox");
  const unsent = rows.filter((row) => row.state !== "answered");
  if (unsent.length > 0) throw new Violation("I5", `${window.name} says it is up to date and holds ${unsent.length} operations`);
  await checks.checkSaved(phone, user.id);
  if (local) {
    // The phone itself put them aside: too large for a proxy on the way. Their author is told.
    const receipts = await readStore<ReceiptRow>(phone.factory, `ruhu-${user.id}`, "receipts");
    const given = new Set(receipts.filter((row) => row.settled !== "delivered").map((row) => row.op_id));
    for (const saved of ledger.saved) if (saved.dealt && saved.fate === "held" && given.has(saved.op)) saved.fate = "given_up";
    for (const row of rows) if (row.receipt?.code === "sync.op_too_large" || row.receipt?.code === "request.shape") local.add(row.id);
  }
  phone.closeAll();
}

const describe = (what: { readonly is: string; readonly error?: unknown; readonly value?: unknown }): string =>
  `${what.is} ${what.error instanceof Error ? (what.error.stack ?? what.error.message) : JSON.stringify(what.value ?? null)}`;
