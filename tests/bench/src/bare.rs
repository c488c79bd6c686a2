//! What a push wrote, to be written again by bare SQL: the same rows in equal transactions, nothing read,
//! nothing decided. The two databases do it in files of their own; what to copy is said here.

use std::collections::BTreeMap;
use std::time::Duration;

/// Rows of one kind that a push wrote. In `from`, `v` is whatever tells the device.
pub struct Step {
    pub table: &'static str,
    pub columns: &'static str,
    pub from: &'static str,
    pub device: &'static str,
    pub at: &'static str,
    pub order: &'static str,
    /// Instead of a plain insert. Parameters are `$1`, `$2`, … in the order of `columns`.
    pub sql: Option<&'static str>,
    /// Only the last of these rows is written: the row exists once and a transaction leaves it in this state.
    pub is_last_only: bool,
}

const INSERT: Step = Step {
    table: "",
    columns: "t.*",
    from: "",
    device: "v.device_id",
    at: "v.received_at",
    order: "1, 2",
    sql: None,
    is_last_only: false,
};

/// Every table that a push touches, parents first.
pub const STEPS: [Step; 9] = [
    Step { table: "households", from: "households t JOIN visits v ON v.household_id = t.id", ..INSERT },
    Step { table: "person_keys", from: "person_keys t JOIN visits v ON v.household_id = t.household_id", ..INSERT },
    Step { table: "visits", columns: "v.*", from: "visits v", ..INSERT },
    Step { table: "visit_revisions", columns: "v.*", from: "visit_revisions v", ..INSERT },
    Step { table: "operations", columns: "v.*", from: "operations v", ..INSERT },
    Step {
        table: "changes",
        columns: "t.user_id, t.kind, t.entity_id, t.at",
        from: "changes t JOIN devices v ON v.user_id = t.user_id",
        device: "v.id",
        at: "t.at",
        ..INSERT
    },
    Step { table: "audit", columns: "v.*", from: "audit v", at: "v.at", ..INSERT },
    Step {
        table: "audit_heads",
        columns: "v.shard, v.seq, v.hash",
        from: "audit v",
        at: "v.at",
        order: "1, v.seq",
        sql: Some(
            "INSERT INTO audit_heads (shard, seq, hash) VALUES ($1, $2, $3) \
             ON CONFLICT (shard) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
        ),
        is_last_only: true,
        ..INSERT
    },
    Step {
        table: "devices",
        columns: "v.epoch, v.seq + 1, v.received_at, v.device_id",
        from: "operations v",
        order: "1, v.seq",
        sql: Some(
            "UPDATE devices SET epoch = $1, next_seq = $2, last_seen_at = $3, app_build = 'bench', held_count = 0, \
             held_first_seq = NULL, held_last_seq = NULL, held_head = '' WHERE id = $4",
        ),
        is_last_only: true,
        ..INSERT
    },
];

/// The positions at which these devices committed: one `(device, time)` for each transaction.
pub fn positions_sql(devices: &[String], as_text: &str) -> String {
    let devices = quoted(devices);
    format!("SELECT DISTINCT device_id, received_at{as_text} FROM operations WHERE device_id IN ({devices})")
}

impl Step {
    /// Finds the rows; the first two columns are the position. `as_text` makes a time a text.
    pub fn select_sql(&self, devices: &[String], as_text: &str) -> String {
        let Self { columns, from, device, at, order, .. } = self;
        let devices = quoted(devices);
        format!("SELECT {device}, {at}{as_text}, {columns} FROM {from} WHERE {device} IN ({devices}) ORDER BY {order}")
    }

    /// Writes one of them.
    pub fn write_sql(&self, columns: &[String]) -> String {
        if let Some(sql) = self.sql {
            return sql.to_owned();
        }
        let places: Vec<String> = (1..=columns.len()).map(|number| format!("${number}")).collect();
        format!("INSERT INTO {} ({}) VALUES ({})", self.table, columns.join(", "), places.join(", "))
    }
}

fn quoted(texts: &[String]) -> String {
    texts.iter().map(|text| format!("'{text}'")).collect::<Vec<_>>().join(", ")
}

/// One commit: rows by the number of their step.
pub struct Transaction<V> {
    pub rows: Vec<(usize, Vec<V>)>,
}

/// Everything to write: one statement for each step, one lane of transactions for each device.
pub struct Work<V> {
    pub statements: Vec<String>,
    pub lanes: Vec<Vec<Transaction<V>>>,
}

/// Puts rows into the transactions that wrote them.
pub struct Sorter<V> {
    statements: Vec<String>,
    transactions: BTreeMap<(String, String), Transaction<V>>,
}

