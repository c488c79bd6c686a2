// The changes of a record, put where the form asks for them: by section, inside it by row, in the form's order.

import {
  applyChanges,
  type Dictionary,
  fieldAt,
  type Form,
  type HouseholdFile,
  isFieldItem,
  isRowsItem,
  isVisitPath,
  type Labels,
  own,
  parsePath,
  patternOf,
  rowsOf,
  type Section,
} from "@/forms";
import type { RecordChange } from "../wire";

export interface Line {
  readonly path: string;
  readonly change: RecordChange;
}
export type RowFate = "added" | "removed" | "changed";
export interface RowGroup {
  /** `persons/<uuid>`, once per section. */
  readonly key: string;
  readonly table: string;
  readonly id: string;
  readonly fate: RowFate;
  readonly lines: readonly Line[];
}
export interface RecordSection {
  readonly key: string;
  /** Null for changes that the form, as it is known here, does not ask. */
  readonly title: Labels | null;
  readonly lines: readonly Line[];
  readonly rows: readonly RowGroup[];
  /** Changes in the section. */
  readonly count: number;
  /** The caseworker answered the section with 无变化. */
  readonly declaredUnchanged: boolean;
}

/** A value of the file that did not change, for the folded sections. */
export interface StandingFact {
  readonly path: string;
  /** The row that it belongs to, null for a value of the household. */
  readonly row: { readonly table: string; readonly id: string } | null;
}

interface Place {
  readonly section: number;
  readonly order: number;
}

/** Where each pattern is asked first, and where rows of each table are added. */
class Atlas {
  private readonly places = new Map<string, Place>();
  private readonly homes = new Map<string, number>();

  constructor(form: Form | undefined) {
    let order = 0;
    (form?.sections ?? []).forEach((section, at) => {
      for (const item of section.items) {
        if (isFieldItem(item)) this.put(item.path, at, order++);
        else if (isRowsItem(item)) {
          if (!item.fixed && !this.homes.has(item.rows)) this.homes.set(item.rows, at);
          for (const cell of item.items.filter(isFieldItem)) this.put(cell.path, at, order++);
        }
      }
    });
  }

  private put(pattern: string, section: number, order: number): void {
    if (!this.places.has(pattern)) this.places.set(pattern, { section, order });
  }

  sectionOf(path: string): number {
    const parsed = parsePath(path);
    if (parsed?.is === "row") return this.homes.get(parsed.rows) ?? -1;
    return this.places.get(patternOf(path))?.section ?? -1;
  }

  homeOf(table: string): number {
    return this.homes.get(table) ?? -1;
  }

  orderOf(path: string): number {
    return this.places.get(patternOf(path))?.order ?? Number.MAX_SAFE_INTEGER;
  }
}

/** What became of a row: all that stands in it is new, it is gone, or some of it changed. */
export function fateOf(file: HouseholdFile, table: string, id: string, changes: readonly RecordChange[]): RowFate {
  if (changes.some((change) => change.path === `${table}/${id}`)) return "removed";
  if (changes.some((change) => change.from !== null)) return "changed";
  const changed = new Set(changes.map((change) => change.path));
  const standing = own(own(file, table), id);
  const untouched = Object.keys((standing ?? {}) as object).some((key) => !changed.has(`${table}/${id}/${key}`));
  return untouched ? "changed" : "added";
}

/**
 * The sections with changes in the form's order; what no section asks comes last.
 * A row that was added to a file stays together as one card in the section that adds such rows; in a first
 * survey everything is new, and each value stands in its own section.
 */
