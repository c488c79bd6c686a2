// The cases that the server's merge runs, too, and what holds for any files.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import vectors from "../../../tests/vectors/merge.json?raw";
import { type Change, type Definitions, type HouseholdFile, type Json, changesBetween, settleFile } from "../forms";
import { type Choice, type Merged, type ResolveError, merge, resolve } from "./rebase";
import { at, withChanges } from "./rebase/sides";

interface Decision {
  readonly of: string;
  readonly choice: Choice;
  readonly other?: Json;
  readonly changes?: readonly Change[];
  readonly error?: ResolveError;
}
interface Case extends Partial<Omit<Merged, "isBesideOthers">> {
  readonly name: string;
  readonly base: HouseholdFile;
  readonly current: HouseholdFile;
  readonly mine: readonly Change[];
  readonly mine_at: string;
  readonly theirs_at?: Readonly<Record<string, string>>;
  readonly is_beside_others: boolean;
  readonly decisions?: readonly Decision[];
}
type Vectors = Pick<Definitions, "dictionary" | "codes"> & { readonly today: string; readonly cases: readonly Case[] };

const { dictionary, codes, today, cases } = JSON.parse(vectors) as Vectors;
const definitions: Definitions = { dictionary, codes, regions: { version: 1, regions: [] } };

const mergeCase = ({ base, current, mine, mine_at: mineAt, theirs_at }: Case): Merged =>
  merge({ definitions, base, current, mine, mineAt, theirsAt: (path) => theirs_at?.[path] ?? null });

describe("the shared cases", () => {
  it("are there", () => {
    expect(cases.length).toBeGreaterThan(60);
  });

  it.each(cases)("$name", (one) => {
    const { accepted = [], already = [], clashes = [], settled = [], refused = [] } = one;
    const found = mergeCase(one);
    expect(found).toEqual({ accepted, already, clashes, settled, refused, isBesideOthers: one.is_beside_others });
    expect(mergeCase({ ...one, mine: [...one.mine].reverse() }).clashes).toEqual(clashes);
  });

  const decisions = cases.flatMap((one) => (one.decisions ?? []).map((decision) => ({ name: one.name, one, decision })));
  it.each(decisions)("$name: $decision.choice $decision.other", ({ one, decision }) => {
    const { clashes, accepted } = mergeCase(one);
    const clash = clashes.find(({ path }) => path === decision.of)!;
    const file = withChanges(dictionary, settleFile(dictionary, one.base, one.current), accepted);
    const made = resolve(definitions, clash, decision.choice, decision.other, file, today);
    expect(made).toEqual(
      decision.error ? { is: "error", error: decision.error } : { is: "changes", changes: decision.changes },
    );
  });
});

describe("any three files", () => {
  const rowId = fc.integer({ min: 1, max: 3 }).map((n) => `01890000-0000-7000-8000-00000000000${n}`);
  const text = fc.constantFrom("", "a", "b", " a ", "soon", "13812345678", "138****5678");
  const value = fc.oneof(text, rowId, fc.integer({ min: 0, max: 3 }), fc.array(fc.constantFrom("a", "b", "c")), fc.constant(null));
  const tables = Object.keys(dictionary.rows);
  const path = fc.oneof(
    fc.tuple(fc.constantFrom(...Object.keys(dictionary.fields)), rowId).map(([pattern, id]) => pattern.replace("*", id)),
    fc.tuple(fc.constantFrom(...tables), rowId).map(([table, id]) => `${table}/${id}`),
  );
  const edit = fc.record({ path, to: value }).map((one): Change =>
    tables.includes(one.path.replace(/\/[^/]*$/, "")) ? { path: one.path, from: null, to: null } : { ...one, from: null },
  );
  const edited = (file: HouseholdFile, edits: readonly Change[]) =>
    settleFile(dictionary, null, withChanges(dictionary, file, edits));
  const files = fc
    .tuple(...[20, 6, 6].map((maxLength) => fc.array(edit, { maxLength })))
    .map(([begun = [], theirs = [], mine = []]) => {
      const base = edited({}, begun);
      return { base, current: edited(base, theirs), mine: changesBetween(dictionary, base, edited(base, mine)) };
    });
  const run = (base: HouseholdFile, current: HouseholdFile, mine: readonly Change[]) =>
    merge({ definitions, base, current, mine, mineAt: "2026-11-20T00:00:00Z", theirsAt: () => "2026-11-10T00:00:00Z" });

  it("lose nothing of mine", () => {
    fc.assert(
      fc.property(files, ({ base, current, mine }) => {
        const { accepted, already, clashes, settled, refused } = run(base, current, mine);
        const found = [...accepted, ...already, ...settled, ...refused].map((one) => one.path);
        const paths = [...found, ...clashes.flatMap((clash) => clash.paths)];
        for (const change of mine) {
          expect(paths.some((one) => change.path === one || change.path.startsWith(`${one}/`))).toBe(true);
        }
      }),
    );
  });

  it("need nobody when one side did nothing, or both the same", () => {
    fc.assert(
      fc.property(files, ({ base, current, mine }) => {
        expect(run(base, base, mine).clashes).toEqual([]);
        const theirs = changesBetween(dictionary, base, current);
        expect(run(base, current, theirs)).toMatchObject({ accepted: [], clashes: [], settled: [] });
      }),
    );
  });

  it("accept only what starts from the file as it is", () => {
    fc.assert(
      fc.property(files, ({ base, current, mine }) => {
        for (const change of run(base, current, mine).accepted) expect(change.from).toEqual(at(current, change.path));
      }),
    );
  });
});
