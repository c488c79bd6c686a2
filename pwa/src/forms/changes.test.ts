// Properties of the difference between files, over files that nobody thought of.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyChanges, changesBetween, settleFile } from "./changes";
import type { Dictionary, Field, FieldType, HouseholdFile, Json } from "./definition";
import { normalise } from "./normalise";

const field = (type: FieldType, more: Partial<Field> = {}): Field => ({ type, zh: "", en: "", pii: 2, merge: "REV", ...more });
const dictionary: Dictionary = {
  version: 1,
  groups: {},
  rows: { persons: { zh: "", en: "" } },
  fields: {
    address: field("text"),
    size: field("int"),
    needs: field("set", { codes: "need" }),
    "persons/*/name": field("name"),
    "persons/*/id_no": field("id_no", { mask: "id_no", sealed: true }),
  },
};

const rowId = fc.integer({ min: 1, max: 3 }).map((n) => `01890000-0000-7000-8000-00000000000${n}`);
const text = fc.constantFrom("", " ", "甲", " 甲 ", "乙", "阿依•努尔");
const idNo = fc.constantFrom("150699197203140011", "150699720314001", "150***********0011", "11010519491231002x");
const row = fc.record({ name: text, id_no: idNo }, { requiredKeys: [] });
const file: fc.Arbitrary<HouseholdFile> = fc.record(
  {
    address: text,
    size: fc.constantFrom<Json>(null, 0, 1, 2),
    needs: fc.array(fc.constantFrom("a", "b", " c "), { maxLength: 3 }),
    persons: fc.dictionary(rowId, row, { maxKeys: 3 }),
  },
  { requiredKeys: [] },
);

/** A file in which every masked number is replaced, so that nothing means "unchanged". */
const unmasked = file.map((one) => JSON.parse(JSON.stringify(one).replace(/150\*+0011/g, "150699197203140011")) as HouseholdFile);
const settled = (one: HouseholdFile) => settleFile(dictionary, null, one);

describe("changes between two files", () => {
  it("lead from one to the other", () => {
    fc.assert(
      fc.property(unmasked, unmasked, (base, next) => {
        const applied = applyChanges(dictionary, settled(base), changesBetween(dictionary, base, next));
        expect(applied).toEqual({ is: "applied", file: settled(next) });
      }),
    );
  });

  it("are none between a file and its settled form", () => {
    fc.assert(
      fc.property(file, (one) => {
        expect(changesBetween(dictionary, one, settled(one))).toEqual([]);
        expect(settled(settled(one))).toEqual(settled(one));
      }),
    );
  });

  it("never put a mask in the place of the number it covers", () => {
    fc.assert(
      fc.property(unmasked, file, (base, next) => {
        for (const { from, to } of changesBetween(dictionary, base, next)) {
          if (typeof to === "string" && to.includes("*")) expect(from).not.toBe("150699197203140011");
        }
      }),
    );
  });
});

it("normalising a normal value changes nothing", () => {
  const types: FieldType[] = ["text", "name", "phone", "phone_any", "id_no", "bank_card", "digits"];
  fc.assert(
    fc.property(fc.constantFrom(...types), fc.string({ unit: "grapheme" }), (type, input) => {
      const once = normalise(field(type), input);
      expect(normalise(field(type), once)).toEqual(once);
    }),
  );
});
