// Derived figures (docs/FORMS.md): computed from a file, never entered. Integers; money in 分;
// null when an input is missing.

import type { Change } from "./changes";
import type { Definitions, HouseholdFile, Json, Meta, Row, VisitAnswers } from "./definition";
import { idNoFacts, isDate } from "./idNo";
import { codeTable } from "./lookup";
import { fieldAt, rowsOf } from "./path";

const TIMES_A_YEAR: Readonly<Record<string, bigint>> = { month: 12n, quarter: 4n, year: 1n };
const SHOCKS = ["accident_loss", "disaster_loss", "medical_oop"];
const SENSITIVE_LEVEL = 3;
const MINUTE_MS = 60_000;

export interface PersonFigures {
  readonly age: number | null;
  readonly income_monthly: number | null;
  readonly id_sex: "1" | "2" | null;
  readonly id_birth_date: string | null;
}

export interface Figures {
  readonly persons_count: number;
  readonly workers_count: number;
  readonly household_size: number;
  readonly annual_income_total: number | null;
  readonly annual_income_counted: number | null;
  readonly annual_relief: number | null;
  readonly annual_nonwage_income: number | null;
  readonly worker_monthly_income: number | null;
  readonly pci: number | null;
  readonly pci_after_relief: number | null;
  readonly rigid_annual: number | null;
  readonly medical_oop_annual: number | null;
  readonly shock_12m: number | null;
  readonly npci: number | null;
  readonly duplicate_id_persons: readonly string[];
  readonly visit_minutes: number | null;
  readonly has_student: boolean;
  readonly has_sensitive: boolean;
}

export interface Derived {
  readonly figures: Figures;
  /** By the person's id. */
  readonly persons: ReadonlyMap<string, PersonFigures>;
}

interface Entry {
  readonly id: string;
  readonly row: Row;
}
/** A row of income or spending that can be counted. */
interface Item {
  readonly row: Row;
  readonly category: string;
  readonly person: string | null;
  /** 分 per year; exact on the way, even where no number is. */
  readonly yearly: bigint;
}
type Keep = (item: Item) => boolean;

/** The integer as a number, null beyond what a number holds exactly. */
const fitting = (value: bigint | null): number | null =>
  value !== null && Number.isSafeInteger(Number(value)) ? Number(value) : null;

/** `total / parts`, rounded half away from zero; null by zero. */
function dividedRound(total: bigint | null, parts: number): number | null {
  if (total === null || parts <= 0) return null;
  const [by, size] = [BigInt(parts), total < 0n ? -total : total];
  const rounded = (2n * size + by) / (2n * by);
  return fitting(total < 0n ? -rounded : rounded);
}

const textOf = (row: Row, key: string): string | null => {
  const value = row[key];
  return typeof value === "string" && value !== "" ? value : null;
};

/** The rows of a table; null when one of them has no category, amount or period yet. */
function itemsOf(file: HouseholdFile, table: string): Item[] | null {
  const items: Item[] = [];
  for (const { row } of rowsOf(file, table)) {
    const times = TIMES_A_YEAR[textOf(row, "period") ?? ""];
    const category = textOf(row, "category");
    const amount = row["amount"];
    if (times === undefined || category === null || typeof amount !== "number" || !Number.isSafeInteger(amount)) return null;
    items.push({ row, category, person: textOf(row, "person_id"), yearly: BigInt(amount) * times });
  }
  return items;
}

/** Σ of the items kept; null when they are not known, or beyond what a number holds exactly. */
function sum(items: readonly Item[] | null, keep: Keep): bigint | null {
  if (items === null) return null;
  let total = 0n;
  for (const item of items) if (keep(item)) total += item.yearly;
  return fitting(total) === null ? null : total;
}

