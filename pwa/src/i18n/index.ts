// Every text of the app, by language. A language is loaded when it is first needed; the other one stays away.
// One file per feature under zh-CN/ and en/, put together in their index.ts; zh-CN decides which keys exist.
import { type WritableComputedRef, computed } from "vue";
import { createI18n } from "vue-i18n";

export type Locale = "zh-CN" | "en";
export const locales: readonly Locale[] = ["zh-CN", "en"];

const KEY = "ruhu.locale";

export const i18n = createI18n({
  legacy: false,
  locale: "zh-CN" as Locale,
  fallbackLocale: false,
  // Problem codes are keys with dots in them.
  flatJson: true,
  missingWarn: false,
  fallbackWarn: false,
  messages: {},
});

const isLocale = (value: string | null): value is Locale => locales.some((locale) => locale === value);

function readChoice(): Locale | null {
  try {
    const kept = localStorage.getItem(KEY);
    return isLocale(kept) ? kept : null;
  } catch {
    return null;
  }
}

/** What was chosen here, else the first language of the browser that we speak, else Chinese. */
export function preferredLocale(languages: readonly string[] = navigator.languages): Locale {
  const chosen = readChoice();
  if (chosen) return chosen;
  for (const language of languages) {
    if (language.toLowerCase().startsWith("zh")) return "zh-CN";
    if (language.toLowerCase().startsWith("en")) return "en";
  }
  return "zh-CN";
}

/** Loads the texts of `locale` and shows them; the page then says its language in `<html lang>`. */
export async function showLocale(locale: Locale): Promise<void> {
  if (!i18n.global.availableLocales.includes(locale)) {
    const messages = locale === "en" ? await import("./en") : await import("./zh-CN");
    i18n.global.setLocaleMessage(locale, messages.default);
  }
  i18n.global.locale.value = locale;
  document.documentElement.lang = locale;
}

/** The switch on the page: shows a language and keeps the choice on this device. */
export async function chooseLocale(locale: Locale): Promise<void> {
  await showLocale(locale);
  try {
    localStorage.setItem(KEY, locale);
  } catch {
    // The choice then holds until the app is closed.
  }
}

/** The language now shown. */
export const currentLocale: WritableComputedRef<Locale> = computed({
  get: () => i18n.global.locale.value as Locale,
  set: (locale) => {
    void chooseLocale(locale);
  },
});

/** The text of something that brings its own two languages (form definitions, regions). */
export function inLocale(text: { zh: string; en: string }, locale: Locale = currentLocale.value): string {
  return locale === "en" ? text.en : text.zh;
}

/** The sentence for a problem code of the server or of the forms; a general one for a code not known here. */
export function problemText(code: string | null | undefined, params: Record<string, unknown> = {}): string {
  const key = `problem.${code ?? ""}`;
  return code && i18n.global.te(key) ? i18n.global.t(key, params) : i18n.global.t("problem.unknown", { code: code ?? "–" });
}
