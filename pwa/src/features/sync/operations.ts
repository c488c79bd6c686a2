// The outbox and what left it lately, as the page of deliveries shows them.
import { decode } from "@/db/codec";
import type { Store } from "@/db/database";
import type { OutboxRow, ReceiptRow, VisitStatus } from "@/db/rows";

/** How many delivered operations are still shown. */
const DELIVERED = 20;

export interface OperationView {
  readonly id: string;
  readonly kind: string;
  readonly household_id: string;
  readonly name: string;
  readonly address: string;
  readonly visit_type: string;
  readonly standing: Extract<VisitStatus, "saved_local" | "sending" | "refused" | "parked" | "conflict" | "delivered">;
  readonly bytes: number;
  /** RFC 3339. */
  readonly recorded_at: string;
  /** Milliseconds since 1970 by the phone's clock; `null` while it has not arrived. */
  readonly delivered_ms: number | null;
  /** Why it was refused or put aside; of what was delivered, what its author should know. */
  readonly code: string | null;
  readonly errors: readonly { readonly code: string; readonly path: string; readonly params?: unknown }[];
  /** The visit can be opened again from what was kept. */
  readonly editable: boolean;
}

function standingOf(row: OutboxRow): OperationView["standing"] {
  if (row.state === "queued") return "saved_local";
  if (row.state === "sending") return "sending";
  return row.receipt?.outcome === "parked" ? "parked" : "refused";
}

function viewOf(row: OutboxRow): OperationView {
  const visit = decode(row.visit);
  return {
    id: row.id,
    kind: row.kind,
    household_id: row.household_id,
    name: visit.household_name,
    address: visit.address,
    visit_type: visit.visit_type,
    standing: standingOf(row),
    bytes: row.bytes,
    recorded_at: decode(row.op).recorded_at,
    delivered_ms: null,
    code: row.receipt?.code ?? null,
    errors: row.receipt?.errors ?? [],
    editable: row.state === "answered" && row.draft !== null,
  };
}

/** What has no final answer yet, the oldest first. */
export async function listOperations(store: Store): Promise<OperationView[]> {
  const rows = await store.db.outbox.toArray();
  return rows.sort((a, b) => a.order - b.order).map(viewOf);
}

function deliveredView(row: ReceiptRow): OperationView[] {
  if (!row.kept || row.settled !== "delivered") return [];
  const standing = row.receipt.outcome === "conflict" ? "conflict" : "delivered";
  const code = row.receipt.code ?? null;
  return [{ ...viewOf(row.kept), standing, delivered_ms: row.settled_at_ms, code, editable: false }];
}

/** What arrived lately, the latest first. */
export async function listDelivered(store: Store): Promise<OperationView[]> {
  const rows = await store.db.receipts.toArray();
  return rows
    .sort((a, b) => b.settled_at_ms - a.settled_at_ms)
    .flatMap(deliveredView)
    .slice(0, DELIVERED);
}
