// A bad disk: whichever copy of the outbox it takes, the other brings it back, and the visit arrives once.
import { afterAll, beforeAll, expect } from "vitest";
import { type Household, member, nameOf, plainHouseholds, pullAll } from "./kit/api";
import { beginDay, button, dialog, go, heading, link, pillSays, search, seen, signIn, underWorker } from "./kit/app";
import { type Phone, expectNoPageErrors, openBrowser } from "./kit/browser";
import { bendJournal, journalText, loseOutbox, outboxIds } from "./kit/copies";
import * as family from "./kit/family";
import { journey } from "./kit/journey";
import { look } from "./kit/look";
import { type Proxy, startProxy } from "./kit/proxy";
import { type Server, startServer } from "./kit/server";
import { zhTexts } from "./kit/texts";
import { VisitPages, sentAs } from "./kit/visit";

const { t, code, section } = zhTexts;

let server: Server;
let wire: Proxy;
let phone: Phone;
let household: Household;
let visitsBefore: number;
let saved: string[];

beforeAll(async () => {
  server = await startServer();
  wire = await startProxy(server.port);
  phone = await openBrowser(wire.url);
  const pulled = await pullAll(await member(server.url, "caseworker"));
  const [first] = plainHouseholds(pulled);
  if (!first) throw new Error("the demo has no household to visit again");
  household = first;
  visitsBefore = pulled.visits.filter(({ household_id }) => household_id === first.id).length;
});
afterAll(async () => {
  await phone?.close();
  await wire?.close();
  await server?.stop();
});

/** The part of the storage card under this title. */
const partOf = (title: string) => phone.page.locator("section", { hasText: title }).last();

/** Brings the storage card up. */
async function showStorage(): Promise<void> {
  await heading(phone.page, t("sync.storage.title")).evaluate((title) => title.scrollIntoView({ block: "start" }));
}

async function openSyncPage(): Promise<void> {
  await phone.page.goto("/sync");
  await seen(heading(phone.page, t("sync.storage.title")));
}

journey("a bad disk", () => [phone?.page], (step) => {
  step("says before setting off what the browser promises, and what to do when it does not", async () => {
    await beginDay(phone.page, zhTexts);
    await underWorker(phone.page);
    const { page } = phone;
    const isPromised = await page.evaluate(() => navigator.storage.persisted());
    const departure = page.locator("section", { has: heading(page, t("today.departure.title")) });
    const words = isPromised ? t("today.departure.protected") : t("me.storage.refused");
    await seen(departure.getByText(words, { exact: true }));
    await departure.getByText(words, { exact: true }).scrollIntoViewIfNeeded();
    await look(page, "departure");
  });

  step("finishes a visit without a signal", async () => {
    const { page } = phone;
    wire.cut();
    await phone.context.setOffline(true);
    await go(page, zhTexts, "households");
    await (await search(page, zhTexts, nameOf(household))).first().click();
    await button(page, t("households.page.start")).click();
    await button(dialog(page), t("households.page.go")).click();
    const visit = new VisitPages(page, zhTexts, family.household);
    await page.getByRole("radio", { name: code("visit_outcome", "done"), exact: true }).click();
    await page.getByRole("radio", { name: code("respondent", "self"), exact: true }).click();
    await visit.next();
    await visit.at(section("V02", "changes"));
    await page.getByRole("checkbox", { name: code("changes_declared", "none"), exact: true }).click();
    await button(page, t("visits.shortWay")).or(button(page, t("visits.next"))).click();
    await visit.at(section("V02", "finding"));
    await page.getByRole("radio", { name: code("conclusion", "keep"), exact: true }).click();
    await button(page, t("visits.toCheck")).click();
    for (const reason of await button(visit.main, code("warning_reason", "confirmed")).all()) await reason.click();
    await button(page, t("visits.check.finish")).click();
    await sentAs(page, zhTexts, "saved_local");
    saved = await outboxIds(page);
    expect(saved).toHaveLength(1);
    expect(await journalText(page)).toContain(saved[0]);
  });

  step("says that both copies are in order, and where the day stands", async () => {
    await openSyncPage();
    await seen(partOf(t("sync.copy.title")).getByText(t("sync.copy.kept"), { exact: true }));
    await seen(phone.page.getByText(`${t("sync.day.visited", { n: 1 })}${t("sync.day.comma")}${t("sync.day.waiting", { n: 1 })}`));
    await look(phone.page, "waiting");
    await showStorage();
    await look(phone.page, "copies");
  });

  step("brings the visit back when IndexedDB has lost it", async () => {
    const { page } = phone;
    await loseOutbox(page);
    await page.reload();
    await seen(partOf(t("sync.copy.title")).getByText(t("sync.copy.restored", { n: 1 })));
    const row = page.getByRole("listitem").filter({ hasText: nameOf(household) });
    await seen(row.filter({ hasText: t("households.standing.saved_local") }));
    await pillSays(page, zhTexts, "offlineUnsent", { n: 1 });
    expect(await outboxIds(page)).toEqual(saved);
    await showStorage();
    await look(page, "brought-back");
  });

  step("writes the journal anew when it is the one that is damaged, also after a dead battery", async () => {
    await bendJournal(phone.page);
    expect(await journalText(phone.page)).not.toContain(saved[0]);
    phone = await phone.killAndReopen();
    // Chromium writes cookies down twice a minute: whether the session survived is a matter of luck, so it does not.
    await phone.context.clearCookies();
    await phone.context.setOffline(true);
    await openSyncPage();
    await seen(partOf(t("sync.copy.title")).getByText(t("sync.copy.kept"), { exact: true }));
    await expect.poll(() => journalText(phone.page)).toContain(saved[0]);
    expect(await outboxIds(phone.page)).toEqual(saved);
  });

  step("and brings the visit back from the new one", async () => {
    const { page } = phone;
    await loseOutbox(page);
    await page.reload();
    await seen(partOf(t("sync.copy.title")).getByText(t("sync.copy.restored", { n: 2 })));
    expect(await outboxIds(page)).toEqual(saved);
  });

  step("sends it once after the next sign-in, and says that the day is in", async () => {
    const { page } = phone;
    const pushed: Promise<{ receipts: { op_id: string }[] }>[] = [];
    page.on("response", (answer) => {
      if (answer.url().endsWith("/sync/push") && answer.ok()) pushed.push(answer.json());
    });
    wire.heal();
    await phone.context.setOffline(false);
    await pillSays(page, zhTexts, "signIn");
    await signIn(page, zhTexts, "caseworker");
    await pillSays(page, zhTexts, "all");
    await openSyncPage();
    await seen(page.getByText(t("sync.headline.all")));
    const allIn = `${t("sync.day.visited", { n: 1 })}${t("sync.day.comma")}${t("sync.day.all")}`;
    await seen(page.getByText(allIn));
    await pillSays(page, zhTexts, "all");
    await look(page, "delivered");
    await expect.poll(() => journalText(page)).toBe("");
    // The visit, then word that nothing is held any more.
    const receipts = (await Promise.all(pushed)).map((answer) => answer.receipts.map(({ op_id }) => op_id));
    expect(receipts).toEqual([saved, []]);
    const { visits } = await pullAll(await member(server.url, "caseworker"));
    expect(visits.filter(({ household_id }) => household_id === household.id)).toHaveLength(visitsBefore + 1);
    await link(page, t("ui.back")).click();
    await seen(heading(page, t("today.title")));
    await seen(page.getByText(allIn));
    await look(page, "today");
    expectNoPageErrors(page);
  });
});
