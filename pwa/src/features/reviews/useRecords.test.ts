import { describe, expect, it } from "vitest";
import type { Result } from "@/api/problem";
import { problem, record } from "./logic/testRecords";
import { recordsOf } from "./useRecords";
import type { RecordView } from "./wire";

function desk(answers: Result<RecordView>[] = []) {
  const asked: string[] = [];
  const findVisit = (id: string): Promise<Result<RecordView>> => {
    asked.push(id);
    return Promise.resolve(answers.shift() ?? { ok: true, data: record([]), etag: null });
  };
  return { asked, findVisit };
}

describe("records fetched ahead", () => {
  it("open without another request, once", async () => {
    const server = desk();
    const records = recordsOf(server, () => 0);
    records.preload("a");
    records.preload("a");
    await records.open("a");
    expect(server.asked).toEqual(["a"]);
    await records.open("a");
    expect(server.asked).toEqual(["a", "a"]);
  });
  it("are asked for again when they are old, forgotten or did not come", async () => {
    let now = 0;
    const server = desk([{ ok: false, problem: problem("net.offline", 0) }]);
    const records = recordsOf(server, () => now);
    records.preload("lost");
    expect((await records.open("lost")).ok).toBe(true);
    records.preload("old");
    now = 60_000;
    await records.open("old");
    records.preload("gone");
    records.forget("gone");
    await records.open("gone");
    records.preload("moved");
    records.forgetAll();
    await records.open("moved");
    expect(server.asked).toEqual(["lost", "lost", "old", "old", "gone", "gone", "moved", "moved"]);
  });
  it("are few", async () => {
    const server = desk();
    const records = recordsOf(server, () => 0);
    for (const id of ["a", "b", "c", "d", "e"]) records.preload(id);
    await records.open("a");
    expect(server.asked.filter((id) => id === "a")).toHaveLength(2);
    await records.open("e");
    expect(server.asked.filter((id) => id === "e")).toHaveLength(1);
  });
});
