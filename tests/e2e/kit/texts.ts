// The app's own texts and code lists, so that the journeys look for what a person reads, in either language.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import en from "../../../pwa/src/i18n/en";
import zh from "../../../pwa/src/i18n/zh-CN";

export type Locale = "zh-CN" | "en";
type Values = Record<string, string | number>;

export interface Texts {
  locale: Locale;
  /** The text under a key, with its values put in. */
  t: (key: string, values?: Values) => string;
  /** The text under a key as a pattern of its whole; values not given match anything. */
  like: (key: string, values?: Values) => RegExp;
  /** What a code is called: `visit_outcome`, `absent`. */
  code: (table: string, code: string) => string;
  /** What a field of the dictionary is called: `persons/*\/name`. */
  field: (pattern: string) => string;
  /** What a table of rows is called: `persons`. */
  rows: (table: string) => string;
  /** What a section of a form is called: `V01`, `income`. */
  section: (form: string, key: string) => string;
}

interface Named {
  zh: string;
  en: string;
}
export interface Field extends Named {
  type: string;
  codes?: string;
}
interface Form {
  sections: (Named & { key: string })[];
}

const data = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../../../backend/domain/data", name), "utf8"));
const codes = (data("codes.json") as { tables: Record<string, (Named & { code: string })[]> }).tables;
const dictionary = data("dictionary.json") as { fields: Record<string, Field>; rows: Record<string, Named> };
const forms = new Map<string, Form>();

export const fieldOf = (pattern: string): Field | undefined => dictionary.fields[pattern];

function formOf(id: string): Form {
  const known = forms.get(id) ?? (data(`forms/${id}.1.json`) as Form);
  forms.set(id, known);
  return known;
}

function there<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what}`);
  return value;
}

/** Keys may have dots in them (problem codes), so every split is tried. */
function lookUp(tree: unknown, key: string): unknown {
  if (typeof tree !== "object" || tree === null) return undefined;
  const branch = tree as Record<string, unknown>;
  if (key in branch) return branch[key];
  for (let dot = key.indexOf("."); dot >= 0; dot = key.indexOf(".", dot + 1)) {
    const below = lookUp(branch[key.slice(0, dot)], key.slice(dot + 1));
    if (below !== undefined) return below;
  }
  return undefined;
}

export function texts(locale: Locale): Texts {
  const tree = locale === "en" ? en : zh;
  const named = (one: Named): string => (locale === "en" ? one.en : one.zh);
  const raw = (key: string, values: Values): string => {
    const text = lookUp(tree, key);
    if (typeof text !== "string") throw new Error(`there is no text ${key}`);
    const forms = text.split(" | ");
    return (forms.length > 1 && values.n !== 1 ? forms[1] : forms[0]) ?? text;
  };
  return {
    locale,
    t: (key, values = {}) => raw(key, values).replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? `{${name}}`)),
    like: (key, values = {}) => {
      const parts = raw(key, values).split(/(\{\w+\})/);
      const pattern = parts.map((part) => {
        const name = /^\{(\w+)\}$/.exec(part)?.[1];
        if (name === undefined) return escape(part);
        return name in values ? escape(String(values[name])) : ".+";
      });
      return new RegExp(`^${pattern.join("")}$`);
    },
    code: (table, code) => named(there(codes[table]?.find((one) => one.code === code), `code ${table}/${code}`)),
    field: (pattern) => named(there(fieldOf(pattern), `field ${pattern}`)),
    rows: (table) => named(there(dictionary.rows[table], `table ${table}`)),
    section: (form, key) => named(there(formOf(form).sections.find((one) => one.key === key), `section ${form}/${key}`)),
  };
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

export const zhTexts = texts("zh-CN");
export const enTexts = texts("en");
