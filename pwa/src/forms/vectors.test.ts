// The cases that this engine and the server's have in common: tests/vectors, run by name of the file.

import { describe, expect, it } from "vitest";
import { canonicalHash, canonicalJson } from "./canonical";
import { type Change, applyChanges, changesBetween } from "./changes";
import { forbiddenOperator, holds } from "./condition";
import type {
  Codes,
  Condition,
  Definitions,
  Dictionary,
  Draft,
  Field,
  Form,
  HouseholdFile,
  Json,
  MaskKind,
  Meta,
  Problem,
  Regions,
  VisitAnswers,
} from "./definition";
import type { Figures, PersonFigures } from "./derive";
import { idNoFacts } from "./idNo";
import { maskValue } from "./mask";
import { normalise } from "./normalise";
import { situationOf } from "./situation";
import { validate } from "./validate";
import { checkValue } from "./value";

const files = import.meta.glob<string>("../../../tests/vectors/*.json", { query: "?raw", import: "default", eager: true });

interface Named {
  readonly name: string;
}

/** The published dictionary, code tables and regions. */
const published = import.meta.glob<string>("../../../backend/domain/data/*.json", {
  query: "?raw",
  import: "default",
  eager: true,
});
const publishedFile = (name: string): unknown =>
  JSON.parse(Object.entries(published).find(([path]) => path.endsWith(`/${name}.json`))?.[1] ?? "null");
const definitions = {
  dictionary: publishedFile("dictionary"),
  codes: publishedFile("codes"),
  regions: publishedFile("regions"),
} as Definitions;

const publishedForms = Object.values(
  import.meta.glob<string>("../../../backend/domain/data/forms/*.json", { query: "?raw", import: "default", eager: true }),
).map((text) => JSON.parse(text) as Form);

const noCodes: Codes = { version: 1, tables: {} };
const noRegions: Regions = { version: 1, regions: [] };

function checkOne(field: Field, input: Json, context: Parameters<typeof checkValue>[2]) {
  const value = normalise(field, input);
  const finding = checkValue(field, value, context);
  if (!finding) return { value };
  return finding.severity === "W" ? { value, warning: finding.code } : { problem: finding.code, params: finding.params };
}

interface ValueCase extends Named {
  readonly field?: Field;
  readonly input: Json;
  readonly value?: Json;
  readonly warning?: string;
  readonly problem?: string;
  readonly params?: Json;
}

const expected = ({ value, warning, problem, params }: ValueCase) => {
  if (problem) return { problem, params };
  return warning ? { value, warning } : { value };
};

interface ValidateCase extends Named {
  readonly form: string;
  readonly base?: HouseholdFile;
  readonly draft: Draft;
  readonly meta: Meta;
  readonly problems?: Problem[];
  /** Parameters of problems are not compared. */
  readonly brief?: boolean;
  readonly visible?: string[];
  readonly derived?: Partial<Figures>;
}

function runValidate(from: Definitions, forms: readonly Form[], one: ValidateCase): void {
  const form = forms.find(({ id }) => id === one.form)!;
  const { problems, visible, derived } = validate(from, form, one.base ?? null, one.draft, one.meta);
  const brief = problems.map(({ code, severity, path }) => ({ code, severity, path }));
  if (one.problems) expect(one.brief ? brief : problems).toEqual(one.problems);
  if (one.visible) expect(visible).toEqual(one.visible);
  expect(derived).toMatchObject(one.derived ?? {});
}

const sha256 = (bytes: Uint8Array<ArrayBuffer>) => crypto.subtle.digest("SHA-256", bytes);

