// A server for one journey: demo data that was made once for the whole run and copied, or an empty database.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { freePort, run, until } from "./process";

export const PASSWORD = "ruhu-demo-2026";

export interface Server {
  url: string;
  port: number;
  data: string;
  pid: number;
  log: () => string;
  /** SIGTERM, waits for the end, gives the exit code; the data folder stays. */
  end: () => Promise<number | null>;
  /** As `end`, and removes the data folder. */
  stop: () => Promise<void>;
}

/** A server over demo data of its own. */
export async function startServer(): Promise<Server> {
  const data = mkdtempSync(join(tmpdir(), "ruhu-e2e-"));
  cpSync(inject("seed"), data, { recursive: true });
  return launch("demo", data);
}

/** A server that nobody has set up yet. */
export async function startEmptyServer(): Promise<Server> {
  return launch("serve", mkdtempSync(join(tmpdir(), "ruhu-e2e-")));
}

/** Starts `ruhu COMMAND` over a data folder and waits until it answers. */
export async function launch(command: "demo" | "serve", data: string, settings: Record<string, string> = {}): Promise<Server> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const child = run([command], { RUHU_DATA: data, RUHU_LISTEN: `127.0.0.1:${port}`, ...settings });
  await until(`"${command}" answering`, async () => {
    if (child.isOver()) throw new Error(`the server ended: ${child.log()}`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    return answer?.ok ? true : undefined;
  }, 180_000);
  const end = async (): Promise<number | null> => {
    if (!child.isOver()) child.signal("SIGTERM");
    return child.ended;
  };
  return {
    url,
    port,
    data,
    pid: child.pid,
    log: child.log,
    end,
    stop: async () => {
      await end();
      rmSync(data, { recursive: true, force: true });
    },
  };
}