export function groupChanges(
  form: Form | undefined,
  file: HouseholdFile,
  changes: readonly RecordChange[],
  options: { readonly isNew: boolean; readonly unchanged: readonly string[] },
): RecordSection[] {
  const atlas = new Atlas(form);
  const byRow = new Map<string, RecordChange[]>();
  for (const change of changes) {
    const path = parsePath(change.path);
    if (path === null || path.is === "scalar") continue;
    const key = `${path.rows}/${path.id}`;
    byRow.set(key, [...(byRow.get(key) ?? []), change]);
  }
  const fates = new Map<string, RowFate>();
  for (const [key, ofRow] of byRow) {
    const [table = "", id = ""] = key.split("/");
    fates.set(key, fateOf(file, table, id, ofRow));
  }

  const scalars = new Map<number, Line[]>();
  const groups = new Map<number, Map<string, Line[]>>();
  for (const change of changes) {
    const path = parsePath(change.path);
    const line: Line = { path: change.path, change };
    if (path === null || path.is === "scalar") {
      const at = atlas.sectionOf(change.path);
      scalars.set(at, [...(scalars.get(at) ?? []), line]);
      continue;
    }
    const key = `${path.rows}/${path.id}`;
    const whole = fates.get(key) !== "changed" && !options.isNew;
    const at = whole ? atlas.homeOf(path.rows) : atlas.sectionOf(change.path);
    const rows = groups.get(at) ?? new Map<string, Line[]>();
    rows.set(key, [...(rows.get(key) ?? []), line]);
    groups.set(at, rows);
  }

  const inOrder = (lines: readonly Line[]): Line[] =>
    [...lines].sort((a, b) => atlas.orderOf(a.path) - atlas.orderOf(b.path) || (a.path < b.path ? -1 : 1));
  const build = (at: number, section: Section | undefined): RecordSection => {
    const lines = inOrder(scalars.get(at) ?? []);
    const rows = [...(groups.get(at) ?? [])].map(([key, ofRow]): RowGroup => {
      const [table = "", id = ""] = key.split("/");
      return { key, table, id, fate: fates.get(key) ?? "changed", lines: inOrder(ofRow) };
    });
    rows.sort((a, b) => {
      const [first, second] = [a.lines[0], b.lines[0]];
      const byTable = a.table === b.table ? 0 : atlas.orderOf(first?.path ?? "") - atlas.orderOf(second?.path ?? "");
      return byTable || (a.id < b.id ? -1 : 1);
    });
    return {
      key: section?.key ?? "other",
      title: section ? { zh: section.zh, en: section.en } : null,
      lines,
      rows,
      count: lines.length + rows.reduce((sum, row) => sum + row.lines.length, 0),
      declaredUnchanged: section !== undefined && options.unchanged.includes(section.key),
    };
  };
  return [...(form?.sections ?? []).map((section, at) => build(at, section)), build(-1, undefined)].filter(
    (section) => section.count > 0,
  );
}

export interface QuietSection {
  readonly key: string;
  readonly title: Labels;
  readonly declaredUnchanged: boolean;
  readonly facts: readonly StandingFact[];
}

/** Sections about the file in which nothing changed, with the values that stand there. */
export function quietSections(
  form: Form | undefined,
  file: HouseholdFile,
  changed: readonly RecordSection[],
  unchanged: readonly string[],
): QuietSection[] {
  const withChanges = new Set(changed.map((section) => section.key));
  return (form?.sections ?? [])
    .filter((section) => !withChanges.has(section.key) && asksTheFile(section))
    .map((section) => ({
      key: section.key,
      title: { zh: section.zh, en: section.en },
      declaredUnchanged: unchanged.includes(section.key),
      facts: factsOf(section, file),
    }))
    .filter((section) => section.declaredUnchanged || section.facts.length > 0);
}

const asksTheFile = (section: Section): boolean =>
  section.items.some((item) => isRowsItem(item) || (isFieldItem(item) && !isVisitPath(item.path)));

function factsOf(section: Section, file: HouseholdFile): StandingFact[] {
  const facts: StandingFact[] = [];
  for (const item of section.items) {
    if (isFieldItem(item)) {
      if (!isVisitPath(item.path) && own(file, item.path) !== null) facts.push({ path: item.path, row: null });
    } else if (isRowsItem(item)) {
      for (const { id, row } of rowsOf(file, item.rows)) {
        const cells = item.items.filter(isFieldItem).map((cell) => cell.path.split("/")[2] ?? "");
        for (const key of cells) {
          if (own(row, key) !== null) facts.push({ path: `${item.rows}/${id}/${key}`, row: { table: item.rows, id } });
        }
      }
    }
  }
  return facts;
}

/** The answers about the visit itself, in the form's order; those that it does not ask come last. */
export function visitPaths(form: Form | undefined, answers: Readonly<Record<string, unknown>>): string[] {
  const given = Object.keys(answers).map((key) => `visit/${key}`);
  const atlas = new Atlas(form);
  return given.sort((a, b) => atlas.orderOf(a) - atlas.orderOf(b) || (a < b ? -1 : 1));
}

/** The form a visit was made with, else the nearest version of it: its sections still name the places. */
export function formOf(forms: readonly Form[], wanted: { readonly id: string; readonly version: number }): Form | undefined {
  const same = forms.filter((form) => form.id === wanted.id);
  return (
    same.find((form) => form.version === wanted.version) ??
    [...same].sort((a, b) => Math.abs(a.version - wanted.version) - Math.abs(b.version - wanted.version))[0]
  );
}

/**
 * The household as it would be, for the titles of rows and of references: the file with the changes put in.
 * Rows that go stay, so that they keep their title.
 */
export function fileAfter(dictionary: Dictionary, file: HouseholdFile, changes: readonly RecordChange[]): HouseholdFile {
  const known = changes.filter(({ path }) => parsePath(path)?.is !== "row" && fieldAt(dictionary, path) !== undefined);
  const applied = applyChanges(dictionary, file, known);
  return applied.is === "applied" ? applied.file : file;
}
