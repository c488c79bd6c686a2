import { describe, expect, it } from "vitest";
import type { HouseholdFile, Json } from "@/forms";
import { evaluateDraft, maskValue } from "@/forms";
import type { Proposal } from "@/db/wire";
import { CHECK_SCREEN, type VisitDraft, setValue } from "./draft";
import { aDraft, definitions, formOf } from "./draft.fixture";
import { sectionStates, undecided } from "./flow";
import { indexOf, layoutOf } from "./layout";
import { reopened } from "./mend";
import { contentOf, settle } from "./outcome";

const form = formOf("V02");
const WORKER = "0192f0c1-0000-7000-8000-000000000001";
const WAGE = "0192f0c1-0000-7000-8000-000000000002";
const meta = { today: "2026-11-23", started_at: "2026-11-23T02:00:00.000000Z", ended_at: "2026-11-23T02:20:00.000000Z" };
const base: HouseholdFile = {
  residence_address: "示例社区03号楼2单元",
  housing_type: "rented",
  rent_monthly: 80_000,
  persons: { [WORKER]: { name: "示例甲", is_worker: true, relation: "01", sex: "1", birth_date: "1980-02-03" } },
  income_items: { [WAGE]: { category: "wage", person_id: WORKER, amount: 250_000, period: "month", verified_by: "stated" } },
};
const visit = { outcome: "done", respondent: "self", changes_declared: ["housing", "income"], conclusion: "keep" };

const begun = (file: HouseholdFile = base) => aDraft({ base: file, rev: 2, answers: { file, visit, later: [] } });
const proposal = (changes: { path: string; from: Json; to: Json }[], unchanged: string[] = ["people", "work"]): Proposal =>
  ({ ...aDraft(), visit, changes, unchanged, warnings: [], later: [] }) as unknown as Proposal;
const RENT = { path: "rent_monthly", from: 80_000, to: 90_000 };
const AMOUNT = { path: `income_items/${WAGE}/amount`, from: 250_000, to: 260_000 };

const states = (draft: VisitDraft) => {
  const evaluation = evaluateDraft(definitions, form, draft.base, draft.answers, meta);
  const index = layoutOf(evaluation.sections, new Set()).map(indexOf);
  const { unchanged, opened = [] } = draft;
  return sectionStates(index, { unchanged, opened, later: [] }, evaluation.problems, new Set([CHECK_SCREEN]), true);
};

