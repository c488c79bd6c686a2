// A structured clone for what this app stores: JSON and bytes. The one of Node takes most of a run's time, because the
// definitions are read at each visit. They are copied once, and frozen.

const shared = new WeakSet<object>();

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  shared.add(value);
  Object.freeze(value);
  for (const one of Object.values(value)) freeze(one);
}

const isDefinitions = (value: object): boolean => "dictionary" in value && "forms" in value && "codes" in value;

function copy(value: unknown): unknown {
  if (typeof value === "function" || typeof value === "symbol") throw new DOMException("cannot be cloned", "DataCloneError");
  if (typeof value !== "object" || value === null || shared.has(value)) return value;
  if (Array.isArray(value)) return value.map(copy);
  if (value instanceof Uint8Array) return value.slice();
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return original(value);
  const made: Record<string, unknown> = {};
  for (const key of Object.keys(value)) made[key] = copy((value as Record<string, unknown>)[key]);
  if (isDefinitions(made)) freeze(made);
  return made;
}

const original = globalThis.structuredClone;

/** Puts it in the place of Node's. */
export function cloneFast(): void {
  globalThis.structuredClone = ((value: unknown) => copy(value)) as typeof structuredClone;
}
