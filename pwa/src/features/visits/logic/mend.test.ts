import { describe, expect, it } from "vitest";
import type { HouseholdFile, Json } from "@/forms";
import { evaluateDraft } from "@/forms";
import type { Proposal } from "@/db/wire";
import { CHECK_SCREEN, type VisitDraft, setValue } from "./draft";
import { aDraft, definitions, formOf } from "./draft.fixture";
import { sectionStates, undecided } from "./flow";
import { indexOf, layoutOf } from "./layout";
import { reopened } from "./mend";
import { contentOf, settle } from "./outcome";

const { dictionary } = definitions;
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
    const draft = { ...reopened(dictionary, form, begun(), sent), unchanged: [...sent.unchanged] };
    expect(draft.answers.file["rent_monthly"]).toBe(90_000);
    expect(draft.opened).toEqual(expect.arrayContaining(["home", "income"]));
    expect(draft.opened).not.toContain("people");
    expect(undecided(states(draft))).toEqual([]);
    const settled = settle(definitions, form, draft, meta);
    expect(contentOf(form, draft, settled, "later").changes).toEqual([AMOUNT, RENT]);
  });
  it("lets the file's value stand where somebody changed it meanwhile, and says so", () => {
    const moved = { ...base, rent_monthly: 85_000 };
    const draft = reopened(dictionary, form, begun(moved), proposal([RENT, AMOUNT]));
    expect(draft.answers.file["rent_monthly"]).toBe(85_000);
    expect(draft.setAside).toEqual([{ path: "rent_monthly", to: 90_000, why: "moved" }]);
    expect(draft.answers.file["income_items"]).toMatchObject({ [WAGE]: { amount: 260_000 } });
    const taken = setValue(draft, "rent_monthly", 90_000);
    const settled = settle(definitions, form, taken, meta);
    expect(settled.evaluation.changes).toContainEqual({ path: "rent_monthly", from: 85_000, to: 90_000 });
  });
  it("does not mind when the file already says so, and does not remove a row that was changed", () => {
    const moved = { ...base, rent_monthly: 90_000 };
    expect(reopened(dictionary, form, begun(moved), proposal([RENT])).setAside).toBeUndefined();
    const row = (base["income_items"] as Record<string, Json>)[WAGE] ?? null;
    const gone = { path: `income_items/${WAGE}`, from: row, to: null };
    expect(reopened(dictionary, form, begun(), proposal([gone])).answers.file).not.toHaveProperty("income_items");
    const other = { ...base, income_items: { [WAGE]: { ...(row as object), amount: 1 } } } as HouseholdFile;
    const kept = reopened(dictionary, form, begun(other), proposal([gone]));
    expect(kept.answers.file["income_items"]).toEqual(other["income_items"]);
    expect(kept.setAside).toMatchObject([{ why: "moved" }]);
  });
  it("leaves out only what it does not know", () => {
    const draft = reopened(dictionary, form, begun(), proposal([{ path: "no_such_thing", from: null, to: "x" }, RENT]));
    expect(draft.answers.file["rent_monthly"]).toBe(90_000);
    expect(draft.setAside).toEqual([{ path: "no_such_thing", to: "x", why: "unknown" }]);
  });
});
