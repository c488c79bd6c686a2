// Keys of the desk. Letters only, and never while somebody types, chooses or has a sheet open.

export type KeyAction = "next" | "previous" | "approve" | "return" | "help";

/** What of a key press decides; a KeyboardEvent has all of it. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly isComposing: boolean;
  readonly repeat: boolean;
}

const ACTIONS: Readonly<Record<string, KeyAction>> = {
  j: "next",
  k: "previous",
  a: "approve",
  r: "return",
  "?": "help",
  "？": "help",
};

/** What the desk does on a key; null when the key means something to somebody else. */
export function actionOf(press: KeyPress, busy: { readonly typing: boolean; readonly sheetOpen: boolean }): KeyAction | null {
  if (busy.typing || busy.sheetOpen || press.isComposing) return null;
  if (press.ctrlKey || press.metaKey || press.altKey) return null;
  const action = ACTIONS[press.key.length === 1 ? press.key.toLowerCase() : press.key] ?? null;
  // Holding a key walks through the queue; it must not open sheets again and again.
  return press.repeat && action !== "next" && action !== "previous" ? null : action;
}

/** Whether the element takes letters itself. */
export function takesLetters(element: { readonly tagName: string; readonly isContentEditable?: boolean } | null): boolean {
  return element !== null && (["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName) || element.isContentEditable === true);
}
