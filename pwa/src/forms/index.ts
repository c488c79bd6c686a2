// The form engine's door. Start at validate.ts; docs/FORMS.md says what everything means.

export * from "./canonical";
export * from "./changes";
export { evaluate, forbiddenOperator, holds } from "./condition";
export * from "./definition";
export { type Derived, type Figures, type PersonFigures, figureOf, fullYears } from "./derive";
export { type IdNoFacts, idNoFacts, idNoProblem, isDate, widenIdNo } from "./idNo";
export { codeTable, townsWithin } from "./lookup";
export { covers, isMasked, maskOf, maskValue } from "./mask";
export { meansTheSame, normalise, sameValue, trim } from "./normalise";
export * from "./path";
export { type Situation, situationOf } from "./situation";
export { type Validation, type Evaluation, evaluateDraft, validate } from "./validate";
export { type Finding, type ValueContext, checkValue } from "./value";
export {
  type Card,
  type Question,
  type ShownCardItem,
  type ShownItem,
  type ShownRows,
  type ShownSection,
  questionsOf,
} from "./visibility";
export * from "./display";
export * from "./reading";
export { type SectionSummary, pathsOfSection, sectionOfPath, summariseSections } from "./status";
