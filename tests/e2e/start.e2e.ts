// Starting and ending the binary: what goes wrong is said in one sentence, what went in stays.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { member } from "./kit/api";
import { freePort, run } from "./kit/process";
import { PASSWORD, launch, startServer } from "./kit/server";

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), "ruhu-e2e-start-"));
  folders.push(made);
  return made;
};
afterAll(() => {
  for (const one of folders) rmSync(one, { recursive: true, force: true });
});

/** Runs a command that must fail and gives what it said. */
async function refusal(args: string[], settings: Record<string, string>): Promise<string> {
  const child = run(args, settings);
  const code = await child.ended;
  const said = child.log();
  expect(code, said).not.toBe(0);
  expect(code, said).not.toBeNull();
  expect(said).not.toMatch(/panicked|backtrace|stack|RUST_|\.rs:\d/i);
  const sentences = said.split("\n").filter((line) => line.startsWith("ruhu: "));
  expect(sentences, said).toHaveLength(1);
  return sentences[0] ?? "";
}

describe("what is wrong is said in one sentence", () => {
  it("a port that is taken", async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) => {
      other.listen(0, "127.0.0.1", () => {
        const address = other.address();
        resolve(typeof address === "object" && address ? address.port : 0);
      });
    });
    const said = await refusal(["serve"], { RUHU_DATA: folder(), RUHU_LISTEN: `127.0.0.1:${port}` });
    other.close();
    expect(said).toContain(String(port));
    expect(said).toContain("RUHU_LISTEN");
  });

  it("a data folder that cannot be made", async () => {
    const file = join(folder(), "a-file");
    writeFileSync(file, "");
    const data = join(file, "data");
    const said = await refusal(["serve"], { RUHU_DATA: data, RUHU_LISTEN: `127.0.0.1:${await freePort()}` });
    expect(said).toContain(data);
  });

  it("a database address that is none", async () => {
    const settings = { RUHU_DATA: folder(), RUHU_LISTEN: `127.0.0.1:${await freePort()}` };
    const said = await refusal(["serve"], { ...settings, RUHU_DATABASE_URL: "mysql:/somewhere" });
    expect(said).toContain("mysql:/somewhere");
    expect(said).toMatch(/sqlite:.+postgres:/);
  });

  it("a database that does not answer, without its password", async () => {
    const settings = { RUHU_DATA: folder(), RUHU_LISTEN: `127.0.0.1:${await freePort()}` };
    const url = `postgres://ruhu:very-secret@127.0.0.1:${await freePort()}/ruhu`;
    const said = await refusal(["serve"], { ...settings, RUHU_DATABASE_URL: url });
    expect(said).not.toContain("very-secret");
  });

  it("a setting that does not exist", async () => {
    const said = await refusal(["serve"], { RUHU_DATA: folder(), RUHU_LISTN: "127.0.0.1:8080" });
    expect(said).toContain("RUHU_LISTN");
  });

  it("a command that does not exist", async () => {
    const child = run(["sevre"], { RUHU_DATA: folder() });
    expect(await child.ended).toBe(2);
    expect(child.log()).toContain("sevre");
  });
});

describe("starting again", () => {
  it("keeps the data, and is quick", async () => {
    const first = await startServer();
    folders.push(first.data);
    const admin = await member(first.url, "admin");
    const login = "kept-over-a-restart";
    await admin.post("/users", { login, name: "示例甲", role: "auditor", scope: "1506" });
    expect(await first.end()).toBe(0);
    const began = performance.now();
    const second = await launch("demo", first.data);
    expect(performance.now() - began).toBeLessThan(10_000);
    const again = await member(second.url, "admin");
    const { items } = await again.get<{ items: { login: string }[] }>(`/users?q=${login}`);
    expect(items.map((user) => user.login)).toContain(login);
    expect(second.log()).not.toContain("Making synthetic demo data");
    await second.stop();
  });
});

describe("verifying", () => {
  it("looks at a database at which a server works, and tells a machine what it saw", async () => {
    const server = await startServer();
    const look = run(["verify", "--json"], { RUHU_DATA: server.data, RUHU_LOG: "warn" });
    expect(await look.ended, look.log()).toBe(0);
    const report = JSON.parse(look.log()) as { checked: number; broken: number };
    expect(report.broken).toBe(0);
    expect(report.checked).toBeGreaterThan(1_000);
    await server.stop();
  });

  it("a database that is not there", async () => {
    const data = folder();
    const said = await refusal(["verify"], { RUHU_DATA: data });
    expect(said).toContain("there is no such file");
    expect(readdirSync(data)).toEqual([]);
  });
});

describe("ending", () => {
  it("answers the request in flight, then stops", async () => {
    const server = await startServer();
    folders.push(server.data);
    const body = JSON.stringify({
      login: "supervisor",
      password: PASSWORD,
      device: { id: "01900000-0000-7000-8000-000000000001", label: "e2e" },
    });
    const head = `POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost:${server.port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    const socket = connect(server.port, "127.0.0.1");
    let answer = "";
    socket.on("data", (bytes: Buffer) => (answer += bytes.toString()));
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    await new Promise<void>((resolve) => socket.write(head + body.slice(0, 10), () => resolve()));
    // The server has the beginning of the request when it answers another one that came later.
    await fetch(`${server.url}/readyz`);
    const ended = server.end();
    socket.write(body.slice(10));
    await closed;
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain("access_token");
    expect(await ended).toBe(0);
  });
});
