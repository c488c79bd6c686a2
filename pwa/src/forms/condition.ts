// Conditions of forms: JsonLogic, interpreted (the page's policy forbids eval), with the operators that the
// server's engine has in common with this one.

import { LogicEngine, defaultMethods } from "json-logic-engine";
import type { Condition, Json } from "./definition";
import { isObject } from "./path";

const OPERATORS = [
  ...["var", "==", "===", "!=", "!==", "!", "!!", "and", "or", "if"],
  ...[">", ">=", "<", "<=", "in", "some", "all", "none", "filter", "map", "reduce"],
  ...["cat", "+", "-", "*", "/"],
];
const allowed: ReadonlySet<string> = new Set(OPERATORS);

const methods: Readonly<Record<string, unknown>> = defaultMethods;
const engine = new LogicEngine(Object.fromEntries(OPERATORS.map((name) => [name, methods[name]])));

/** The first operator of a condition that must not be used, null when all are allowed. */
export function forbiddenOperator(condition: Condition): string | null {
  if (Array.isArray(condition)) {
    for (const part of condition) {
      const found = forbiddenOperator(part);
      if (found !== null) return found;
    }
    return null;
  }
  if (!isObject(condition)) return null;
  const keys = Object.keys(condition);
  const [operator] = keys;
  if (keys.length !== 1 || operator === undefined || !allowed.has(operator)) return operator ?? "{}";
  return forbiddenOperator(condition[operator] ?? null);
}

/** The value of a condition; null when it cannot be computed (a comparison of text with a number, say). */
export function evaluate(condition: Condition, data: unknown): Json {
  try {
    const value: unknown = engine.run(condition, data);
    return value === undefined ? null : (value as Json);
  } catch {
    return null;
  }
}

/** Whether a condition holds; `0`, `""`, `[]`, `{}` and `null` do not. */
export const holds = (condition: Condition, data: unknown): boolean => Boolean(engine.truthy(evaluate(condition, data)));
