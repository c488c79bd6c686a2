// A household changes hands while its caseworker is out without a signal: the supervisor sees beforehand what may be
// under way, the new caseworker gets it whole, and the old phone drops it only once its visit has come in.
import { afterAll, beforeAll, expect } from "vitest";
import { type Household, type Member, member, nameOf, plainHouseholds, pullAll } from "./kit/api";
import { beginDay, button, decided, dialog, go, heading, link, openRecord, pillSays, search, seen, signIn, underWorker } from "./kit/app";
import { DESK, type Phone, expectNoPageErrors, openBrowser } from "./kit/browser";
import { journey } from "./kit/journey";
import { look } from "./kit/look";
import { visitsWithout } from "./kit/move";
import { type Server, startServer } from "./kit/server";
import { enTexts, zhTexts } from "./kit/texts";

const { t, like } = zhTexts;
const EAST = "示例街道甲区11号楼1单元101室";

interface Account {
  id: string;
  login: string;
  name: string;
  scope: string;
  disabled: boolean;
}

let server: Server;
let old: Phone;
let fresh: Phone;
let desk: Phone;
let household: Household;
let former: Account;
let next: Account;
let spare: Member;
let earlier: number;

/** What a phone says it holds. */
const says = (who: Member, count: number): Promise<unknown> =>
  who.post("/sync/push", {
    device: who.device,
    epoch: 1,
    protocol: 1,
    app_build: "e2e",
    manifest: { count, first_seq: count > 0 ? 1 : null, last_seq: count > 0 ? count : null, head: count > 0 ? "a" : "" },
    ops: [],
  });

beforeAll(async () => {
  server = await startServer();
  spare = await member(server.url, "caseworker");
  const pulled = await pullAll(spare);
  const visited = (one: Household): number => pulled.visits.filter((visit) => visit.household_id === one.id).length;
  const [found] = plainHouseholds(pulled).filter((one) => visited(one) > 0);
  if (!found) throw new Error("the demo has no household that was visited before");
  household = found;
  earlier = visited(found);
  const office = await member(server.url, "supervisor");
  const { items } = await office.get<{ items: Account[] }>("/users?role=caseworker&limit=200");
  const [one] = items.filter(({ login }) => login === "caseworker");
  const [other] = items.filter(({ login, scope, disabled }) => login !== "caseworker" && !disabled && household.region_code.startsWith(scope));
  if (!one || !other) throw new Error("the demo has one caseworker in this banner");
  former = one;
  next = other;
  old = await openBrowser(server.url);
  fresh = await openBrowser(server.url);
  desk = await openBrowser(server.url, { viewport: DESK });
});
afterAll(async () => {
  await old?.close();
  await fresh?.close();
  await desk?.close();
  await server?.stop();
});

