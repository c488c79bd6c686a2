// Is one value of one field acceptable? Values are normalised before they come here.

import type { Definitions, Field, HouseholdFile, Json, Problem } from "./definition";
import { idNoProblem, isDate } from "./idNo";
import { codeTable, regionLookup } from "./lookup";
import { MOBILE } from "./normalise";
import { isObject, own } from "./path";

const LANDLINE = /^0[0-9]{2,3}-?[0-9]{7,8}$/;
const DIGITS = /^[0-9]+$/;
const ANY_DIGIT = /[0-9\uFF10-\uFF19]/;
const BANK_CARD_DIGITS = { min: 12, max: 19 };
/** A community that is not in the list yet is filed under its town with this ending and resolved later. */
const TEMPORARY_COMMUNITY = "999";
const REGION_DIGITS = { county: 6, town: 9, community: 12 };

export type Finding = Omit<Problem, "path">;
type Params = Readonly<Record<string, Json | undefined>>;

export interface ValueContext {
  readonly definitions: Pick<Definitions, "codes" | "regions">;
  /** The file whose rows a `ref` may name. */
  readonly file: HouseholdFile;
  readonly today: string;
}

function error(code: string, params: Params = {}): Finding {
  const given = Object.entries(params).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return given.length === 0 ? { code, severity: "E" } : { code, severity: "E", params: Object.fromEntries(given) };
}

const wrongType = error("value.type");

/** What is wrong with a value, null when nothing is. An absent value is never wrong here. */
export function checkValue(field: Field, value: Json, context: ValueContext): Finding | null {
  if (value === null) return null;
  switch (field.type) {
    case "bool":
      return typeof value === "boolean" ? null : wrongType;
    case "int":
    case "decimal":
    case "money":
    case "year":
      return checkInteger(field, value);
    case "set":
      return checkSet(field, value, context);
    case "geo":
      return checkGeo(value);
    default:
      return typeof value === "string" ? checkString(field, value, context) : wrongType;
  }
}

function checkString(field: Field, value: string, context: ValueContext): Finding | null {
  switch (field.type) {
    case "name":
      return ANY_DIGIT.test(value) ? error("name.digits") : checkLength(field, value);
    case "code":
      return codeTable(context.definitions.codes, field.codes ?? "").has(value) ? null : error("code.unknown");
    case "date":
      if (!isDate(value)) return error("date.format");
      return field.past && value > context.today ? error("date.future") : null;
    case "month":
      if (!isDate(`${value}-01`)) return error("date.format");
      return field.past && value > context.today.slice(0, 7) ? error("date.future") : null;
    case "digits": {
      const fits = DIGITS.test(value) && (field.length === undefined || value.length === field.length);
      return fits ? null : error("digits.length", { length: field.length });
    }
    case "phone":
      return MOBILE.test(value) ? null : error("phone.format");
    case "phone_any":
      return MOBILE.test(value) || LANDLINE.test(value) ? null : error("phone.format");
    case "id_no": {
      const problem = idNoProblem(value, context.today);
      return problem && error(problem);
    }
    case "bank_card":
      return checkBankCard(value);
    case "region":
      return checkRegion(field, value, context);
    case "ref":
      return own(own(context.file, field.rows ?? ""), value) === null ? error("ref.unknown") : null;
    default:
      return checkLength(field, value);
  }
}

function checkLength(field: Field, value: string): Finding | null {
  const length = [...value].length;
  if (field.min !== undefined && length < field.min) return error("text.too_short", { min: field.min });
  if (field.max !== undefined && length > field.max) return error("text.too_long", { max: field.max });
  return null;
}

function checkInteger(field: Field, value: Json): Finding | null {
  if (typeof value !== "number" || !Number.isInteger(value)) return wrongType;
  const { min, max } = field;
  const inside = (min === undefined || value >= min) && (max === undefined || value <= max);
  return inside && Number.isSafeInteger(value) ? null : error("number.range", { min, max });
}

function checkSet(field: Field, value: Json, context: ValueContext): Finding | null {
  if (!Array.isArray(value) || !value.every((code) => typeof code === "string")) return wrongType;
  const known = codeTable(context.definitions.codes, field.codes ?? "");
  if (!value.every((code) => known.has(code))) return error("code.unknown");
  return field.max !== undefined && value.length > field.max ? error("set.too_many", { max: field.max }) : null;
}

/** Luhn: from the right, each second digit doubled; the sum ends in 0. */
function checkBankCard(value: string): Finding | null {
  const { min, max } = BANK_CARD_DIGITS;
  if (!DIGITS.test(value) || value.length < min || value.length > max) return error("digits.length", BANK_CARD_DIGITS);
  let sum = 0;
  for (let i = 0; i < value.length; i++) {
    const digit = Number(value[value.length - 1 - i]);
    const doubled = i % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0 ? null : { code: "bank_card.luhn", severity: "W" };
}

/** Inside our cities the list decides; elsewhere the number of digits is enough, as former counties stay valid. */
function checkRegion(field: Field, value: string, context: ValueContext): Finding | null {
  const unknown = error("region.unknown");
  const { level } = field;
  if (!level || !DIGITS.test(value) || value.length !== REGION_DIGITS[level]) return unknown;
  const { byCode, cities, hasCommunities } = regionLookup(context.definitions.regions);
  if (!cities.has(value.slice(0, 4))) return null;
  if (level === "county" && value.endsWith("00")) return unknown;
  const byTown = level === "community" && (!hasCommunities || value.endsWith(TEMPORARY_COMMUNITY));
  const listed = byTown ? value.slice(0, REGION_DIGITS.town) : value;
  return byCode.has(listed) ? null : unknown;
}

function checkGeo(value: Json): Finding | null {
  if (!isObject(value) || Object.keys(value).length !== 3) return wrongType;
  const { lat_e6: lat, lon_e6: lon, accuracy_m: accuracy } = value;
  if (![lat, lon, accuracy].every(Number.isSafeInteger)) return wrongType;
  const inside = Math.abs(Number(lat)) <= 90e6 && Math.abs(Number(lon)) <= 180e6 && Number(accuracy) >= 0;
  return inside ? null : error("geo.range");
}
