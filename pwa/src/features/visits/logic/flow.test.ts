import { describe, expect, it } from "vitest";
import type { HouseholdFile, Json } from "@/forms";
import { evaluateDraft } from "@/forms";
import { CHECK_SCREEN, type VisitDraft, addRow, answerSection, putOff, restore, setValue } from "./draft";
import { aDraft, definitions, formOf as form } from "./draft.fixture";
import { belongsTo, sectionStates, shortWay, step, undecided } from "./flow";
import { fieldId, targetOf } from "./jump";
import { indexOf, layoutOf, ownedBy } from "./layout";
import { blockersOf, contentOf, settle } from "./outcome";

const WORKER = "0192f0c1-0000-7000-8000-000000000001";
const WAGE = "0192f0c1-0000-7000-8000-000000000002";
const RENT = "0192f0c1-0000-7000-8000-000000000003";

const base: HouseholdFile = {
  banner_code: "150602",
  town_code: "150602001",
  residence_address: "示例社区03号楼2单元",
  housing_type: "rented",
  rent_monthly: 80_000,
  persons: { [WORKER]: { name: "示例甲", is_worker: true, relation: "01", sex: "1", birth_date: "1980-02-03" } },
  income_items: { [WAGE]: { category: "wage", person_id: WORKER, amount: 250_000, period: "month", verified_by: "stated" } },
  expense_items: { [RENT]: { category: "rent", amount: 80_000, period: "month" } },
};
const meta = { today: "2026-11-23", is_new: false, started_at: "2026-11-23T02:00:00.000000Z", ended_at: "2026-11-23T02:20:00.000000Z" };

const revisit = (type: string): VisitDraft =>
  aDraft({ visit_type: type, form: { id: type, version: 1 }, base, answers: { file: base, visit: {}, later: [] } });
const layout = (draft: VisitDraft) =>
  layoutOf(evaluateDraft(definitions, form(draft.visit_type), draft.base, draft.answers, meta).sections, new Set());
const keys = (draft: VisitDraft): string[] => layout(draft).map(({ section }) => section.key);

function answered(draft: VisitDraft, answers: Readonly<Record<string, Json>>): VisitDraft {
  return Object.entries(answers).reduce((next, [path, value]) => setValue(next, path, value), draft);
}

describe("from section to section", () => {
  it("begins with the result and shows nothing else before it is known", () => {
    expect(keys(revisit("V02"))).toEqual(["arrive"]);
  });
  it("asks only what makes sense when nobody was met", () => {
    for (const outcome of ["absent", "refused", "unsafe"]) {
      expect(keys(answered(revisit("V02"), { "visit/outcome": outcome }))).toEqual(["arrive"]);
    }
  });
  it("leads through every section to the check and back", () => {
    const draft = answered(revisit("V03"), { "visit/outcome": "done" });
    const sections = layout(draft);
    let screen = sections[0]!.section.key;
    const way: string[] = [];
    while (screen !== CHECK_SCREEN) {
      way.push(screen);
      screen = step(sections, screen, 1);
    }
    expect(way).toEqual(keys(draft));
    expect(step(sections, CHECK_SCREEN, -1)).toBe(way[way.length - 1]);
    expect(step(sections, "gone", 1)).toBe("arrive");
  });
  it("hides what only another feature fills until it does", () => {
    const draft = answered(revisit("V02"), { "visit/outcome": "done" });
    const { sections } = evaluateDraft(definitions, form("V02"), base, draft.answers, meta);
    expect(layoutOf(sections, new Set()).map(({ section }) => section.key)).not.toContain("documents");
    expect(layoutOf(sections, new Set(["photos"])).map(({ section }) => section.key)).toContain("documents");
  });
});

describe("an unchanged household", () => {
  it("is done in a few taps with the routine visit", () => {
    let taps = 2; // start a visit, which kind
    let draft = revisit("V02");
    const tap = (path: string, value: Json): void => {
      draft = setValue(draft, path, value);
      taps += 1;
    };
    let screen = "arrive";
    const next = (): void => {
      taps += 1;
      const way = shortWay(layout(draft), screen, draft, true);
      if (way) draft = way.unchanged.reduce((to, key) => answerSection(to, key, "unchanged"), draft);
      screen = way ? way.to : step(layout(draft), screen, 1);
    };
    tap("visit/outcome", "done");
    tap("visit/respondent", "self");
    next();
    expect(screen).toBe("changes");
    tap("visit/changes_declared", ["none"]);
    next();
    expect(screen).toBe("finding");
    tap("visit/conclusion", "keep");
    next();
    expect(screen).toBe(CHECK_SCREEN);
    const settled = settle(definitions, form("V02"), draft, meta);
    expect(blockersOf(draft, settled.evaluation.problems, "later")).toEqual({ errors: [], unexplained: [] });
    taps += 1; // finish
    expect(taps).toBeLessThanOrEqual(10);
    const content = contentOf(form("V02"), draft, settled, "later");
    expect(content.changes).toEqual([]);
    expect(content.unchanged).toContain("income");
  });
  it("answers every section of the yearly review with one tap, except those opened for editing", () => {
    const draft = answerSection(
      answered(revisit("V03"), { "visit/outcome": "done", "visit/changes_declared": ["none"] }),
      "home",
      "changed",
    );
    const way = shortWay(layout(draft), "changes", draft, true);
    expect(way?.unchanged).toContain("income");
    expect(way?.unchanged).not.toContain("home");
    expect(way?.to).toBe("consent");
    expect(shortWay(layout(draft), "arrive", draft, true)).toBeNull();
  });
});

