// The whole field work in English: one visit where nobody is at home, written without a signal.
import { afterAll, beforeAll, expect } from "vitest";
import { type Household, member, nameOf, plainHouseholds, pullAll } from "./kit/api";
import { beginDay, button, dialog, go, heading, link, pillSays, search, seen, underWorker } from "./kit/app";
import { type Phone, openBrowser } from "./kit/browser";
import { journey } from "./kit/journey";
import { look } from "./kit/look";
import { type Proxy, startProxy } from "./kit/proxy";
import { type Server, startServer } from "./kit/server";
import { enTexts } from "./kit/texts";
import { sentAs } from "./kit/visit";

const { t, code } = enTexts;
let server: Server;
let wire: Proxy;
let phone: Phone;
let household: Household;

beforeAll(async () => {
  server = await startServer();
  wire = await startProxy(server.port);
  phone = await openBrowser(wire.url, { locale: "en-US" });
  const [first] = plainHouseholds(await pullAll(await member(server.url, "caseworker")));
  if (!first) throw new Error("the demo has no household to visit again");
  household = first;
});
afterAll(async () => {
  await phone?.close();
  await wire?.close();
  await server?.stop();
});

/** Texts of the app itself: not what people wrote or are called, and not the names of languages. */
async function chineseInChrome(): Promise<string[]> {
  const words = await phone.page.evaluate(() => {
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (element && !element.closest('script, noscript, style, [lang="zh-CN"]')) found.push(node.textContent?.trim() ?? "");
    }
    for (const element of document.querySelectorAll("[aria-label], [placeholder], [title]")) {
      for (const name of ["aria-label", "placeholder", "title"]) found.push(element.getAttribute(name) ?? "");
    }
    return found.filter((text) => /\p{Script=Han}/u.test(text));
  });
  return words.filter((text) => !isData(text));
}
/** Everything Chinese that the demo's people and places bring along. */
let data: string[] = [];
const isData = (text: string): boolean => text.split(/[^\p{Script=Han}\d·（）]+/u).every((part) => part === "" || !/\p{Script=Han}/u.test(part) || data.some((one) => one.includes(part)));

journey("a visit in English", () => [phone?.page], (step) => {
  step("signs in and begins the day", async () => {
    const who = await member(server.url, "caseworker");
    data = ["入户", JSON.stringify(await pullAll(who)), (await who.get<{ name: string }>("/me")).name];
    await phone.page.goto("/sign-in");
    await seen(heading(phone.page, t("auth.welcome")));
    expect(await chineseInChrome()).toEqual([]);
    await beginDay(phone.page, enTexts);
    expect(await phone.page.evaluate(() => document.documentElement.lang)).toBe("en");
    await seen(heading(phone.page, t("today.departure.title")));
    expect(await chineseInChrome()).toEqual([]);
    await look(phone.page, "today");
  });

  step("finds a household", async () => {
    const { page } = phone;
    await underWorker(page);
    wire.cut();
    await phone.context.setOffline(true);
    await go(page, enTexts, "households");
    const hits = await search(page, enTexts, nameOf(household));
    await seen(hits);
    expect(await chineseInChrome()).toEqual([]);
    await look(page, "households");
    await hits.first().click();
    await seen(heading(page, nameOf(household)));
    await seen(heading(page, t("households.page.values")));
    expect(await chineseInChrome()).toEqual([]);
    await look(page, "household");
  });

  step("notes without a signal that nobody was at home", async () => {
    const { page } = phone;
    await button(page, t("households.page.start")).click();
    await button(dialog(page), t("households.page.go")).click();
    await page.getByRole("radio", { name: code("visit_outcome", "absent"), exact: true }).check();
    expect(await chineseInChrome()).toEqual([]);
    await look(page, "absent");
    await button(page, t("visits.next")).or(button(page, t("visits.toCheck"))).click();
    await look(page, "check");
    expect(await chineseInChrome()).toEqual([]);
    await button(page, t("visits.check.finish")).click();
    await sentAs(page, enTexts, "saved_local");
    expect(await chineseInChrome()).toEqual([]);
    await look(page, "saved");
  });

  step("which arrives at the next signal", async () => {
    const { page } = phone;
    await link(page, t("visits.toToday")).click();
    await pillSays(page, enTexts, "offlineUnsent", { n: 1 });
    wire.heal();
    await phone.context.setOffline(false);
    await pillSays(page, enTexts, "all");
    await page.goto("/sync");
    const row = page.getByRole("listitem").filter({ hasText: nameOf(household) });
    await seen(row.filter({ hasText: t("households.standing.delivered") }));
    expect(await chineseInChrome()).toEqual([]);
    await look(page, "delivered");
  });
});
