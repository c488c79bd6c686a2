import { describe, expect, it } from "vitest";
import en from "./en";
import zh from "./zh-CN";

type Messages = { [key: string]: string | Messages };

/** Every key with its text, nested keys joined by dots. */
function flat(messages: Messages, before = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(messages)) {
    if (typeof value === "string") found.set(before + key, value);
    else for (const [below, text] of flat(value, `${before}${key}.`)) found.set(below, text);
  }
  return found;
}

/** The named places of a message: `{n}`, `{name}`. */
const places = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

const chinese = flat(zh as Messages);
const english = flat(en as Messages);

describe("the two languages", () => {
  it("have the same keys", () => {
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort());
  });
  it("have no empty text", () => {
    const empty = [...chinese, ...english].filter(([key, text]) => text === "" && !key.endsWith(".help"));
    expect(empty).toEqual([]);
  });
  it("fill the same places of a sentence", () => {
    const differing = [...chinese].filter(([key, text]) => places(text).join() !== places(english.get(key) ?? "").join());
    expect(differing).toEqual([]);
  });
});

describe("what a household may see over the shoulder", () => {
  it("never holds the word for hardship", () => {
    const field = ["auth", "conflicts", "today", "households", "sync", "me", "shell", "ui", "visits"];
    const found = [...chinese].filter(([key, text]) => field.includes(key.split(".")[0] ?? "") && text.includes("困难"));
    expect(found).toEqual([]);
  });
});
