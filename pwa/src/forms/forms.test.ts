// The engine over the real dictionary, codes and forms: reading them, speed, and what only the screens need.

import { describe, expect, it } from "vitest";
import {
  type Codes,
  type Definitions,
  type Dictionary,
  type Draft,
  type Form,
  type HouseholdFile,
  type Json,
  type Regions,
  evaluateDraft,
  fieldAt,
  forbiddenOperator,
  formatDate,
  formatFigure,
  formatMoney,
  formatValue,
  isFieldItem,
  isRowsItem,
  labelOf,
  regionLabel,
  rowTitle,
  sectionOfPath,
  summariseSections,
  validate,
} from "./index";

const one = (files: Record<string, string>): unknown => JSON.parse(Object.values(files)[0] ?? "null");
const definitions: Definitions = {
  dictionary: one(import.meta.glob<string>("../../../backend/domain/data/dictionary.json", { query: "?raw", import: "default", eager: true })) as Dictionary,
  codes: one(import.meta.glob<string>("../../../backend/domain/data/codes.json", { query: "?raw", import: "default", eager: true })) as Codes,
  regions: one(import.meta.glob<string>("../../../backend/domain/data/regions.json", { query: "?raw", import: "default", eager: true })) as Regions,
};
const forms = Object.values(import.meta.glob<string>("../../../backend/domain/data/forms/*.json", { query: "?raw", import: "default", eager: true })).map(
  (text) => JSON.parse(text) as Form,
);
const formOf = (id: string): Form => forms.find((form) => form.id === id)!;
const rowId = (n: number): string => `01890000-0000-7000-8000-${String(n).padStart(12, "0")}`;
const meta = { today: "2026-11-23", started_at: "2026-11-23T02:00:00Z", ended_at: "2026-11-23T02:31:59.5Z" };

/** A household of six with incomes and expenses; synthetic. */
function household(): HouseholdFile {
  const persons: Record<string, Json> = {};
  for (let n = 1; n <= 6; n++) {
    persons[rowId(n)] = { name: "乌云", is_worker: n === 1, relation: n === 1 ? "01" : "20", birth_date: `${1970 + n}-02-28` };
  }
  const items = (category: string) =>
    Object.fromEntries(
      Array.from({ length: 8 }, (_, n) => [
        rowId(100 + n),
        { category, person_id: rowId((n % 6) + 1), amount: 123_456 + n, period: "month" },
      ]),
    );
  return {
    residence_address: "示例社区一号楼",
    declared_size: 6,
    persons,
    income_items: items("wage"),
    expense_items: items("medical_oop"),
  };
}

const draftOf = (file: HouseholdFile, outcome = "done"): Draft => ({ file, visit: { outcome }, later: [] });

describe("the published forms", () => {
  it.each(forms.map((form) => [`${form.id}.${form.version}`, form] as const))("%s names only what exists", (_name, form) => {
    const conditions: (Json | undefined)[] = [...form.checks.map(({ when }) => when)];
    for (const section of form.sections) {
      conditions.push(section.show);
      for (const item of section.items) {
        conditions.push(item.show);
        const questions = (isRowsItem(item) ? item.items : [item]).filter(isFieldItem);
        for (const question of questions) {
          conditions.push(question.show, question.required);
          expect(definitions.dictionary.fields, question.path).toHaveProperty([question.path]);
        }
      }
    }
    for (const condition of conditions) expect(forbiddenOperator(condition ?? null)).toBeNull();
  });

  it("ask for more once the outcome is done", () => {
    const closed = validate(definitions, formOf("V01"), null, draftOf({}, "absent"), meta);
    const open = validate(definitions, formOf("V01"), null, draftOf(household()), meta);
    expect(open.visible.length).toBeGreaterThan(closed.visible.length);
    expect(open.derived).toMatchObject({ persons_count: 6, workers_count: 1, household_size: 6, visit_minutes: 31 });
    expect(open.visible).toContain(`persons/${rowId(6)}/name`);
  });
});

describe("section summaries", () => {
  const base = household();
  const file = { ...base, residence_address: "示例社区二号楼十单元" };
  const evaluation = evaluateDraft(definitions, formOf("V02"), base, draftOf(file), meta);

  it("count every problem and change once", () => {
    const summaries = summariseSections(evaluation, ["income"]);
    const located = evaluation.problems.filter(({ path }) => sectionOfPath(evaluation.sections, path) !== null);
    const counted = summaries.reduce((sum, one) => sum + one.missing + one.errors + one.warnings, 0);
    expect(counted).toBe(located.length);
    expect(summaries.map(({ key }) => key)).toEqual(evaluation.sections.map(({ section }) => section.key));
  });

  it("find the section of a path", () => {
    const path = evaluation.visible[0]!;
    expect(sectionOfPath(evaluation.sections, path)?.key).toBe(evaluation.sections[0]?.section.key);
    expect(sectionOfPath(evaluation.sections, "nowhere")).toBeNull();
  });
});

describe("reading values", () => {
  const file = household();
  const show = (path: string, value: Json, language: "zh" | "en" = "zh") =>
    formatValue(definitions, fieldAt(definitions.dictionary, path)!, value, language, file);

  it("writes money with its unit", () => {
    expect(formatMoney(123_400, "zh")).toBe("1,234.00 元");
    expect(formatMoney(-5, "en")).toBe("-0.05 yuan");
    expect(formatMoney(123_456_789_012, "zh")).toBe("1,234,567,890.12 元");
    expect(show(`income_items/${rowId(1)}/amount`, 100)).toBe("1.00 元");
    expect(formatFigure("npci", -13_889, "en")).toBe("-138.89 yuan/month");
    expect(formatFigure("pci", null, "zh")).toBeNull();
  });

  it("writes dates and months", () => {
    expect(formatDate("2026-11-03", "zh")).toBe("2026年11月3日");
    expect(formatDate("2026-11-03", "en")).toBe("3 Nov 2026");
    expect(formatDate("2026-11", "zh")).toBe("2026年11月");
    expect(formatDate("2026-11", "en")).toBe("Nov 2026");
  });

  it("writes codes, sets, regions and references as words", () => {
    expect(show(`persons/${rowId(1)}/relation`, "10")).toBe("配偶");
    expect(show(`persons/${rowId(1)}/relation`, "10", "en")).toBe("Spouse");
    expect(show(`persons/${rowId(1)}/relation`, "no such code")).toBe("no such code");
    expect(show(`persons/${rowId(1)}/is_worker`, true)).toBe("是");
    expect(show(`income_items/${rowId(1)}/person_id`, rowId(2))).toBe("乌云");
    expect(regionLabel(definitions, "150602001", "zh")).toBe("东胜区 交通街道");
    expect(regionLabel(definitions, "110105", "zh")).toBe("110105");
    expect(rowTitle(definitions, file, "persons", rowId(1), "en")).toBe("乌云");
    expect(rowTitle(definitions, file, "persons", rowId(99), "en")).toBeNull();
    expect(show("residence_address", null)).toBeNull();
  });

  it("labels paths and rows", () => {
    expect(labelOf(definitions, `persons/${rowId(1)}/name`, "zh")).toBe("姓名");
    expect(labelOf(definitions, `persons/${rowId(1)}`, "en")).toBe("Family member");
    expect(labelOf(definitions, "visit/outcome", "zh")).toBe("走访结果");
  });
});
