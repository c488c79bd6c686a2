// Every page, as it looks: on a phone and at a desk, in both languages, light and dark, and with large text.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Household, member, nameOf, plainHouseholds, pullAll } from "./kit/api";
import { beginDay, button, dialog, go, heading, link, search, seen, signIn } from "./kit/app";
import { DESK, type Options, PHONE, type Phone, openBrowser } from "./kit/browser";
import * as family from "./kit/family";
import { look } from "./kit/look";
import { until } from "./kit/process";
import { type Server, startEmptyServer, startServer } from "./kit/server";
import { type Texts, enTexts, zhTexts } from "./kit/texts";
import { VisitPages, sentAs } from "./kit/visit";

let server: Server;
let households: Household[];
const open: Phone[] = [];

beforeAll(async () => {
  server = await startServer();
  households = plainHouseholds(await pullAll(await member(server.url, "caseworker")));
});
afterAll(async () => {
  for (const phone of open) await phone.close();
  await server?.stop();
});

async function browser(texts: Texts, options: Options = {}): Promise<Phone> {
  const phone = await openBrowser(server.url, { locale: texts.locale === "en" ? "en-US" : "zh-CN", ...options });
  open.push(phone);
  return phone;
}
/** A household that no other walk has visited. */
function nextHousehold(): Household {
  const one = households.shift();
  if (!one) throw new Error("the demo has too few households");
  return one;
}

/** A caseworker's pages. */
async function walkTheField(texts: Texts, name: string, options: Options): Promise<void> {
  const { t, code, section } = texts;
  const { page } = await browser(texts, options);
  const view = (what: string): Promise<void> => look(page, `${name}-${what}`);
  await page.goto("/sign-in");
  await seen(heading(page, t("auth.demo.title")));
  await view("sign-in");
  await beginDay(page, texts);
  await page.goto("/first-sync");
  await seen(heading(page, t("auth.first.done")));
  await view("first-sync");
  await page.goto("/today");
  await seen(heading(page, t("today.departure.title")));
  await view("today");
  await go(page, texts, "households");
  await seen(page.getByRole("list", { name: t("households.results") }));
  await view("households");
  const household = nextHousehold();
  await (await search(page, texts, nameOf(household))).first().click();
  await seen(heading(page, t("households.page.values")));
  await view("household");
  await button(page, t("households.page.start")).click();
  await seen(dialog(page));
  await view("start-visit");
  await button(dialog(page), t("households.page.go")).click();
  const visit = new VisitPages(page, texts, {});
  await visit.at(section("V02", "arrive"));
  await page.getByRole("radio", { name: code("visit_outcome", "absent"), exact: true }).check();
  await view("arrive");
  await visit.next();
  await visit.at(t("visits.check.title"));
  await view("check");
  await visit.finish();
  await sentAs(page, texts, "in_review");
  await view("done");
  await openPage(page, "/sync", t("sync.title"));
  await view("sync");
  await openPage(page, "/me", t("me.title"));
  await view("me");
  await openPage(page, "/me/devices", t("me.devices.title"));
  await seen(page.getByText(t("me.devices.this"), { exact: true }));
  await view("devices");
  await openPage(page, "/me/password", t("me.password.title"));
  await view("password");
  await openPage(page, "/cards", t("shell.cards.title"));
  await view("cards");
  await openPage(page, "/collect", t("households.collect.title"));
  await seen(button(page, t("households.collect.start")));
  await view("collect");
  await openPage(page, "/no-such-page", t("shell.notFound.title"));
  await view("not-found");
}
async function openPage(page: Phone["page"], path: string, title: string): Promise<void> {
  await page.goto(path);
  await seen(page.getByRole("heading", { name: title, exact: true, level: 1 }));
}

/** Every section of a first survey, with its cards. */
async function walkTheSurvey(texts: Texts, name: string, options: Options): Promise<void> {
  const { t, section, rows } = texts;
  const { page } = await browser(texts, options);
  const view = (what: string): Promise<void> => look(page, `${name}-${what}`);
  await beginDay(page, texts);
  await go(page, texts, "collect");
  await page.getByLabel(t("households.collect.town"), { exact: true }).selectOption({ index: 1 });
  await button(page, t("households.collect.start")).click();
  const visit = new VisitPages(page, texts, family.household);
  for (const key of ["arrive", "consent"]) {
    await visit.at(section("V01", key));
    await visit.answer();
    await view(key);
    await visit.next();
  }
  await visit.at(section("V01", "people"));
  await view("people-none");
  await button(page, t("visits.rows.add", { what: rows("persons") })).click();
  await view("person-empty");
  await visit.fillRow(family.worker);
  await view("people");
  await visit.next();
  await visit.at(section("V01", "work"));
  await view("work");
  await visit.openCard("persons", family.WORKER);
  await view("person-at-work");
  await visit.fillRow(family.workerAtWork);
  await visit.next();
  await visit.at(section("V01", "income"));
  await visit.addRow("income_items", family.wage);
  await view("income");
  for (const key of ["spending", "home", "insurance", "causes", "assets", "finding"]) {
    await visit.next();
    await visit.at(section("V01", key));
    await view(key);
  }
  await page.getByRole("button", { name: new RegExp(t("visits.overview.open")) }).click();
  await seen(dialog(page));
  await view("overview");
  await button(dialog(page), t("ui.close")).click();
  await visit.next();
  await visit.at(t("visits.check.title"));
  await view("check-with-errors");
}

