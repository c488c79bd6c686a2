// The sentence for a problem: the form's own words for its checks, else the app's words for the code.

import type { Field, Form, Language, Problem } from "@/forms";
import { problemText } from "@/i18n";
import { useQuestions } from "./context";

export function useProblemWords(): (problem: Told) => string {
  const { form, language, fieldOf } = useQuestions();
  return (problem) => problemWords(form, fieldOf(problem.path), language.value, problem);
}

export interface Told extends Pick<Problem, "code" | "path"> {
  readonly params?: unknown;
}

/** The same outside of an open visit. */
export function problemWords(form: Form | undefined, field: Field | undefined, language: Language, { code, params }: Told): string {
  const check = form?.checks.find((one) => one.code === code);
  if (check) return check[language];
  // Limits of money and decimals are kept in 分 and in parts; people read 元 and wholes.
  const scale = field?.type === "money" ? 2 : (field?.scale ?? 0);
  const shown = Object.entries((params ?? {}) as Record<string, unknown>).map(([key, value]) => [
    key,
    typeof value === "number" ? value / 10 ** scale : value,
  ]);
  return problemText(code, Object.fromEntries(shown));
}
