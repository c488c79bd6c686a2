// Lighthouse on the first screen of a release build, mobile profile. Prints the scores; fails below the goals.
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const GOALS = { performance: 0.9, accessibility: 1, "best-practices": 1 };
const root = join(import.meta.dirname, "../..");
const binary = process.env.RUHU_BIN ?? join(root, "target/release/ruhu");
const data = mkdtempSync(join(tmpdir(), "ruhu-lighthouse-"));
const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port: free } = probe.address();
    probe.close(() => resolve(free));
  });
});
const url = `http://localhost:${port}`;
const server = spawn(binary, ["demo"], {
  env: { PATH: process.env.PATH, HOME: process.env.HOME, RUHU_DEMO_SIZE: "60", RUHU_DATA: data, RUHU_LISTEN: `127.0.0.1:${port}` },
  stdio: "ignore",
});
let failed = false;
try {
  for (let tries = 0; ; tries += 1) {
    if (await fetch(`${url}/readyz`).then((answer) => answer.ok, () => false)) break;
    if (tries > 240 || server.exitCode !== null) throw new Error("the server did not become ready");
    await new Promise((again) => setTimeout(again, 250));
  }
  const chrome = await launch({
    chromePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    chromeFlags: [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
  try {
    const result = await lighthouse(url, {
      port: chrome.port,
      output: "html",
      onlyCategories: Object.keys(GOALS),
      formFactor: "mobile",
      logLevel: "error",
    });
    mkdirSync(join(root, "tests/artifacts"), { recursive: true });
    writeFileSync(join(root, "tests/artifacts/lighthouse.html"), result.report);
    const scores = {};
    for (const [name, goal] of Object.entries(GOALS)) {
      const score = result.lhr.categories[name].score;
      scores[name] = Math.round(score * 100);
      if (score < goal) {
        failed = true;
        const weak = result.lhr.categories[name].auditRefs
          .filter((ref) => ref.weight > 0 && (result.lhr.audits[ref.id].score ?? 1) < 1)
          .map((ref) => `${ref.id}: ${result.lhr.audits[ref.id].displayValue ?? result.lhr.audits[ref.id].title}`);
        console.error(`${name} ${scores[name]}, goal ${goal * 100}:\n  ${weak.join("\n  ")}`);
      }
    }
    console.log(JSON.stringify({ lighthouse: scores, version: result.lhr.lighthouseVersion }));
  } finally {
    chrome.kill();
  }
} finally {
  server.kill("SIGTERM");
  rmSync(data, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
