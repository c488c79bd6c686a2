import { describe, expect, it } from "vitest";
import type { ConflictBody } from "@/db/wire";
import { type Codes, type Definitions, type Dictionary, type Form, type Json, isMasked, readingOf } from "@/forms";
import { cardOf } from "./card";
import { askedPaths, coveredCells, firstAnswers, otherValue } from "./other";

const read = (files: Record<string, string>): unknown[] => Object.values(files).map((text) => JSON.parse(text) as unknown);
const [dictionary] = read(
  import.meta.glob<string>("../../../../../backend/domain/data/dictionary.json", { query: "?raw", import: "default", eager: true }),
) as [Dictionary];
const [codes] = read(
  import.meta.glob<string>("../../../../../backend/domain/data/codes.json", { query: "?raw", import: "default", eager: true }),
) as [Codes];
const definitions: Definitions = { dictionary, codes, forms: new Map<string, Form>(), regions: { version: 1, regions: [] } } as unknown as Definitions;
const ROW = "01890000-0000-7000-8000-0000000000b1";
const MASK = "150***********0012";

function aConflict(more: Partial<ConflictBody>): ConflictBody {
  const side = { by: { id: "a", name: "示例甲" }, at: "2026-11-23T02:00:00Z", visit_id: "01890000-0000-7000-8000-0000000000aa", visit_rev: 1 };
  const { theirs, mine, ...rest } = more;
  return {
    id: "c", household_id: "h", household_name: null, kind: "path", path: "residence_address", paths: ["residence_address"], base: null,
    waiting: [], state: "open", visitor_until: "2026-11-26T02:00:00Z", decision: null, created_at: "2026-11-23T02:00:00Z", may_decide: true,
    ...rest,
    theirs: { ...side, value: null, in_file: true, ...theirs },
    mine: { ...side, value: null, ...mine },
  };
}
const person = (more: Record<string, Json>): Json => ({ name: "示例甲", id_no: MASK, ...more });
/** One side removed the person, the other wrote in it. */
const gone = (side: "theirs" | "mine"): ConflictBody => {
  const empty = aConflict({ kind: "row_gone", path: `persons/${ROW}`, base: person({}) as ConflictBody["base"] });
  return { ...empty, [side]: { ...empty[side], value: person({ school_name: "示例中学" }) } };
};

describe("another value for a row that one side removed", () => {
  it.each(["theirs", "mine"] as const)("keeps what is covered and was not touched (%s has the row)", (side) => {
    const body = gone(side);
    const paths = askedPaths(definitions, body);
    const answers = firstAnswers(body, paths, null);
    expect([...answers.values()].some(isMasked)).toBe(false);
    const covered = coveredCells(body, paths, null);
    expect([...covered.keys()]).toEqual([`persons/${ROW}/id_no`]);
    const typed = new Map([...answers, [`persons/${ROW}/name`, "示例乙"]]);
    expect(otherValue(definitions, body, typed, covered)).toEqual({ name: "示例乙", id_no: MASK, school_name: "示例中学" });
  });

  it("takes what was typed in the place of what is covered, and comes back as it was sent", () => {
    const body = gone("mine");
    const paths = askedPaths(definitions, body);
    const typed = new Map([...firstAnswers(body, paths, null), [`persons/${ROW}/id_no`, "11010519491231002x"]]);
    const value = otherValue(definitions, body, typed, coveredCells(body, paths, null));
    expect(value).toEqual({ name: "示例甲", id_no: "11010519491231002X", school_name: "示例中学" });
    const before = { conflict_id: "c", choice: "other" as const, value: value as ConflictBody["base"], reason: "看过证件" };
    expect(otherValue(definitions, body, firstAnswers(body, paths, before), coveredCells(body, paths, before))).toEqual(value);
  });
});

describe("a card", () => {
  const reading = readingOf(definitions, "zh");
  it("shows what goes into the file with mine, and not without it", () => {
    const waiting = [{ path: `persons/${ROW}/school_name`, to: "示例中学" }];
    const card = cardOf(reading, { ...gone("mine"), waiting }, {});
    expect(card.along.map(({ text }) => text)).toEqual(["示例中学"]);
    expect(card.along[0]?.label).toContain("示例甲");
  });

  it("says when theirs is only what the file held before, because the other visit did not come in", () => {
    const back = aConflict({ base: "示例社区03号楼", theirs: { value: "示例社区03号楼", by: null } as ConflictBody["theirs"] });
    expect(cardOf(reading, back, {}).back).toBe(true);
    expect(cardOf(reading, { ...back, base: "示例社区05号楼" }, {}).back).toBe(false);
    expect(cardOf(reading, aConflict({ base: "x", theirs: { value: "x" } as ConflictBody["theirs"] }), {}).back).toBe(false);
  });
});

describe("two files that may be one household", () => {
  const home = (more: Record<string, Json>): Json => ({
    household_id: "h2", name: "示*", region_code: "150602001", file_no: null, status: "first_review", contact: null, may_open: false, ...more,
  });
  const twice = (theirs: Json): ConflictBody => aConflict({
    kind: "twice", path: "households/h2", paths: [], base: { [ROW]: { name: "示例甲", id_no: MASK } } as ConflictBody["base"],
    theirs: { value: theirs, by: null } as ConflictBody["theirs"],
    mine: { value: home({ household_id: "h", name: "示例甲" }) } as ConflictBody["mine"],
  });
  it("says who is in both, and whom to call about the other one", () => {
    const contact = { id: "u", name: "示例安", work_phone: "15400001111" };
    const { twice: said } = cardOf(readingOf(definitions, "zh"), twice(home({ contact, may_open: true })), {});
    expect(said?.people).toEqual([{ name: "示例甲", number: MASK }]);
    expect(said?.theirs).toMatchObject({ id: "h2", name: "示*", status: "first_review", contact: { name: "示例安", phone: "15400001111" }, opens: true });
    expect(said?.mine).toMatchObject({ id: "h", contact: null, opens: false });
  });

  it("has no fields for a value of one's own, and lives with a household that is not told of", () => {
    const body = twice(null);
    expect(askedPaths(definitions, body)).toEqual([]);
    expect(cardOf(readingOf(definitions, "zh"), body, {}).twice?.theirs).toBeNull();
  });
});
