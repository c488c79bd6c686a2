// A caseworker's day and a supervisor's answer: out of the signal from door to door, everything arrives at its end.
import { afterAll, beforeAll, expect } from "vitest";
import { type Household, member, nameOf, plainHouseholds, pullAll } from "./kit/api";
import { Taps, beginDay, button, decided, dialog, go, heading, link, openRecord, pillSays, search, seen, signIn, underWorker } from "./kit/app";
import { DESK, type Phone, expectNoPageErrors, openBrowser } from "./kit/browser";
import * as family from "./kit/family";
import { journey } from "./kit/journey";
import { look } from "./kit/look";
import { type Proxy, startProxy } from "./kit/proxy";
import { type Server, startServer } from "./kit/server";
import { zhTexts } from "./kit/texts";
import { VisitPages, sentAs } from "./kit/visit";

const { t, like, code, field, section, rows } = zhTexts;
/** The promise about an unchanged household, from its page to "saved". */
const MOST_TAPS = 10;
const REASON = "请现场量一下实际面积";
const WORDS = "面积像是多写了一个零，请核对。";

let server: Server;
let wire: Proxy;
let phone: Phone;
let desk: Phone;
let revisited: Household;

beforeAll(async () => {
  server = await startServer();
  wire = await startProxy(server.port);
  phone = await openBrowser(wire.url);
  desk = await openBrowser(server.url, { viewport: DESK });
  const [first] = plainHouseholds(await pullAll(await member(server.url, "caseworker")));
  if (!first) throw new Error("the demo has no household to visit again");
  revisited = first;
});
afterAll(async () => {
  await phone?.close();
  await desk?.close();
  await wire?.close();
  await server?.stop();
});

async function loseSignal(): Promise<void> {
  wire.cut();
  await phone.context.setOffline(true);
}
async function findSignal(): Promise<void> {
  wire.heal();
  await phone.context.setOffline(false);
}
const visitPages = (answers = family.household): VisitPages => new VisitPages(phone.page, zhTexts, answers);

/** From 今日 back into the one unfinished visit. */
async function continueDraft(): Promise<void> {
  await phone.page.goto("/");
  await seen(heading(phone.page, t("today.title")));
  await phone.page.getByRole("link", { name: new RegExp(`^${t("today.drafts")}`) }).click();
  await phone.page.getByRole("link", { name: new RegExp(`${t("households.type.V01.name")}`) }).click();
}

