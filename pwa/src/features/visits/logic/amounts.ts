// Numbers as people type them on a phone, to the integers that are kept: money in 分, decimals in units
// of 10^-scale. Digits are handled as text; no floating point on the way.

export type Entry =
  | { readonly is: "empty" }
  | { readonly is: "value"; readonly value: number }
  | { readonly is: "wrong"; readonly why: "format" | "decimals" };

const WAN = 10_000;

/** Full-width digits and signs to half-width, without grouping, blanks and currency signs. */
function plain(text: string): string {
  return text
    .replace(/[\uFF01-\uFF5E]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0xfee0))
    .replace(/。/g, ".")
    .replace(/[\s,，¥￥元]/g, "");
}

function scaled(text: string, scale: number): Entry {
  const match = /^(-?)(\d*)(?:\.(\d*))?$/.exec(text);
  const whole = match?.[2] ?? "";
  const fraction = (match?.[3] ?? "").replace(/0+$/, "");
  if (!match || whole + (match[3] ?? "") === "") return { is: "wrong", why: "format" };
  if (fraction.length > scale) return { is: "wrong", why: "decimals" };
  const value = Number(`${whole === "" ? "0" : whole}${fraction.padEnd(scale, "0")}`);
  if (!Number.isSafeInteger(value)) return { is: "wrong", why: "format" };
  return { is: "value", value: match[1] === "-" && value !== 0 ? -value : value };
}

/** A number with up to `scale` decimals. */
export function parseDecimal(text: string, scale: number): Entry {
  const clean = plain(text);
  return clean === "" ? { is: "empty" } : scaled(clean, scale);
}

/** An amount in 元 to 分; `1.2万` is 12,000 元. */
export function parseMoney(text: string): Entry {
  const clean = plain(text);
  if (clean === "") return { is: "empty" };
  // One 万元 is a million 分, so six decimals of 万 are whole 分.
  return clean.endsWith("万") ? scaled(clean.slice(0, -1), 6) : scaled(clean, 2);
}

/** What is kept of something typed: the number, null for nothing, and what cannot be read as it was typed. */
export function keptOf(typed: string, parse: (text: string) => Entry): number | string | null {
  const entry = parse(typed);
  return entry.is === "value" ? entry.value : entry.is === "empty" ? null : typed;
}

/** How a kept integer stands in an input: no grouping, no zeros at the end. */
export function decimalText(value: number, scale: number): string {
  const digits = String(Math.abs(value)).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, "");
  return `${value < 0 ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

export const moneyText = (fen: number): string => decimalText(fen, 2);

/** For reading, grouped by thousands: `12,000.5`. */
export function groupedText(value: number, scale: number): string {
  const [whole = "", fraction] = decimalText(value, scale).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** Whole 元 for a figure said in a sentence; half away from zero. */
export function wholeYuan(fen: number): string {
  const yuan = Math.sign(fen) * Math.floor((Math.abs(fen) + 50) / 100);
  return groupedText(yuan, 0);
}

/** 万元 for an echo of large amounts, null below ten thousand 元: a zero too many is seen at once. */
export function inWan(fen: number): string | null {
  if (Math.abs(fen) < WAN * 100) return null;
  return decimalText(Math.round(fen / WAN), 2);
}
