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
