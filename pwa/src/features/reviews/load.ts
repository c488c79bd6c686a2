import type { Problem } from "@/api/problem";
import { i18n, problemText } from "@/i18n";

/** Something asked of the server: not there yet, failed, or there. */
export type Load<T> =
  | { readonly is: "loading" }
  | { readonly is: "failed"; readonly problem: Problem }
  | { readonly is: "ready"; readonly value: T };

export const loading = { is: "loading" } as const;

/** Why something could not be shown. The desk keeps nothing on the device, so it does not promise that. */
export function failureText(problem: Problem): string {
  return problem.status === 0 ? i18n.global.t("reviews.offline") : problemText(problem.code);
}