type Runner = (vectors: never) => void;
const runners: Readonly<Record<string, Runner>> = {
  values(v: { today: string; codes: Codes; regions: Regions; file: HouseholdFile; cases: ValueCase[] }) {
    const context = { definitions: { codes: v.codes, regions: v.regions }, file: v.file, today: v.today };
    it.each(v.cases)("$name", (one) => {
      expect(checkOne(one.field!, one.input, context)).toEqual(expected(one));
    });
  },

  id_no(v: { today: string; cases: ValueCase[]; facts: (Named & { id_no: string; sex: string | null; birth_date: string | null })[] }) {
    const field: Field = { type: "id_no", zh: "", en: "", pii: 4, merge: "REV" };
    const context = { definitions: { codes: noCodes, regions: noRegions }, file: {}, today: v.today };
    it.each(v.cases)("$name", (one) => {
      expect(checkOne(field, one.input, context)).toEqual(expected(one));
    });
    it.each(v.facts)("$name", ({ id_no, sex, birth_date }) => {
      expect(idNoFacts(id_no) ?? { sex: null, birth_date: null }).toEqual({ sex, birth_date });
    });
  },

  masks(v: { cases: (Named & { mask: MaskKind; input: string; masked: string })[] }) {
    it.each(v.cases)("$name", ({ mask, input, masked }) => {
      expect(maskValue(mask, input)).toBe(masked);
      expect(maskValue(mask, masked)).toBe(masked);
    });
  },

  changes(v: {
    dictionary: Dictionary;
    cases: (Named & {
      base: HouseholdFile | null;
      file: HouseholdFile;
      changes: Change[];
      after?: HouseholdFile;
      apply_error?: string;
    })[];
    refused: (Named & { base: HouseholdFile; changes: Change[]; error: string })[];
  }) {
    it.each(v.cases)("$name", ({ base, file, changes, after, apply_error }) => {
      expect(changesBetween(v.dictionary, base, file)).toEqual(changes);
      const applied = applyChanges(v.dictionary, base, changes);
      if (apply_error) expect(applied).toMatchObject({ is: "refused", code: apply_error });
      else expect(applied).toEqual({ is: "applied", file: after });
    });
    it.each(v.refused)("$name", ({ base, changes, error }) => {
      expect(applyChanges(v.dictionary, base, changes)).toMatchObject({ is: "refused", code: error });
    });
  },

  conditions(v: {
    context: Json;
    cases: (Named & { rule: Condition; context?: Json; holds: boolean })[];
    refused: (Named & { rule: Condition; error: string | null })[];
  }) {
    it.each(v.cases)("$name", ({ rule, context, holds: expectedToHold }) => {
      expect(forbiddenOperator(rule)).toBeNull();
      expect(holds(rule, context ?? v.context)).toBe(expectedToHold);
    });
    // Whether paths exist and lists have rules is asked where forms are loaded, on the server.
    const ofOperators = v.refused.filter(({ error }) => error === null || /operator/.test(error));
    it.each(ofOperators)("$name", ({ rule, error }) => {
      expect(forbiddenOperator(rule) === null).toBe(error === null);
    });
  },

  derived(v: {
    cases: (Named & {
      base?: HouseholdFile;
      file: HouseholdFile;
      visit: VisitAnswers;
      meta: Meta;
      figures: Partial<Figures>;
      persons?: Readonly<Record<string, Partial<PersonFigures>>>;
    })[];
  }) {
    it.each(v.cases)("$name", ({ base, file, visit, meta, figures, persons }) => {
      const { derived } = situationOf(definitions, base ?? null, { file, visit, later: [] }, meta);
      expect(derived.figures).toMatchObject(figures);
      expect(Object.fromEntries(derived.persons)).toMatchObject(persons ?? {});
    });
  },

  validate(v: Definitions & { forms: Form[]; cases: ValidateCase[] }) {
    it.each(v.cases)("$name", (one) => {
      runValidate(v, v.forms, one);
    });
  },

  forms(v: { cases: ValidateCase[] }) {
    it.each(v.cases)("$name", (one) => {
      runValidate(definitions, publishedForms, one);
    });
  },

  hash(v: { cases: (Named & { value: Json; canonical: string; sha256: string })[] }) {
    it.each(v.cases)("$name", async ({ value, canonical, sha256: hash }) => {
      expect(canonicalJson(value)).toBe(canonical);
      expect(await canonicalHash(value, sha256)).toBe(hash);
    });
  },
};

/** Run beside what they are about: src/sync/rebase.test.ts. */
const elsewhere = ["merge"];

for (const [path, text] of Object.entries(files)) {
  if (elsewhere.some((name) => path.endsWith(`/${name}.json`))) continue;
  const name = path.replace(/^.*\/|\.json$/g, "");
  const run = runners[name];
  describe(name, () => {
    if (run) run(JSON.parse(text) as never);
    else it("has a runner here", () => expect.fail(`nothing runs tests/vectors/${name}.json`));
  });
}

it("finds the shared cases", () => {
  expect(Object.keys(files).length).toBeGreaterThan(0);
});
