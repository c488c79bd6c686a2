// How a sealed value looks to whoever may not see it. Masking a mask gives the same mask.

import type { Field, Json, MaskKind } from "./definition";

const SEPARATOR = "·";
const COVERED = "****";

const stars = (count: number): string => "*".repeat(count);

function keepEnds(characters: readonly string[], head: number, tail: number): string {
  const covered = characters.length - head - tail;
  if (covered <= 0) return stars(characters.length);
  return characters.slice(0, head).join("") + stars(covered) + characters.slice(head + covered).join("");
}

function maskName(characters: readonly string[]): string {
  if (characters.length <= 1) return stars(characters.length);
  if (characters.includes(SEPARATOR)) {
    return characters.map((character, at) => (at === 0 || character === SEPARATOR ? character : "*")).join("");
  }
  return characters.length === 2 ? `${characters[0]}*` : keepEnds(characters, 1, 1);
}

/** The covered form of a value; nothing stays nothing. */
export function maskValue(kind: MaskKind, value: string): string {
  if (value === "") return "";
  const characters = [...value];
  switch (kind) {
    case "id_no":
    case "phone":
      return keepEnds(characters, 3, 4);
    case "bank_card":
      return characters.length <= 4 ? COVERED : `${COVERED} ${characters.slice(-4).join("")}`;
    case "tail4":
      return keepEnds(characters, 0, 4);
    case "hidden":
      return COVERED;
    case "name":
      return maskName(characters);
  }
}

/** How a field looks to whoever may not see it. */
export const maskOf = (field: Pick<Field, "mask" | "sealed">): MaskKind | undefined =>
  field.mask ?? (field.sealed ? "hidden" : undefined);

/** Whether a text is a covered form: no value of a masked field holds a star itself. */
export const isMasked = (value: Json): boolean => typeof value === "string" && value.includes("*");

/** Whether `mask` is exactly the covered form of `value`. */
export function covers(field: Field, mask: Json, value: Json): boolean {
  const kind = maskOf(field);
  if (kind === undefined || typeof mask !== "string" || typeof value !== "string") return false;
  return isMasked(mask) && !isMasked(value) && maskValue(kind, value) === mask;
}
