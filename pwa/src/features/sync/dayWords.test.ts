import { createI18n } from "vue-i18n";
import { describe, expect, it } from "vitest";
import type { DayCounts } from "@/db/day";
import en from "@/i18n/en/sync";
import zh from "@/i18n/zh-CN/sync";
import { dayParts } from "./dayWords";

const day = (arrived: number, waiting: number, stuck: number, parked = 0): DayCounts => ({
  households: arrived + waiting + parked + stuck, arrived, waiting, parked, stuck,
});

const i18n = createI18n({ legacy: false, locale: "zh-CN", messages: { "zh-CN": { sync: zh }, en: { sync: en } } });
function line(locale: "zh-CN" | "en", counts: DayCounts): string {
  i18n.global.locale.value = locale;
  const { t } = i18n.global;
  return dayParts(counts).map(({ key, n }) => t(`sync.day.${key}`, { n }, n)).join(t("sync.day.comma"));
}

describe("the words of the day's line", () => {
  it("say that everything is in", () => {
    expect(line("zh-CN", day(12, 0, 0))).toBe("今日 12 户，全部入库");
    expect(line("en", day(12, 0, 0))).toBe("Today 12 households, all of them in");
    expect(line("en", day(1, 0, 0))).toBe("Today 1 household, all of it in");
  });
  it("say what is not", () => {
    expect(line("zh-CN", day(9, 3, 0))).toBe("今日 12 户，9 户已入库，3 户待送达");
    expect(line("zh-CN", day(0, 2, 1))).toBe("今日 3 户，2 户待送达，1 户需处理");
    expect(line("en", day(9, 3, 1))).toBe("Today 13 households, 9 in, 3 to be sent, 1 needs you");
  });
  it("say what the office has to deal with", () => {
    expect(line("zh-CN", day(11, 0, 0, 1))).toBe("今日 12 户，11 户已入库，1 户等待处理");
    expect(line("en", day(11, 0, 0, 1))).toBe("Today 12 households, 11 in, 1 with the office");
  });
  it("say nothing before the first visit", () => {
    expect(line("zh-CN", day(0, 0, 0))).toBe("");
  });
});
