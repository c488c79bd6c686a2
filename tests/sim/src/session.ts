// One person takes the phone out of the pocket: opens the app, works, puts it away. And what goes wrong meanwhile.
import { signOut } from "@/sync/account";
import { Caseworker } from "./field";
import { copiesOn } from "./losses";
import type { Window } from "./phone";
import { REQUEST_FAULTS, type Partition } from "./network";
import type { Handset, Scene, Worker } from "./world";

const YEAR_MS = 365 * 86_400_000;
const MINUTE_MS = 60_000;

export async function session(scene: Scene, handset: Handset): Promise<void> {
  const { plan, network, ledger } = scene;
  const { phone, users } = handset;
  const user = plan.pick(users);
  network.rate = plan.pick([0, 0, 0.08, 0.15, 0.4]);
  network.faults = plan.happens(0.7) ? REQUEST_FAULTS : [plan.pick(REQUEST_FAULTS)];
  const partition = plan.pick<Partition>(["none", "none", "none", "both", "both", "out", "in"]);
  network.partitions.set(phone.name, partition);
  weather(scene, handset);
  if (phone.windows.some((window) => window.frozen)) ledger.fire("frozen_and_back");
  for (const window of [...phone.windows]) window.wakeUp();
  const window = phone.windows.length > 0 && plan.happens(0.5) ? (phone.windows[0] ?? phone.newWindow()) : await openWindow(scene, handset);
  if (!window.gone && (await enter(scene, handset, window, user))) {
    await work(scene, handset, window);
    // At the end of the way there is a signal, more or less.
    if (plan.happens(0.8)) network.partitions.set(phone.name, "none");
    if (plan.happens(0.7)) network.rate = Math.min(network.rate, 0.15);
    window.engine?.nudge("online");
    await scene.driver.pass(() => phone.windows, plan.between(1, 8) * MINUTE_MS);
    if (plan.happens(0.35)) await compare(scene, window);
  }
  await putAway(scene, handset);
  network.rate = 0;
  network.partitions.set(phone.name, "none");
}

/** What is wrong with the phone today. */
function weather({ plan, ledger }: Scene, { phone }: Handset): void {
  phone.journals.trouble = plan.happens(0.06) ? plan.pick(["fails", "hangs"] as const) : "none";
  if (plan.happens(0.05)) {
    phone.aheadMs = plan.pick([0, 0, -10 * YEAR_MS, 10 * YEAR_MS, -3 * 3_600_000, 20 * MINUTE_MS]);
    if (phone.aheadMs !== 0) ledger.fire("clock_set_wrong");
  }
}

async function openWindow(scene: Scene, { phone }: Handset): Promise<Window> {
  const { plan, driver } = scene;
  const window = phone.newWindow();
  if (plan.happens(0.04)) window.fate.opensFail = true;
  if (plan.happens(0.12)) window.fate.stepsLeft = plan.between(5, 900);
  const opened = await driver.run(window, () => window.open());
  if (opened.is === "done") return window;
  window.kill();
  // The app says that it cannot work, and the person tries again.
  const second = phone.newWindow();
  await driver.run(second, () => second.open());
  return second;
}

/** Signs in when that is due; whether somebody is at work now. */
async function enter(scene: Scene, handset: Handset, window: Window, user: Worker): Promise<boolean> {
  const { driver, plan, ledger } = scene;
  const { phone } = handset;
  if (!window.installation) return false;
  const isOther = window.store !== null && window.store.user.id !== user.id;
  if (isOther) {
    ledger.fire("another_user_on_the_phone");
    const { installation, store } = window;
    if (store && plan.happens(0.5)) {
      window.engine?.stop();
      await driver.settle(phone.windows);
      const before = await copiesOn(phone, store.user.id);
      const ended = await driver.run(window, () => signOut(installation, store, true));
      ledger.count(`signed_out ${ended.is}`);
      await scene.losses.signedOut(phone, store.user.id, before);
    }
  }
  const isBlocked = window.engine?.state().is === "blocked";
  if (isOther || isBlocked || window.store === null || window.api.signedIn() === null) {
    await scene.driver.settle(phone.windows);
    if (isOther || window.store === null || window.engine?.state().is === "blocked") {
      const signed = await driver.run(window, () => window.signIn(user.login, user.password));
      ledger.count(`sign_in ${signed.is === "done" ? (signed.value ?? "ok") : signed.is}`);
      if (isOther && !(signed.is === "done" && signed.value === null)) return false;
    }
  }
  if (plan.happens(0.12)) {
    const extra = plan.happens(0.4) ? 2 : 1;
    for (let at = 0; at < extra; at += 1) await driver.run(window, async () => { const other = phone.newWindow(); await other.open(); });
    ledger.fire(extra === 1 ? "two_windows" : "three_windows_woken_at_once");
    for (const one of phone.windows) one.engine?.nudge("online");
  }
  if (window.gone || window.store === null) return false;
  // Opening the store has compared journal and database, unless the journal failed.
  if (phone.journals.trouble === "none") {
    handset.bentJournals.delete(window.store.user.id);
    phone.restoring.delete(window.store.user.id);
  }
  await driver.settle(phone.windows);
  scene.raise();
  return true;
}

