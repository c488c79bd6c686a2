// The line at the end of the day: where the visits finished today on this phone stand. Each household counts once.
import { decode } from "./codec";
import type { Store } from "./database";
import type { OutboxRow } from "./rows";
import { shanghaiDay } from "./time";
import { isParked } from "./visitEntries";

export interface DayCounts {
  readonly households: number;
  /** The server has confirmed everything of theirs. */
  readonly arrived: number;
  /** Something of theirs has no answer yet. */
  readonly waiting: number;
  /** The server keeps something of theirs that it could not take in yet. */
  readonly parked: number;
  /** Something of theirs was refused. */
  readonly stuck: number;
}

type Standing = Exclude<keyof DayCounts, "households">;
const WORST: readonly Standing[] = ["stuck", "waiting", "parked", "arrived"];

/** The day at the door, in Shanghai, by the phone's clock as far as its error was known when it was saved. */
function dayOfVisit(row: OutboxRow): string {
  return shanghaiDay(Date.parse(decode(row.visit).ended_at) - decode(row.op).clock.offset_ms);
}

/** `today` is the day in Shanghai, `yyyy-mm-dd`. What was taken back does not count. */
export function countDay({ db }: Store, today: string): Promise<DayCounts> {
  return db.transaction("r", [db.outbox, db.receipts], async () => {
    const open = await db.outbox.toArray();
    const settled = (await db.receipts.toArray()).filter((row) => row.settled === "delivered");
    const delivered = settled.flatMap((row) => (row.kept ? [row.kept] : []));
    const withdrawn = new Set([...open, ...delivered].flatMap((row) => (isTakenBack(row) ? [row.subject] : [])));
    const standings = new Map<string, Standing[]>();
    const note = (row: OutboxRow, standing: Standing): void => {
      if (row.kind !== "visit.submit" || withdrawn.has(row.subject) || dayOfVisit(row) !== today) return;
      standings.set(row.household_id, [...(standings.get(row.household_id) ?? []), standing]);
    };
    for (const row of open) note(row, isParked(row) ? "parked" : row.state === "answered" ? "stuck" : "waiting");
    for (const row of delivered) note(row, "arrived");
    const worst = [...standings.values()].map((all) => WORST.find((one) => all.includes(one)));
    const count = (standing: Standing): number => worst.filter((one) => one === standing).length;
    const [arrived, waiting] = [count("arrived"), count("waiting")];
    return { households: worst.length, arrived, waiting, parked: count("parked"), stuck: count("stuck") };
  });
}

const isTakenBack = (row: OutboxRow): boolean => row.kind === "visit.withdraw" && row.state !== "answered";
