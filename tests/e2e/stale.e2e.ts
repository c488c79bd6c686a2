// Two supervisors over the same records: what was decided or has moved meanwhile is said, and nothing lands on
// what nobody looked at.
import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect } from "vitest";
import { type Household, type Member, type Proposal, member, nameOf, plainHouseholds, pullAll, submitVisit } from "./kit/api";
import { button, decided, dialog, heading, openRecord, seen, signIn } from "./kit/app";
import { DESK, type Phone, openBrowser } from "./kit/browser";
import { journey } from "./kit/journey";
import { look } from "./kit/look";
import { type Server, startServer } from "./kit/server";
import { zhTexts } from "./kit/texts";

const { t, like } = zhTexts;
const NOTE = "residence_note";
const FIRST = "院门是蓝色的，从东边进";
const SECOND = "院门是绿色的，从西边进";
const ADDRESS = "residence_address";
const FIRST_ADDRESS = "示例街道甲区11号楼1单元101室";
const SECOND_ADDRESS = "示例街道乙区22号楼2单元202室";

let server: Server;
let supervisor: Phone;
let reviewer: Phone;
let caseworker: Member;
let decidedTwice: Household;
let movedFile: Household;

beforeAll(async () => {
  server = await startServer();
  caseworker = await member(server.url, "caseworker");
  const [one, two] = plainHouseholds(await pullAll(caseworker));
  if (!one || !two) throw new Error("the demo has too few households");
  decidedTwice = one;
  movedFile = two;
  await submitVisit(caseworker, visitWith(one, FIRST));
  await submitVisit(caseworker, visitWith(two, FIRST, FIRST_ADDRESS));
  supervisor = await openBrowser(server.url, { viewport: DESK });
  reviewer = await openBrowser(server.url, { viewport: DESK });
  await signIn(supervisor.page, zhTexts, "supervisor");
  await signIn(reviewer.page, zhTexts, "reviewer");
});
afterAll(async () => {
  await supervisor?.close();
  await reviewer?.close();
  await server?.stop();
});

/** A visit of half an hour in which the way to the door is described anew, and maybe the address. */
function visitWith(household: Household, note: string, address?: string): Proposal {
  const now = Date.now();
  const change = (path: string, to: string): Proposal["changes"][number] =>
    ({ path, from: (household.file as Record<string, unknown>)[path] ?? null, to }) as Proposal["changes"][number];
  return {
    id: randomUUID(),
    rev: 1,
    household_id: household.id,
    base_rev: household.rev,
    visit_type: "V02",
    form: { id: "V02", version: 1 },
    dictionary_version: 1,
    app_version: "e2e",
    nonce: randomBytes(16).toString("base64url"),
    started_at: new Date(now - 1_800_000).toISOString().replace("Z", "000Z"),
    ended_at: new Date(now).toISOString().replace("Z", "000Z"),
    monotonic_ms: 1_800_000,
    clock_offset_ms: 0,
    visit: {
      outcome: "done",
      respondent: "self",
      changes_declared: ["moved"],
      consent_sensitive: true,
      conclusion: "keep",
      opinion_text: "当面核对过，其他情况和上次一样。",
    },
    changes: [...(address === undefined ? [] : [change(ADDRESS, address)]), change(NOTE, note)],
    later: [],
    unchanged: ["people"],
    warnings: [],
    evidence: [],
    signatures: [],
  };
}

/** From the bar to the confirmation; what comes of it is for the caller to see. */
async function tryToApprove({ page }: Phone): Promise<void> {
  await button(page.getByRole("group", { name: t("reviews.bar.label") }), t("reviews.bar.approve")).click();
  await button(dialog(page), t("reviews.approve.confirm")).click();
}
const approved = ({ page }: Phone): Promise<void> => decided(page, zhTexts, "approved");

journey("two supervisors", () => [supervisor?.page, reviewer?.page], (step) => {
  step("the second one to decide reads who decided and when", async () => {
    await openRecord(supervisor.page, zhTexts, nameOf(decidedTwice));
    await openRecord(reviewer.page, zhTexts, nameOf(decidedTwice));
    await tryToApprove(reviewer);
    await approved(reviewer);
    await tryToApprove(supervisor);
    const { page } = supervisor;
    const refusal = page.getByRole("alert").filter({ hasText: t("reviews.refusal.decided") });
    await seen(refusal);
    const me = await (await member(server.url, "reviewer")).get<{ name: string }>("/me");
    await seen(refusal.getByText(like("reviews.refusal.decidedBy", { name: me.name, decision: t("reviews.decided.approved") })));
    await look(page, "decided");
    await button(refusal, t("reviews.refusal.reload")).click();
    await seen(page.getByRole("article").getByText(t("reviews.state.approved"), { exact: true }));
  });

  step("a file that moved shows the difference before anything lands on it", async () => {
    const { page } = supervisor;
    // Both visits began from the same file; the second one to be looked at still holds the old value.
    const [mine, other] = [visitWith(movedFile, SECOND), movedFile];
    await submitVisit(caseworker, mine);
    await page.goto(`/reviews/${mine.id}`);
    await seen(page.getByRole("article").getByText(SECOND));
    await openRecord(reviewer.page, zhTexts, nameOf(other), FIRST);
    await tryToApprove(reviewer);
    await approved(reviewer);
    await tryToApprove(supervisor);
    const refusal = page.getByRole("alert").filter({ hasText: t("reviews.refusal.stale") });
    await seen(refusal);
    await seen(refusal.getByText(FIRST));
    await seen(refusal.getByText(t("reviews.refusal.fileRev", { from: other.rev, to: other.rev + 1 })));
    await look(page, "stale");
    await button(refusal, t("reviews.refusal.reload")).click();
    // The way to the door follows the later visit, without a word from anybody.
    await seen(page.getByText(t("reviews.change.settledThis", { value: FIRST })));
    await look(page, "moved");
  });

  step("another address waits for whoever was at the door, and can only be returned meanwhile", async () => {
    const { page } = supervisor;
    const late = visitWith(movedFile, SECOND, SECOND_ADDRESS);
    await submitVisit(caseworker, late);
    await page.goto(`/reviews/${late.id}`);
    await seen(heading(page, t("conflicts.record.title", { n: 1 })));
    const card = page.locator("article.conflict");
    await seen(card.getByText(FIRST_ADDRESS));
    await seen(card.getByText(SECOND_ADDRESS));
    const bar = page.getByRole("group", { name: t("reviews.bar.label") });
    await seen(bar.getByText(t("reviews.bar.why.visit_conflict_open")));
    expect(await button(bar, t("reviews.bar.approve")).isDisabled()).toBe(true);
    expect(await button(bar, t("reviews.bar.return")).isEnabled()).toBe(true);
    await look(page, "conflict");
  });
});
