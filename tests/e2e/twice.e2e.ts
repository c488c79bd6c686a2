// One person, two doors: the ID number that a caseworker brings is in another household's file already. They say
// without a signal whether it is the same household; the supervisor rejects the second filing, and it is closed.
import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect } from "vitest";
import { type Household, type Member, type Proposal, member, plainHouseholds, pullAll, submitFilled } from "./kit/api";
import { beginDay, button, decided, dialog, go, heading, pillSays, search, seen, signIn, underWorker } from "./kit/app";
import { DESK, type Phone, expectNoPageErrors, openBrowser } from "./kit/browser";
import { idNo } from "./kit/family";
import { journey } from "./kit/journey";
import { look } from "./kit/look";
import { type Server, startServer } from "./kit/server";
import { zhTexts } from "./kit/texts";

const { t, like } = zhTexts;
const BORN = "1961-05-06";
const NUMBER = idNo(BORN, 21);
const KNOWN = "示例先登记";
const FOUND = "示例后登记";

let server: Server;
let phone: Phone;
let desk: Phone;

beforeAll(async () => {
  server = await startServer();
  const caseworker = await member(server.url, "caseworker");
  const [near] = plainHouseholds(await pullAll(caseworker)).filter((one) => one.responsible !== null);
  if (!near) throw new Error("the demo has no household in the hands of two");
  const other = await member(server.url, `resp-${near.region_code.slice(0, 6)}`);
  await files(other, near, KNOWN);
  await files(caseworker, near, FOUND);
  phone = await openBrowser(server.url);
  desk = await openBrowser(server.url, { viewport: DESK });
});
afterAll(async () => {
  await phone?.close();
  await desk?.close();
  await server?.stop();
});

/** A household found on the spot, and its first survey. */
async function files(who: Member, near: Household, name: string): Promise<void> {
  const now = Date.now();
  const person = `persons/${randomUUID()}`;
  const file = near.file as Record<string, Proposal["changes"][number]["to"]>;
  const facts: Record<string, unknown> = {
    banner_code: file["banner_code"],
    town_code: file["town_code"],
    residence_address: `示例小区${name}`,
    [`${person}/name`]: name,
    [`${person}/is_worker`]: true,
    [`${person}/relation`]: "01",
    [`${person}/id_type`]: "rid",
    [`${person}/id_no`]: NUMBER,
    [`${person}/birth_date`]: BORN,
    [`${person}/sex`]: "1",
    [`${person}/phone`]: "15400004321",
    [`${person}/monthly_income`]: 0,
    [`${person}/counted_in_household`]: true,
    [`${person}/lives_here`]: true,
    [`${person}/work_status`]: "retired",
    [`${person}/person_identity`]: "retired",
    [`${person}/health`]: "good",
    cause_primary: "C07",
    narrative: "家里只有本人，靠积蓄生活，近年支出增加，需要持续关注。",
  };
  await submitFilled(who, {
    id: randomUUID(),
    rev: 1,
    household_id: randomUUID(),
    base_rev: 0,
    visit_type: "V01",
    form: { id: "V01", version: 1 },
    dictionary_version: 1,
    app_version: "e2e",
    nonce: randomBytes(16).toString("base64url"),
    started_at: new Date(now - 600_000).toISOString().replace("Z", "000Z"),
    ended_at: new Date(now).toISOString().replace("Z", "000Z"),
    monotonic_ms: 600_000,
    clock_offset_ms: 0,
    visit: {
      outcome: "done", respondent: "self", consent_notice: true, consent_sensitive: true, no_income: true, no_expense: true,
      no_vehicle: true, no_relief: true, opinion_text: "情况属实，建议按规定持续联系走访。",
    },
    changes: Object.entries(facts).map(([path, to]) => ({ path, from: null, to })) as Proposal["changes"],
    later: [],
    unchanged: [],
    warnings: [],
    evidence: [],
    signatures: [],
  } as Proposal);
}

journey("one household at two doors", () => [phone?.page, desk?.page], (step) => {
  step("the phone asks whoever came second, and says what is known of the first", async () => {
    const { page } = phone;
    await beginDay(page, zhTexts);
    await page.goto("/today");
    const entry = page.getByRole("link", { name: new RegExp(t("today.conflicts", { n: 1 })) });
    await seen(entry);
    await entry.click();
    const card = page.getByRole("article").filter({ hasText: t("conflicts.twice.title") });
    await seen(card.getByText(`${NUMBER.slice(0, 3)}***********${NUMBER.slice(-4)}`));
    await seen(card.getByText(like("conflicts.twice.contact")).first());
    await look(page, "card");
  });

  step("it is answered without a signal and arrives by itself", async () => {
    const { page, context } = phone;
    await underWorker(page);
    await context.setOffline(true);
    const answer = t("conflicts.of", { choice: t("conflicts.twice.answer.theirs"), name: t("conflicts.twice.title") });
    await button(page, answer).click();
    await seen(page.getByText(t("conflicts.twice.chosen.theirs")));
    await look(page, "answered");
    await context.setOffline(false);
    await seen(page.getByText(t("conflicts.none.title")));
  });

  step("the desk cannot approve it a second time, and rejects it", async () => {
    const { page } = desk;
    await signIn(page, zhTexts, "supervisor");
    await go(page, zhTexts, "reviews");
    await page.getByRole("searchbox", { name: t("reviews.filter.words") }).fill(FOUND);
    await seen(page.getByText(like("reviews.queue.total", { n: 1 })));
    await page.getByRole("list", { name: t("reviews.queue.label") }).getByRole("link").first().click();
    const bar = page.getByRole("group", { name: t("reviews.bar.label") });
    await seen(bar.getByText(/已有档案/));
    await seen(heading(page, t("conflicts.record.title", { n: 1 })));
    await look(page, "record");
    await button(bar, t("reviews.bar.reject")).click();
    await look(page, "reject");
    await dialog(page).getByRole("radio", { name: "重复" }).check();
    await dialog(page).getByLabel(t("reviews.reject.words")).fill("这一户已有档案。");
    await button(dialog(page), t("reviews.reject.confirm", { n: 1 })).click();
    await decided(page, zhTexts, "rejected");
  });

  step("the second filing is closed on the phone", async () => {
    const { page } = phone;
    await page.reload();
    await pillSays(page, zhTexts, "all");
    await go(page, zhTexts, "households");
    await (await search(page, zhTexts, FOUND)).first().click();
    await seen(page.getByText(t("households.status.closed_lead")));
    await seen(page.getByText(t("households.page.closedText")));
    expect(await button(page, t("households.page.start")).count()).toBe(0);
    await look(page, "closed");
    for (const one of [phone, desk]) expectNoPageErrors(one.page);
  });
});
