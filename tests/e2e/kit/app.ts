// What people do with the app, in the words they read on it.
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";
import { PASSWORD } from "./server";
import type { Texts } from "./texts";

export const heading = (page: Page, name: string | RegExp): Locator => page.getByRole("heading", { name, exact: true });
export const button = (at: Page | Locator, name: string | RegExp): Locator => at.getByRole("button", { name, exact: true });
export const link = (at: Page | Locator, name: string | RegExp): Locator => at.getByRole("link", { name, exact: true });
export const dialog = (page: Page): Locator => page.getByRole("dialog");

/** Waits until it is on the screen. */
export const seen = (one: Locator): Promise<void> => one.first().waitFor({ state: "visible" });

/** Puts login and password in and presses the button. */
export async function signIn(page: Page, texts: Texts, login: string, password = PASSWORD): Promise<void> {
  const { t } = texts;
  await page.goto("/sign-in");
  await page.getByLabel(t("auth.login"), { exact: true }).fill(login);
  await page.getByLabel(t("auth.password"), { exact: true }).fill(password);
  await button(page, t("auth.submit")).click();
}

/** Signs a caseworker in, watches the first download to its end and begins the day. */
export async function beginDay(page: Page, texts: Texts, login = "caseworker"): Promise<void> {
  const { t, like } = texts;
  await signIn(page, texts, login);
  await seen(heading(page, t("auth.first.title")).or(heading(page, t("auth.first.done"))));
  await seen(heading(page, t("auth.first.done")));
  await seen(page.getByText(like("auth.first.ready")));
  await link(page, t("auth.first.enter")).click();
  await seen(heading(page, t("today.title")));
}

/** Opens a place of the main bar. */
export async function go(page: Page, texts: Texts, place: string): Promise<void> {
  const { t } = texts;
  await page.getByRole("navigation", { name: t("shell.nav") }).getByRole("link", { name: t(`shell.place.${place}`) }).click();
}

/** The service worker has this page in its hands: from now on it opens without a network. */
export async function underWorker(page: Page): Promise<void> {
  await page.waitForFunction(() => navigator.serviceWorker.controller?.state === "activated");
}

/** What the pill at the top says about everything that has arrived or has not. */
export async function pillSays(page: Page, texts: Texts, key: string, values: Record<string, string | number> = {}): Promise<void> {
  const name = texts.t("sync.pill.label", { text: texts.t(`sync.pill.${key}`, values) });
  await seen(page.getByRole("link", { name, exact: true }));
}

/** Searches households and gives the list of hits. */
export async function search(page: Page, texts: Texts, words: string): Promise<Locator> {
  const { t } = texts;
  await page.getByRole("searchbox", { name: t("households.search") }).fill(words);
  return page.getByRole("list", { name: t("households.results") }).getByRole("link");
}

/**
 * Finds the waiting record of a household in the queue and opens it. Lists mask names, the search does not;
 * `saying` tells two records of one household apart.
 */
export async function openRecord(page: Page, texts: Texts, name: string, saying?: string): Promise<void> {
  const { t, like } = texts;
  await go(page, texts, "reviews");
  const found = page.getByRole("list", { name: t("reviews.queue.label") }).getByRole("link", { name: new RegExp(`^${name[0]}`) });
  // Two pages have a search of this name.
  await seen(heading(page, t("reviews.title")));
  await page.getByRole("searchbox", { name: t("reviews.filter.words") }).fill(name);
  await seen(page.getByText(like("reviews.queue.total", { n: saying === undefined ? 1 : 2 })));
  await found.first().click();
  const record = page.getByRole("article");
  await seen(record.getByRole("heading", { name: new RegExp(`^${name[0]}`), level: 2 }));
  if (saying !== undefined) await seen(record.getByText(saying));
}

/** What the desk says after a decision. */
export const decided = (page: Page, texts: Texts, decision: "approved" | "returned" | "rejected"): Promise<void> =>
  seen(page.getByText(new RegExp(texts.t(`reviews.said.${decision}`, { name: ".+" }))));

/** Taps and counts the taps. */
export class Taps {
  count = 0;
  async on(target: Locator): Promise<void> {
    this.count += 1;
    await target.click();
  }
}

/** The number of things, once there are some. */
export async function countOf(list: Locator): Promise<number> {
  await seen(list);
  const count = await list.count();
  expect(count).toBeGreaterThan(0);
  return count;
}