journey("a day in the field", () => [phone?.page, desk?.page], (step) => {
  step("signs in, sees the first download through, begins the day", async () => {
    await beginDay(phone.page, zhTexts);
    await pillSays(phone.page, zhTexts, "all");
    await seen(heading(phone.page, t("today.departure.title")));
    await look(phone.page, "today");
  });

  step("finds households while typing, by name and by address", async () => {
    const { page } = phone;
    await go(page, zhTexts, "households");
    const name = nameOf(revisited);
    const address = String((revisited.file as { residence_address?: string }).residence_address);
    const byName = await search(page, zhTexts, name);
    await seen(page.getByText(like("households.found", { n: 1 })));
    expect(await byName.count()).toBe(1);
    const byAddress = await search(page, zhTexts, address);
    await seen(byAddress.filter({ hasText: address }));
    await look(page, "search");
    await search(page, zhTexts, "没有这样的人");
    await seen(page.getByText(t("households.empty.noHit")));
    await button(page, t("households.empty.reset")).click();
  });

  step("opens again without a signal", async () => {
    await underWorker(phone.page);
    await loseSignal();
    await phone.page.reload();
    await seen(heading(phone.page, t("households.title")));
    await pillSays(phone.page, zhTexts, "offline");
    await phone.page.goto("/");
    await seen(heading(phone.page, t("today.title")));
    await look(phone.page, "offline");
  });

  step("revisits a household where nothing has changed, in a few taps", async () => {
    const { page } = phone;
    await go(page, zhTexts, "households");
    await (await search(page, zhTexts, nameOf(revisited))).first().click();
    await seen(heading(page, nameOf(revisited)));
    await look(page, "household");
    const taps = new Taps();
    const visit = visitPages();
    await taps.on(button(page, t("households.page.start")));
    await taps.on(button(dialog(page), t("households.page.go")));
    await taps.on(page.getByRole("radio", { name: code("visit_outcome", "done"), exact: true }));
    await taps.on(page.getByRole("radio", { name: code("respondent", "self"), exact: true }));
    await taps.on(button(page, t("visits.next")));
    await visit.at(section("V02", "changes"));
    await taps.on(page.getByRole("checkbox", { name: code("changes_declared", "none"), exact: true }));
    await taps.on(button(page, t("visits.shortWay")).or(button(page, t("visits.next"))));
    await visit.at(section("V02", "finding"));
    await taps.on(page.getByRole("radio", { name: code("conclusion", "keep"), exact: true }));
    await taps.on(button(page, t("visits.toCheck")));
    for (const reason of await button(visit.main, code("warning_reason", "confirmed")).all()) await taps.on(reason);
    await taps.on(button(page, t("visits.check.finish")));
    await sentAs(page, zhTexts, "saved_local");
    await look(page, "saved");
    process.stdout.write(`an unchanged revisit took ${taps.count} taps\n`);
    expect(taps.count).toBeLessThanOrEqual(MOST_TAPS);
  });

  step("registers a family found on the spot, up to its second member", async () => {
    const { page } = phone;
    await link(page, t("visits.toToday")).click();
    await go(page, zhTexts, "collect");
    const town = page.getByLabel(t("households.collect.town"), { exact: true });
    await town.selectOption({ index: 1 });
    await button(page, t("households.collect.start")).click();
    const visit = visitPages();
    await visit.at(section("V01", "arrive"));
    await visit.answer();
    await visit.next();
    await visit.at(section("V01", "consent"));
    await visit.answer();
    await visit.next();
    await visit.at(section("V01", "people"));
    await visit.addRow("persons", family.worker);
    await button(page, t("visits.rows.add", { what: rows("persons") })).click();
    await dialog(page).getByLabel(field("persons/*/name"), { exact: true }).fill(family.SON);
    await dialog(page).getByLabel(field("persons/*/birth_date"), { exact: true }).fill("2012-09-01");
    await visit.saved();
  });

  step("goes on at the same field after the tab was closed", async () => {
    await phone.page.close();
    phone.page = await phone.newTab();
    await continueDraft();
    const { page } = phone;
    const sheet = dialog(page);
    await seen(sheet);
    const name = sheet.getByLabel(field("persons/*/name"), { exact: true });
    const born = sheet.getByLabel(field("persons/*/birth_date"), { exact: true });
    expect(await name.inputValue()).toBe(family.SON);
    expect(await born.inputValue()).toBe("2012-09-01");
    await expect.poll(() => born.evaluate((element) => element === document.activeElement)).toBe(true);
    await visitPages().fillRow(family.son);
    await visitPages().answer();
    await look(page, "people");
  });

  step("loses nothing when the phone dies", async () => {
    const visit = visitPages();
    await visit.next();
    await visit.at(section("V01", "work"));
    await visit.openCard("persons", family.WORKER);
    await visit.fillRow(family.workerAtWork);
    await visit.openCard("persons", family.SON);
    await visit.fillRow(family.sonAtSchool);
    await visit.next();
    await visit.at(section("V01", "income"));
    await visit.answer();
    await visit.addRow("income_items", family.wage);
    await visit.saved();
    phone = await phone.killAndReopen();
    await loseSignal();
    await continueDraft();
    await visitPages().at(section("V01", "income"));
    await seen(phone.page.getByRole("button", { name: new RegExp(`^${code("income_category", "wage")}`) }));
    const monthly = phone.page.getByLabel(field("persons/*/monthly_income"), { exact: true });
    expect(await monthly.first().inputValue()).toBe("2600");
    await look(phone.page, "income");
  });

  step("finishes the survey without a signal", async () => {
    const { page } = phone;
    const visit = visitPages();
    await visit.addRow("income_items", family.support);
    await visit.next();
    await visit.at(section("V01", "spending"));
    await visit.addRow("expense_items", family.medicine);
    await visit.next();
    await visit.at(section("V01", "home"));
    await visit.answer();
    await visit.next();
    await visit.at(section("V01", "insurance"));
    await visit.answer();
    await visit.none("visit/no_relief");
    await visit.next();
    await visit.at(section("V01", "causes"));
    await visit.answer();
    await visit.next();
    await visit.at(section("V01", "assets"));
    await visit.none("visit/no_vehicle");
    await visit.answer();
    await visit.next();
    await visit.at(section("V01", "finding"));
    await visit.answer();
    await visit.next();
    await visit.at(t("visits.check.title"));
    await visit.explainWarnings();
    await look(page, "check");
    await visit.finish();
    await sentAs(page, zhTexts, "saved_local");
  });

  step("names both operations while they wait", async () => {
    const { page } = phone;
    await pillSays(page, zhTexts, "offlineUnsent", { n: 2 });
    await page.goto("/sync");
    await seen(page.getByText(t("sync.headline.unsent", { n: 2 })));
    for (const name of [nameOf(revisited), family.WORKER]) {
      const row = page.getByRole("listitem").filter({ hasText: name });
      await seen(row.filter({ hasText: t("households.standing.saved_local") }));
    }
    await look(page, "waiting");
  });

  step("sends both by itself at the next signal", async () => {
    const { page } = phone;
    await findSignal();
    await seen(page.getByText(t("sync.headline.all")));
    for (const name of [nameOf(revisited), family.WORKER]) {
      const row = page.getByRole("listitem").filter({ hasText: name });
      await seen(row.filter({ hasText: t("households.standing.delivered") }));
    }
    await pillSays(page, zhTexts, "all");
    await look(page, "delivered");
    expectNoPageErrors(page);
  });

  step("the supervisor approves the revisit", async () => {
    const { page } = desk;
    await signIn(page, zhTexts, "supervisor");
    await openRecord(desk.page, zhTexts, nameOf(revisited));
    await look(page, "record-revisit");
    await approve();
  });

  step("and returns the survey with a reason at its field", async () => {
    const { page } = desk;
    await openRecord(desk.page, zhTexts, family.WORKER);
    await look(page, "record-survey");
    await button(page, t("reviews.mark.toggle", { name: field("floor_area") })).click();
    const why = page.getByRole("group", { name: t("reviews.mark.why", { name: field("floor_area") }) });
    await why.getByLabel(t("reviews.mark.code"), { exact: true }).selectOption("other");
    await why.getByLabel(t("reviews.mark.textNeeded"), { exact: true }).fill(REASON);
    await button(page.getByRole("group", { name: t("reviews.bar.label") }), t("reviews.bar.return")).click();
    await dialog(page).getByLabel(t("reviews.return.words"), { exact: true }).fill(WORDS);
    await look(page, "return");
    await button(dialog(page), t("reviews.return.confirm", { n: 1 })).click();
    await decided(page, zhTexts, "returned");
  });

  step("the phone gets the reason, in the list of the day and at the field", async () => {
    const { page } = phone;
    await link(page, t("ui.back")).click();
    await seen(heading(page, t("today.title")));
    await loseSignal();
    await pillSays(page, zhTexts, "offline");
    await findSignal();
    await seen(heading(page, t("today.needsMe")));
    const card = page.locator("section section", { hasText: WORDS });
    await seen(card.getByText(family.WORKER));
    await card.scrollIntoViewIfNeeded();
    await look(page, "returned");
    await button(card, t("today.mend")).click();
    await seen(page.getByRole("heading", { name: like("visits.returned.title") }).or(page.getByText(like("visits.returned.title"))));
    await look(page, "mending");
    await page.getByRole("button", { name: new RegExp(`^${field("floor_area")}`) }).click();
    await seen(page.getByText(REASON).last());
    const area = page.getByLabel(field("floor_area"), { exact: true });
    await look(page, "reason");
    await area.fill("42");
    await area.blur();
  });

  step("sends the mended survey again", async () => {
    const { page } = phone;
    const visit = visitPages();
    await page.getByRole("button", { name: new RegExp(t("visits.overview.open")) }).click();
    await dialog(page).getByRole("button", { name: new RegExp(t("visits.check.title")) }).click();
    await visit.at(t("visits.check.title"));
    await visit.explainWarnings();
    await visit.finish();
    await sentAs(page, zhTexts, "in_review");
    await look(page, "sent-again");
  });

  step("the supervisor approves what came back", async () => {
    await button(desk.page, t("reviews.queue.look")).click();
    await openRecord(desk.page, zhTexts, family.WORKER);
    await seen(desk.page.getByText(t("reviews.head.revision", { n: 2 }), { exact: false }));
    await look(desk.page, "record-mended");
    await approve();
  });

  step("both sides show the file's revision", async () => {
    const { page } = phone;
    await loseSignal();
    await pillSays(page, zhTexts, "offline");
    await findSignal();
    await sentAs(page, zhTexts, "approved");
    await link(page, t("visits.toToday")).click();
    await go(page, zhTexts, "households");
    await (await search(page, zhTexts, family.WORKER)).first().click();
    await seen(page.getByText(t("households.page.revision", { rev: 1 })));
    await look(page, "approved");
    await go(desk.page, zhTexts, "households");
    await seen(heading(desk.page, t("households.title")));
    await desk.page.getByRole("searchbox", { name: t("households.searchDesk") }).fill(family.WORKER);
    await desk.page.getByRole("list", { name: t("households.results") }).getByRole("link", { name: new RegExp(`^${family.WORKER[0]}`) }).click();
    await seen(desk.page.getByText(t("households.page.revision", { rev: 1 })));
    await look(desk.page, "household");
  });
});

async function approve(): Promise<void> {
  const { page } = desk;
  await button(page.getByRole("group", { name: t("reviews.bar.label") }), t("reviews.bar.approve")).click();
  await look(page, "approve");
  await button(dialog(page), t("reviews.approve.confirm")).click();
  await decided(page, zhTexts, "approved");
}
