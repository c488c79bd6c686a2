// Runs scenes, one seed after the other, until enough device-days have passed. A violation ends it with the command
// that repeats it.
import { existsSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cloneFast } from "./clone";
import { Events } from "./events";
import { day, heal } from "./life";
import { Violation } from "./ledger";
import { Scene } from "./world";

interface Outcome {
  readonly seed: number;
  readonly days: number;
  readonly deviceDays: number;
  readonly hash: string;
  readonly scene: Scene;
  readonly violation: Violation | null;
}

const args = process.argv.slice(2);
const has = (name: string): boolean => args.includes(`--${name}`);
const option = (name: string): string | undefined => {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? undefined : args[at + 1];
};
const BINARY = process.env["RUHU_SIM_BIN"] ?? "ruhu";
/** Nothing of a run is to stay, so its disk is memory where there is such a folder. */
const MEMORY = hasRoom("/dev/shm") ? "/dev/shm" : tmpdir();
/** A scene needs up to 100 MB, and several may run at a time; in a container memory is often smaller. */
function hasRoom(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize > 2 ** 30;
}
/** Days of one scene. */
const DAYS = 30;

let isOver = false;
let current: Scene | null = null;

async function run(seed: number, days: number): Promise<Outcome> {
  const scene = new Scene(BINARY, join(MEMORY, `ruhu-sim-${process.pid}`), seed);
  current = scene;
  scene.ledger.keepLines = has("trace");
  let violation: Violation | null = null;
  let lived = 0;
  try {
    scene.begin();
    const sql = option("plant-sql");
    if (sql !== undefined) scene.server.execute(sql);
    const events = new Events(scene);
    for (; lived < days; lived += 1) await day(scene, events);
    await heal(scene);
  } catch (error) {
    violation = scene.network.takeViolation() ?? (error instanceof Violation ? error : null);
    if (!violation) {
      process.stderr.write(`seed ${seed}, day ${lived}: ${again(seed, days)}\n`);
      throw error;
    }
  }
  if (has("trace")) writeFileSync(join(process.env["RUHU_SIM_OUT"] ?? ".", `trace-${seed}.log`), scene.ledger.lines.join("\n"));
  scene.handsets.forEach(({ phone }) => phone.closeAll());
  scene.server.stop();
  const deviceDays = Math.max(1, violation ? lived : days) * scene.handsets.length;
  return { seed, days, deviceDays, hash: scene.ledger.hash, scene, violation };
}

const again = (seed: number, days: number): string => `tests/run sim --seed ${seed} --days ${days}`;

/** Seeds that ever failed, each with its days. */
function oldSeeds(): [number, number][] {
  const path = option("seeds");
  if (path === undefined) return [];
  const lines = readFileSync(path, "utf8").split("\n").map((line) => line.split("#")[0]?.trim() ?? "");
  return lines.filter((line) => line !== "").map((line) => line.split(/\s+/).map(Number) as [number, number]);
}

interface Sum {
  deviceDays: number;
  scenes: number;
  readonly violations: { readonly seed: number; readonly days: number; readonly invariant: string; readonly says: string }[];
  /** What each scene came to: the same seed for as many days must always come to the same. */
  readonly hashes: [string, string][];
  readonly fired: Map<string, number>;
  readonly checks: Map<string, number>;
  readonly did: Map<string, number>;
}

function add(into: Map<string, number>, from: ReadonlyMap<string, number>): void {
  for (const [key, count] of from) into.set(key, (into.get(key) ?? 0) + count);
}

function take(sum: Sum, outcome: Outcome): void {
  const { ledger } = outcome.scene;
  const { seed, days, violation } = outcome;
  sum.deviceDays += outcome.deviceDays;
  sum.scenes += 1;
  sum.hashes.push([`${seed} ${days}`, ledger.hash]);
  add(sum.fired, ledger.fired);
  add(sum.checks, ledger.checks);
  add(sum.did, ledger.did);
  if (!violation) return;
  sum.violations.push({ seed, days, invariant: violation.invariant, says: violation.message });
  if (!has("quiet")) process.stderr.write(`VIOLATION ${violation.message}\n  seed ${seed}; again: ${again(seed, days)}\n`);
}

const sorted = (of: ReadonlyMap<string, number>): Record<string, number> => Object.fromEntries([...of].sort(([a], [b]) => (a < b ? -1 : 1)));

async function main(): Promise<void> {
  const sum: Sum = { deviceDays: 0, scenes: 0, violations: [], hashes: [], fired: new Map(), checks: new Map(), did: new Map() };
  const began = Date.now();
  const days = Number(option("days") ?? DAYS);
  const first = Number(option("seed") ?? "1");
  // Several processes share the seeds: this one takes each so-manieth.
  const [share = 0, shares = 1] = (option("share") ?? "0/1").split("/").map(Number);
  const wanted = Number(option("device-days") ?? "0") / shares;
  const live = async (seed: number, forDays: number): Promise<void> => {
    const outcome = await run(seed, forDays);
    take(sum, outcome);
    if (has("progress")) process.stderr.write(`seed ${seed}: ${outcome.deviceDays} device-days, hash ${outcome.scene.ledger.hash}, ${sum.deviceDays} in all, ${Math.round((Date.now() - began) / 1000)} s\n`);
  };
  const isMine = (_: unknown, at: number): boolean => at % shares === share;
  for (const [seed, forDays] of oldSeeds().filter(isMine)) await live(seed, forDays);
  if (wanted === 0) await live(first, days);
  const limitMs = Number(option("seconds") ?? Infinity) * 1000;
  for (let seed = first + share; sum.deviceDays < wanted && Date.now() - began < limitMs; seed += shares) {
    if (sum.violations.length > 0 && !has("keep-going")) break;
    await live(seed, days);
  }
  const report = {
    device_days: sum.deviceDays, scenes: sum.scenes, seconds: Math.round((Date.now() - began) / 1000),
    violations: sum.violations, hashes: sum.hashes, faults: sorted(sum.fired), checks: sorted(sum.checks), did: sorted(sum.did),
  };
  const result = option("result");
  if (result !== undefined) writeFileSync(result, JSON.stringify(report));
  process.exitCode = sum.violations.length === 0 ? 0 : 1;
}

cloneFast();
// What Dexie says about each database that does not open is no news here.
console.warn = () => undefined;
// Nothing left to do, and not at the end: something waits for what never comes.
process.on("exit", () => {
  if (!isOver) process.stderr.write(`the run stands still at ${current?.ledger.lines.slice(-3).join("\n") ?? "its beginning"}\n`);
});
await main();
isOver = true;
process.exit();
