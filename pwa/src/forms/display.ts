// Values, labels and figures as people read them, in both languages. Amounts keep their unit.

import type { Definitions, Field, HouseholdFile, Json, Labels, Language } from "./definition";
import { codeTable, regionLookup } from "./lookup";
import { fieldAt, fieldOfPattern, isObject, own } from "./path";

/** Unit of each derived figure. */
const FIGURE_UNITS: Readonly<Record<string, Labels>> = {
  persons_count: { zh: "人", en: "people" },
  workers_count: { zh: "人", en: "people" },
  household_size: { zh: "人", en: "people" },
  annual_income_total: { zh: "元/年", en: "yuan/year" },
  annual_income_counted: { zh: "元/年", en: "yuan/year" },
  annual_relief: { zh: "元/年", en: "yuan/year" },
  annual_nonwage_income: { zh: "元/年", en: "yuan/year" },
  worker_monthly_income: { zh: "元/月", en: "yuan/month" },
  pci: { zh: "元/月", en: "yuan/month" },
  pci_after_relief: { zh: "元/月", en: "yuan/month" },
  rigid_annual: { zh: "元/年", en: "yuan/year" },
  medical_oop_annual: { zh: "元/年", en: "yuan/year" },
  shock_12m: { zh: "元/年", en: "yuan/year" },
  npci: { zh: "元/月", en: "yuan/month" },
  visit_minutes: { zh: "分钟", en: "minutes" },
};
const FIGURE_LABELS: Readonly<Record<string, Labels>> = {
  persons_count: { zh: "登记人数", en: "People recorded" },
  workers_count: { zh: "职工本人人数", en: "Workers recorded" },
  household_size: { zh: "家庭人口", en: "People counted" },
  annual_income_total: { zh: "家庭年度总收入", en: "Yearly household income" },
  annual_income_counted: { zh: "计入的家庭年收入", en: "Yearly income that counts" },
  annual_relief: { zh: "年救助收入", en: "Yearly relief" },
  annual_nonwage_income: { zh: "家庭其他非薪资年收入", en: "Yearly income other than wages" },
  worker_monthly_income: { zh: "本人月平均收入", en: "Worker's monthly income" },
  pci: { zh: "家庭月人均收入", en: "Monthly income per person" },
  pci_after_relief: { zh: "救助后月人均收入", en: "Monthly income per person after relief" },
  rigid_annual: { zh: "年刚性支出", en: "Yearly necessary spending" },
  medical_oop_annual: { zh: "年医疗自付", en: "Yearly medical costs paid by the family" },
  shock_12m: { zh: "近 12 个月突发支出", en: "Sudden losses in 12 months" },
  npci: { zh: "扣除刚性支出后月人均收入", en: "Monthly income per person after necessary spending" },
  duplicate_id_persons: { zh: "证件号重复的成员", en: "Members with the same ID number" },
  visit_minutes: { zh: "走访用时", en: "Length of the visit" },
  has_student: { zh: "有在校学生", en: "Has a student" },
  has_sensitive: { zh: "含敏感信息", en: "Contains sensitive facts" },
};
const MONEY_UNIT: Labels = { zh: "元", en: "yuan" };
const YES: Labels = { zh: "是", en: "Yes" };
const NO: Labels = { zh: "否", en: "No" };
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DATE = /^([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?$/;

/** An integer in units of 10^-scale with grouped thousands: (123400, 2) → `1,234.00`. */
export function formatDecimal(value: number, scale: number): string {
  const digits = String(Math.abs(value)).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale).replace(/\B(?=(?:[0-9]{3})+$)/g, ",");
  const fraction = scale > 0 ? `.${digits.slice(digits.length - scale)}` : "";
  return `${value < 0 ? "-" : ""}${whole}${fraction}`;
}

/** 分 as yuan with two decimals and the unit: `1,234.00 元`. */
export const formatMoney = (fen: number, language: Language, unit: Labels = MONEY_UNIT): string =>
  `${formatDecimal(fen, 2)} ${unit[language]}`;

/** `2026-11-23` → `2026年11月23日`, `23 Nov 2026`; a month without its day; anything else stays. */
export function formatDate(text: string, language: Language): string {
  const match = DATE.exec(text);
  if (!match) return text;
  const [, year = "", month = "", day] = match;
  if (language === "zh") return `${year}年${Number(month)}月${day ? `${Number(day)}日` : ""}`;
  return `${day ? `${Number(day)} ` : ""}${MONTHS[Number(month) - 1] ?? month} ${year}`;
}

export function codeLabel(definitions: Definitions, table: string, code: string, language: Language): string {
  return codeTable(definitions.codes, table).get(code)?.[language] ?? code;
}

/** The region with those above it inside the list: `东胜区 交通街道`; the code itself when it is not listed. */
export function regionLabel(definitions: Definitions, code: string, language: Language): string {
  const { byCode } = regionLookup(definitions.regions);
  const above = code.length > 6 ? [code.slice(0, 6), ...(code.length > 9 ? [code.slice(0, 9)] : [])] : [];
  const known = [...above, code].map((part) => byCode.get(part)?.[language]).filter((label) => label !== undefined);
  if (byCode.has(code)) return language === "zh" ? known.join(" ") : known.reverse().join(", ");
  return known.length > 0 ? `${known.join(" ")} ${code}` : code;
}

/** The title of a row in a list, null while its field has no value. */
export function rowTitle(
  definitions: Definitions,
  file: HouseholdFile,
  table: string,
  rowId: string,
  language: Language,
): string | null {
  const title = definitions.dictionary.rows[table]?.title;
  if (title === undefined) return null;
  const field = fieldOfPattern(definitions.dictionary, `${table}/*/${title}`);
  const value = own(own(own(file, table), rowId), title);
  return field && value !== null ? formatValue(definitions, field, value, language, file) : null;
}

/** One value for reading; null when there is none. `file` names the rows that references mean. */
export function formatValue(
  definitions: Definitions,
  field: Field,
  value: Json | undefined,
  language: Language,
  file: HouseholdFile = {},
): string | null {
  if (value === null || value === undefined || value === "") return null;
  const withUnit = (text: string): string => (field.unit ? `${text} ${field.unit[language]}` : text);
  if (typeof value === "boolean") return (value ? YES : NO)[language];
  if (typeof value === "number") {
    if (field.type === "money") return formatMoney(value, language, field.unit);
    if (field.type === "decimal") return withUnit(formatDecimal(value, field.scale ?? 0));
    return withUnit(field.type === "int" ? formatDecimal(value, 0) : String(value));
  }
  if (Array.isArray(value)) {
    const labels = value.map((code) => codeLabel(definitions, field.codes ?? "", String(code), language));
    return labels.length === 0 ? null : labels.join(language === "zh" ? "、" : ", ");
  }
  if (isObject(value)) return formatGeo(value, language);
  switch (field.type) {
    case "code":
      return codeLabel(definitions, field.codes ?? "", value, language);
    case "date":
    case "month":
      return formatDate(value, language);
    case "region":
      return regionLabel(definitions, value, language);
    case "ref":
      return rowTitle(definitions, file, field.rows ?? "", value, language);
    default:
      return value;
  }
}

function formatGeo(value: Readonly<Record<string, Json>>, language: Language): string {
  const degrees = (micro: Json | undefined): string => (Number(micro) / 1e6).toFixed(6);
  const accuracy = `±${String(value["accuracy_m"])} ${language === "zh" ? "米" : "m"}`;
  return `${degrees(value["lat_e6"])}, ${degrees(value["lon_e6"])} (${accuracy})`;
}

/** The label of a concrete path; a whole row has its table's. */
export function labelOf(definitions: Definitions, path: string, language: Language): string {
  const { dictionary } = definitions;
  return fieldAt(dictionary, path)?.[language] ?? dictionary.rows[path.split("/")[0] ?? ""]?.[language] ?? path;
}

export const figureLabel = (name: string, language: Language): string => FIGURE_LABELS[name]?.[language] ?? name;

/** A derived figure with its unit; null while it is not known. */
export function formatFigure(name: string, value: Json, language: Language): string | null {
  if (typeof value === "boolean") return (value ? YES : NO)[language];
  if (typeof value !== "number") return null;
  const unit = FIGURE_UNITS[name];
  if (!unit) return String(value);
  return unit.zh.startsWith("元") ? formatMoney(value, language, unit) : `${value} ${unit[language]}`;
}
