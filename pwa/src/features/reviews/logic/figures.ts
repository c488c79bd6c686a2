// Derived figures before and after: those that a reviewer weighs, and whether they moved.

import type { Json } from "@/forms";

/** In the order of the table. */
const SHOWN = [
  "household_size",
  "annual_income_total",
  "annual_income_counted",
  "annual_relief",
  "worker_monthly_income",
  "pci",
  "pci_after_relief",
  "rigid_annual",
  "medical_oop_annual",
  "npci",
] as const;

export interface FigureLine {
  readonly name: string;
  readonly before: Json;
  readonly after: Json;
  readonly changed: boolean;
}

type Values = Readonly<Record<string, Json>>;

/** Figures known before or after; those that moved first, each part in the table's order. */
export function figureLines(figures: { readonly before: Values; readonly after: Values }): FigureLine[] {
  const lines = SHOWN.map((name): FigureLine => {
    const before = figures.before[name] ?? null;
    const after = figures.after[name] ?? null;
    return { name, before, after, changed: before !== after };
  }).filter(({ before, after }) => before !== null || after !== null);
  return [...lines.filter((line) => line.changed), ...lines.filter((line) => !line.changed)];
}
