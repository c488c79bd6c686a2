import { describe, expect, it } from "vitest";
import { decimalText, groupedText, inWan, keptOf, moneyText, parseDecimal, parseMoney, wholeYuan } from "./amounts";

const value = (fen: number) => ({ is: "value", value: fen });

describe("what is kept of something typed", () => {
  it("is the number, nothing, or the text that cannot be read, never nothing in its place", () => {
    expect(keptOf("12", parseMoney)).toBe(1200);
    expect(keptOf("  ", parseMoney)).toBeNull();
    expect(keptOf("12o", parseMoney)).toBe("12o");
    expect(keptOf("1.234", parseMoney)).toBe("1.234");
  });
});

describe("money as people type it", () => {
  it("is kept as whole 分", () => {
    expect(parseMoney("833")).toEqual(value(83_300));
    expect(parseMoney("0.1")).toEqual(value(10));
    expect(parseMoney("19.99")).toEqual(value(1999));
    expect(parseMoney("1,234.50")).toEqual(value(123_450));
    expect(parseMoney(".5")).toEqual(value(50));
    expect(parseMoney("12.")).toEqual(value(1200));
  });
  it("may have full-width digits, a currency sign and 万", () => {
    expect(parseMoney("１２３．４")).toEqual(value(12_340));
    expect(parseMoney("￥ 500 元")).toEqual(value(50_000));
    expect(parseMoney("1.2万")).toEqual(value(1_200_000));
    expect(parseMoney("1.2345万")).toEqual(value(1_234_500));
  });
  it("says what cannot be read instead of guessing", () => {
    expect(parseMoney("")).toEqual({ is: "empty" });
    expect(parseMoney("abc")).toEqual({ is: "wrong", why: "format" });
    expect(parseMoney("1.2.3")).toEqual({ is: "wrong", why: "format" });
    expect(parseMoney(".")).toEqual({ is: "wrong", why: "format" });
    expect(parseMoney("1.234")).toEqual({ is: "wrong", why: "decimals" });
    expect(parseMoney("1.230")).toEqual(value(123));
    expect(parseMoney("99999999999999999999")).toEqual({ is: "wrong", why: "format" });
  });
});

describe("decimals", () => {
  it("are kept in units of their scale", () => {
    expect(parseDecimal("62.5", 2)).toEqual(value(6250));
    expect(parseDecimal("62.5", 0)).toEqual({ is: "wrong", why: "decimals" });
    expect(parseDecimal("-3", 1)).toEqual(value(-30));
  });
  it("come back as they were typed", () => {
    for (const [text, scale] of [["62.5", 2], ["0.05", 2], ["7", 0], ["-1.5", 1]] as const) {
      const entry = parseDecimal(text, scale);
      expect(entry.is === "value" && decimalText(entry.value, scale)).toBe(text);
    }
  });
});

describe("amounts for reading", () => {
  it("are grouped, rounded or said in 万", () => {
    expect(moneyText(83_300)).toBe("833");
    expect(groupedText(123_456_789, 2)).toBe("1,234,567.89");
    expect(wholeYuan(83_333)).toBe("833");
    expect(wholeYuan(83_350)).toBe("834");
    expect(wholeYuan(-83_350)).toBe("-834");
    expect(wholeYuan(12_345_600)).toBe("123,456");
    expect(inWan(999_999)).toBeNull();
    expect(inWan(1_250_000)).toBe("1.25");
  });
});
