// Bundles drain.ts, starts the real server with a small demo, and measures. See docs/PERFORMANCE.md.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../..");
const pwa = join(root, "pwa");
const { build } = createRequire(join(pwa, "package.json"))("esbuild");
const out = join(process.env.RUHU_ARTIFACTS ?? join(root, "tests/artifacts"), "drain.mjs");
mkdirSync(dirname(out), { recursive: true });

const args = process.argv.slice(2);
const option = (name, otherwise) => {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? otherwise : args[at + 1];
};

await build({
  entryPoints: [join(here, "drain.ts")], outfile: out, bundle: true, platform: "node", format: "esm", target: "node20",
  nodePaths: [join(pwa, "node_modules")], alias: { "@": join(pwa, "src") }, logLevel: "error", sourcemap: "inline",
  banner: { js: "globalThis.BroadcastChannel = undefined;" }, define: { "import.meta.env.PROD": "false" },
});

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

const folder = mkdtempSync(join(tmpdir(), "ruhu-drain-"));
const port = await freePort();
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("RUHU_")));
const server = spawn(option("bin", join(root, "target/release/ruhu")), ["demo", "--listen", `127.0.0.1:${port}`], {
  env: { ...env, RUHU_DATA: folder, RUHU_DEMO_SIZE: option("households", "100") }, stdio: ["ignore", "ignore", option("log", "") ? "inherit" : "ignore"],
});
let status = 1;
try {
  for (let tries = 0; ; tries += 1) {
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then((reply) => reply.ok, () => false);
    if (ready) break;
    if (tries > 600 || server.exitCode !== null) throw new Error("the server did not start");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const vectors = join(root, "tests/vectors/outbox");
  const plan = {
    port, login: "caseworker", password: option("password", "ruhu-demo-2026"), town: option("town", "150602001"),
    visits: Number(option("visits", "20")), runs: Number(option("runs", "100")), lanes: Number(option("lanes", "3")),
    seed: Number(option("seed", "1")), outbox: join(vectors, readdirSync(vectors).sort().at(-1)),
    link: { bitsPerSecond: 256_000, roundTripMs: 300, loss: 0.05, retransmitMs: 1_000 },
  };
  status = await new Promise((resolve) => {
    spawn(process.execPath, ["--enable-source-maps", out, JSON.stringify(plan)], { stdio: "inherit" }).on("close", resolve);
  });
} finally {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(status ?? 1);
