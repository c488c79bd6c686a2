// What the office publishes: the field dictionary, the code tables, the forms and the regions, as the
// server sends them (docs/FORMS.md). Names are those of the JSON files.
// Nothing in this folder reads a clock, a database, the network or the screen.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
/** One household file: scalars, sets, and rows keyed by their id. */
export type HouseholdFile = Readonly<Record<string, Json | undefined>>;
/** Answers about the visit itself, without the prefix `visit/`. */
export type VisitAnswers = Readonly<Record<string, Json | undefined>>;
export type Row = Readonly<Record<string, Json | undefined>>;

export interface Labels {
  readonly zh: string;
  readonly en: string;
}
export type Language = keyof Labels;

export type FieldType =
  | "text"
  | "name"
  | "code"
  | "set"
  | "bool"
  | "int"
  | "decimal"
  | "money"
  | "date"
  | "month"
  | "year"
  | "digits"
  | "phone"
  | "phone_any"
  | "id_no"
  | "bank_card"
  | "region"
  | "ref"
  | "geo";
/** `hidden` is what a sealed value without a mask of its own has. */
export type MaskKind = "id_no" | "phone" | "bank_card" | "tail4" | "hidden" | "name";
export type MergePolicy = "IMM" | "SRV" | "STATE" | "DER" | "AUTO" | "REV" | "APP" | "UNI" | "MAX" | "MIN";
export type RegionLevel = "county" | "town" | "community";

export interface Field extends Labels {
  readonly type: FieldType;
  readonly pii: number;
  readonly merge: MergePolicy;
  /** Guarded group that the path is merged with. */
  readonly group?: string;
  readonly sealed?: boolean;
  readonly mask?: MaskKind;
  readonly min?: number;
  readonly max?: number;
  readonly unit?: Labels;
  readonly scale?: number;
  readonly length?: number;
  readonly lines?: boolean;
  readonly past?: boolean;
  readonly codes?: string;
  readonly level?: RegionLevel;
  readonly rows?: string;
}

export interface RowsDefinition extends Labels {
  readonly max?: number;
  /** Field that stands for a row in a list. */
  readonly title?: string;
}

/** A guarded group: its paths are merged as one unit. */
export interface GroupDefinition extends Labels {
  /** One unit for each row of this table instead of one for the household. */
  readonly per?: string;
  /** Which rows of this table there are belongs to the unit, too. */
  readonly rows?: string;
}

export interface Dictionary {
  readonly version: number;
  readonly groups: Readonly<Record<string, GroupDefinition>>;
  readonly rows: Readonly<Record<string, RowsDefinition>>;
  readonly fields: Readonly<Record<string, Field>>;
}

export interface Code extends Labels {
  readonly code: string;
  readonly top?: boolean;
  readonly retired?: boolean;
  readonly [property: string]: Json | undefined;
}

export interface Codes {
  readonly version: number;
  readonly tables: Readonly<Record<string, readonly Code[]>>;
}

export interface Region extends Labels {
  readonly code: string;
}

export interface Regions {
  readonly version: number;
  readonly regions: readonly Region[];
}

/** JsonLogic; see condition.ts for the operators that are allowed. */
export type Condition = Json;

export interface FieldItem {
  readonly path: string;
  readonly required?: Condition;
  readonly show?: Condition;
  readonly help?: Labels;
}
export interface RowsItem {
  readonly rows: string;
  readonly items: readonly CardItem[];
  readonly fixed?: boolean;
  readonly min?: Condition;
  readonly none?: string;
  readonly show?: Condition;
}
export interface FigureItem {
  readonly figure: string;
  readonly show?: Condition;
}
export interface WordsItem {
  readonly words: Labels;
  readonly show?: Condition;
}
export interface PlaceItem {
  readonly place: string;
  readonly show?: Condition;
}
/** What may stand on a card; everything but other cards. */
export type CardItem = FieldItem | FigureItem | WordsItem | PlaceItem;
export type Item = CardItem | RowsItem;

export interface Section extends Labels {
  readonly key: string;
  readonly show?: Condition;
  readonly unchanged?: boolean;
  readonly items: readonly Item[];
}

/** E blocks sending, W asks for a reason. */
export type Severity = "E" | "W";

export interface Check extends Labels {
  readonly code: string;
  readonly severity: Severity;
  readonly at: string;
  readonly each?: string;
  readonly when: Condition;
}

export interface Form extends Labels {
  readonly id: string;
  readonly version: number;
  readonly visit_type: string;
  readonly sections: readonly Section[];
  readonly checks: readonly Check[];
}

/** Everything a form refers to. Treat it as frozen: what is compiled from it is kept per object. */
export interface Definitions {
  readonly dictionary: Dictionary;
  readonly codes: Codes;
  readonly regions: Regions;
}

/** The whole file as it would be after the visit, the answers about the visit, the paths put off. */
export interface Draft {
  readonly file: HouseholdFile;
  readonly visit: VisitAnswers;
  readonly later: readonly string[];
}

/** What the engine cannot know by itself. */
export interface Meta {
  /** Today in Asia/Shanghai, `yyyy-mm-dd`. */
  readonly today: string;
  /** Times of the visit, RFC 3339; no end while it goes on. */
  readonly started_at?: string | null;
  readonly ended_at?: string | null;
}

export interface Problem {
  readonly code: string;
  readonly severity: Severity;
  readonly path: string;
  readonly params?: Readonly<Record<string, Json>>;
}

export const isFieldItem = (item: Item): item is FieldItem => "path" in item;
export const isRowsItem = (item: Item): item is RowsItem => "rows" in item;
