import { describe, expect, it } from "vitest";
import {
  addRow,
  answerSection,
  draftAge,
  giveReason,
  putOff,
  reasonFor,
  removeRow,
  restore,
  rowAt,
  setValue,
  toggleCode,
} from "./draft";
import { aDraft } from "./draft.fixture";

const ROW = "0192f0c1-0000-7000-8000-000000000001";

describe("setting a value", () => {
  it("reaches the visit, a scalar or a cell, and leaves out what is empty", () => {
    let draft = setValue(aDraft(), "visit/outcome", "done");
    draft = setValue(draft, "declared_size", 3);
    draft = setValue(draft, `persons/${ROW}/name`, "示例甲");
    expect(draft.answers.visit).toEqual({ outcome: "done" });
    expect(draft.answers.file["declared_size"]).toBe(3);
    expect(rowAt(draft, "persons", ROW)).toEqual({ name: "示例甲" });
    expect(setValue(draft, "declared_size", null).answers.file).not.toHaveProperty("declared_size");
    expect(setValue(draft, "visit/outcome", "").answers.visit).toEqual({});
  });
  it("ends the putting off of that question", () => {
    const off = putOff(aDraft(), "declared_size", true);
    expect(off.answers.later).toEqual(["declared_size"]);
    expect(setValue(off, "declared_size", 2).answers.later).toEqual([]);
  });
});

describe("rows", () => {
  it("are taken away with what was put off in them, and can be put back", () => {
    const draft = putOff(addRow(aDraft(), "persons", ROW, { name: "示例甲" }), `persons/${ROW}/phone`, true);
    const was = rowAt(draft, "persons", ROW);
    const without = removeRow(draft, "persons", ROW);
    expect(without.answers.file).not.toHaveProperty("persons");
    expect(without.answers.later).toEqual([]);
    expect(addRow(without, "persons", ROW, was).answers.file).toEqual(draft.answers.file);
  });
});

describe("a section without change", () => {
  it("takes back what was edited in it", () => {
    const base = { residence_address: "示例社区03号楼", vehicles: { [ROW]: { kind: "car" } } };
    let draft = aDraft({ base, answers: { file: base, visit: {}, later: [] } });
    draft = setValue(draft, "residence_address", "示例社区04号楼");
    draft = setValue(draft, "housing_type", "rented");
    draft = removeRow(draft, "vehicles", ROW);
    const back = restore(draft, ["residence_address", "housing_type"], ["vehicles"]);
    expect(back.answers.file).toEqual(base);
  });
  it("puts back which rows there are, and leaves what other sections wrote in them", () => {
    const NEW = "0192f0c1-0000-7000-8000-000000000002";
    const GONE = "0192f0c1-0000-7000-8000-000000000003";
    const base = { persons: { [ROW]: { name: "示例甲", health: "good" }, [GONE]: { name: "示例乙" } } };
    let draft = aDraft({ base, answers: { file: base, visit: {}, later: [] } });
    draft = setValue(draft, `persons/${ROW}/name`, "示例丙");
    draft = setValue(draft, `persons/${ROW}/health`, "serious");
    draft = removeRow(addRow(draft, "persons", NEW, { name: "示例丁" }), "persons", GONE);
    draft = putOff(putOff(draft, `persons/${NEW}/health`, true), `persons/${ROW}/phone`, true);
    const back = restore(draft, [`persons/${ROW}/name`, `persons/${NEW}/name`], ["persons"]);
    expect(back.answers.file).toEqual({
      persons: { [ROW]: { name: "示例甲", health: "serious" }, [GONE]: { name: "示例乙" } },
    });
    expect(back.answers.later).toEqual([`persons/${ROW}/phone`]);
  });
  it("is answered one way or the other", () => {
    const yes = answerSection(aDraft(), "home", "unchanged");
    expect(yes.unchanged).toEqual(["home"]);
    const no = answerSection(yes, "home", "changed");
    expect([no.unchanged, no.opened]).toEqual([[], ["home"]]);
  });
});

describe("reasons, sets and age", () => {
  it("keeps one reason for each warning and drops a blank one", () => {
    const draft = giveReason(giveReason(aDraft(), "W1", "declared_size", "a"), "W1", "declared_size", "b");
    expect(reasonFor(draft, "W1", "declared_size")).toBe("b");
    expect(giveReason(draft, "W1", "declared_size", " ").warnings).toEqual([]);
  });
  it("lets `none` stand alone", () => {
    expect(toggleCode(["income"], "none")).toEqual(["none"]);
    expect(toggleCode(["none"], "income")).toEqual(["income"]);
    expect(toggleCode(["income"], "health")).toEqual(["health", "income"]);
    expect(toggleCode(["income"], "income")).toEqual([]);
  });
  it("warns after 14 days and asks for another visit after 30", () => {
    const at = Date.parse("2026-11-30T00:00:00Z");
    expect(draftAge("2026-11-20T00:00:00.000000Z", at)).toBe("fresh");
    expect(draftAge("2026-11-15T00:00:00.000000Z", at)).toBe("old");
    expect(draftAge("2026-10-30T00:00:00.000000Z", at)).toBe("expired");
  });
});
