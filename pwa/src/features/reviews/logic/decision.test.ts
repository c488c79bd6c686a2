import { describe, expect, it } from "vitest";
import {
  type ReasonWords,
  WHOLE,
  approval,
  approvalBlockers,
  declinedPaths,
  decliningMarks,
  emptyDraft,
  markedPaths,
  rejection,
  rejectionBlockers,
  returnBlockers,
  returning,
  withMark,
  withMarks,
  withoutMark,
} from "./decision";
import { PERSON, change, moved, record } from "./testRecords";

const address = change("residence_address", "a", "b");
const rent = change("rent_monthly", 100, 200);
const clash = moved("housing_type", "own", "rent", "public");
const words: ReasonWords = {
  code: (code) => (code === "arithmetic" ? "计算有误" : code),
  both: (reason, text) => `${reason}：${text}`,
};

describe("an approval", () => {
  it("names exactly what was seen and accepts what is not marked", () => {
    expect(approval(emptyDraft, record([address, rent]), words)).toEqual({
      visit_rev: 1,
      visit_hash: "0123456789abcdef",
      file_rev: 4,
      decided: [],
      decisions: [],
    });
  });
  it("declines marked paths with code and words as one reason", () => {
    const draft = withMark(emptyDraft, "rent_monthly", { code: "arithmetic", text: " 少一个零 " });
    expect(approval(draft, record([address, rent]), words).decisions).toEqual([
      { path: "rent_monthly", accept: false, reason: "计算有误：少一个零" },
    ]);
  });
  it("leaves marks at other places to a return", () => {
    const draft = withMarks(emptyDraft, [WHOLE, "visit/opinion_text"], { code: "other", text: "太短" });
    expect(declinedPaths(draft, record([address]))).toEqual([]);
    expect(approval(draft, record([address]), words).decisions).toEqual([]);
    expect(approvalBlockers(draft, record([address]))).toEqual([]);
  });
  it("is blocked until every overtaken path is declined with a reason", () => {
    const now = record([address, clash]);
    expect(approvalBlockers(emptyDraft, now)).toEqual([{ is: "moved_undecided", paths: ["housing_type"] }]);
    const marked = withMark(emptyDraft, "housing_type", { code: "", text: "" });
    expect(approvalBlockers(marked, now)).toEqual([{ is: "code_missing", path: "housing_type" }]);
    const vague = withMark(emptyDraft, "housing_type", { code: "other", text: " " });
    expect(approvalBlockers(vague, now)).toEqual([{ is: "text_missing", path: "housing_type" }]);
    const said = withMark(emptyDraft, "housing_type", { code: "other", text: "保留现值" });
    expect(approvalBlockers(said, now)).toEqual([]);
    expect(approval(said, now, words).decisions[0]?.reason).toBe("保留现值");
  });
  it("declines every change of a marked row for the same reason", () => {
    const name = change(`persons/${PERSON}/name`, null, "李四");
    const sex = change(`persons/${PERSON}/sex`, null, "1");
    const draft = withMark(withMark(emptyDraft, `persons/${PERSON}`, { code: "arithmetic", text: "" }), "visit/opinion_text", { code: "other", text: "x" });
    const now = record([address, name, sex]);
    expect(decliningMarks(draft, now)).toEqual([`persons/${PERSON}`]);
    expect(approval(draft, now, words).decisions).toEqual([
      { path: name.path, accept: false, reason: "计算有误" },
      { path: sex.path, accept: false, reason: "计算有误" },
    ]);
    expect(approvalBlockers(draft, now)).toEqual([]);
    expect(returning(draft, now).reasons.map((reason) => reason.path)).toEqual([`persons/${PERSON}`, "visit/opinion_text"]);
  });
  it("is blocked when nothing would be taken over", () => {
    const draft = withMark(emptyDraft, "residence_address", { code: "arithmetic", text: "" });
    expect(approvalBlockers(draft, record([address]))).toEqual([{ is: "nothing_left" }]);
    expect(approvalBlockers(emptyDraft, record([]))).toEqual([]);
  });
});

describe("a return", () => {
  it("needs a marked place with a code", () => {
    expect(returnBlockers(emptyDraft, record([address]))).toEqual([{ is: "nothing_marked" }]);
    const draft = withMark(emptyDraft, WHOLE, { code: "", text: "x" });
    expect(returnBlockers(draft, record([address]))).toEqual([{ is: "code_missing", path: WHOLE }]);
  });
  it("sends the reasons in the order of the record, the whole visit first", () => {
    let draft = withMark(emptyDraft, "visit/opinion_text", { code: "other", text: " 请写具体 " });
    draft = withMark(draft, "rent_monthly", { code: "arithmetic", text: "" });
    draft = withMark(draft, "residence_address", { code: "location_doubt", text: "" });
    draft = { ...withMark(draft, WHOLE, { code: "photo_missing", text: "" }), returnText: " 辛苦了 " };
    const now = record([address, rent]);
    expect(markedPaths(draft, now)).toEqual([WHOLE, "residence_address", "rent_monthly", "visit/opinion_text"]);
    expect(returning(draft, now)).toEqual({
      visit_rev: 1,
      visit_hash: "0123456789abcdef",
      reasons: [
        { path: "", code: "photo_missing", text: "" },
        { path: "residence_address", code: "location_doubt", text: "" },
        { path: "rent_monthly", code: "arithmetic", text: "" },
        { path: "visit/opinion_text", code: "other", text: "请写具体" },
      ],
      text: "辛苦了",
    });
  });
  it("forgets a mark that was taken back", () => {
    const draft = withoutMark(withMark(emptyDraft, "rent_monthly", { code: "other", text: "x" }), "rent_monthly");
    expect(draft).toEqual(emptyDraft);
  });
  it("never overwrites a reason that was typed", () => {
    const draft = withMark(emptyDraft, "rent_monthly", { code: "other", text: "x" });
    expect(withMarks(draft, ["rent_monthly", "residence_address"], { code: "", text: "" }).marks).toEqual({
      rent_monthly: { code: "other", text: "x" },
      residence_address: { code: "", text: "" },
    });
  });
});

describe("a rejection", () => {
  it("needs a code and words", () => {
    expect(rejectionBlockers(emptyDraft)).toEqual([{ is: "code_missing", path: WHOLE }]);
    expect(rejectionBlockers({ ...emptyDraft, rejectCode: "invented" })).toEqual([{ is: "text_missing", path: WHOLE }]);
    const draft = { ...emptyDraft, rejectCode: "invented", rejectText: " 查无此户 " };
    expect(rejectionBlockers(draft)).toEqual([]);
    expect(rejection(draft, record([]))).toEqual({ visit_rev: 1, visit_hash: "0123456789abcdef", code: "invented", text: "查无此户" });
  });
});
