// What a caseworker enters at a door: answers that the shipped forms ask for, made by chance. Everybody in them is
// made up.
import {
  evaluateDraft, fieldAt, type Definitions, type Field, type Form, type Json, type Meta, type Problem,
} from "@/forms";
import type { Draft } from "@/db/rows";
import { addRow, setValue, type VisitDraft } from "@/features/visits/logic/draft";
import { contentOf, settle } from "@/features/visits/logic/outcome";
import { shanghaiDay } from "@/db/time";
import { doorTimes, type ProposedContent } from "@/sync/submit";
import { someAnswer } from "./answers";
import type { Chance } from "./chance";
import type { Ledger } from "./ledger";

const NAMES = ["乌云格日勒", "其其格", "巴特尔", "王示例", "李示例", "张示例", "赵示例", "苏布德"];
const SAID = "情况属实，建议按规定持续联系走访。";
const REASON = "当面核对过";

export interface Books {
  readonly data: Definitions;
  readonly form: Form;
}

/** The number of a person who does not exist, with its check digit. */
export function idNumber(chance: Chance): string {
  const birth = `19${chance.between(50, 79)}${String(chance.between(1, 12)).padStart(2, "0")}${String(chance.between(1, 28)).padStart(2, "0")}`;
  const body = `110105${birth}${String(chance.between(1, 999)).padStart(3, "0")}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, at) => total + weight * Number(body[at]), 0);
  return body + "10X98765432".charAt(sum % 11);
}

const address = (chance: Chance): string =>
  `示例社区${chance.between(1, 60)}号楼${chance.between(1, 6)}单元${chance.between(101, 1804)}室`;

/** Nobody opened, or a whole survey: what the caseworker knows before the form asks for more. */
export function firstSurvey(draft: VisitDraft, isDone: boolean, town: string, chance: Chance, ledger: Ledger): VisitDraft {
  let next = setValue(draft, "banner_code", town.slice(0, 6));
  next = setValue(next, "town_code", town);
  next = setValue(next, "residence_address", address(chance));
  if (!isDone) return setValue(next, "visit/outcome", "absent");
  for (const [key, value] of Object.entries({
    outcome: "done", respondent: "self", consent_notice: true, consent_sensitive: true, no_income: true,
    no_expense: true, no_vehicle: true, no_relief: true, opinion_text: SAID,
  })) next = setValue(next, `visit/${key}`, value);
  const own = idNumber(chance);
  // Now and then it is somebody whom another caseworker has met at another door.
  const known = Number(own.slice(14, 17)) % 6 === 0 ? ledger.numbers.at(-1) : undefined;
  if (known !== undefined) ledger.fire("household_filed_twice");
  const idNo = known ?? own;
  ledger.numbers.push(idNo);
  next = addRow(next, "persons", chance.id(1_700_000_000_000), {
    name: chance.pick(NAMES), is_worker: true, relation: "01", id_type: "rid", id_no: idNo,
    birth_date: `${idNo.slice(6, 10)}-${idNo.slice(10, 12)}-${idNo.slice(12, 14)}`,
    sex: Number(idNo[16]) % 2 === 1 ? "1" : "2", phone: `1540000${String(chance.below(10_000)).padStart(4, "0")}`,
    monthly_income: 0, counted_in_household: true, lives_here: true, work_status: "retired",
    person_identity: "retired", health: "good",
  });
  next = setValue(next, "cause_primary", "C07");
  return setValue(next, "narrative", `家里只有本人，靠积蓄生活，近年支出增加，需要持续关注。${chance.below(1000)}`);
}

/** A later visit: nobody at home, all as before, or something has changed. */
export function revisit(draft: VisitDraft, chance: Chance): VisitDraft {
  if (chance.happens(0.4)) return setValue(draft, "visit/outcome", "absent");
  let next = draft;
  for (const [key, value] of Object.entries({
    outcome: "done", respondent: "self", consent_sensitive: true, changes_declared: ["moved"], no_income: true,
    no_expense: true, opinion_text: SAID,
  })) next = setValue(next, `visit/${key}`, value as Json);
  if (chance.happens(0.7)) next = setValue(next, "residence_address", address(chance));
  if (chance.happens(0.5)) next = setValue(next, "narrative", `情况有变化，需要持续关注，本次记录为第${chance.below(10_000)}号样例。`);
  return next;
}

function metaOf(draft: VisitDraft, clock: { nowMs: number; clockOffsetMs: number }): Meta {
  const times = doorTimes(draft, clock);
  return {
    today: shanghaiDay(Date.parse(times.ended_at) - times.clock_offset_ms),
    started_at: draft.started_at,
    ended_at: times.ended_at,
  };
}

const isMissing = ({ severity, code }: Problem): boolean => severity === "E" && code === "value.required";

/** Answers what the form still asks for; what is left then is left. */
export function fillIn(draft: VisitDraft, { data, form }: Books, clock: { nowMs: number; clockOffsetMs: number }): VisitDraft {
  let next = draft;
  for (let round = 0; round < 40; round += 1) {
    const { problems } = evaluateDraft(data, form, next.base, next.answers, metaOf(next, clock));
    const asked = problems.filter(isMissing);
    if (asked.length === 0) return next;
    for (const { path } of asked) next = setValue(next, path, someAnswer(fieldAt(data.dictionary, path), data.codes.tables));
  }
  return next;
}

/** What the page makes of a draft when it is finished; every warning gets a reason. */
export function contentOfDraft(draft: Draft, { data, form }: Books, clock: { nowMs: number; clockOffsetMs: number }): ProposedContent {
  const settled = settle(data, form, draft, metaOf(draft, clock));
  const content = contentOf(form, draft, settled, REASON);
  const warnings = content.warnings.map((warning) => ({ ...warning, reason: warning.reason || REASON }));
  return { ...content, warnings } as ProposedContent;
}
