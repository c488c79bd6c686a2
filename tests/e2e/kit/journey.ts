// A journey is a row of steps, each going on where the one before ended; after a failure the rest is skipped.
import type { Page } from "playwright-core";
import { afterEach, beforeEach, describe, it } from "vitest";
import { keepEvidence } from "./look";

export type Step = (name: string, walk: () => Promise<void>, timeoutMs?: number) => void;

/** `pages` names what is photographed when a step fails. */
export function journey(name: string, pages: () => (Page | undefined)[], define: (step: Step) => void): void {
  describe(name, () => {
    let isBroken = false;
    beforeEach((context) => {
      if (isBroken) context.skip();
    });
    afterEach(async (context) => {
      if (context.task.result?.state !== "fail" || isBroken) return;
      isBroken = true;
      for (const page of pages()) {
        if (page && !page.isClosed()) await keepEvidence(page).catch(() => undefined);
      }
    });
    define((title, walk, timeoutMs) => {
      it(title, walk, timeoutMs);
    });
  });
}
