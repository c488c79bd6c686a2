// The real `ruhu` binary as a child process with an environment of its own; ended by its pid.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";

export const binary = process.env.RUHU_BIN ?? join(import.meta.dirname, "../../../target/debug/ruhu");

export interface Running {
  pid: number;
  /** Everything it has printed so far. */
  log: () => string;
  /** The exit code, once it has ended. */
  ended: Promise<number | null>;
  isOver: () => boolean;
  signal: (name: NodeJS.Signals) => void;
}

export function run(args: string[], settings: Record<string, string>): Running {
  const child = spawn(binary, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (text: Buffer) => (output += text.toString()));
  child.stderr.on("data", (text: Buffer) => (output += text.toString()));
  let over = false;
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      over = true;
      resolve(code);
    });
  });
  return { pid: child.pid ?? 0, log: () => output, ended, isOver: () => over, signal: (name) => child.kill(name) };
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** Asks again and again until the answer is there; for what tells nobody when it is ready. */
export async function until<T>(what: string, ask: () => Promise<T | undefined>, withinMs = 60_000): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`${what} did not happen within ${withinMs / 1_000} s`);
    await new Promise((again) => setTimeout(again, 100));
  }
}
