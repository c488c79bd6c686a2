import { describe, expect, it } from "vitest";
import { splitAtHits } from "./hits";

describe("cutting a text at what a search found", () => {
  it("marks every word of the query, whatever its case", () => {
    expect(splitAtHits("Anda Road 3, anda", "ANDA 3")).toEqual([
      { text: "Anda", hit: true },
      { text: " Road ", hit: false },
      { text: "3", hit: true },
      { text: ", ", hit: false },
      { text: "anda", hit: true },
    ]);
  });
  it("prefers the longer of two words that begin at the same place", () => {
    expect(splitAtHits("张三丰", "张三 张")).toEqual([
      { text: "张三", hit: true },
      { text: "丰", hit: false },
    ]);
  });
  it("leaves the text whole when nothing is searched", () => {
    expect(splitAtHits("张三", "  ")).toEqual([{ text: "张三", hit: false }]);
  });
});
