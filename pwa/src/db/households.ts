// Reading households. Search runs over a list in memory that is rebuilt when the database says it changed.
import type { HouseholdFile } from "@/forms/definition";
import { rowsOf } from "@/forms/path";
import { decode } from "./codec";
import type { Store, UserDatabase } from "./database";
import { readAll, readMeta } from "./meta";
import type { HouseholdItem, HouseholdRow, HouseholdSummary, HouseholdView, VisitEntry, VisitStatus } from "./rows";
import { listOpenVisits, listVisitsOf } from "./visits";
import type { HouseholdBody } from "./wire";

export type HouseholdFilter = "all" | "due" | "never_visited" | "returned" | "waiting";

export interface HouseholdQuery {
  /** Words that must all occur in name, address or file number. */
  readonly text?: string;
  readonly filter?: HouseholdFilter;
  /** `yyyy-mm-dd`; what is due on this day or earlier is due. */
  readonly today: string;
  readonly limit?: number;
}

export interface HouseholdPage {
  readonly items: readonly HouseholdItem[];
  /** How many match, also beyond `limit`. */
  readonly total: number;
}

interface Entry {
  readonly item: HouseholdItem;
  readonly words: string;
}

interface Index {
  readonly stamp: number;
  readonly entries: readonly Entry[];
}

const indexes = new WeakMap<UserDatabase, Index>();

/** From the most urgent one on. */
const STANDING: readonly VisitStatus[] = [
  "returned", "refused", "parked", "conflict", "draft", "saved_local", "sending", "delivered", "in_review",
];
const WAITING: ReadonlySet<VisitStatus> = new Set(["saved_local", "sending", "delivered", "in_review", "conflict", "parked"]);
/** Outcomes of a visit that count for the rhythm of visits. */
const MET: ReadonlySet<string> = new Set(["done", "partial"]);

/** States of a file in which nobody visits the household any more. */
const CLOSED: ReadonlySet<string> = new Set(["cancelled", "archived", "closed_lead"]);
export const isClosed = (status: string): boolean => CLOSED.has(status);

function itemOf(row: HouseholdRow, visits: readonly VisitEntry[]): HouseholdItem {
  const summary = decode(row.summary);
  const waiting = visits.filter((visit) => WAITING.has(visit.status));
  const drafted = visits.find((visit) => visit.status === "draft");
  return {
    ...summary,
    id: row.id,
    local: row.local,
    draft_id: drafted?.id ?? null,
    standing: STANDING.find((status) => visits.some((visit) => visit.status === status)) ?? null,
    never_visited: !isClosed(summary.status) && summary.last_visit_on === null && !visits.some((visit) => MET.has(visit.outcome) && visit.status !== "draft"),
    returned: visits.some((visit) => visit.mine && visit.status === "returned"),
    waiting: waiting.length > 0,
    met: waiting.some((visit) => MET.has(visit.outcome)),
  };
}

async function currentIndex(store: Store): Promise<readonly Entry[]> {
  const { db } = store;
  const known = indexes.get(db);
  const stamp = await readMeta(db, "stamp");
  if (known?.stamp === stamp) return known.entries;
  const entries = await readAll(db, async () => {
    const rows = await db.households.toArray();
    const byHousehold = new Map<string, VisitEntry[]>();
    for (const visit of await listOpenVisits(store)) {
      byHousehold.set(visit.household_id, [...(byHousehold.get(visit.household_id) ?? []), visit]);
    }
    return rows
      .map((row) => itemOf(row, byHousehold.get(row.id) ?? []))
      .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : a.id < b.id ? -1 : 1))
      .map((item) => ({ item, words: `${item.name} ${item.address} ${item.file_no ?? ""}`.toLowerCase() }));
  });
  indexes.set(db, { stamp, entries });
  return entries;
}

function isDue(item: HouseholdItem, today: string): boolean {
  return item.due_on !== null && item.due_on <= today && !item.met;
}

