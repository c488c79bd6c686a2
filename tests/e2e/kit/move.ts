// A visit at a door without a signal: the household lives elsewhere now.
import { type Household, nameOf } from "./api";
import { button, dialog, go, search, seen } from "./app";
import type { Phone } from "./browser";
import type { Texts } from "./texts";
import { VisitPages, sentAs } from "./visit";

/** Switches the phone's network off, and writes at the door that the household has moved to `address`. */
export async function visitsWithout({ page, context }: Phone, texts: Texts, household: Household, address: string): Promise<void> {
  const { t, code, section } = texts;
  await context.setOffline(true);
  await go(page, texts, "households");
  await (await search(page, texts, nameOf(household))).first().click();
  await button(page, t("households.page.start")).click();
  await button(dialog(page), t("households.page.go")).click();
  const visit = new VisitPages(page, texts, { residence_address: address });
  await page.getByRole("radio", { name: code("visit_outcome", "done"), exact: true }).click();
  await page.getByRole("radio", { name: code("respondent", "self"), exact: true }).click();
  await visit.next();
  await page.getByRole("checkbox", { name: code("changes_declared", "moved"), exact: true }).click();
  const finish = button(page, t("visits.check.finish"));
  const moved = page.getByRole("main").getByRole("region", { name: section("V02", "address"), exact: true });
  for (let at = 0; at < 12 && !(await finish.isVisible()); at += 1) {
    const same = button(page, t("visits.unchanged.no"));
    if (await moved.isVisible()) await button(page, t("visits.unchanged.yes")).click();
    else if (await same.isVisible()) await same.click();
    await visit.answer();
    const conclusion = page.getByRole("radio", { name: code("conclusion", "keep"), exact: true });
    if (await conclusion.isVisible()) await conclusion.click();
    await visit.next();
  }
  await seen(finish);
  const rest = button(page, t("visits.check.allUnchanged"));
  if (await rest.isVisible()) await rest.click();
  await visit.explainWarnings();
  await visit.finish();
  await sentAs(page, texts, "saved_local");
}
