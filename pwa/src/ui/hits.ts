/** A piece of a text, and whether the search asked for it. */
export interface Piece {
  text: string;
  hit: boolean;
}

/** Cuts `text` where a word of `query` (separated by blanks) occurs; earlier and longer hits win. */
export function splitAtHits(text: string, query: string): Piece[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "")
    .sort((a, b) => b.length - a.length);
  const lower = text.toLowerCase();
  // Some letters change their length in lower case; positions would then be wrong.
  if (words.length === 0 || lower.length !== text.length) return [{ text, hit: false }];
  const pieces: Piece[] = [];
  let at = 0;
  while (at < text.length) {
    let start = text.length;
    let length = 0;
    for (const word of words) {
      const found = lower.indexOf(word, at);
      if (found >= 0 && found < start) {
        start = found;
        length = word.length;
      }
    }
    if (start > at) pieces.push({ text: text.slice(at, start), hit: false });
    if (length > 0) pieces.push({ text: text.slice(start, start + length), hit: true });
    at = start + length;
  }
  return pieces;
}
