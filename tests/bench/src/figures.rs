//! What was measured, as a table for people and as one line of JSON for machines.

use crate::bare::BareRun;
use serde_json::{Value, json};
use std::time::Duration;

/// A push load.
#[derive(Debug)]
pub struct PushFigures {
    pub operations: usize,
    pub phones: usize,
    pub seconds: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub server_cpu_ms_per_op: f64,
    pub bytes_per_op: f64,
}

/// First syncs of one phone.
#[derive(Debug)]
pub struct PullFigures {
    pub households: usize,
    /// Households and visits.
    pub records: usize,
    pub coding: String,
    pub wire_bytes: usize,
    pub plain_bytes: usize,
    /// The very first one, packed, before anything was warm.
    pub first_s: f64,
    pub packed_s: f64,
    pub plain_s: f64,
    /// Processor time of the server for one first sync.
    pub packed_cpu_ms: f64,
    pub plain_cpu_ms: f64,
}

/// A phone with an old cursor catches up.
#[derive(Debug)]
pub struct FeedFigures {
    /// Rows of the feed after the cursor.
    pub rows: usize,
    /// What the answers hold.
    pub records: usize,
    pub wire_bytes: usize,
    pub packed_s: f64,
    pub plain_s: f64,
    pub bare_s: f64,
}

/// One database.
#[derive(Debug)]
pub struct Figures {
    pub database: &'static str,
    pub durability: String,
    pub seeded_households: usize,
    pub seeded_visits: usize,
    pub push: PushFigures,
    pub bare: BareRun,
    /// Processor time of the bare side; PostgreSQL's own processes are counted on neither side.
    pub bare_cpu_ms_per_op: f64,
    pub pull: PullFigures,
    pub bare_read_s: f64,
    pub feed: FeedFigures,
    pub idle_mib: f64,
    pub peak_mib: f64,
}

impl Figures {
    fn push_per_s(&self) -> f64 {
        self.push.operations as f64 / self.push.seconds
    }

    fn bare_per_s(&self) -> f64 {
        self.push.operations as f64 / self.bare.took.as_secs_f64()
    }

    fn ratio(&self) -> f64 {
        self.push_per_s() / self.bare_per_s()
    }

    fn mb_for_10k(&self) -> f64 {
        self.pull.wire_bytes as f64 / self.pull.households as f64 * 10_000.0 / 1e6
    }

    fn feed_line(&self, took_s: f64) -> String {
        format!("{:.0} records/s, {took_s:.3} s", self.feed.records as f64 / took_s)
    }

    /// A table.
    pub fn table(&self) -> String {
        let (push, pull) = (&self.push, &self.pull);
        let records = pull.records as f64;
        let lines = [
            (
                "before",
                format!("{} households, {} visits; {}", self.seeded_households, self.seeded_visits, self.durability),
            ),
            (
                "push",
                format!(
                    "{:.0} operations/s ({} in {:.2} s, {} phones)",
                    self.push_per_s(),
                    push.operations,
                    push.seconds,
                    push.phones
                ),
            ),
            ("  batch of 25", format!("p50 {:.0} ms, p99 {:.0} ms", push.p50_ms, push.p99_ms)),
            (
                "  an operation",
                format!(
                    "{:.2} ms of the server's processor, {:.1} KB sent",
                    push.server_cpu_ms_per_op,
                    push.bytes_per_op / 1e3
                ),
            ),
            (
                "bare SQL",
                format!(
                    "{:.0} operations/s ({} rows in {:.2} s)",
                    self.bare_per_s(),
                    self.bare.rows,
                    self.bare.took.as_secs_f64()
                ),
            ),
            ("  an operation", format!("{:.2} ms of its processor", self.bare_cpu_ms_per_op)),
            ("  push / bare", format!("{:.2}", self.ratio())),
            (
                "first sync",
                format!(
                    "{} households, {} records; the first took {:.3} s",
                    pull.households, pull.records, pull.first_s
                ),
            ),
            (
                "  packed",
                format!(
                    "{:.0} records/s, {:.3} s, server {:.0} ms; {} KB {}",
                    records / pull.packed_s,
                    pull.packed_s,
                    pull.packed_cpu_ms,
                    pull.wire_bytes / 1000,
                    pull.coding
                ),
            ),
            (
                "  plain",
                format!(
                    "{:.0} records/s, {:.3} s, server {:.0} ms; {} KB",
                    records / pull.plain_s,
                    pull.plain_s,
                    pull.plain_cpu_ms,
                    pull.plain_bytes / 1000
                ),
            ),
            ("  bare SELECT", format!("{:.0} records/s, {:.3} s", records / self.bare_read_s, self.bare_read_s)),
            ("  10,000 households", format!("{:.2} MB on the wire", self.mb_for_10k())),
            ("catching up", format!("{} changes, {} records", self.feed.rows, self.feed.records)),
            ("  packed", self.feed_line(self.feed.packed_s) + &format!(", {} KB", self.feed.wire_bytes / 1000)),
            ("  plain", self.feed_line(self.feed.plain_s)),
            ("  bare SELECT", self.feed_line(self.feed.bare_s)),
            ("memory", format!("idle {:.1} MiB, at its peak {:.1} MiB", self.idle_mib, self.peak_mib)),
        ];
        let rows: String = lines.iter().map(|(name, value)| format!("  {name:<20} {value}\n")).collect();
        format!("{}\n{rows}", self.database)
    }

    /// For machines.
    pub fn json(&self) -> Value {
        let round = |value: f64| (value * 1000.0).round() / 1000.0;
        let records = self.pull.records as f64;
        json!({
            "push_per_s": round(self.push_per_s()), "push_operations": self.push.operations,
            "push_p50_ms": round(self.push.p50_ms), "push_p99_ms": round(self.push.p99_ms),
            "push_cpu_ms_per_op": round(self.push.server_cpu_ms_per_op),
            "feed_changes": self.feed.rows, "feed_records": self.feed.records, "feed_wire_bytes": self.feed.wire_bytes,
            "feed_packed_s": round(self.feed.packed_s), "feed_plain_s": round(self.feed.plain_s),
            "feed_bare_s": round(self.feed.bare_s),
            "bare_per_s": round(self.bare_per_s()), "push_to_bare": round(self.ratio()),
            "bare_cpu_ms_per_op": round(self.bare_cpu_ms_per_op),
            "pull_households": self.pull.households, "pull_records": self.pull.records,
            "pull_records_per_s": round(records / self.pull.packed_s),
            "pull_plain_records_per_s": round(records / self.pull.plain_s),
            "pull_cpu_ms": round(self.pull.packed_cpu_ms), "pull_plain_cpu_ms": round(self.pull.plain_cpu_ms),
            "bare_records_per_s": round(records / self.bare_read_s),
            "pull_coding": self.pull.coding, "pull_wire_bytes": self.pull.wire_bytes,
            "pull_first_s": round(self.pull.first_s), "pull_plain_bytes": self.pull.plain_bytes, "pull_mb_for_10k": round(self.mb_for_10k()),
            "idle_mib": round(self.idle_mib), "peak_mib": round(self.peak_mib),
        })
    }
}

/// The value that this many percent of the values do not exceed, milliseconds.
pub fn percentile_ms(values: &[Duration], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).map_or(f64::NAN, |value| value.as_secs_f64() * 1000.0)
}

/// The one in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
