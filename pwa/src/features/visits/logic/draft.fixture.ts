// A draft for tests, and the published definitions; the people in it do not exist.

import { readFileSync } from "node:fs";
import type { Codes, Definitions, Dictionary, Form, Regions } from "@/forms";
import type { VisitDraft } from "./draft";

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../../../backend/domain/data/${name}`, import.meta.url), "utf8"));
export const definitions: Definitions = {
  dictionary: read("dictionary.json") as Dictionary,
  codes: read("codes.json") as Codes,
  regions: read("regions.json") as Regions,
};
export const formOf = (id: string): Form => read(`forms/${id}.1.json`) as Form;

export function aDraft(over: Partial<VisitDraft> = {}): VisitDraft {
  return {
    id: "0192f0c1-0000-7000-8000-0000000000aa",
    household_id: "0192f0c1-0000-7000-8000-0000000000bb",
    rev: 1,
    base_rev: 3,
    visit_type: "V02",
    form: { id: "V02", version: 1 },
    dictionary_version: 1,
    is_new: false,
    base: { residence_address: "示例社区03号楼" },
    answers: { file: { residence_address: "示例社区03号楼" }, visit: {}, later: [] },
    unchanged: [],
    warnings: [],
    evidence: [],
    signatures: [],
    section: null,
    focus: null,
    started_at: "2026-11-23T02:00:00.000000Z",
    replaces_op: null,
    updated_at: "2026-11-23T02:00:00.000000Z",
    elapsed_ms: 0,
    ...over,
  };
}
