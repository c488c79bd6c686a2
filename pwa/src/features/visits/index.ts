// A visit at the door: writing it, sending it, seeing what became of it.
//
// How it is put together:
// - `VisitPage` (/visits/:id) opens whatever stands there: a draft (`VisitDesk`) or a sent visit (`SentVisit`);
// - `VisitDesk` shows one section at a time (`parts/SectionScreen`), the bar of sections above it, the way on
//   below; after the last section the check screen (`parts/CheckScreen`);
// - `fields/QuestionField` asks one question, with the widget that its type in the dictionary calls for;
//   `parts/RowsCards` and `parts/RowEditor` do the same for people, income, spending, vehicles and relief;
// - `useVisit` is the only place that knows the disk and the engine: a value is on the screen at once, looked at by
//   the engine after the next paint, on the disk within a second;
// - `logic/` decides and has no Vue: the draft and its edits, the flow from section to section and the short way of
//   an unchanged household, where a problem's field is, what is sent, amounts, regions, words, autosave.
import { defineAsyncComponent } from "vue";
import type { RouteRecordRaw } from "vue-router";

/** One question of the form, for another page; it provides `answersKey`. */
export const AnswerField = defineAsyncComponent(() => import("./AnswerField.vue"));
export { questionsKey as answersKey } from "./context";
export { fillPlace } from "./places";
export { type Started, mendVisit, startVisit } from "./openVisit";

export const routes: RouteRecordRaw[] = [
  {
    path: "/visits/:id",
    name: "visit",
    component: () => import("./VisitPage.vue"),
    props: true,
    meta: { focused: true, place: "collect" },
  },
];
