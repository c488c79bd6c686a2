import { afterEach, describe, expect, it, vi } from "vitest";
import { effectScope } from "vue";
import { PAUSE_MS, type Page, type Pages, usePages } from "./usePages";

interface Row {
  readonly id: string;
  readonly rev: number;
}
type Answer = { readonly ok: true; readonly data: Page<Row> } | { readonly ok: false; readonly problem: string };
interface Question {
  readonly cursor: string | null;
  answer(given: Answer): Promise<void>;
}

const rows = (ids: string): Row[] => [...ids].map((id) => ({ id, rev: 1 }));
const page = (ids: string, next_cursor: string | null, total: number): Answer => ({ ok: true, data: { items: rows(ids), next_cursor, total } });
const broken: Answer = { ok: false, problem: "net.offline" };

/** A list whose questions the test answers, in whichever order. */
function aList(): { list: Pages<Row, string>; asked: Question[]; shown(): string | null; end(): void } {
  const asked: Question[] = [];
  const scope = effectScope();
  const list = scope.run(() =>
    usePages(
      (cursor) =>
        new Promise<Answer>((resolve) => {
          const answer = async (given: Answer): Promise<void> => {
            resolve(given);
            await Promise.resolve();
            await Promise.resolve();
          };
          asked.push({ cursor, answer });
        }),
      (row: Row) => row.id,
    ),
  )!;
  const shown = (): string | null => list.items.value?.map(({ id }) => id).join("") ?? null;
  return { list, asked, shown, end: () => scope.stop() };
}

async function twoOfThreePages(): Promise<ReturnType<typeof aList>> {
  const all = aList();
  void all.list.reload();
  await all.asked[0]!.answer(page("ab", "c1", 6));
  void all.list.grow();
  await all.asked[1]!.answer(page("cd", "c2", 6));
  return all;
}

