import { describe, expect, it } from "vitest";
import { pillWords } from "./pillWords";

describe("the words of the sync pill", () => {
  it("says that everything has arrived", () => {
    expect(pillWords({ is: "up_to_date", at_ms: 1 }, 0)).toMatchObject({ key: "all", tone: "ok" });
  });
  it("asks for the sign-in before anything else", () => {
    expect(pillWords({ is: "sign_in_needed", pending: 2 }, 3).key).toBe("signIn");
  });
  it("names refused work before unsent work", () => {
    expect(pillWords({ is: "pending", pending: 4 }, 1)).toMatchObject({ key: "stuck", n: 1 });
  });
  it("says offline how much is on this phone only", () => {
    expect(pillWords({ is: "offline", pending: 2 }, 0)).toMatchObject({ key: "offlineUnsent", n: 2 });
    expect(pillWords({ is: "offline", pending: 0 }, 0).key).toBe("offline");
  });
});
