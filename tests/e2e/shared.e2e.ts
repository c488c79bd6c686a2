// One phone, two people, two windows: nobody's work is lost, sent twice, or counted for the other.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { type Household, type Pulled, member, nameOf, plainHouseholds, pullAll } from "./kit/api";
import { beginDay, button, dialog, heading, pillSays, search, seen, signIn, underWorker } from "./kit/app";
import { type Phone, expectNoPageErrors, openBrowser } from "./kit/browser";
import { journey } from "./kit/journey";
import { look } from "./kit/look";
import { visitsWithout } from "./kit/move";
import { type Server, startServer } from "./kit/server";
import { zhTexts } from "./kit/texts";

const { t, code } = zhTexts;
const ANA = "caseworker";
const EAST = "示例街道甲区11号楼1单元101室";
const WEST = "示例街道乙区22号楼2单元202室";

let server: Server;
let phone: Phone;
let household: Household;
let another: Household;
let ben: string;

beforeAll(async () => {
  server = await startServer();
  const pulled = await pullAll(await member(server.url, ANA));
  // Both people hold these: one as the caseworker, one as the responsible person.
  const [first, ...rest] = plainHouseholds(pulled).filter((one) => one.responsible !== null);
  const second = rest.find((one) => one.region_code.slice(0, 6) === first?.region_code.slice(0, 6));
  if (!first || !second) throw new Error("the demo has no two households in the hands of two");
  [household, another] = [first, second];
  ben = `resp-${first.region_code.slice(0, 6)}`;
  phone = await openBrowser(server.url);
});
afterAll(async () => {
  await phone?.close();
  await server?.stop();
});

/** Visits to a household, as the server tells somebody on another device. */
async function visitsTo(of: Household, login: string): Promise<Pulled["visits"]> {
  const { visits } = await pullAll(await member(server.url, login));
  return visits.filter(({ household_id }) => household_id === of.id);
}

/** Leaves the account; what was not sent stays on the phone. */
async function signOut(page: Page, unsent: number): Promise<void> {
  await page.goto("/me");
  await button(page, t("me.signOut.button")).click();
  const sheet = dialog(page);
  if (unsent > 0) await seen(sheet.getByText(t("me.signOut.unsent", { n: unsent })));
  await button(sheet, t(unsent > 0 ? "me.signOut.confirm" : "me.signOut.confirmClean")).click();
  await seen(button(page, t("auth.submit")));
}

/** Ids of the operations that a window sends with each push. */
function pushesOf(page: Page): string[][] {
  const sent: string[][] = [];
  page.on("request", (request) => {
    if (!request.url().endsWith("/sync/push")) return;
    // The body may be compressed; what came back names the operations, too.
    void request.response().then(async (answer) => {
      if (!answer?.ok()) return;
      const { receipts } = (await answer.json()) as { receipts: { op_id: string }[] };
      if (receipts.length > 0) sent.push(receipts.map(({ op_id }) => op_id));
    });
  });
  return sent;
}

journey("one phone, two people", () => [phone?.page], (step) => {
  let before: { mine: number; theirs: number };

  step("the first visits without a signal and signs out", async () => {
    before = { mine: (await visitsTo(household, ANA)).length, theirs: (await visitsTo(another, ben)).length };
    await beginDay(phone.page, zhTexts, ANA);
    await underWorker(phone.page);
    await visitsWithout(phone, zhTexts, household, EAST);
    await pillSays(phone.page, zhTexts, "offlineUnsent", { n: 1 });
    await signOut(phone.page, 1);
    await look(phone.page, "signed-out");
  });

  step("the second signs in on it, sees nothing of the first one's work, and works", async () => {
    const { page, context } = phone;
    await context.setOffline(false);
    await beginDay(page, zhTexts, ben);
    await pillSays(page, zhTexts, "all");
    await page.goto("/sync");
    await seen(page.getByText(t("sync.headline.all")));
    expect(await page.getByText(nameOf(household)).count()).toBe(0);
    await look(page, "second-person");
    await page.goto("/today");
    await seen(heading(page, t("today.title")));
    await visitsWithout(phone, zhTexts, another, WEST);
    await context.setOffline(false);
    await pillSays(page, zhTexts, "all");
    expect(await visitsTo(household, ANA), "the first one's visit waits for its author").toHaveLength(before.mine);
    expect(await visitsTo(another, ben)).toHaveLength(before.theirs + 1);
    await signOut(page, 0);
  });

  step("the first comes back: the visit arrives once, under the right name", async () => {
    const { page } = phone;
    const pushes = pushesOf(page);
    await signIn(page, zhTexts, ANA);
    await seen(heading(page, t("today.title")));
    await pillSays(page, zhTexts, "all");
    const visits = await visitsTo(household, ANA);
    expect(visits).toHaveLength(before.mine + 1);
    expect(pushes.flat()).toHaveLength(1);
    const names = async (of: Household, login: string) => (await visitsTo(of, login)).map(({ visitor }) => visitor.name);
    const account = async (login: string) => (await (await member(server.url, login)).get<{ name: string }>("/me")).name;
    expect(await names(household, ANA)).toContain(await account(ANA));
    expect(await names(another, ben)).toContain(await account(ben));
    await look(page, "first-again");
    expectNoPageErrors(page);
  });
});

journey("one phone, two windows", () => [phone?.page], (step) => {
  let tab: Page;

  step("a visit that one window saves is in the other's count, and is sent once", async () => {
    const { page, context } = phone;
    await page.goto("/today");
    tab = await phone.newTab();
    await tab.goto("/today");
    await seen(heading(tab, t("today.title")));
    const before = (await visitsTo(another, ANA)).length;
    const pushes = [pushesOf(page), pushesOf(tab)];
    await visitsWithout(phone, zhTexts, another, EAST);
    await pillSays(page, zhTexts, "offlineUnsent", { n: 1 });
    await pillSays(tab, zhTexts, "offlineUnsent", { n: 1 });
    await context.setOffline(false);
    await pillSays(page, zhTexts, "all");
    await pillSays(tab, zhTexts, "all");
    expect(await visitsTo(another, ANA)).toHaveLength(before + 1);
    expect(pushes.flat(2), "one window syncs for both").toHaveLength(1);
  });

  step("a draft that both have open is saved by the one that went on; the other says so", async () => {
    const { page } = phone;
    await page.goto("/households");
    await (await search(page, zhTexts, nameOf(household))).first().click();
    await button(page, t("households.page.start")).click();
    await button(dialog(page), t("households.page.go")).click();
    const choice = (at: Page, name: string) => at.getByRole("radio", { name: code("visit_outcome", name), exact: true });
    await choice(page, "done").click();
    await seen(page.getByText(t("visits.save.saved"), { exact: true }));
    await tab.goto(page.url());
    await seen(choice(tab, "done"));
    await choice(tab, "absent").click();
    await seen(tab.getByText(t("visits.save.saved"), { exact: true }));
    await choice(page, "refused").click();
    await seen(page.getByText(t("visits.lost.title")));
    await look(page, "other-window");
    await button(page, t("visits.lost.reload")).click();
    await seen(choice(page, "absent"));
    expect(await choice(page, "absent").isChecked()).toBe(true);
    expectNoPageErrors(page);
    expectNoPageErrors(tab);
  });
});
