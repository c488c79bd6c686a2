// Times as the wire writes them. The clock itself comes from the platform.
import { readMeta } from "./meta";
import type { Store } from "./database";

const SHANGHAI_OFFSET_MS = 8 * 3_600_000;

/** RFC 3339 in UTC with microseconds, as the server writes it; hashes depend on this form. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}

/** The calendar day in Asia/Shanghai, `yyyy-mm-dd`. */
export function shanghaiDay(ms: number): string {
  return new Date(ms + SHANGHAI_OFFSET_MS).toISOString().slice(0, 10);
}

/** Today in Asia/Shanghai by the phone's clock, corrected by the offset measured at the last contact. */
export async function today(store: Store): Promise<string> {
  const { clock_offset_ms } = await readMeta(store.db, "contact");
  return shanghaiDay(store.platform.nowMs() - clock_offset_ms);
}