journey("a household changes hands", () => [old?.page, fresh?.page, desk?.page], (step) => {
  step("both caseworkers begin their day, one goes out of reach and visits", async () => {
    await beginDay(old.page, zhTexts);
    await beginDay(fresh.page, zhTexts, next.login);
    await underWorker(old.page);
    await visitsWithout(old, zhTexts, household, EAST);
    await pillSays(old.page, zhTexts, "offlineUnsent", { n: 1 });
  });

  step("the supervisor sees what may be under way, and hands over all the same", async () => {
    const { page } = desk;
    await says(spare, 2);
    await signIn(page, zhTexts, "supervisor");
    await go(page, zhTexts, "households");
    // The page before has a search of the same name.
    await seen(heading(page, t("households.title")));
    await page.getByRole("searchbox", { name: t("households.searchDesk") }).fill(nameOf(household));
    const hits = page.getByRole("list", { name: t("households.results") }).getByRole("link");
    await seen(page.getByText(t("households.online.total", { n: 1 }), { exact: true }));
    await hits.first().click();
    await button(page, t("households.page.assign")).click();
    await seen(dialog(page).getByText(t("arrivals.flight.title")));
    await seen(dialog(page).getByText(like("arrivals.flight.held", { name: former.name, n: 2 })));
    await seen(dialog(page).getByText(like("arrivals.flight.silent", { name: former.name })));
    await look(page, "before");
    const person = t("users.assign.person", { name: next.name, role: t("auth.role.caseworker") });
    await dialog(page).getByLabel(t("users.assign.contact")).selectOption({ label: person });
    await button(dialog(page), t("ui.save")).click();
    await dialog(page).waitFor({ state: "hidden" });
    await seen(page.getByText(next.name));
  });

  step("the new phone has the household whole, with its visits; the old one, out of reach, still has it", async () => {
    const { page } = fresh;
    await page.reload();
    await pillSays(page, zhTexts, "all");
    await go(page, zhTexts, "households");
    await (await search(page, zhTexts, nameOf(household))).first().click();
    await seen(heading(page, t("households.page.timeline")));
    await seen(page.getByText(like("households.page.lastBy")));
    const visits = page.getByText(t("households.standing.approved"), { exact: true });
    expect(await visits.count()).toBe(earlier);
    await look(page, "new-phone");
    await link(old.page, t("visits.toToday")).click();
    await go(old.page, zhTexts, "households");
    await seen((await search(old.page, zhTexts, nameOf(household))).filter({ hasText: nameOf(household) }));
  });

  step("back in reach, the visit comes in, the household leaves, and the phone says whose the visit is", async () => {
    const { page } = old;
    await old.context.setOffline(false);
    await pillSays(page, zhTexts, "all");
    await (await search(page, zhTexts, nameOf(household))).first().waitFor({ state: "detached" });
    await page.goto("/sync");
    await seen(page.getByText(t("problem.household.handed_over")));
    await look(page, "delivered");
    await page.goto("/households");
    await seen(heading(page, t("households.title")));
    await search(page, zhTexts, nameOf(household));
    await seen(page.getByText(t("households.empty.noHit"), { exact: true }));
  });

  step("the visit is credited to whoever made it; it is not returned to them, and it counts", async () => {
    const { page } = desk;
    await openRecord(page, zhTexts, nameOf(household));
    const record = page.getByRole("article").first();
    await seen(record.getByText(former.name).first());
    await seen(record.getByText(EAST));
    const bar = page.getByRole("group", { name: t("reviews.bar.label") });
    await seen(bar.getByText(t("reviews.bar.why.visitor_gone")));
    expect(await button(bar, t("reviews.bar.return")).isDisabled()).toBe(true);
    await look(page, "record");
    const visitId = page.url().split("/").pop() ?? "";
    await button(bar, t("reviews.bar.approve")).click();
    await button(dialog(page), t("reviews.approve.confirm")).click();
    await decided(page, zhTexts, "approved");
    await fresh.page.reload();
    await pillSays(fresh.page, zhTexts, "all");
    await seen(fresh.page.getByText(EAST).first());
    await seen(fresh.page.getByText(new RegExp(former.name)).first());
    await old.page.goto(`/visits/${visitId}`);
    await seen(old.page.getByText(t("visits.sent.handedOver")));
    await seen(heading(old.page, t("visits.sent.headline.approved")));
    await look(old.page, "mine-all-the-same");
  });

  step("the office sees what has not arrived, and what may be lost until somebody asked", async () => {
    const { page } = desk;
    await go(page, zhTexts, "reviews");
    await page.reload();
    await link(page, t("arrivals.open")).click();
    await seen(heading(page, t("arrivals.title")));
    const phones = page.getByRole("list", { name: t("arrivals.title") }).getByRole("listitem");
    await seen(phones.filter({ hasText: former.name }).getByText(like("arrivals.held", { n: 2 })).or(phones.getByText(t("arrivals.held", { n: 2 }))));
    await look(page, "outstanding");
    await says(spare, 0);
    await page.reload();
    const phone = phones.filter({ hasText: former.name });
    await seen(phone.getByText(t("arrivals.loss.tag")));
    await look(page, "possible-loss");
    await button(phone, t("arrivals.loss.clearOf", { name: former.name })).click();
    await button(dialog(page), t("arrivals.loss.clear")).click();
    await seen(page.getByText(t("arrivals.none")));
    await look(page, "nothing-outstanding");
    for (const one of [old, fresh, desk]) expectNoPageErrors(one.page);
  });

  step("in English, too", async () => {
    await says(spare, 3);
    const english = await openBrowser(server.url, { viewport: DESK, locale: "en-US" });
    try {
      await signIn(english.page, enTexts, "supervisor");
      await seen(link(english.page, enTexts.t("arrivals.open")));
      await english.page.goto("/outstanding");
      await seen(english.page.getByText(enTexts.t("arrivals.total", { n: 1 }), { exact: true }));
      await look(english.page, "outstanding-en");
      expectNoPageErrors(english.page);
    } finally {
      await english.close();
    }
  });
});