async function work(scene: Scene, handset: Handset, window: Window): Promise<void> {
  const { plan, driver, ledger, checks, clock } = scene;
  const { phone } = handset;
  const acts = plan.between(0, 4);
  for (let act = 0; act < acts && !window.gone; act += 1) {
    const { store } = window;
    if (!store) return;
    mishap(scene, window);
    const worker = new Caseworker(store, phone, scene.chance.branch(), ledger);
    const what = plan.pick(["visit", "visit", "visit", "tidy", "tidy", "withdraw", "decide", "decide"] as const);
    const ended = await driver.run(window, () => worker[what]());
    ledger.count(`${what} ${ended.is === "done" ? ended.value : ended.is}`);
    ledger.trace(`${window.name} ${what} ${ended.is === "done" ? ended.value : ended.is}`);
    if (ended.is === "failed" && !isExpected(ended.error)) throw ended.error;
    // The app's own watch on the outbox wakes the engine; here there is no page.
    window.engine?.nudge("saved");
    if (plan.happens(0.06)) {
      ledger.fire("clock_jumps_at_work");
      phone.aheadMs += plan.pick([-10 * YEAR_MS, 10 * YEAR_MS, -86_400_000, 3_600_000]);
      if (Math.abs(phone.aheadMs) > 11 * YEAR_MS) phone.aheadMs = 0;
    }
    await driver.pass(() => phone.windows, plan.between(5, 40) * 1000);
    window.fate.writesLeft = Infinity;
    window.fate.wentBad = false;
    scene.raise();
    await driver.settle(phone.windows);
    for (const one of phone.windows) checks.checkAlive(one);
    await checks.checkSaved(phone, store.user.id);
    clock.moveTo(clock.nowMs + plan.between(1, 30) * 1000);
  }
}

/** Something that the phone does to the app right now. */
function mishap({ plan }: Scene, window: Window): void {
  if (plan.happens(0.06)) window.fate.stepsLeft = plan.between(1, 120);
  if (plan.happens(0.05)) window.fate.writesLeft = plan.between(1, 12);
  if (plan.happens(0.03)) window.fate.wentBad = true;
}

/** What the page shows as "could not save", instead of saying saved. */
function isExpected(error: unknown): boolean {
  const names = new Set<string>();
  for (let one: unknown = error; typeof one === "object" && one !== null; one = "inner" in one ? one.inner : null) {
    if ("name" in one) names.add(String(one.name));
  }
  return ["QuotaExceededError", "InvalidStateError", "AbortError", "UnknownError", "DatabaseClosedError", "OpenFailedError"].some((name) => names.has(name));
}

/** After a whole round, phone and server hold the same. Whether there was a whole round to look at. */
export async function compare(scene: Scene, window: Window): Promise<boolean> {
  const { driver, network, ledger } = scene;
  const { engine, phone } = window;
  if (window.gone || !engine || !window.store) return false;
  network.rate = 0;
  network.partitions.set(phone.name, "none");
  await driver.settle(phone.windows);
  const before = engine.state();
  engine.nudge("asked");
  await driver.settle(phone.windows);
  const after = engine.state();
  const isWhole = !window.gone && after.is === "idle" && after.at_ms !== null && before !== after;
  const looked = isWhole && (await scene.checks.checkSame(window));
  ledger.count(looked ? "compared" : `not_compared ${window.gone ? "gone" : after.is}`);
  scene.raise();
  return looked;
}

async function putAway(scene: Scene, { phone, users }: Handset): Promise<void> {
  const { plan, checks, driver } = scene;
  const [first] = phone.windows;
  if (first && plan.happens(0.15)) {
    await driver.settle(phone.windows);
    for (const window of phone.windows) window.freeze();
  } else phone.closeAll();
  for (const user of users) await checks.checkSaved(phone, user.id);
}
