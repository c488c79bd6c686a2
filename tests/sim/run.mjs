// Bundles the simulator, with or without a planted bug, and runs it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
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
const node = (file, rest) => spawnSync(process.execPath, [...(process.env.RUHU_SIM_NODE ?? "").split(" ").filter(Boolean), "--enable-source-maps", file, ...rest], { stdio: "inherit", env: { ...process.env, RUHU_SIM_OUT: out } }).status ?? 1;

if (!args.includes("--planted")) {
  process.exit(node(await bundle("src/main.ts", "sim"), args));
}

const listed = await bundle("planted/list.ts", "planted-list");
const { PLANTED } = await import(listed);
const only = option("bug");
const limit = Number(option("device-days", "10000"));
const results = [];
for (const bug of PLANTED.filter((one) => only === undefined || one.name === only)) {
  const file = await bundle("src/main.ts", `planted-${bug.name}`, bug);
  const result = join(out, `planted-${bug.name}.json`);
  writeFileSync(result, "");
  const rest = ["--device-days", String(limit), "--seed", option("seed", "1"), "--result", result, "--quiet"];
  node(file, bug.sql ? [...rest, "--plant-sql", bug.sql] : rest);
  const text = existsSync(result) ? readFileSync(result, "utf8") : "";
  const ran = text === "" ? { violation: null, device_days: 0 } : JSON.parse(text);
  results.push({ bug: bug.name, found: ran.violation?.invariant ?? null, expected: bug.breaks, device_days: ran.device_days });
  console.log(`${bug.name}: ${ran.violation ? `found by ${ran.violation.invariant} after ${ran.device_days} device-days` : "NOT FOUND"}`);
}
const missed = results.filter((one) => one.found === null);
console.log(JSON.stringify({ planted: results.length, found: results.length - missed.length, most_device_days: Math.max(...results.map((one) => one.device_days)), missed: missed.map((one) => one.bug) }));
process.exit(missed.length === 0 ? 0 : 1);
