// Two phones, one household, no signal: both visits arrive, what differs becomes a card on the phone of whoever came
// later, one tap decides, the supervisor approves, and both phones show the same file.
import { afterAll, beforeAll, expect } from "vitest";
import { type Household, member, nameOf, plainHouseholds, pullAll } from "./kit/api";
import { beginDay, button, decided, dialog, go, heading, link, pillSays, search, seen, signIn, underWorker } from "./kit/app";
import { DESK, type Phone, expectNoPageErrors, openBrowser } from "./kit/browser";
import { journey } from "./kit/journey";
import { look } from "./kit/look";
import { visitsWithout } from "./kit/move";
import { type Server, startServer } from "./kit/server";
import { zhTexts } from "./kit/texts";

const { t, like, field } = zhTexts;
const EAST = "示例街道甲区11号楼1单元101室";
const WEST = "示例街道乙区22号楼2单元202室";

let server: Server;
let first: Phone;
let second: Phone;
let desk: Phone;
let household: Household;
let responsible: string;

beforeAll(async () => {
  server = await startServer();
  const pulled = await pullAll(await member(server.url, "caseworker"));
  const [found] = plainHouseholds(pulled).filter((one) => one.responsible !== null);
  if (!found) throw new Error("the demo has no household in the hands of two");
  household = found;
  responsible = `resp-${found.region_code.slice(0, 6)}`;
  first = await openBrowser(server.url);
  second = await openBrowser(server.url);
  desk = await openBrowser(server.url, { viewport: DESK });
});
afterAll(async () => {
  await first?.close();
  await second?.close();
  await desk?.close();
  await server?.stop();
});

/** Opens the household on the phone. */
async function openHousehold({ page }: Phone): Promise<void> {
  await go(page, zhTexts, "households");
  await (await search(page, zhTexts, nameOf(household))).first().click();
}

async function online({ page, context }: Phone): Promise<void> {
  await context.setOffline(false);
  await pillSays(page, zhTexts, "all");
}

journey("two at one door", () => [first?.page, second?.page, desk?.page], (step) => {
  step("both have the household on their phones", async () => {
    await beginDay(first.page, zhTexts);
    await beginDay(second.page, zhTexts, responsible);
    await underWorker(first.page);
    await underWorker(second.page);
  });

  step("both visit without a signal and hear of different addresses", async () => {
    await visitsWithout(first, zhTexts, household, EAST);
    await visitsWithout(second, zhTexts, household, WEST);
  });

  step("both records arrive; who came later is asked", async () => {
    await online(first);
    await online(second);
    await second.page.goto("/today");
    const entry = second.page.getByRole("link", { name: new RegExp(t("today.conflicts", { n: 1 })) });
    await seen(entry);
    await look(second.page, "today");
    await entry.click();
    await seen(heading(second.page, t("conflicts.title")));
    const card = second.page.getByRole("article").filter({ hasText: field("residence_address") });
    await seen(card.getByText(EAST));
    await seen(card.getByText(WEST));
    await look(second.page, "card");
    await first.page.goto("/today");
    await seen(heading(first.page, t("today.title")));
    expect(await first.page.getByRole("link", { name: like("today.conflicts") }).count()).toBe(0);
  });

  step("it is decided without a signal and arrives by itself", async () => {
    const { page } = second;
    await second.context.setOffline(true);
    await button(page, t("conflicts.of", { choice: t("conflicts.mine"), name: field("residence_address") })).click();
    await seen(page.getByText(t("conflicts.pending"), { exact: true }));
    await look(page, "pending");
    await online(second);
    await seen(page.getByText(t("conflicts.none.title")));
    await look(page, "settled");
  });

  step("the supervisor approves the earlier visit first, then the one that was settled", async () => {
    const { page } = desk;
    await signIn(page, zhTexts, "supervisor");
    await go(page, zhTexts, "reviews");
    await page.getByRole("searchbox", { name: t("reviews.filter.words") }).fill(nameOf(household));
    await seen(page.getByText(like("reviews.queue.total", { n: 2 })));
    const queue = page.getByRole("list", { name: t("reviews.queue.label") }).getByRole("link");
    await queue.nth(1).click();
    const record = page.getByRole("article").first();
    await seen(record.getByText(WEST));
    await seen(heading(page, t("conflicts.record.title", { n: 1 })));
    await look(page, "record-settled");
    const bar = page.getByRole("group", { name: t("reviews.bar.label") });
    await button(bar, t("reviews.bar.approve")).click();
    await button(dialog(page), t("reviews.approve.confirm")).click();
    const notice = page.getByRole("alert").filter({ hasText: t("reviews.refusal.other_first") });
    await seen(notice);
    await look(page, "other-first");
    await link(notice, t("reviews.refusal.toOther")).click();
    await notice.waitFor({ state: "hidden" });
    await seen(record.getByText(EAST));
    await button(bar, t("reviews.bar.approve")).click();
    await button(dialog(page), t("reviews.approve.confirm")).click();
    await decided(page, zhTexts, "approved");
    await seen(page.getByText(t("reviews.change.decided", { kept: WEST })));
    await look(page, "record-after");
    await button(bar, t("reviews.bar.approve")).click();
    await button(dialog(page), t("reviews.approve.confirm")).click();
    await decided(page, zhTexts, "approved");
  });

  step("both phones show the same file", async () => {
    for (const phone of [first, second]) {
      await phone.page.reload();
      await pillSays(phone.page, zhTexts, "all");
      await openHousehold(phone);
      await seen(phone.page.getByText(WEST));
    }
    await look(first.page, "same-file");
    await look(second.page, "same-file-second");
    for (const phone of [first, second, desk]) expectNoPageErrors(phone.page);
  });
});
