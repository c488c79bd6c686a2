// Looks at a page as a person would: a picture to keep, axe for barriers, nothing that needs scrolling sideways.
import AxeSource from "axe-core";
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { expectNoPageErrors } from "./browser";

const folder = join(process.env.RUHU_ARTIFACTS ?? join(import.meta.dirname, "../../artifacts"), "screenshots");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
let number = 0;

interface AxeResult {
  violations: { id: string; nodes: { target: unknown; failureSummary?: string }[] }[];
}

/** Keeps a picture of the page, and expects no barrier, no error and no sideways scrolling. */
export async function look(page: Page, name: string): Promise<void> {
  await settled(page);
  await photograph(page, name);
  expect.soft(await widerBy(page), `${name} scrolls sideways`).toBeLessThanOrEqual(0);
  expect.soft(await barriers(page), `axe on ${name}`).toEqual([]);
  expectNoPageErrors(page);
}

export async function photograph(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: pathOf(name, "png") });
}

/** For whoever looks into a failure: the picture, and what a screen reader finds on the page. */
export async function keepEvidence(page: Page): Promise<void> {
  await photograph(page, "failed");
  writeFileSync(pathOf("failed", "txt"), `${page.url()}\n${await page.locator("body").ariaSnapshot()}\n`);
}

function pathOf(name: string, ending: string): string {
  const journey = basename(expect.getState().testPath ?? "", ".e2e.ts");
  number += 1;
  mkdirSync(folder, { recursive: true });
  return join(folder, `${journey}-${String(number).padStart(2, "0")}-${name}.${ending}`);
}

/** Fonts are there and nothing that ends is still moving. */
async function settled(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    const ending = document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity);
    await Promise.allSettled(ending.map((one) => one.finished));
  });
}

/** How many pixels the page is wider than its window. */
async function widerBy(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

async function barriers(page: Page): Promise<{ rule: string; at: string[] }[]> {
  await page.evaluate(AxeSource.source);
  const result = (await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(RULES)} })`)) as AxeResult;
  return result.violations.map((violation) => ({
    rule: violation.id,
    at: violation.nodes.slice(0, 3).map((node) => `${JSON.stringify(node.target)} ${node.failureSummary ?? ""}`),
  }));
}

/** Shows the page with the browser's text at 200 %, looks, and puts it back. */
export async function lookLarge(page: Page, name: string): Promise<void> {
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  await settled(page);
  await photograph(page, `${name}-200`);
  expect.soft(await widerBy(page), `${name} at 200 % text scrolls sideways`).toBeLessThanOrEqual(0);
  await page.evaluate(() => (document.documentElement.style.fontSize = ""));
}