describe("no change in one section", () => {
  const start = answered(revisit("V03"), { "visit/outcome": "done" });
  function unchanged(draft: VisitDraft, key: string): VisitDraft {
    const views = layout(draft);
    const view = views.find(({ section }) => section.key === key)!;
    const { paths, tables } = ownedBy(view, views, [draft.base, draft.answers.file]);
    return restore(draft, paths, tables);
  }
  it("leaves what another section wrote about the same people", () => {
    const health = definitions.codes.tables["health"]![0]!.code;
    const draft = answered(start, { [`persons/${WORKER}/health`]: health, [`persons/${WORKER}/name`]: "示例乙" });
    const back = unchanged(draft, "people");
    expect(back.answers.file["persons"]).toMatchObject({ [WORKER]: { name: "示例甲", health } });
    expect(unchanged(back, "work").answers.file).toEqual(base);
  });
  it("takes back added rows and answers that are hidden now", () => {
    const ADDED = "0192f0c1-0000-7000-8000-000000000009";
    let draft = addRow(start, "income_items", ADDED, { category: "pension", amount: 1, period: "month" });
    draft = answered(draft, { rent_monthly: 1, housing_type: "owned" });
    expect(unchanged(draft, "income").answers.file["income_items"]).toEqual(base["income_items"]);
    expect(unchanged(unchanged(draft, "income"), "home").answers.file).toEqual(base);
  });
});

describe("the state of a section", () => {
  it("waits for an answer in a revisit and follows it", () => {
    let draft = answered(revisit("V03"), { "visit/outcome": "done", "visit/changes_declared": ["income"] });
    const states = () => {
      const evaluation = evaluateDraft(definitions, form("V03"), base, draft.answers, meta);
      const index = layoutOf(evaluation.sections, new Set()).map(indexOf);
      const { unchanged, opened = [], answers } = draft;
      return sectionStates(index, { unchanged, opened, later: answers.later }, evaluation.problems, new Set(["arrive"]), true);
    };
    const of = (key: string) => states().find((one) => one.key === key);
    expect(of("spending")?.status).toBe("undecided");
    expect(undecided(states())).toContain("income");
    draft = answerSection(draft, "spending", "unchanged");
    expect(of("spending")?.status).toBe("unchanged");
    draft = putOff(draft, "income_6m_monthly", true);
    expect(of("income")?.later).toBe(1);
    expect(of("finding")?.status).toBe("unseen");
  });
});

describe("jumping to a problem", () => {
  it("opens the card of a cell and finds a table by its section", () => {
    const draft = answered(revisit("V03"), { "visit/outcome": "done" });
    const sections = layout(draft);
    expect(targetOf(sections, `income_items/${WAGE}/amount`)).toEqual({
      screen: "income",
      path: `income_items/${WAGE}/amount`,
      row: `income_items/${WAGE}`,
    });
    expect(targetOf(sections, "persons").screen).toBe("people");
    expect(targetOf(sections, `persons/${WORKER}/health`).screen).toBe("work");
    expect(targetOf(sections, "visit/outcome")).toEqual({ screen: "arrive", path: "visit/outcome", row: null });
    expect(targetOf(sections, "no_such_path").screen).toBe(CHECK_SCREEN);
    const people = indexOf(sections.find(({ section }) => section.key === "people")!);
    expect(belongsTo(people, `persons/${WORKER}/name`)).toBe(true);
    expect(belongsTo(people, `persons/${WORKER}/health`)).toBe(false);
  });
  it("gives every path an id of its own", () => {
    expect(fieldId(`persons/${WORKER}/name`)).not.toBe(fieldId(`persons/${WAGE}/name`));
    expect(fieldId("visit/outcome")).toBe("q-visit-outcome");
  });
});

describe("what is sent", () => {
  it("leaves out answers that are not asked any more", () => {
    let draft = answered(revisit("V02"), { "visit/outcome": "refused", "visit/refuse_reason": "no_time" });
    draft = answered(draft, { "visit/outcome": "absent", housing_type: "borrowed" });
    const content = contentOf(form("V02"), draft, settle(definitions, form("V02"), draft, meta), "later");
    expect(content.visit).toEqual({ outcome: "absent" });
    expect(content.changes).toEqual([]);
  });
  it("sends only differences, with what was seen", () => {
    let draft = answered(revisit("V02"), { "visit/outcome": "done", "visit/changes_declared": ["housing"] });
    draft = answered(draft, { rent_monthly: 90_000 });
    const content = contentOf(form("V02"), draft, settle(definitions, form("V02"), draft, meta), "later");
    expect(content.changes).toEqual([{ path: "rent_monthly", from: 80_000, to: 90_000 }]);
  });
  it("explains what was put off in a part of a visit by itself", () => {
    let draft = answered(revisit("V03"), { "visit/outcome": "partial" });
    draft = putOff(draft, "visit/conclusion", true);
    const settled = settle(definitions, form("V03"), draft, meta);
    const content = contentOf(form("V03"), draft, settled, "稍后补填");
    expect(content.later).toEqual(["visit/conclusion"]);
    expect(content.warnings).toContainEqual({ code: "value.later", path: "visit/conclusion", reason: "稍后补填" });
    expect(blockersOf(draft, settled.evaluation.problems, "稍后补填").unexplained.map(({ code }) => code)).not.toContain("value.later");
  });
});
