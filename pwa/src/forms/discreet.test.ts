import { describe, expect, it } from "vitest";
import type { Codes, Dictionary, Form, Item, Labels } from "./definition";
import { isRowsItem } from "./definition";

// What stands on the phone at the door is read over the shoulder by a household that must not feel marked.
// The tables of the office (categories of hardship) are not among what the forms reach.
const FORBIDDEN = "困难";

const read = (files: Record<string, string>): unknown[] => Object.values(files).map((text) => JSON.parse(text) as unknown);
const [dictionary] = read(
  import.meta.glob<string>("../../../backend/domain/data/dictionary.json", { query: "?raw", import: "default", eager: true }),
) as [Dictionary];
const [codes] = read(
  import.meta.glob<string>("../../../backend/domain/data/codes.json", { query: "?raw", import: "default", eager: true }),
) as [Codes];
const forms = read(
  import.meta.glob<string>("../../../backend/domain/data/forms/*.json", { query: "?raw", import: "default", eager: true }),
) as Form[];

/** Every path of the dictionary that an item asks, cards and their "none" included. */
function pathsOf(item: Item): string[] {
  if (isRowsItem(item)) {
    const inside = item.items.flatMap(pathsOf);
    return [...inside, ...(item.none === undefined ? [] : [item.none])];
  }
  return "path" in item ? [item.path] : [];
}

function wordsOf(item: Item): Labels[] {
  if (isRowsItem(item)) return [...item.items.flatMap(wordsOf), ...[dictionary.rows[item.rows]].filter((row) => row !== undefined)];
  if ("words" in item) return [item.words];
  return "path" in item && item.help ? [item.help] : [];
}

/** Everything a form can put on the screen, by where it comes from. */
function textsOf(form: Form): Map<string, string> {
  const texts = new Map<string, string>([[`${form.id}`, form.zh]]);
  for (const check of form.checks) texts.set(`${form.id} check ${check.code}`, check.zh);
  for (const section of form.sections) {
    texts.set(`${form.id} section ${section.key}`, section.zh);
    for (const item of section.items) {
      for (const words of wordsOf(item)) texts.set(`${form.id} ${section.key} words ${words.en}`, words.zh);
      for (const path of pathsOf(item)) {
        const field = dictionary.fields[path];
        texts.set(`field ${path}`, field?.zh ?? "");
        for (const code of codes.tables[field?.codes ?? ""] ?? []) texts.set(`code ${field?.codes ?? ""} ${code.code}`, code.zh);
      }
    }
  }
  return texts;
}

describe("what a household may read on the phone", () => {
  it("is asked of fields that the dictionary has", () => {
    const unknown = forms.flatMap((form) => [...textsOf(form)].filter(([, text]) => text === ""));
    expect(unknown).toEqual([]);
  });

  it.each(forms.map((form) => [form.id, form] as const))("never holds the word for hardship in %s", (_id, form) => {
    const texts = textsOf(form);
    expect(texts.size).toBeGreaterThan(100);
    expect([...texts].filter(([, text]) => text.includes(FORBIDDEN))).toEqual([]);
  });
});
