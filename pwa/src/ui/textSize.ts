/** The reader's text size, a share of the browser's own; kept on this device. */
export const textSizes = ["normal", "large", "larger", "largest"] as const;
export type TextSize = (typeof textSizes)[number];

const KEY = "ruhu.text-size";

const isTextSize = (value: string | null | undefined): value is TextSize => textSizes.some((size) => size === value);

/** What was chosen last, also when the browser refuses to keep anything. */
export function readTextSize(): TextSize {
  try {
    const kept = localStorage.getItem(KEY);
    return isTextSize(kept) ? kept : "normal";
  } catch {
    return "normal";
  }
}

export function applyTextSize(size: TextSize): void {
  document.documentElement.dataset["text"] = size;
}

export function keepTextSize(size: TextSize): void {
  applyTextSize(size);
  try {
    localStorage.setItem(KEY, size);
  } catch {
    // The choice then holds until the app is closed.
  }
}