/** A supervisor's pages. */
async function walkTheDesk(texts: Texts, name: string, options: Options): Promise<void> {
  const { t, like } = texts;
  const { page } = await browser(texts, options);
  const view = (what: string): Promise<void> => look(page, `${name}-${what}`);
  await signIn(page, texts, "supervisor");
  const queue = page.getByRole("list", { name: t("reviews.queue.label") });
  await seen(queue);
  await view("queue");
  await queue.getByRole("link").first().click();
  const bar = page.getByRole("group", { name: t("reviews.bar.label") });
  await seen(bar);
  await view("record");
  await page.getByRole("button", { name: like("reviews.mark.toggle") }).first().click();
  await button(bar, t("reviews.bar.return")).click();
  await seen(dialog(page));
  await view("return");
  await button(dialog(page), t("ui.close")).click();
  await button(bar, t("reviews.bar.approveRest")).click();
  await seen(dialog(page));
  await view("approve");
  await button(dialog(page), t("ui.close")).click();
  await button(bar, t("reviews.bar.reject")).click();
  await seen(dialog(page));
  await view("reject");
  await button(dialog(page), t("ui.close")).click();
  await openPage(page, "/users", t("users.title"));
  await seen(page.getByRole("list", { name: t("users.title") }));
  await view("users");
  await openPage(page, "/outstanding", t("arrivals.title"));
  await seen(page.getByText(t("arrivals.none")));
  await view("outstanding");
  await openPage(page, "/households", t("households.title"));
  const list = page.getByRole("list", { name: t("households.results") });
  await seen(list);
  await view("households");
  await list.getByRole("link").first().click();
  await seen(heading(page, t("households.page.timeline")));
  await view("household");
  const assign = button(page, t("households.page.assign"));
  if ((await assign.count()) > 0) {
    await assign.click();
    await seen(dialog(page));
    await view("assign");
  }
}

const LARGE = { textSize: 200 };

describe("the field", () => {
  it("on a phone, in Chinese", () => walkTheField(zhTexts, "zh", { viewport: PHONE }));
  it("on a phone, in Chinese, with text at 200 %", () => walkTheField(zhTexts, "zh-200", { viewport: PHONE, ...LARGE }));
  it("on a phone, in English, dark", () => walkTheField(enTexts, "en-dark", { viewport: PHONE, dark: true }));
  it("on a wide screen, in Chinese", () => walkTheField(zhTexts, "zh-wide", { viewport: DESK }));
});

describe("a first survey", () => {
  it("on a phone, in Chinese", () => walkTheSurvey(zhTexts, "survey-zh", { viewport: PHONE }));
  it("on a phone, in English, with text at 200 %", () => walkTheSurvey(enTexts, "survey-en-200", { viewport: PHONE, ...LARGE }));
  it("on a wide screen, dark", () => walkTheSurvey(zhTexts, "survey-zh-dark", { viewport: DESK, dark: true }));
});

describe("the desk", () => {
  it("on a wide screen, in Chinese", () => walkTheDesk(zhTexts, "desk", { viewport: DESK }));
  it("on a wide screen, in Chinese, with text at 200 %", () => walkTheDesk(zhTexts, "desk-200", { viewport: DESK, ...LARGE }));
  it("on a phone, in English", () => walkTheDesk(enTexts, "desk-en", { viewport: PHONE }));
  it("on a wide screen, dark, in English", () => walkTheDesk(enTexts, "desk-dark", { viewport: DESK, dark: true }));
  it("an administrator makes an account and reads its password once", async () => {
    const { t } = zhTexts;
    const { page } = await browser(zhTexts, { viewport: DESK });
    await signIn(page, zhTexts, "admin");
    await go(page, zhTexts, "users");
    await button(page, t("users.create")).click();
    await dialog(page).getByLabel(t("users.field.login"), { exact: true }).fill("shili-yi");
    await dialog(page).getByLabel(t("users.field.name"), { exact: true }).fill("示例新人");
    await dialog(page).getByLabel(t("users.field.role"), { exact: true }).selectOption("caseworker");
    await dialog(page).getByLabel(t("users.field.banner"), { exact: true }).selectOption("150602");
    await look(page, "user-new");
    await button(dialog(page), t("users.create")).click();
    await seen(heading(page, t("users.password.title", { name: "示例新人" })));
    await look(page, "user-password");
  });
});

describe("a new server", () => {
  it("is set up with the printed token by its first administrator", async () => {
    const { t } = zhTexts;
    const empty = await startEmptyServer();
    const phone = await openBrowser(empty.url);
    try {
      const { page } = phone;
      const token = await until("the token", async () => /^ {4}(\S+)$/m.exec(empty.log())?.[1]);
      await page.goto("/");
      await link(page, t("auth.setup")).click();
      await look(page, "setup");
      await page.getByLabel(t("setup.token"), { exact: true }).fill(token);
      await page.getByLabel(t("setup.login"), { exact: true }).fill("first-admin");
      await page.getByLabel(t("setup.name"), { exact: true }).fill("示例管理员");
      await page.getByLabel(t("setup.password"), { exact: true }).fill("a-long-enough-pass");
      await button(page, t("setup.submit")).click();
      await seen(page.getByText(t("setup.done.title")));
      await look(page, "setup-done");
      await link(page, t("setup.done.go")).click();
      await signIn(page, zhTexts, "first-admin", "a-long-enough-pass");
      await seen(heading(page, t("reviews.title")));
      await look(page, "first-admin");
      expect(empty.log()).not.toContain("a-long-enough-pass");
    } finally {
      await phone.close();
      await empty.stop();
    }
  });
});
