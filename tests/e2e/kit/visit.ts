// Writes a visit through its screens: goes through the questions that show, in their order, and answers each with
// the widget that it has. What a journey does not say is answered plainly.
import type { Locator, Page } from "playwright-core";
import { button, dialog, heading, seen } from "./app";
import { fieldOf, type Texts } from "./texts";

/** Answers by field: a code (its label is tapped), several codes, `yes`/`no`, or what is typed. */
export type Answers = Record<string, string | readonly string[]>;

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const LABEL = /^q-(.+)-label$/;

interface Asked {
  id: string;
  pattern: string;
  isRequired: boolean;
}

export class VisitPages {
  constructor(
    readonly page: Page,
    readonly texts: Texts,
    readonly answers: Answers,
  ) {}

  get main(): Locator {
    return this.page.getByRole("main");
  }

  /** Waits for a section by its name in the bar. */
  async at(name: string): Promise<void> {
    await seen(this.page.getByRole("main").getByRole("region", { name, exact: true }));
  }

  /** The way on at the lower edge: the next section or the check list. */
  async next(): Promise<void> {
    const { t } = this.texts;
    await button(this.page, t("visits.next")).or(button(this.page, t("visits.toCheck"))).click();
  }

  /** Answers everything that shows within `scope` and is required or has an answer here. */
  async answer(scope: Locator = this.main): Promise<void> {
    const done = new Set<string>();
    for (;;) {
      // What an answer brings along shows after the next paint.
      await this.page.evaluate(() => new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(shown)))));
      const next = (await this.asked(scope)).find(
        ({ id, pattern, isRequired }) => !done.has(id) && (isRequired || pattern in this.answers),
      );
      if (!next) return;
      done.add(next.id);
      await this.answerOne(scope, next);
    }
  }

  /** Waits until the phone says that everything is on its disk. */
  async saved(): Promise<void> {
    await seen(this.page.getByText(this.texts.t("visits.save.saved"), { exact: true }));
  }

  /** Adds a row of a table and fills its screen. */
  async addRow(table: string, answers: Answers): Promise<void> {
    const { t, rows } = this.texts;
    await button(this.page, t("visits.rows.add", { what: rows(table) })).click();
    await this.fillRow(answers);
  }

  /** Fills the row whose screen is open and goes back. */
  async fillRow(answers: Answers): Promise<void> {
    const row = new VisitPages(this.page, this.texts, answers);
    await row.answer(dialog(this.page));
    await button(dialog(this.page), this.texts.t("visits.ready")).click();
    await dialog(this.page).waitFor({ state: "hidden" });
  }

  /** Opens the card of somebody whose row stands there. */
  async openCard(table: string, title: string): Promise<void> {
    const { rows } = this.texts;
    const cards = this.main.getByRole("group", { name: rows(table), exact: true });
    await cards.getByRole("button", { name: new RegExp(`^${title}`) }).click();
    await seen(dialog(this.page));
  }

  /** Says that there are no rows of a table, by the name of that answer. */
  async none(field: string): Promise<void> {
    await this.main.getByRole("checkbox", { name: this.texts.field(field), exact: true }).check();
  }

  /** Gives every warning of the check list a reason of the usual ones. */
  async explainWarnings(code = "confirmed"): Promise<void> {
    const { code: label } = this.texts;
    for (const reason of await button(this.main, label("warning_reason", code)).all()) {
      if ((await reason.getAttribute("aria-pressed")) !== "true") await reason.click();
    }
  }

  /** Finishes from the check list. */
  async finish(): Promise<void> {
    const { t } = this.texts;
    await button(this.page, t("visits.check.finish")).click();
  }

  private async asked(scope: Locator): Promise<Asked[]> {
    const optional = this.texts.t("visits.optional");
    const labels = await scope
      .locator('[id^="q-"][id$="-label"]')
      .evaluateAll((elements) => elements.map(({ id, textContent }) => ({ id, text: textContent ?? "" })));
    return labels.map(({ id, text }) => ({
      id,
      pattern: patternOf(id),
      isRequired: !text.trim().endsWith(optional),
    }));
  }

  private async answerOne(scope: Locator, { id, pattern }: Asked): Promise<void> {
    const control = scope.locator(`[aria-labelledby~="${id}"]`).first();
    const given = this.answers[pattern];
    if (given === undefined && (await this.stands(control))) return;
    const kind = await control.evaluate((element) => element.getAttribute("role") ?? element.localName);
    switch (kind) {
      case "radiogroup":
        return this.tick(control, pattern, single(given));
      case "group":
        for (const one of given === undefined ? [undefined] : [given].flat()) await this.check(control, pattern, one);
        return;
      case "button":
        return this.choose(control, pattern, single(given));
      default:
        return this.type(control, single(given));
    }
  }

  /** Something is there already: known before, or filled in by the app itself. */
  private async stands(control: Locator): Promise<boolean> {
    const choose = this.texts.t("visits.choose");
    return control.evaluate((element, placeholder) => {
      if (element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement) return element.value !== "";
      if (element.localName === "button") return element.textContent?.trim() !== placeholder;
      return element.querySelector("input:checked") !== null;
    }, choose);
  }

  private label(pattern: string, answer: string): string {
    const field = fieldOf(pattern);
    if (field?.type === "bool") return this.texts.t(`visits.${answer}`);
    return field?.codes ? this.texts.code(field.codes, answer) : answer;
  }

  private async tick(group: Locator, pattern: string, answer: string | undefined): Promise<void> {
    if (answer === undefined) {
      await group.getByRole("radio").first().check();
      return;
    }
    const name = this.label(pattern, answer);
    const radio = group.getByRole("radio", { name, exact: true });
    if ((await radio.count()) > 0) {
      await radio.check();
      return;
    }
    await group.getByRole("button").click();
    await this.pick(name);
  }

  private async check(group: Locator, pattern: string, answer: string | undefined): Promise<void> {
    const box = group.getByRole("checkbox", answer === undefined ? {} : { name: this.label(pattern, answer), exact: true });
    await box.first().check();
  }

  private async choose(opener: Locator, pattern: string, answer: string | undefined): Promise<void> {
    await opener.click();
    await this.pick(answer === undefined ? undefined : this.label(pattern, answer));
  }

  /** Takes one of the list that has come up: by name, else the first. */
  private async pick(name: string | undefined): Promise<void> {
    const sheet = dialog(this.page).last();
    const choices = sheet.getByRole("list").getByRole("button", name === undefined ? {} : { name, exact: true });
    await choices.first().click();
  }

  private async type(input: Locator, answer: string | undefined): Promise<void> {
    const plain = await input.evaluate((element) => {
      const { type, inputMode } = element as HTMLInputElement;
      if (type === "date") return "2020-05-06";
      if (type === "month") return "2020-05";
      return inputMode === "numeric" || inputMode === "decimal" ? "0" : "照实填写的内容，当面核对过，没有遗漏的地方。";
    });
    await input.fill(answer ?? plain);
    await input.blur();
  }
}

/** `q-persons-<uuid>-name-label` → `persons/*\/name`. */
function patternOf(id: string): string {
  const key = LABEL.exec(id)?.[1] ?? "";
  const row = UUID.exec(key);
  if (row) return `${key.slice(0, row.index - 1)}/*/${key.slice(row.index + row[0].length + 1)}`;
  return key.startsWith("visit-") ? `visit/${key.slice("visit-".length)}` : key;
}

const single = (answer: string | readonly string[] | undefined): string | undefined =>
  typeof answer === "object" ? answer[0] : answer;

/** The heading of the sent visit. */
export const sentAs = (page: Page, texts: Texts, status: string): Promise<void> =>
  seen(heading(page, texts.t(`visits.sent.headline.${status}`)));
