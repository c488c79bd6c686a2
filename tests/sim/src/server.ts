// The real server core as a process of its own, asked over two pipes, one line there and one line back. Asking
// waits for the answer, so that nothing in this process happens meanwhile.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, constants, copyFileSync, existsSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

export interface Trap {
  /** At the so-manieth look at the clock, or draw of chance. */
  readonly at: number;
  readonly what: "die" | "panic" | "no_random";
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** How often the request looked at the clock or drew chance. */
  readonly looks: number;
}

export interface Finding {
  readonly kind: string;
  readonly id: string;
  readonly says: string;
}

export interface Verified {
  readonly checked: number;
  readonly broken: number;
  readonly invariants: readonly { readonly name: string; readonly broken: number; readonly findings: readonly Finding[] }[];
}

interface Pipes {
  readonly write: number;
  readonly read: number;
}

export class Server {
  private pipes: Pipes | null = null;
  private starts = 0;
  private rest = "";
  readonly history: string[] = [];
  private readonly folder: string;
  private readonly binary: string;
  private readonly seed: number;

  constructor(binary: string, folder: string, seed: number) {
    this.binary = binary;
    this.folder = folder;
    this.seed = seed;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const name of ["in", "out"]) {
      if (spawnSync("mkfifo", [join(folder, name)]).status !== 0) throw new Error("mkfifo failed");
    }
  }

  get isUp(): boolean {
    return this.pipes !== null;
  }

  get historyId(): string {
    return this.history[this.history.length - 1] ?? "";
  }

  private get database(): string {
    return join(this.folder, "ruhu.db");
  }

  /** Starts the process on the database as it lies there. */
  start(nowMs: number, restored = false): void {
    if (this.pipes) throw new Error("the server is up already");
    this.starts += 1;
    const [inPath, outPath] = [join(this.folder, "in"), join(this.folder, "out")];
    const write = openSync(inPath, constants.O_RDWR);
    const theirs = openSync(outPath, constants.O_RDWR);
    const read = openSync(outPath, constants.O_RDONLY);
    const args = ["sim", "--database", this.database, "--seed", String(this.seed * 1000 + this.starts), "--now-ms", String(nowMs)];
    const log = openSync(join(this.folder, "log"), "a");
    const env = { RUHU_LOG: process.env["RUHU_LOG"] ?? "off" };
    const child = spawn(this.binary, restored ? [...args, "--restored"] : args, { stdio: [write, theirs, log], env });
    child.unref();
    closeSync(theirs);
    closeSync(log);
    this.pipes = { write, read };
    this.rest = "";
    const hello = this.readLine();
    if (hello === null) throw new Error(`the server does not start; see ${join(this.folder, "log")}`);
    this.history.push((JSON.parse(hello) as { history_id: string }).history_id);
  }

  private readLine(): string | null {
    const { pipes } = this;
    if (!pipes) return null;
    const chunk = Buffer.alloc(1 << 16);
    const parts: Buffer[] = [];
    for (;;) {
      const count = readSync(pipes.read, chunk);
      if (count === 0) {
        this.close();
        return null;
      }
      parts.push(Buffer.from(chunk.subarray(0, count)));
      if (chunk[count - 1] === 10) return Buffer.concat(parts).toString("utf8");
    }
  }

  private close(): void {
    if (!this.pipes) return;
    closeSync(this.pipes.write);
    closeSync(this.pipes.read);
    this.pipes = null;
  }

  /** The answer; `null` when the process is gone. */
  private call(message: unknown): unknown {
    if (!this.pipes) return null;
    const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.pipes.write, bytes, at);
    const line = this.readLine();
    return line === null ? null : (JSON.parse(line) as unknown);
  }

  private must(message: unknown): unknown {
    const answer = this.call(message);
    if (answer === null) throw new Error(`the server is gone; see ${join(this.folder, "log")}`);
    return answer;
  }

  ask(nowMs: number, request: Asked, trap: Trap | null = null): Answered | null {
    return this.call({ do: "ask", now_ms: Math.floor(nowMs), ...request, trap }) as Answered | null;
  }

  hire(nowMs: number, who: { login: string; name: string; role: string; scope: string; password: string }): string {
    return (this.must({ do: "hire", now_ms: Math.floor(nowMs), ...who }) as { id: string }).id;
  }

  verify(): Verified {
    return this.must({ do: "verify" }) as Verified;
  }

  execute(sql: string): void {
    const { error } = this.must({ do: "execute", sql }) as { error?: string };
    if (error !== undefined) throw new Error(`${sql}: ${error}`);
  }

  /** JSON rows of a query whose column `line` is `json_object(…)`. */
  rows<T>(sql: string): T[] {
    const { lines } = this.must({ do: "lines", sql }) as { lines: string[] };
    return lines.map((line) => JSON.parse(line) as T);
  }

  /** Ends the process between two requests, as `kill -9` would. */
  kill(nowMs: number): void {
    if (!this.pipes) return;
    const request: Asked = { method: "GET", path: "/healthz", headers: [], body: "" };
    this.ask(nowMs, request, { at: 0, what: "die" });
    this.close();
  }

  /** A copy of the database as it is now. */
  backup(name: string): void {
    const to = join(this.folder, name);
    rmSync(to, { force: true });
    copyFileSync(this.database, to);
    // Nobody writes meanwhile, so file and log belong together.
    rmSync(`${to}-wal`, { force: true });
    if (existsSync(`${this.database}-wal`)) copyFileSync(`${this.database}-wal`, `${to}-wal`);
  }

  /** Puts a backup in the place of the database; the history gets a new name. */
  restore(nowMs: number, name: string): void {
    this.kill(nowMs);
    for (const end of ["", "-wal", "-shm"]) rmSync(this.database + end, { force: true });
    copyFileSync(join(this.folder, name), this.database);
    const wal = `${join(this.folder, name)}-wal`;
    if (existsSync(wal)) copyFileSync(wal, `${this.database}-wal`);
    this.start(nowMs, true);
  }

  stop(): void {
    this.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
