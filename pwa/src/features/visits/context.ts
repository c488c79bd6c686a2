// What the questions of an open visit share, handed down by the page so that it need not pass through every card.

import type { ComputedRef, InjectionKey, Ref } from "vue";
import { inject } from "vue";
import type { Definitions, Field, Form, Json, Language, Problem } from "@/forms";
import type { VisitDraft } from "./logic/draft";

/** One thing that the supervisor asked for when the visit came back. */
export interface ReturnReason {
  readonly path: string;
  readonly code: string;
  readonly text: string;
}

/** How soon the engine looks at a new value: after a tap at once, while somebody types when they pause. */
export type Pace = "tap" | "typing";

export interface Questions {
  readonly definitions: Definitions;
  /** The form that asks; its checks have their own words. */
  readonly form: Form | undefined;
  readonly language: ComputedRef<Language>;
  readonly draft: Readonly<Ref<Pick<VisitDraft, "answers">>>;
  /** False where every question is to be answered now or not at all. */
  readonly mayPutOff?: boolean;
  /** The file had an approved value to start from, so that old values are shown beside new ones. */
  readonly isRevisit: ComputedRef<boolean>;
  /** Phone numbers as they may be seen at the door, by path. */
  readonly clear: Readonly<Record<string, string>>;
  readonly today: ComputedRef<string>;
  fieldOf(path: string): Field | undefined;
  valueOf(path: string): Json;
  baseOf(path: string): Json;
  /** An approved value is there and the answer differs from it. */
  isChanged(path: string): boolean;
  set(path: string, value: Json, pace: Pace): void;
  /** Says that a field was left, so that what is wrong with it may be said. */
  leave(path: string): void;
  /** Remembers where the caseworker is. */
  visit(path: string): void;
  putOff(path: string, off: boolean): void;
  /** What is to be said about a path now: nothing about a question that nobody has looked at yet. */
  problemsAt(path: string): readonly Problem[];
  returnedAt(path: string): readonly ReturnReason[];
  label(path: string): string;
  text(path: string, value: Json): string;
}

export const questionsKey: InjectionKey<Questions> = Symbol("questions of the visit");

export function useQuestions(): Questions {
  const questions = inject(questionsKey);
  if (!questions) throw new Error("a question stands outside of a visit");
  return questions;
}

/** What every widget takes. */
export interface WidgetProps {
  readonly path: string;
  readonly field: Field;
  readonly value: Json;
  /** Id for the element that takes the focus. */
  readonly inputId: string;
  readonly labelId: string;
  readonly describedBy: string | undefined;
  readonly invalid: boolean;
  readonly required: boolean;
}

/** What every widget says: `set` after a tap, `type` while somebody types, `leave` when the field is left. */
export interface WidgetEmits {
  set: [value: Json];
  type: [value: Json];
  leave: [];
}
