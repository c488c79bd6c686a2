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

/**
 * Rules that look at what is on the screen at this moment: bars that stay in place cover what is scrolled under
 * them. What they find is looked at again in the middle of the screen.
 */
const SEEN_RULES = ["target-size", "label-title-only"];

interface Barrier {
  rule: string;
  at: string[];
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

async function barriers(page: Page): Promise<Barrier[]> {
  await page.evaluate(AxeSource.source);
  return (await page.evaluate(`(${findBarriers})(${JSON.stringify(RULES)}, ${JSON.stringify(SEEN_RULES)})`)) as Barrier[];
}

/** Runs in the page. */
const findBarriers = `async (rules, seenRules) => {
  const { violations } = await axe.run(document, { runOnly: rules });
  const found = [];
  for (const { id, nodes } of violations) {
    const at = [];
    for (const { target, failureSummary } of nodes) {
      const element = typeof target[0] === "string" ? document.querySelector(target[0]) : null;
      if (element && seenRules.includes(id)) {
        element.scrollIntoView({ block: "center" });
        const again = await axe.run(element, { runOnly: { type: "rule", values: [id] } });
        if (again.violations.length === 0) continue;
      }
      at.push(JSON.stringify(target) + " " + (failureSummary ?? ""));
    }
    if (at.length > 0) found.push({ rule: id, at: at.slice(0, 3) });
  }
  return found;
}`;