describe("a returned visit, opened again", () => {
  it("keeps what was proposed, with its sections answered as they were", () => {
    const sent = proposal([RENT, AMOUNT]);
    const draft = { ...reopened(definitions, form, begun(), sent), unchanged: [...sent.unchanged] };
    expect(draft.answers.file["rent_monthly"]).toBe(90_000);
    expect(draft.opened).toEqual(expect.arrayContaining(["home", "income"]));
    expect(draft.opened).not.toContain("people");
    expect(undecided(states(draft))).toEqual([]);
    const settled = settle(definitions, form, draft, meta);
    expect(contentOf(form, draft, settled, "later").changes).toEqual([AMOUNT, RENT]);
  });
  it("lets the file's value stand where somebody changed it meanwhile, and says so", () => {
    const moved = { ...base, rent_monthly: 85_000 };
    const draft = reopened(definitions, form, begun(moved), proposal([RENT, AMOUNT]));
    expect(draft.answers.file["rent_monthly"]).toBe(85_000);
    expect(draft.setAside).toEqual([{ path: "rent_monthly", to: 90_000, why: "moved" }]);
    expect(draft.answers.file["income_items"]).toMatchObject({ [WAGE]: { amount: 260_000 } });
    const taken = setValue(draft, "rent_monthly", 90_000);
    const settled = settle(definitions, form, taken, meta);
    expect(settled.evaluation.changes).toContainEqual({ path: "rent_monthly", from: 85_000, to: 90_000 });
  });
  it("does not mind when the file already says so, and does not remove a row that was changed", () => {
    const moved = { ...base, rent_monthly: 90_000 };
    expect(reopened(definitions, form, begun(moved), proposal([RENT])).setAside).toBeUndefined();
    const row = (base["income_items"] as Record<string, Json>)[WAGE] ?? null;
    const gone = { path: `income_items/${WAGE}`, from: row, to: null };
    expect(reopened(definitions, form, begun(), proposal([gone])).answers.file).not.toHaveProperty("income_items");
    const other = { ...base, income_items: { [WAGE]: { ...(row as object), amount: 1 } } } as HouseholdFile;
    const kept = reopened(definitions, form, begun(other), proposal([gone]));
    expect(kept.answers.file["income_items"]).toEqual(other["income_items"]);
    expect(kept.setAside).toMatchObject([{ why: "moved" }]);
  });
  it("lets nobody's part of a guarded group stand beside another's: income is taken over whole, or not", () => {
    const NEW = "0192f0c1-0000-7000-8000-000000000003";
    const added = [["amount", 30_000], ["person_id", WORKER]].map(([key, to]) => ({ path: `income_items/${NEW}/${key}`, from: null, to: to ?? null }));
    const row = (base["income_items"] as Record<string, Json>)[WAGE];
    const moved = { ...base, income_items: { [WAGE]: { ...(row as object), amount: 255_000 } } } as HouseholdFile;
    const draft = reopened(definitions, form, begun(moved), proposal([AMOUNT, ...added, RENT]));
    expect(draft.answers.file["income_items"]).toEqual(moved["income_items"]);
    expect(draft.answers.file["rent_monthly"]).toBe(90_000);
    const all = [AMOUNT, ...added].map(({ path, to }) => ({ path, to, why: "moved" }));
    expect(draft.setAside).toEqual(all);
    const taken = all.reduce<VisitDraft>((now, { path, to }) => setValue(now, path, to), draft);
    expect(taken.answers.file["income_items"]).toEqual({ [WAGE]: { ...(row as object), amount: 260_000 }, [NEW]: { amount: 30_000, person_id: WORKER } });
  });
  it("keeps what both wrote where the dictionary says how, and says nothing about it", () => {
    const seen = { ...base, remarks: "a", four_batches: ["1"] } as HouseholdFile;
    const moved = { ...seen, remarks: "a\nb", four_batches: ["1", "2"] } as HouseholdFile;
    const changes = [{ path: "remarks", from: "a", to: "a\nc" }, { path: "four_batches", from: ["1"], to: ["1", "3"] }];
    const draft = reopened(definitions, form, begun(moved), proposal(changes));
    expect(draft.answers.file).toMatchObject({ remarks: "a\nb\nc", four_batches: ["1", "2", "3"] });
    expect(draft.setAside).toBeUndefined();
  });
  it("does not bring a row back that somebody removed, nor what names it", () => {
    const { persons: _persons, ...without } = base;
    const rename = { path: `persons/${WORKER}/name`, from: "示例甲", to: "示例乙" };
    const draft = reopened(definitions, form, begun(without as HouseholdFile), proposal([rename, RENT]));
    expect(draft.answers.file).not.toHaveProperty("persons");
    expect(draft.answers.file["rent_monthly"]).toBe(90_000);
    expect(draft.setAside).toEqual([{ path: rename.path, to: "示例乙", why: "moved" }]);
  });
  it("does not take the mask of a number for another number", () => {
    const full = { ...base, persons: { [WORKER]: { name: "示例甲", id_no: "11010119800203123X" } } } as HouseholdFile;
    const changes = [
      { path: `persons/${WORKER}/id_no`, from: maskValue("id_no", "11010119800203123X"), to: "110101198002041234" },
      { path: `persons/${WORKER}/name`, from: "示例甲", to: "示例乙" },
    ];
    const draft = reopened(definitions, form, begun(full), proposal(changes));
    expect(draft.setAside).toBeUndefined();
    expect(draft.answers.file["persons"]).toEqual({ [WORKER]: { name: "示例乙", id_no: "110101198002041234" } });
  });
  it("takes everything over at a household that the server does not know yet", () => {
    const changes = [RENT, { path: `persons/${WORKER}/name`, from: null, to: "示例丙" }];
    const fresh = aDraft({ base: null, base_rev: 0, rev: 2, answers: { file: {}, visit, later: [] } });
    const draft = reopened(definitions, form, fresh, proposal(changes));
    expect(draft.answers.file).toEqual({ rent_monthly: 90_000, persons: { [WORKER]: { name: "示例丙" } } });
    expect(draft.setAside).toBeUndefined();
  });
  it("leaves out only what it does not know", () => {
    const draft = reopened(definitions, form, begun(), proposal([{ path: "no_such_thing", from: null, to: "x" }, RENT]));
    expect(draft.answers.file["rent_monthly"]).toBe(90_000);
    expect(draft.setAside).toEqual([{ path: "no_such_thing", to: "x", why: "unknown" }]);
  });
});
