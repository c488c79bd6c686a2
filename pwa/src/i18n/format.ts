// Dates and sizes as people read them. The calendar is that of Asia/Shanghai, wherever the phone believes to be.
import { type Locale, currentLocale, i18n } from "./index";

const ZONE = "Asia/Shanghai";
const DAY_MS = 86_400_000;

/** The day in Asia/Shanghai at an instant (milliseconds since 1970), as `yyyy-mm-dd`. */
export function dayOf(instantMs: number): string {
  // Shanghai has had no summer time since 1991: UTC+8.
  return new Date(instantMs + 8 * 3_600_000).toISOString().slice(0, 10);
}

/** Whole days from `today` to `day` (both `yyyy-mm-dd`); negative when it is past. */
export function daysUntil(day: string, today: string): number {
  return Math.round((Date.parse(day) - Date.parse(today)) / DAY_MS);
}

const language = (locale: Locale): string => (locale === "en" ? "en-GB" : "zh-CN");

/** `11月23日` or `23 Nov`, with the year when it is not this one. */
export function formatDay(day: string, locale: Locale = currentLocale.value): string {
  const isThisYear = day.slice(0, 4) === dayOf(Date.now()).slice(0, 4);
  return new Intl.DateTimeFormat(language(locale), {
    ...(!isThisYear && { year: "numeric" }),
    month: "short",
    day: "numeric",
    timeZone: "UTC",
  }).format(new Date(`${day.slice(0, 10)}T00:00:00Z`));
}

/** Day and time of an instant (RFC 3339 or milliseconds); the year when it is not this one. */
export function formatInstant(instant: string | number, locale: Locale = currentLocale.value): string {
  const date = new Date(instant);
  const isThisYear = dayOf(date.getTime()).slice(0, 4) === dayOf(Date.now()).slice(0, 4);
  return new Intl.DateTimeFormat(language(locale), {
    ...(!isThisYear && { year: "numeric" }),
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hour12: false,
    timeZone: ZONE,
  }).format(date);
}

/** When something is due, in words: overdue, today, tomorrow, or the day. */
export function formatDue(day: string, today: string): string {
  const days = daysUntil(day, today);
  if (days < 0) return i18n.global.t("ui.due.overdue", { n: -days }, -days);
  if (days === 0) return i18n.global.t("ui.due.today");
  if (days === 1) return i18n.global.t("ui.due.tomorrow");
  return i18n.global.t("ui.due.on", { day: formatDay(day) });
}

/** A size in bytes, in the largest unit that leaves a number above one. */
export function formatBytes(bytes: number, locale: Locale = currentLocale.value): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  const digits = unit > 1 && size < 10 ? 1 : 0;
  return `${size.toLocaleString(locale, { maximumFractionDigits: digits })} ${units[unit] ?? ""}`;
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [["day", DAY_MS], ["hour", 3_600_000], ["minute", 60_000]];

/** How long ago an instant is, in the largest unit that it fills: `2小时前`, `3 days ago`. */
export function formatAgo(instant: string, nowMs: number, locale: Locale = currentLocale.value): string {
  const agoMs = Math.max(0, nowMs - Date.parse(instant));
  const [unit, sizeMs] = STEPS.find(([, size]) => agoMs >= size) ?? (["minute", 60_000] as const);
  return new Intl.RelativeTimeFormat(language(locale), { numeric: "auto" }).format(-Math.floor(agoMs / sizeMs), unit);
}