impl<V> Sorter<V> {
    /// Knows the positions; rows of any other are left out (a sign-in before the push).
    pub fn new(positions: impl IntoIterator<Item = (String, String)>) -> Self {
        let transactions = positions.into_iter().map(|position| (position, Transaction { rows: Vec::new() })).collect();
        Self { statements: Vec::new(), transactions }
    }

    /// Goes on to the next step.
    pub fn begin(&mut self, statement: String) {
        self.statements.push(statement);
    }

    /// Takes in a row of the step at hand.
    pub fn add(&mut self, position: (String, String), row: Vec<V>) {
        let number = self.statements.len() - 1;
        let Some(transaction) = self.transactions.get_mut(&position) else { return };
        if STEPS[number].is_last_only {
            transaction.rows.pop_if(|(step, _)| *step == number);
        }
        transaction.rows.push((number, row));
    }

    /// The work, device by device, each in the order of its commits.
    pub fn finish(self) -> Work<V> {
        let mut lanes: BTreeMap<String, Vec<Transaction<V>>> = BTreeMap::new();
        for ((device, _), transaction) in self.transactions {
            lanes.entry(device).or_default().push(transaction);
        }
        Work { statements: self.statements, lanes: lanes.into_values().collect() }
    }
}

impl<V> Work<V> {
    /// Rows written in all.
    pub fn rows(&self) -> usize {
        self.lanes.iter().flatten().map(|transaction| transaction.rows.len()).sum()
    }
}

/// How the bare side did.
#[derive(Debug, Clone, Copy)]
pub struct BareRun {
    pub rows: usize,
    pub took: Duration,
}

/// What a first sync reads, in bare SQL: a page of households, then their visits without bodies.
pub const SELECT_HOUSEHOLDS: &str = "SELECT t.* FROM households t \
    WHERE (t.contact_id = $1 OR t.responsible_id = $1) AND t.id > $2 ORDER BY t.id LIMIT $3";
pub const SELECT_VISITS: &str = "SELECT v.id, v.household_id, v.region_code, v.visitor_id, v.device_id, v.rev, v.hash, \
    v.state, v.visit_type, v.outcome, v.base_rev, v.started_at, v.ended_at, v.received_at, v.warnings, v.review, \
    v.file_rev, v.updated_at FROM visits v WHERE v.household_id IN (SELECT t.id FROM households t \
    WHERE (t.contact_id = $1 OR t.responsible_id = $1) AND t.id > $2 ORDER BY t.id LIMIT $3)";

/// Tells a user that everything they hold has changed, once, at most `$2` rows.
pub const INSERT_CHANGES: &str = "INSERT INTO changes (user_id, kind, entity_id, at) \
    SELECT u.id, t.kind, t.id, CURRENT_TIMESTAMP FROM users u JOIN ( \
        SELECT 'household' AS kind, h.id FROM households h WHERE h.contact_id = $1 OR h.responsible_id = $1 \
        UNION ALL SELECT 'visit', v.id FROM visits v JOIN households h ON h.id = v.household_id \
        WHERE h.contact_id = $1 OR h.responsible_id = $1) t ON u.id = $1 ORDER BY t.id LIMIT $2";

/// What a pull after a cursor reads, in bare SQL: a page of the feed, then its households, then its visits without
/// bodies. `$2` and `$3` are the last row's transaction and number, `$4` is the size of a page.
pub const SELECT_CHANGED: [&str; 3] = [
    "SELECT c.tx, c.seq FROM changes c WHERE c.user_id = $1 AND (c.tx, c.seq) > ($2, $3) ORDER BY c.tx, c.seq LIMIT $4",
    "SELECT t.* FROM (SELECT c.kind, c.entity_id FROM changes c WHERE c.user_id = $1 AND (c.tx, c.seq) > ($2, $3) \
        ORDER BY c.tx, c.seq LIMIT $4) c JOIN households t ON t.id = c.entity_id WHERE c.kind = 'household'",
    "SELECT v.id, v.household_id, v.region_code, v.visitor_id, v.device_id, v.rev, v.hash, v.state, v.visit_type, \
        v.outcome, v.base_rev, v.started_at, v.ended_at, v.received_at, v.warnings, v.review, v.file_rev, v.updated_at \
        FROM (SELECT c.kind, c.entity_id FROM changes c WHERE c.user_id = $1 AND (c.tx, c.seq) > ($2, $3) \
        ORDER BY c.tx, c.seq LIMIT $4) c JOIN visits v ON v.id = c.entity_id WHERE c.kind = 'visit'",
];
