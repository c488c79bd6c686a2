// Runs scenes, one seed after the other, until enough device-days have passed. A violation ends it with the command
// that repeats it.
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
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
/** Days of one scene. */
const DAYS = 30;

let isOver = false;
let current: Scene | null = null;

async function run(seed: number, days: number): Promise<Outcome> {
  const scene = new Scene(BINARY, join("/dev/shm", `ruhu-sim-${process.pid}`), seed);
  current = scene;
  scene.ledger.keepLines = has("trace");
  let violation: Violation | null = null;
  let lived = 0;
  try {
    scene.begin();
    const sql = option("plant-sql");
    if (sql !== undefined) scene.server.execute(sql);
    const events = new Events(scene);
    for (; lived < days; lived += 1) { if (has("each-day")) process.stderr.write(`day ${lived} ${scene.ledger.hash} ${scene.ledger.traced} ${scene.ledger.saved.length}\n`); await day(scene, events); }
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
  violations: string[];
  readonly fired: Map<string, number>;
  readonly checks: Map<string, number>;
  readonly did: Map<string, number>;
}

function add(into: Map<string, number>, from: ReadonlyMap<string, number>): void {
  for (const [key, count] of from) into.set(key, (into.get(key) ?? 0) + count);
}

function take(sum: Sum, outcome: Outcome): void {
  const { ledger } = outcome.scene;
  sum.deviceDays += outcome.deviceDays;
  sum.scenes += 1;
  add(sum.fired, ledger.fired);
  add(sum.checks, ledger.checks);
  add(sum.did, ledger.did);
  if (!outcome.violation) return;
  sum.violations.push(outcome.violation.message);
  if (!has("quiet")) process.stderr.write(`VIOLATION ${outcome.violation.message}\n  seed ${outcome.seed}; again: ${again(outcome.seed, outcome.days)}\n`);
}

const sorted = (of: ReadonlyMap<string, number>): Record<string, number> => Object.fromEntries([...of].sort(([a], [b]) => (a < b ? -1 : 1)));

async function main(): Promise<void> {
  const sum: Sum = { deviceDays: 0, scenes: 0, violations: [], fired: new Map(), checks: new Map(), did: new Map() };
  const began = Date.now();
  const one = option("days");
  const first = Number(option("seed") ?? "1");
  const wanted = Number(option("device-days") ?? "0");
  let last: Outcome | null = null;
  const live = async (seed: number, days: number): Promise<void> => {
    last = await run(seed, days);
    take(sum, last);
    if (has("progress")) process.stderr.write(`seed ${seed}: ${last.deviceDays} device-days, hash ${last.hash}, ${sum.deviceDays} in all, ${Math.round((Date.now() - began) / 1000)} s\n`);
  };
  for (const [seed, days] of oldSeeds()) await live(seed, days);
  if (wanted === 0) await live(first, Number(one ?? DAYS));
  for (let seed = first; sum.deviceDays < wanted && (sum.violations.length === 0 || has("keep-going")); seed += 1) await live(seed, Number(one ?? DAYS));
  if (has("twice")) {
    const [seed, days] = [first, Number(one ?? DAYS)];
    const hashes = [(await run(seed, days)).hash, (await run(seed, days)).hash];
    if (hashes[0] !== hashes[1]) sum.violations.push(`seed ${seed} gives ${hashes.join(" and then ")}`);
  }
  const seconds = Math.round((Date.now() - began) / 1000);
  const report = {
    device_days: sum.deviceDays, scenes: sum.scenes, seconds, processors: cpus().length, fault_kinds: sum.fired.size,
    violations: sum.violations.length, hash: (last as Outcome | null)?.hash ?? null, faults: sorted(sum.fired), checks: sorted(sum.checks), did: sorted(sum.did),
  };
  const result = option("result");
  if (result !== undefined) {
    const { violation } = (last as Outcome | null) ?? { violation: null };
    writeFileSync(result, JSON.stringify({ ...report, violation: violation && { invariant: violation.invariant, says: violation.message } }));
  }
  if (!has("quiet")) process.stdout.write(`${JSON.stringify(report, null, has("full") ? 1 : 0)}\n`);
  process.exitCode = sum.violations.length === 0 ? 0 : 1;
}

cloneFast();
// Nothing left to do, and not at the end: something waits for what never comes.
process.on("exit", () => {
  if (!isOver) process.stderr.write(`the run stands still at ${current?.ledger.lines.slice(-3).join("\n") ?? "its beginning"}\n`);
});
await main();
isOver = true;
process.exit();
