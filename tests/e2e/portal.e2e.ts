// A hotel's network: it answers everything itself, and none of it is the server's word.
import { afterAll, beforeAll, expect } from "vitest";
import { beginDay, button, heading, pillSays, seen, underWorker } from "./kit/app";
import { type Phone, openBrowser } from "./kit/browser";
import { journey } from "./kit/journey";
import { look } from "./kit/look";
import { type Server, startServer } from "./kit/server";
import { zhTexts } from "./kit/texts";

const { t } = zhTexts;
const API = "**/api/v1/**";
const PORTAL = "http://portal.test/login";

interface Answer {
  status: number;
  contentType: string;
  body: string;
  headers?: Record<string, string>;
}
const answers: Record<string, Answer> = {
  "sends everybody to its own page": { status: 302, contentType: "text/html", body: "", headers: { location: PORTAL } },
  "wants a sign-in of its own": { status: 401, contentType: "text/html", body: "<h1>Wi-Fi</h1>" },
  "answers with data of its own": { status: 200, contentType: "application/json", body: '{"status":"ok"}' },
};

let server: Server;
let phone: Phone;

beforeAll(async () => {
  server = await startServer();
  phone = await openBrowser(server.url);
});
afterAll(async () => {
  await phone?.close();
  await server?.stop();
});

journey("a hotel's network", () => [phone?.page], (step) => {
  step("begins the day", async () => {
    await beginDay(phone.page, zhTexts);
    await underWorker(phone.page);
    await phone.page.goto("/sync");
    await pillSays(phone.page, zhTexts, "all");
  });

  for (const [name, answer] of Object.entries(answers)) {
    step(`${name}, which is said in words, and nobody has to sign in`, async () => {
      const { page, context } = phone;
      const asked: string[] = [];
      const note = (request: { url: () => string }): unknown => asked.push(request.url());
      page.on("request", note);
      await context.route(API, (route) => route.fulfill(answer));
      await button(page, t("sync.now")).click();
      await pillSays(page, zhTexts, "failed");
      await seen(page.getByText(t("problem.net.captive_portal")));
      await look(page, "portal");
      await context.unroute(API);
      await button(page, t("sync.now")).click();
      await pillSays(page, zhTexts, "all");
      await seen(heading(page, t("sync.title")));
      page.off("request", note);
      expect(asked.filter((url) => !url.startsWith(server.url))).toEqual([]);
    });
  }
});
