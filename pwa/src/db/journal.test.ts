import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRecords, unsettledOf, writeRecords, type JournalRecord } from "./journal";
import type { OutboxRow } from "./rows";

const digest = {
  sha256: (bytes: Uint8Array) => Promise.resolve(new Uint8Array(createHash("sha256").update(bytes).digest())),
};
const row = (id: string): OutboxRow => ({ id, order: 1, kind: "visit.submit", subject: `v-${id}` }) as unknown as OutboxRow;
const RECORDS: JournalRecord[] = [
  { is: "saved", row: row("a") },
  { is: "saved", row: row("b") },
  { is: "settled", id: "a" },
  { is: "saved", row: row("c") },
];
const read = (bytes: Uint8Array) => readRecords(digest, bytes);
const isOneOfThem = (record: JournalRecord): boolean => RECORDS.some((one) => JSON.stringify(one) === JSON.stringify(record));

describe("the journal's records", () => {
  it("come back as they were written, and say what is unsettled", async () => {
    const reading = await read(await writeRecords(digest, RECORDS));
    expect(reading).toEqual({ records: RECORDS, damaged: false });
    expect(unsettledOf(reading.records).map((one) => one.id)).toEqual(["b", "c"]);
  });

  it("are all there up to wherever the file was cut", async () => {
    const whole = await writeRecords(digest, RECORDS);
    const ends: number[] = [];
    for (let n = 1; n <= RECORDS.length; n += 1) ends.push((await writeRecords(digest, RECORDS.slice(0, n))).length);
    for (let length = 0; length <= whole.length; length += 1) {
      const { records, damaged } = await read(whole.subarray(0, length));
      const complete = ends.filter((end) => end <= length).length;
      expect(records).toEqual(RECORDS.slice(0, complete));
      expect(damaged).toBe(length !== 0 && !ends.includes(length));
    }
  });

  it("are never read as something else after any bit has flipped, and only the one it hit is gone", async () => {
    const whole = await writeRecords(digest, RECORDS);
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const bent = whole.slice();
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { records, damaged } = await read(bent);
      expect(damaged).toBe(true);
      expect(records.every(isOneOfThem)).toBe(true);
      expect(records.length).toBe(RECORDS.length - 1);
    }
  });

  it("are found again behind any rubbish", async () => {
    const whole = await writeRecords(digest, RECORDS);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 80 }), async (rubbish) => {
        const { records } = await read(Uint8Array.from([...rubbish, ...whole]));
        expect(records).toEqual(RECORDS);
      }),
      { numRuns: 200 },
    );
  });
});
