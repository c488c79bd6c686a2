// The one place through which personal data enters and leaves the database.
//
// Today the stored form is the value itself under a format number. A cipher goes here; it must be synchronous,
// because an IndexedDB transaction does not wait for anything but the database.

/** A value as it lies in the database. `f` is the format: 0 is plain. */
export interface Stored<T> {
  readonly f: 0;
  readonly b: T;
}

export function encode<T>(value: T): Stored<T> {
  return { f: 0, b: value };
}

export function decode<T>(stored: Stored<T>): T {
  return stored.b;
}

const PLAIN = 0;

/** The same for what lies outside of the database: one byte of format, then the value. */
export function encodeBytes(value: unknown): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(value));
  const bytes = new Uint8Array(text.length + 1);
  bytes[0] = PLAIN;
  bytes.set(text, 1);
  return bytes;
}

/** Throws when the bytes are not of a format that this app knows. */
export function decodeBytes(bytes: Uint8Array): unknown {
  if (bytes[0] !== PLAIN) throw new Error("unknown format");
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(1)));
}
