// The real server core as a process of its own, asked over two pipes, one line there and one line back. Asking
// waits for the answer, so that nothing in this process happens meanwhile.
import { spawn, spawnSync } from "node:child_process";
import { closeSync, constants, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
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

interface Pipe {
  readonly write: number;
  readonly read: number;
}

/** Our ends of its two pipes, and the process. */
interface Running extends Pipe {
  readonly pid: number;
}

/** Waits until a process holds nothing any more, no file and no lock; nobody else waits for it, so its number stays. */
function awaitEnd(pid: number): void {
  for (;;) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      if ("ZX".includes(stat.charAt(stat.lastIndexOf(")") + 2))) return;
    } catch {
      return;
    }
  }
}

/**
 * Both ends of a named pipe. Opening either end alone would wait for the other; one that does not wait is opened
 * first and closed at the end. Each side holds only its own end, so that the end of either is noticed by the other.
 */
function pipe(path: string): Pipe {
  const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const write = openSync(path, constants.O_WRONLY);
  const read = openSync(path, constants.O_RDONLY);
  closeSync(first);
  return { write, read };
}

export class Server {
  private pipes: Running | null = null;
  private starts = 0;
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
    const [inbound, outbound] = [pipe(join(this.folder, "in")), pipe(join(this.folder, "out"))];
    const args = ["sim", "--database", this.database, "--seed", String(this.seed * 1000 + this.starts), "--now-ms", String(nowMs)];
    const log = openSync(join(this.folder, "log"), "a");
    const env = { RUHU_LOG: process.env["RUHU_LOG"] ?? "off" };
    const child = spawn(this.binary, restored ? [...args, "--restored"] : args, { stdio: [inbound.read, outbound.write, log], env });
    child.on("error", () => undefined);
    child.unref();
    for (const theirs of [inbound.read, outbound.write, log]) closeSync(theirs);
    if (child.pid === undefined) throw new Error(`${this.binary} does not run; tests/run sim builds it`);
    this.pipes = { write: inbound.write, read: outbound.read, pid: child.pid };
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
        awaitEnd(pipes.pid);
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
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.pipes.write, bytes, at);
    } catch (error) {
      // Nobody is there to read it: the process ended since its last answer.
      if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
      this.close();
      return null;
    }
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

  /** `kill -9` between two requests. */
  kill(): void {
    if (!this.pipes) return;
    process.kill(this.pipes.pid, "SIGKILL");
    while (this.readLine() !== null);
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
    this.kill();
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