/** Full years on `today`; who was born on 29 February turns older on 1 March of common years. */
export function fullYears(birthDate: string, today: string): number | null {
  if (!isDate(birthDate) || birthDate > today) return null;
  const years = Number(today.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return today.slice(5) < birthDate.slice(5) ? years - 1 : years;
}

/** Whole minutes; a clock that ran backwards gives 0. */
function visitMinutes({ started_at: start, ended_at: end }: Meta): number | null {
  if (!start || !end) return null;
  const minutes = Math.floor((Date.parse(end) - Date.parse(start)) / MINUTE_MS);
  return Number.isFinite(minutes) ? Math.max(0, minutes) : null;
}

function duplicateIds(persons: readonly Entry[]): string[] {
  const seen = new Map<string, string[]>();
  for (const { id, row } of persons) {
    const idNo = row["id_no"];
    if (typeof idNo === "string" && !idNo.includes("*")) seen.set(idNo, [...(seen.get(idNo) ?? []), id]);
  }
  return [...seen.values()].filter((ids) => ids.length > 1).flat().sort();
}

const isStudent = ({ row }: Entry): boolean =>
  row["person_identity"] === "student" || row["work_status"] === "student" || (row["school_stage"] ?? null) !== null;

/** All figures of a settled file (changes.ts). `changes` are those of the visit. */
export function derive(
  definitions: Definitions,
  file: HouseholdFile,
  visit: VisitAnswers,
  changes: readonly Change[],
  meta: Meta,
): Derived {
  const { codes, dictionary } = definitions;
  const flagOf = (table: string, category: string, property: string, otherwise: boolean): boolean => {
    const value = codeTable(codes, table).get(category)?.[property];
    return typeof value === "boolean" ? value : otherwise;
  };
  const ownFlag = (row: Row, key: string): boolean | null => (typeof row[key] === "boolean" ? row[key] : null);
  const isRelief: Keep = ({ category }) => flagOf("income_category", category, "relief", false);
  const counts: Keep = (item) =>
    (ownFlag(item.row, "counts_as_income") ?? flagOf("income_category", item.category, "counts", true)) && !isRelief(item);
  const isRigid: Keep = ({ row, category }) =>
    ownFlag(row, "is_rigid") ?? flagOf("expense_category", category, "rigid", false);

  const persons = rowsOf(file, "persons");
  const workers = persons.filter(({ row }) => row["is_worker"] === true).map(({ id }) => id);
  const size = persons.filter(
    ({ row }) => row["counted_in_household"] !== false && row["vital_status"] !== "deceased",
  ).length;
  const hasIncome = visit["no_income"] === true || rowsOf(file, "income_items").length > 0;
  const income = hasIncome ? itemsOf(file, "income_items") : null;
  const expenses = itemsOf(file, "expense_items");
  const counted = sum(income, counts);
  const relief = sum(income, isRelief);
  const rigid = sum(expenses, isRigid);
  const perHead = (yearly: bigint | null): number | null => dividedRound(yearly, 12 * size);

  const personFigures = new Map<string, PersonFigures>();
  for (const { id, row } of persons) {
    const facts = idNoFacts(row["id_no"]);
    const entered = textOf(row, "birth_date");
    const birthDate = entered !== null && isDate(entered) ? entered : facts?.birth_date;
    personFigures.set(id, {
      age: birthDate === undefined ? null : fullYears(birthDate, meta.today),
      income_monthly: dividedRound(sum(income, ({ person }) => person === id), 12),
      id_sex: facts?.sex ?? null,
      id_birth_date: facts?.birth_date ?? null,
    });
  }

  const isSensitive = ({ path, to }: Change): boolean => to !== null && (fieldAt(dictionary, path)?.pii ?? 0) >= SENSITIVE_LEVEL;
  const figures: Figures = {
    persons_count: persons.length,
    workers_count: workers.length,
    household_size: size,
    annual_income_total: fitting(sum(income, () => true)),
    annual_income_counted: fitting(counted),
    annual_relief: fitting(relief),
    annual_nonwage_income: fitting(sum(income, ({ category }) => category !== "wage")),
    worker_monthly_income: dividedRound(sum(income, ({ person }) => person !== null && workers.includes(person)), 12),
    pci: perHead(counted),
    pci_after_relief: perHead(counted === null || relief === null ? null : counted + relief),
    rigid_annual: fitting(rigid),
    medical_oop_annual: fitting(sum(expenses, ({ category }) => category === "medical_oop")),
    shock_12m: fitting(sum(expenses, ({ category }) => SHOCKS.includes(category))),
    npci: perHead(counted === null || rigid === null ? null : counted - rigid),
    duplicate_id_persons: duplicateIds(persons),
    visit_minutes: visitMinutes(meta),
    has_student: persons.some(isStudent),
    has_sensitive: changes.some(isSensitive),
  };
  return { figures, persons: personFigures };
}

/** A figure by its name in a form, null for a name that is not known. */
export function figureOf(figures: Figures, name: string): Json {
  const values: Readonly<Record<string, unknown>> = { ...figures };
  const value = values[name];
  return value === undefined ? null : (value as Json);
}
