// Bundles the simulator, with or without a planted bug, and runs it.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const pwa = join(root, "pwa");
const { build } = createRequire(join(pwa, "package.json"))("esbuild");
const out = join(process.env.RUHU_ARTIFACTS ?? join(root, "tests/artifacts"), "sim");
mkdirSync(out, { recursive: true });

/** Puts a planted bug in the place of the module that it is planted in. */
const planting = (bug) => ({
  name: "planted",
  setup(on) {
    on.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (relative(root, path) !== bug.file) return undefined;
      const text = readFileSync(path, "utf8");
      if (text.split(bug.find).length !== 2) throw new Error(`${bug.name}: ${bug.file} does not hold once: ${bug.find}`);
      return { contents: text.replace(bug.find, () => bug.with), loader: "ts" };
    });
  },
});

async function bundle(entry, name, bug) {
  const outfile = join(out, `${name}.mjs`);
  await build({
    entryPoints: [join(here, entry)], outfile, bundle: true, platform: "node", format: "esm", target: "node20",
    nodePaths: [join(pwa, "node_modules")], alias: { "@": join(pwa, "src") }, logLevel: "error", sourcemap: "inline",
    // Dexie tells other windows of changes by it; here it would be a second, real clock.
    banner: { js: "globalThis.BroadcastChannel = undefined;" },
    define: { "import.meta.env.PROD": "false" },
    plugins: bug?.file ? [planting(bug)] : [],
  });
  return outfile;
}

const args = process.argv.slice(2);
const option = (name, otherwise) => {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? otherwise : args[at + 1];
};
const jobs = Math.max(1, Number(option("jobs", String(Math.min(4, cpus().length)))));

/** One process of the simulator; what it reports, or `null` when it came to no end. */
function simulate(file, name, rest) {
  const result = join(out, `${name}.json`);
  writeFileSync(result, "");
  const more = (process.env.RUHU_SIM_NODE ?? "").split(" ").filter(Boolean);
  const child = spawn(process.execPath, [...more, "--enable-source-maps", file, ...rest, "--result", result], {
    stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, RUHU_SIM_OUT: out },
  });
  return new Promise((resolve) => {
    child.on("close", () => {
      const text = existsSync(result) ? readFileSync(result, "utf8") : "";
      resolve(text === "" ? null : JSON.parse(text));
    });
  });
}

/** Several at once, in order. */
async function inTurns(list, run) {
  const waiting = list.map((one, at) => [one, at]);
  const results = new Array(list.length);
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) results[next[1]] = await run(next[0]);
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return results;
}

const added = (reports, of) => {
  const sum = {};
  for (const report of reports) for (const [key, count] of Object.entries(report[of])) sum[key] = (sum[key] ?? 0) + count;
  return Object.fromEntries(Object.entries(sum).sort(([a], [b]) => (a < b ? -1 : 1)));
};

/** Runs seeds; at least so many kinds of fault must have happened, and no seed may come to two different ends. */
async function runSeeds() {
  const file = await bundle("src/main.ts", "sim");
  const shares = option("device-days") === undefined ? 1 : jobs;
  const began = Date.now();
  const all = await inTurns(Array.from({ length: shares }, (_, at) => at), (share) => simulate(file, `share-${share}`, [...args, "--share", `${share}/${shares}`]));
  const reports = all.filter((one) => one !== null);
  const [first, repeated] = [new Map(), []];
  for (const [scene, hash] of reports.flatMap((report) => report.hashes)) {
    if (first.has(scene)) repeated.push([scene, first.get(scene), hash]);
    else first.set(scene, hash);
  }
  const faults = added(reports, "faults");
  const violations = reports.flatMap((report) => report.violations);
  const failures = [
    ...repeated.filter(([, one, other]) => one !== other).map(([scene, one, other]) => `seed ${scene} came to ${one} and to ${other}`),
    ...(all.length > reports.length ? ["a process came to no end"] : []),
    ...(Object.keys(faults).length < Number(option("kinds", "0")) ? [`only ${Object.keys(faults).length} kinds of fault happened`] : []),
    ...(args.includes("--kinds") && repeated.length === 0 ? ["no seed ran twice"] : []),
  ];
  for (const failure of failures) console.error(`FAILED ${failure}`);
  const total = (of) => reports.reduce((sum, report) => sum + report[of], 0);
  console.log(JSON.stringify({
    device_days: total("device_days"), scenes: total("scenes"), seconds: Math.round((Date.now() - began) / 1000), processes: shares,
    fault_kinds: Object.keys(faults).length, violations: violations.length, failing_seeds: violations.map(({ seed, days }) => `${seed} ${days}`),
    ran_twice_alike: repeated.filter(([, one, other]) => one === other).length, hash: reports[0]?.hashes.at(-1)?.[1] ?? null,
    faults, checks: added(reports, "checks"), did: added(reports, "did"),
  }));
  return violations.length + failures.length === 0;
}

/** Each bug alone, until it is found. */
async function runPlanted() {
  const { PLANTED } = await import(await bundle("planted/list.ts", "planted-list"));
  const names = option("bug")?.split(",");
  const bugs = PLANTED.filter((bug) => names === undefined || names.includes(bug.name));
  const limit = option("device-days", "10000");
  const results = await inTurns(bugs, async (bug) => {
    const name = `planted-${bug.name}`;
    const rest = ["--device-days", limit, "--seed", option("seed", "1"), "--quiet", ...(bug.sql ? ["--plant-sql", bug.sql] : [])];
    const ran = await simulate(await bundle("src/main.ts", name, bug), name, rest);
    const found = ran?.violations[0] ?? null;
    const line = { bug: bug.name, expected: bug.breaks, found: found?.invariant ?? null, seed: found?.seed ?? null, device_days: ran?.device_days ?? 0, seconds: ran?.seconds ?? 0, says: found?.says ?? (ran ? "NOT FOUND" : "came to no end") };
    console.error(`${line.bug}: ${found ? `seed ${line.seed}, ${line.device_days} device-days, ${line.seconds} s: ${line.says.slice(0, 160)}` : line.says}`);
    return line;
  });
  const missed = results.filter((one) => one.found === null).map((one) => one.bug);
  writeFileSync(join(out, "planted.json"), JSON.stringify(results, null, 1));
  console.log(JSON.stringify({ planted: results.length, found: results.length - missed.length, most_device_days: Math.max(...results.map((one) => one.device_days)), missed }));
  return results.length > 0 && missed.length === 0;
}

process.exit((await (args.includes("--planted") ? runPlanted() : runSeeds())) ? 0 : 1);
