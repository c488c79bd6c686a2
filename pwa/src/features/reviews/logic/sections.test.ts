import { describe, expect, it } from "vitest";
import type { Dictionary, Field, Form } from "@/forms";
import { fateOf, fileAfter, formOf, groupChanges, quietSections, visitPaths } from "./sections";
import { ITEM, OTHER_PERSON, PERSON, change } from "./testRecords";

const form: Form = {
  id: "V02",
  version: 2,
  visit_type: "V02",
  zh: "日常走访",
  en: "Routine visit",
  checks: [],
  sections: [
    { key: "arrive", zh: "到达", en: "Arrival", items: [{ path: "visit/outcome" }] },
    { key: "address", zh: "住址", en: "Address", unchanged: true, items: [{ path: "town_code" }, { path: "residence_address" }] },
    {
      key: "people",
      zh: "家庭成员",
      en: "People",
      unchanged: true,
      items: [{ rows: "persons", items: [{ path: "persons/*/name" }, { path: "persons/*/sex" }] }],
    },
    { key: "work", zh: "工作", en: "Work", items: [{ rows: "persons", fixed: true, items: [{ path: "persons/*/work_status" }] }] },
    { key: "income", zh: "收入", en: "Income", items: [{ rows: "income_items", items: [{ path: "income_items/*/amount" }] }] },
    { key: "finding", zh: "结论", en: "Finding", items: [{ path: "visit/conclusion" }, { path: "remarks" }] },
  ],
};
const file = {
  residence_address: "示例社区03号楼",
  persons: { [PERSON]: { name: "张三", sex: "1", work_status: "employed" } },
};
const revisit = { isNew: false, unchanged: [] };
const shape = (changes: Parameters<typeof groupChanges>[2], options = revisit) =>
  groupChanges(form, file, changes, options).map((section) => [
    section.key,
    section.lines.map((line) => line.path),
    section.rows.map((row) => [row.id, row.fate, row.lines.map((line) => line.path.split("/")[2] ?? "")]),
  ]);

describe("changes by section", () => {
  it("stand where the form asks them, in its order", () => {
    const changes = [
      change(`persons/${PERSON}/work_status`, "employed", "laid_off"),
      change("residence_address", "示例社区03号楼", "示例社区05号楼"),
      change("town_code", null, "150602001"),
    ];
    expect(shape(changes)).toEqual([
      ["address", ["town_code", "residence_address"], []],
      ["work", [], [[PERSON, "changed", ["work_status"]]]],
    ]);
  });
  it("keep an added row together where such rows are added", () => {
    const changes = [
      change(`persons/${OTHER_PERSON}/name`, null, "李四"),
      change(`persons/${OTHER_PERSON}/work_status`, null, "student"),
    ];
    expect(shape(changes)).toEqual([["people", [], [[OTHER_PERSON, "added", ["name", "work_status"]]]]]);
  });
  it("list each value of a first survey in its own section", () => {
    const changes = [
      change(`persons/${OTHER_PERSON}/name`, null, "李四"),
      change(`persons/${OTHER_PERSON}/work_status`, null, "student"),
    ];
    expect(shape(changes, { isNew: true, unchanged: [] })).toEqual([
      ["people", [], [[OTHER_PERSON, "added", ["name"]]]],
      ["work", [], [[OTHER_PERSON, "added", ["work_status"]]]],
    ]);
  });
  it("show a row that goes as a whole", () => {
    const changes = [change(`income_items/${ITEM}`, { amount: 100 }, null)];
    expect(shape(changes)).toEqual([["income", [], [[ITEM, "removed", [""]]]]]);
  });
  it("put what no section asks at the end, and lose nothing without the form", () => {
    const changes = [change("bank_name", null, "某银行"), change("residence_address", null, "示例社区05号楼")];
    expect(shape(changes).map(([key]) => key)).toEqual(["address", "other"]);
    const alone = groupChanges(undefined, file, changes, revisit);
    expect(alone.map((section) => [section.key, section.count])).toEqual([["other", 2]]);
  });
});

describe("what became of a row", () => {
  it("is not an addition when other values stand in it", () => {
    const one = change(`persons/${PERSON}/phone`, null, "138****0000");
    expect(fateOf(file, "persons", PERSON, [one])).toBe("changed");
  });
  it("stays an addition after the approval put it into the file", () => {
    const all = ["name", "sex", "work_status"].map((key) => change(`persons/${PERSON}/${key}`, null, "x"));
    expect(fateOf(file, "persons", PERSON, all)).toBe("added");
  });
});

describe("sections without changes", () => {
  it("hold what stands in the file, and say what the visitor confirmed", () => {
    const changed = groupChanges(form, file, [change("residence_address", "a", "b")], revisit);
    const quiet = quietSections(form, file, changed, ["people"]);
    expect(quiet.map((section) => [section.key, section.declaredUnchanged, section.facts.map((fact) => fact.path)])).toEqual([
      ["people", true, [`persons/${PERSON}/name`, `persons/${PERSON}/sex`]],
      ["work", false, [`persons/${PERSON}/work_status`]],
    ]);
  });
});

describe("the rest of a record", () => {
  it("lists the answers in the form's order", () => {
    expect(visitPaths(form, { zz: 1, conclusion: "keep", outcome: "done" })).toEqual(["visit/outcome", "visit/conclusion", "visit/zz"]);
  });
  it("takes the nearest version of a form when the very one is gone", () => {
    const older = { ...form, version: 1 };
    expect(formOf([older, form], { id: "V02", version: 2 })).toBe(form);
    expect(formOf([older, form], { id: "V02", version: 5 })).toBe(form);
    expect(formOf([form], { id: "V09", version: 1 })).toBeUndefined();
  });
  it("names rows as they would be, rows that go included", () => {
    const field: Field = { type: "name", zh: "姓名", en: "Name", pii: 2, merge: "REV" };
    const dictionary: Dictionary = {
      version: 1,
      groups: {},
      rows: { persons: { zh: "成员", en: "Member", title: "name" } },
      fields: { "persons/*/name": field },
    };
    const after = fileAfter(dictionary, file, [
      change(`persons/${OTHER_PERSON}/name`, null, "李四"),
      change(`persons/${PERSON}`, { name: "张三" }, null),
      change("unheard_of", null, "x"),
    ]);
    expect(after["persons"]).toMatchObject({ [PERSON]: { name: "张三" }, [OTHER_PERSON]: { name: "李四" } });
  });
});
