//! Holds the database against the ledgers: nothing acknowledged is lost, nothing happened twice.

use crate::Result;
use crate::ledger::Entry;
use diesel::prelude::*;
use ruhu_store::schema::{audit, operations, visit_revisions, visits};
use ruhu_store::{Conn, Db, StoreError};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// An answered operation, as it is kept.
struct Kept {
    device: String,
    epoch: i64,
    seq: i64,
    op: String,
    outcome: String,
    receipt: String,
}

/// What the database holds of pushes, on one snapshot.
pub struct Held {
    operations: Vec<Kept>,
    /// How many revisions of visits name an operation.
    revisions: BTreeMap<String, u64>,
    states: BTreeMap<String, String>,
    /// How often an action was recorded about a thing.
    records: BTreeMap<(String, String), u64>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    pub acknowledged: u64,
    pub lost: u64,
    pub doubled: u64,
    /// Sentences about what is wrong.
    pub findings: Vec<String>,
}

/// Reads it.
pub async fn read(db: &Db) -> Result<Held> {
    type Row = (String, i64, i64, String, String, String);
    let held = db.read(|c: &mut Conn| -> Result<Held, StoreError> {
        let rows: Vec<Row> = operations::table
            .select((
                operations::device_id,
                operations::epoch,
                operations::seq,
                operations::op_id,
                operations::outcome,
                operations::receipt,
            ))
            .load(c)?;
        let named: Vec<String> = visit_revisions::table.select(visit_revisions::op_id).load(c)?;
        let states: Vec<(String, String)> = visits::table.select((visits::id, visits::state)).load(c)?;
        let recorded: Vec<(String, String)> = audit::table.select((audit::action, audit::subject_id)).load(c)?;
        let kept = |(device, epoch, seq, op, outcome, receipt)| Kept { device, epoch, seq, op, outcome, receipt };
        Ok(Held {
            operations: rows.into_iter().map(kept).collect(),
            revisions: count(named),
            states: states.into_iter().collect(),
            records: count(recorded),
        })
    });
    Ok(held.await?)
}

fn count<K: Ord>(keys: Vec<K>) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

/// Compares. The ledgers were read before the database; `is_calm` says that nobody wrote in between.
pub fn compare(entries: &BTreeMap<Uuid, Entry>, held: &Held, is_calm: bool) -> Result<Found> {
    let mut found = Found::default();
    let mut answers: BTreeMap<&str, Vec<&Kept>> = BTreeMap::new();
    let mut places = BTreeMap::new();
    for kept in &held.operations {
        places.insert((kept.device.as_str(), kept.epoch, kept.seq), kept);
        if kept.outcome != "duplicate" {
            answers.entry(&kept.op).or_default().push(kept);
        }
    }
    for (op, entry) in entries {
        let name = op.to_string();
        let decided = answers.get(name.as_str()).map(Vec::as_slice).unwrap_or_default();
        if decided.len() > 1 {
            found.doubles(format!("operation {op} was decided {} times", decided.len()));
        }
        let has_effect = decided.iter().any(|kept| matches!(kept.outcome.as_str(), "applied" | "merged" | "conflict"));
        if let Some(answer) = &entry.answer {
            found.acknowledged += 1;
            let Some(first) = decided.first() else {
                found.loses(format!("operation {op} was acknowledged and is gone: {}", answer.receipt));
                continue;
            };
            if serde_json::from_str::<Value>(&first.receipt)? != *answer.deciding() {
                found.loses(format!("operation {op} was told {}, kept is {}", answer.receipt, first.receipt));
            }
            let device = answer.device.to_string();
            match places.get(&(device.as_str(), answer.epoch, answer.seq)) {
                Some(kept) if serde_json::from_str::<Value>(&kept.receipt)? == answer.receipt => {}
                Some(kept) => found.loses(format!("the receipt of {op} became {}", kept.receipt)),
                None => found.loses(format!("number {}/{} of {device} is gone", answer.epoch, answer.seq)),
            }
        }
        found.effects(&name, entry, held, has_effect);
    }
    if is_calm {
        let strangers = answers.keys().filter(|op| op.parse().is_ok_and(|op: Uuid| !entries.contains_key(&op)));
        found.findings.extend(strangers.map(|op| format!("nobody offered operation {op}")));
    }
    Ok(found)
}

impl Found {
    fn loses(&mut self, what: String) {
        self.lost += 1;
        self.findings.push(format!("lost: {what}"));
    }

    fn doubles(&mut self, what: String) {
        self.doubled += 1;
        self.findings.push(format!("doubled: {what}"));
    }

    /// What an operation did, counted in the tables of the domain.
    fn effects(&mut self, op: &str, entry: &Entry, held: &Held, has_effect: bool) {
        let wanted = u64::from(has_effect);
        let subject = entry.subject.to_string();
        let records = held.records.get(&(entry.kind.clone(), subject.clone())).copied().unwrap_or_default();
        let revisions = held.revisions.get(op).copied().unwrap_or_default();
        let effects: &[(u64, &str)] = match entry.kind.as_str() {
            "visit.submit" => &[(revisions, "revisions"), (records, "audit rows")],
            _ => &[(records, "audit rows")],
        };
        for (count, what) in effects.iter().filter(|(count, _)| *count != wanted) {
            let sentence = format!("{} {op} of {subject}: {count} {what} instead of {wanted}", entry.kind);
            if *count > wanted { self.doubles(sentence) } else { self.loses(sentence) }
        }
        let state = held.states.get(&subject).map(String::as_str);
        if has_effect && entry.kind == "visit.withdraw" && state != Some("withdrawn") {
            self.loses(format!("visit {subject} was withdrawn and is {state:?}"));
        }
        if has_effect && state.is_none() {
            self.loses(format!("visit {subject} was sent and is gone"));
        }
    }
}
