// What was decided, in words.
import type { ConflictBody, DecideConflictBody } from "@/db/wire";
import type { HouseholdFile, Json, Reading } from "@/forms";
import { valueText } from "./card";
import { isTwice } from "./twice";

type Say = (key: string, values?: Record<string, unknown>) => string;

/** What I have chosen on this phone. */
export function chosenText(reading: Reading, body: ConflictBody, decision: DecideConflictBody, file: HouseholdFile, t: Say): string {
  if (isTwice(body)) return t(`conflicts.twice.chosen.${decision.choice}`);
  const value = decision.choice === "other" ? valueText(reading, body, (decision.value ?? null) as Json, file) : "";
  return t(`conflicts.chosen.${decision.choice}`, { value });
}

/** Who decided what, when the server tells it; null while nobody has. */
export function decidedText(reading: Reading, body: ConflictBody, file: HouseholdFile, at: (at: string) => string, t: Say): string | null {
  const { decision } = body;
  if (decision === null) return body.state === "void" ? t("conflicts.void") : null;
  const value = decision.choice === "other" ? valueText(reading, body, (decision.value ?? null) as Json, file) : "";
  const name = decision.choice === "mine" ? body.mine.by.name : (body.theirs.by?.name ?? t("conflicts.theFile"));
  const choice = isTwice(body)
    ? t(`conflicts.twice.answer.${decision.choice}`)
    : t(`conflicts.choice.${decision.choice}`, { name, value });
  return t("conflicts.decidedBy", { name: decision.by.name, at: at(decision.at), choice });
}
