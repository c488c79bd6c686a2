// One byte sequence for one JSON value (RFC 8785), and its hash. The platform's SHA-256 comes from outside.

import canonicalize from "canonicalize";

/** SHA-256 of the bytes, 32 bytes long; `crypto.subtle.digest("SHA-256", …)` in a browser. */
export type Sha256 = (bytes: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer | Uint8Array>;

/** Throws for what is no JSON value: `undefined`, functions, numbers that are not finite. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("only JSON values have a canonical form");
  return text;
}

/** SHA-256 over the canonical form, in lower-case hex. */
export async function canonicalHash(value: unknown, sha256: Sha256): Promise<string> {
  const digest = new Uint8Array(await sha256(new TextEncoder().encode(canonicalJson(value))));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