function passes(item: HouseholdItem, filter: HouseholdFilter, today: string): boolean {
  switch (filter) {
    case "all":
      return true;
    case "due":
      return isDue(item, today);
    case "never_visited":
      return item.never_visited;
    case "returned":
      return item.returned;
    case "waiting":
      return item.waiting;
  }
}

/** Households that match, by address. */
export async function listHouseholds(store: Store, query: HouseholdQuery): Promise<HouseholdPage> {
  const words = (query.text ?? "").toLowerCase().split(/\s+/).filter((word) => word !== "");
  const found = (await currentIndex(store))
    .filter((entry) => words.every((word) => entry.words.includes(word)))
    .filter((entry) => passes(entry.item, query.filter ?? "all", query.today))
    .map((entry) => entry.item);
  return { items: found.slice(0, query.limit ?? found.length), total: found.length };
}

/** How many households pass each filter. */
export async function countHouseholds(store: Store, today: string): Promise<Record<HouseholdFilter, number>> {
  const entries = await currentIndex(store);
  const count = (filter: HouseholdFilter): number => entries.filter(({ item }) => passes(item, filter, today)).length;
  return {
    all: entries.length,
    due: count("due"),
    never_visited: count("never_visited"),
    returned: count("returned"),
    waiting: count("waiting"),
  };
}

/** The doors of the day: due or overdue and not met meanwhile, longest overdue first. */
export async function listDueToday(store: Store, today: string): Promise<HouseholdItem[]> {
  const due = (await currentIndex(store)).map((entry) => entry.item).filter((item) => isDue(item, today));
  return due.sort((a, b) => ((a.due_on ?? "") < (b.due_on ?? "") ? -1 : a.due_on === b.due_on ? 0 : 1));
}

/** One household with its time line, or `undefined` when it is not on this phone. */
export function findHousehold(store: Store, id: string): Promise<HouseholdView | undefined> {
  const { db } = store;
  return readAll(db, async () => {
    const row = await db.households.get(id);
    if (!row) return undefined;
    const stored = await db.files.get(id);
    const body = stored ? decode(stored.body) : undefined;
    const visits = await listVisitsOf(store, id);
    return {
      ...itemOf(row, visits),
      file: (body?.file ?? {}) as HouseholdFile,
      clear: body?.clear ?? {},
      contact: body?.contact ?? null,
      responsible: body?.responsible ?? null,
      visits,
    };
  });
}

/** What a list shows of a household that the server knows. */
export function summaryOf(body: HouseholdBody): HouseholdSummary {
  const file = body.file as HouseholdFile;
  return {
    name: displayName(file),
    address: displayAddress(file),
    file_no: body.file_no ?? null,
    region_code: body.region_code,
    status: body.status,
    is_lead: body.is_lead,
    rev: body.rev,
    due_on: body.next_visit_due_on ?? null,
    last_visit_on: body.last_visit_on ?? null,
  };
}

/** What a list shows of a household that was found on the spot. */
export function summaryOfDraft(file: HouseholdFile): HouseholdSummary {
  const region = ["community_code", "town_code", "banner_code"].map((key) => file[key]).find((code) => typeof code === "string");
  return {
    name: displayName(file),
    address: displayAddress(file),
    file_no: null,
    region_code: typeof region === "string" ? region : "",
    status: "draft",
    is_lead: false,
    rev: 0,
    due_on: null,
    last_visit_on: null,
  };
}

function displayAddress(file: HouseholdFile): string {
  return typeof file["residence_address"] === "string" ? file["residence_address"] : "";
}

/** Name of the worker, else of the first person; empty when there is none. */
export function displayName(file: HouseholdFile): string {
  const people = rowsOf(file, "persons").map(({ row }) => row);
  const person = people.find((row) => row["is_worker"] === true) ?? people[0];
  return typeof person?.["name"] === "string" ? person["name"] : "";
}
