// One form for each value before it is checked, compared or sent; the same on the server.

import type { Field, Json } from "./definition";
import { widenIdNo } from "./idNo";
import { covers, isMasked, maskOf } from "./mask";

// White space as Unicode has it, and the byte order mark that some keyboards and forms leave behind.
const SPACE = "[\\p{White_Space}\\uFEFF]";
const OUTER_SPACE = new RegExp(`^${SPACE}+|${SPACE}+$`, "gu");
const SPACES_AND_HYPHENS = new RegExp(`(?:${SPACE}|-)+`, "gu");
const FULL_WIDTH = /[\uFF01-\uFF5E\u3000]/g;
const DOTS = /[\u2022\uFF0E\u2027\u30FB]/g;
const HAN = /^[\u3007\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\u{20000}-\u{323AF}]$/u;
export const MOBILE = /^1[3-9][0-9]{9}$/;

export const trim = (text: string): string => text.replace(OUTER_SPACE, "");

function halfWidth(text: string): string {
  return text.replace(FULL_WIDTH, (character) =>
    character === "\u3000" ? " " : String.fromCharCode(character.charCodeAt(0) - 0xfee0),
  );
}

const withoutGaps = (text: string): string => text.replace(SPACES_AND_HYPHENS, "");

/** Names have one separator, U+00B7; a full stop stands for it only between two Han characters. */
function normaliseName(text: string): string {
  const characters = [...text.replace(DOTS, "\u00B7")];
  return characters
    .map((character, at) => {
      const between = HAN.test(characters[at - 1] ?? "") && HAN.test(characters[at + 1] ?? "");
      return character === "." && between ? "\u00B7" : character;
    })
    .join("");
}

function normaliseText(field: Field, text: string): string {
  const trimmed = trim(text);
  // A masked value keeps its form: taking blanks out of it would make another mask.
  if (maskOf(field) && isMasked(trimmed)) return trimmed;
  switch (field.type) {
    case "name":
      return normaliseName(trimmed);
    case "digits":
      return trim(halfWidth(trimmed));
    case "bank_card":
    case "phone":
      return withoutGaps(halfWidth(trimmed));
    case "phone_any": {
      const plain = trim(halfWidth(trimmed));
      const mobile = withoutGaps(plain);
      return MOBILE.test(mobile) ? mobile : plain;
    }
    case "id_no":
      return widenIdNo(withoutGaps(halfWidth(trimmed)).replace(/x/g, "X"));
    default:
      return trimmed;
  }
}

/** Sorted by code unit, without doubles and blanks. */
function normaliseSet(codes: Json[]): Json {
  const kept = new Set<string>();
  for (const code of codes) {
    if (typeof code !== "string") return codes;
    const trimmed = trim(code);
    if (trimmed !== "") kept.add(trimmed);
  }
  return kept.size === 0 ? null : [...kept].sort();
}

/** The value as it is kept; null when it is absent (`null`, blank, an empty set). The wrong JSON type stays. */
export function normalise(field: Field | undefined, value: Json | undefined): Json {
  if (value === undefined || value === null || value === "") return null;
  if (Array.isArray(value) && value.length === 0) return null;
  if (!field) return value;
  if (typeof value === "string") return normaliseText(field, value) || null;
  return Array.isArray(value) && field.type === "set" ? normaliseSet(value) : value;
}

/** Whether two normalised values of a field stand for the same: one may be the covered form of the other. */
export const meansTheSame = (field: Field | undefined, a: Json, b: Json): boolean =>
  sameValue(a, b) || (field !== undefined && (covers(field, a, b) || covers(field, b, a)));

/** Whether two JSON values are equal. */
export function sameValue(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((x, i) => sameValue(x, b[i] ?? null));
  }
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && sameValue(a[key] ?? null, b[key] ?? null));
}
