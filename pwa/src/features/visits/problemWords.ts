// The sentence for a problem: the form's own words for its checks, else the app's words for the code.

import type { Problem } from "@/forms";
import { problemText } from "@/i18n";
import { useQuestions } from "./context";

export function useProblemWords(): (problem: Problem) => string {
  const { form, language, fieldOf } = useQuestions();
  return ({ code, path, params }) => {
    const check = form.checks.find((one) => one.code === code);
    if (check) return check[language.value];
    const field = fieldOf(path);
    // Limits of money and decimals are kept in 分 and in parts; people read 元 and wholes.
    const scale = field?.type === "money" ? 2 : (field?.scale ?? 0);
    const shown = Object.entries(params ?? {}).map(([key, value]) => [
      key,
      typeof value === "number" ? value / 10 ** scale : value,
    ]);
    return problemText(code, Object.fromEntries(shown));
  };
}