describe("a list page by page", () => {
  it("grows until there is no more", async () => {
    const { list, asked, shown } = await twoOfThreePages();
    expect([shown(), list.total.value, list.hasMore.value]).toEqual(["abcd", 6, true]);
    void list.grow();
    expect(list.growing.value).toBe(true);
    await asked[2]!.answer(page("ef", null, 6));
    expect([shown(), list.hasMore.value, list.growing.value]).toEqual(["abcdef", false, false]);
    await list.grow();
    expect(asked.map(({ cursor }) => cursor)).toEqual([null, "c1", "c2"]);
  });

  it("is not there before the first answer, and asks for one next page at a time", async () => {
    const { list, asked, shown } = aList();
    void list.reload();
    void list.grow();
    expect([shown(), asked.length]).toEqual([null, 1]);
    await asked[0]!.answer(page("a", "c1", 2));
    void list.grow();
    void list.grow();
    expect(asked.length).toBe(2);
  });

  it("throws away a late answer to an earlier question", async () => {
    const { list, asked, shown } = aList();
    void list.reload();
    void list.reload();
    await asked[1]!.answer(page("x", null, 1));
    await asked[0]!.answer(page("ab", "c1", 9));
    expect([shown(), list.total.value, list.hasMore.value]).toEqual(["x", 1, false]);
  });

  it("throws away a late page of an earlier question, and a late problem", async () => {
    const { list, asked, shown } = await twoOfThreePages();
    void list.grow();
    void list.reload();
    expect([list.growing.value, shown()]).toEqual([false, null]);
    await asked[2]!.answer(page("ef", null, 6));
    expect(shown()).toBeNull();
    void list.reload();
    await asked[3]!.answer(broken);
    expect(list.problem.value).toBeNull();
    await asked[4]!.answer(page("x", null, 1));
    expect([shown(), list.problem.value]).toEqual(["x", null]);
  });

  it("shows an item that moved to the next page once, as it was last seen", async () => {
    const { list, asked, shown } = await twoOfThreePages();
    void list.grow();
    await asked[2]!.answer({ ok: true, data: { items: [{ id: "d", rev: 2 }, ...rows("e")], next_cursor: null, total: 6 } });
    expect(shown()).toBe("abcde");
    expect(list.items.value?.find(({ id }) => id === "d")?.rev).toBe(2);
  });

  it("keeps what is there when a page does not come, says why, and goes on from there", async () => {
    const { list, asked, shown } = await twoOfThreePages();
    void list.grow();
    await asked[2]!.answer(broken);
    expect([shown(), list.problem.value, list.growing.value, list.hasMore.value]).toEqual(["abcd", "net.offline", false, true]);
    void list.retry();
    expect([asked[3]!.cursor, list.problem.value, shown()]).toEqual(["c2", null, "abcd"]);
    await asked[3]!.answer(page("ef", null, 6));
    expect(shown()).toBe("abcdef");
  });

  it("asks for the first page again when that did not come", async () => {
    const { list, asked, shown } = aList();
    void list.reload();
    await asked[0]!.answer(broken);
    expect([shown(), list.problem.value]).toEqual([null, "net.offline"]);
    void list.retry();
    await asked[1]!.answer(page("a", null, 1));
    expect([asked[1]!.cursor, shown(), list.problem.value]).toEqual([null, "a", null]);
  });

  it("goes on after items were taken out, put in and replaced meanwhile", async () => {
    const { list, asked, shown } = await twoOfThreePages();
    void list.grow();
    list.drop("b");
    list.drop("unknown");
    list.add({ id: "n", rev: 1 });
    list.replace({ id: "c", rev: 7 });
    list.replace({ id: "unknown", rev: 7 });
    expect([shown(), list.total.value, list.items.value?.[2]?.rev]).toEqual(["nacd", 6, 7]);
    await asked[2]!.answer(page("ef", null, 6));
    expect([shown(), list.hasMore.value]).toEqual(["nacdef", false]);
  });

  it("brings the next page once all that was there is taken out", async () => {
    const { list, asked, shown } = await twoOfThreePages();
    for (const id of "abcd") list.drop(id);
    expect([shown(), list.total.value, asked[2]?.cursor, list.growing.value]).toEqual(["", 2, "c2", true]);
    await asked[2]!.answer(page("ef", null, 2));
    expect(shown()).toBe("ef");
  });

  it("makes no list of what changes before the first answer", () => {
    const { list, shown } = aList();
    list.add({ id: "n", rev: 1 });
    list.replace({ id: "n", rev: 2 });
    list.drop("n");
    expect([shown(), list.total.value]).toEqual([null, 0]);
  });
});

describe("a list whose question is being typed", () => {
  afterEach(() => vi.useRealTimers());

  it("is asked for once nothing more is typed", async () => {
    vi.useFakeTimers();
    const { list, asked, shown } = await twoOfThreePages();
    list.reloadSoon();
    vi.advanceTimersByTime(PAUSE_MS - 1);
    list.reloadSoon();
    vi.advanceTimersByTime(PAUSE_MS - 1);
    expect([asked.length, shown()]).toEqual([2, "abcd"]);
    vi.advanceTimersByTime(1);
    expect([asked.length, asked[2]?.cursor]).toEqual([3, null]);
  });

  it("does not grow by pages of what was asked before", async () => {
    vi.useFakeTimers();
    const { list, asked, shown } = await twoOfThreePages();
    void list.grow();
    list.reloadSoon();
    void list.grow();
    await asked[2]!.answer(page("ef", null, 6));
    expect([asked.length, shown(), list.growing.value]).toEqual([3, "abcd", false]);
  });

  it("is asked for at once when something else is chosen meanwhile, and not again", async () => {
    vi.useFakeTimers();
    const { list, asked } = aList();
    list.reloadSoon();
    void list.reload();
    vi.advanceTimersByTime(PAUSE_MS);
    expect(asked.length).toBe(1);
  });

  it("ends with its page", async () => {
    vi.useFakeTimers();
    const { list, asked, shown, end } = await twoOfThreePages();
    void list.grow();
    list.reloadSoon();
    end();
    vi.advanceTimersByTime(PAUSE_MS);
    await asked[2]!.answer(page("ef", null, 6));
    expect([asked.length, shown()]).toEqual([3, "abcd"]);
  });
});
