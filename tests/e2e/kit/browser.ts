// Debian's Chromium with a profile folder of its own, so that a killed browser comes back with what it had.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext, type Page } from "playwright-core";
import { expect } from "vitest";

export const PHONE = { width: 360, height: 740 };
export const DESK = { width: 1280, height: 800 };

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface Phone {
  context: BrowserContext;
  page: Page;
  profile: string;
  /** Another tab; errors in it are watched, too. */
  newTab: () => Promise<Page>;
  /** Ends the browser process like a dead battery and opens it again on the same profile. */
  killAndReopen: () => Promise<Phone>;
  close: () => Promise<void>;
}

export interface Options {
  viewport?: { width: number; height: number };
  locale?: string;
  dark?: boolean;
  profile?: string;
  /** The browser's own text size, in percent. */
  textSize?: number;
}

const NORMAL_TEXT_PX = 16;

export async function openBrowser(url: string, options: Options = {}): Promise<Phone> {
  const profile = options.profile ?? mkdtempSync(join(tmpdir(), "ruhu-chromium-"));
  const viewport = options.viewport ?? PHONE;
  if (options.textSize !== undefined) writeTextSize(profile, options.textSize);
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
    viewport,
    locale: options.locale ?? "zh-CN",
    timezoneId: "Asia/Shanghai",
    colorScheme: options.dark ? "dark" : "light",
    baseURL: url,
    hasTouch: viewport.width < 600,
    isMobile: viewport.width < 600,
  });
  context.setDefaultTimeout(20_000);
  context.on("page", watchForErrors);
  context.pages().forEach(watchForErrors);
  const page = context.pages()[0] ?? (await context.newPage());
  return {
    context,
    page,
    profile,
    newTab: () => context.newPage(),
    killAndReopen: async () => {
      await crash(context);
      return openBrowser(url, { ...options, profile });
    },
    close: async () => {
      await context.close();
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** As the reader sets it in the browser's settings: lengths in rem and the media queries in rem follow it. */
function writeTextSize(profile: string, percent: number): void {
  const folder = join(profile, "Default");
  mkdirSync(folder, { recursive: true });
  const size = (NORMAL_TEXT_PX * percent) / 100;
  const preferences = { webkit: { webprefs: { default_font_size: size } } };
  writeFileSync(join(folder, "Preferences"), JSON.stringify(preferences));
}

/** Browser.crash ends the whole process at once, without a shutdown handler. */
async function crash(context: BrowserContext): Promise<void> {
  const page = context.pages()[0] ?? (await context.newPage());
  const session = await context.newCDPSession(page);
  const closed = new Promise<void>((resolve) => context.once("close", () => resolve()));
  await session.send("Browser.crash").catch(() => undefined);
  await closed;
}

const problems = new WeakMap<Page, string[]>();

function watchForErrors(page: Page): void {
  if (problems.has(page)) return;
  const list: string[] = [];
  problems.set(page, list);
  page.on("pageerror", (error) => list.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && /Content Security Policy|Refused to/.test(text)) list.push(text);
  });
}

/** No uncaught error and no blocked script or style on this page so far. */
export function expectNoPageErrors(page: Page): void {
  expect(problems.get(page) ?? []).toEqual([]);
}
