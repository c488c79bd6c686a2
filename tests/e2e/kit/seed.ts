// Runs once before all journeys: makes the demo data that every server of this run starts with.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { freePort, run, until } from "./process";

/** Enough for every edge case and several pages of lists, and made in seconds. */
const HOUSEHOLDS = "600";

declare module "vitest" {
  interface ProvidedContext {
    /** Folder with a filled database and its keys; nobody has it open. */
    seed: string;
  }
}

export default async function seed(project: TestProject): Promise<() => void> {
  const data = mkdtempSync(join(tmpdir(), "ruhu-e2e-seed-"));
  const port = await freePort();
  const demo = run(["demo"], { RUHU_DATA: data, RUHU_LISTEN: `127.0.0.1:${port}`, RUHU_DEMO_SIZE: HOUSEHOLDS });
  await until("making demo data", async () => {
    if (demo.isOver()) throw new Error(`making demo data failed: ${demo.log()}`);
    const answer = await fetch(`http://localhost:${port}/readyz`).catch(() => undefined);
    return answer?.ok ? true : undefined;
  }, 300_000);
  demo.signal("SIGTERM");
  await demo.ended;
  project.provide("seed", data);
  return () => {
    rmSync(data, { recursive: true, force: true });
  };
}
