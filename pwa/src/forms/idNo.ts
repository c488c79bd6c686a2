// Resident ID numbers (GB 11643): six digits of a region, the date of birth, a sequence whose last digit
// is odd for men, a check character. Old ones have fifteen digits: no century, no check character.

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK_CHARACTERS = "10X98765432";
const OLD = /^[0-9]{15}$/;
const SHAPE = /^[0-9]{17}[0-9X]$/;

export type IdNoProblem = "id_no.length" | "id_no.check_digit" | "id_no.birth_date";

function checkCharacter(body: string): string {
  let sum = 0;
  for (let i = 0; i < WEIGHTS.length; i++) sum += Number(body[i]) * (WEIGHTS[i] ?? 0);
  return CHECK_CHARACTERS.charAt(sum % 11);
}

/** Eighteen characters for fifteen digits (the old numbers are of the 1900s); anything else stays. */
export function widenIdNo(idNo: string): string {
  if (!OLD.test(idNo)) return idNo;
  const body = `${idNo.slice(0, 6)}19${idNo.slice(6)}`;
  return body + checkCharacter(body);
}

/** Whether `text` is a date `yyyy-mm-dd` of the calendar, from the year 1 on. */
export function isDate(text: string): boolean {
  const match = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text);
  if (!match) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

function daysIn(year: number, month: number): number {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (month === 2) return leap ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

const birthDateIn = (idNo: string): string => `${idNo.slice(6, 10)}-${idNo.slice(10, 12)}-${idNo.slice(12, 14)}`;

/** What is wrong with a normalised number, null when it is valid. */
export function idNoProblem(idNo: string, today: string): IdNoProblem | null {
  return faultOf(idNo) ?? (birthDateIn(idNo) > today ? "id_no.birth_date" : null);
}

function faultOf(idNo: string): IdNoProblem | null {
  if (!SHAPE.test(idNo)) return "id_no.length";
  if (checkCharacter(idNo) !== idNo[17]) return "id_no.check_digit";
  return isDate(birthDateIn(idNo)) ? null : "id_no.birth_date";
}

export interface IdNoFacts {
  /** `1` man, `2` woman (GB/T 2261.1). */
  readonly sex: "1" | "2";
  readonly birth_date: string;
}

/** What a valid, unmasked number tells; null for any other value. */
export function idNoFacts(idNo: unknown): IdNoFacts | null {
  if (typeof idNo !== "string" || faultOf(idNo) !== null) return null;
  return { sex: Number(idNo[16]) % 2 === 1 ? "1" : "2", birth_date: birthDateIn(idNo) };
}
