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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails loudly")]

    use super::*;
    use crate::ledger::Answer;
    use serde_json::json;

    /// A visit that was sent, applied and acknowledged, and the database that says so.
    fn sound() -> (BTreeMap<Uuid, Entry>, Held) {
        let (op, visit, device) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let receipt = json!({ "seq": 1, "op_id": op, "outcome": "applied" });
        let answer = Answer { device, epoch: 1, seq: 1, receipt: receipt.clone() };
        let entry = Entry { kind: "visit.submit".to_owned(), subject: visit, answer: Some(answer) };
        let kept = Kept {
            device: device.to_string(),
            epoch: 1,
            seq: 1,
            op: op.to_string(),
            outcome: "applied".to_owned(),
            receipt: receipt.to_string(),
        };
        let held = Held {
            operations: vec![kept],
            revisions: count(vec![op.to_string()]),
            states: [(visit.to_string(), "in_review".to_owned())].into(),
            records: count(vec![("visit.submit".to_owned(), visit.to_string())]),
        };
        ([(op, entry)].into(), held)
    }

    fn judge(change: impl FnOnce(&mut BTreeMap<Uuid, Entry>, &mut Held)) -> (u64, u64, usize) {
        let (mut entries, mut held) = sound();
        change(&mut entries, &mut held);
        let found = compare(&entries, &held, true).unwrap();
        (found.lost, found.doubled, found.findings.len())
    }

    #[test]
    fn what_was_acknowledged_and_is_there_once_is_sound() {
        assert_eq!(judge(|_, _| {}), (0, 0, 0));
    }

    #[test]
    fn what_was_acknowledged_and_is_gone_is_lost() {
        let (lost, doubled, _) = judge(|_, held| held.operations.clear());
        assert!(lost > 0 && doubled == 0);
        assert_eq!(judge(|_, held| held.states.clear()), (1, 0, 1));
        assert_eq!(judge(|_, held| held.revisions.clear()), (1, 0, 1));
        assert_eq!(judge(|_, held| held.records.clear()), (1, 0, 1));
    }

    #[test]
    fn a_receipt_that_became_another_is_lost() {
        let (lost, doubled, _) = judge(|_, held| held.operations[0].receipt = json!({ "seq": 1 }).to_string());
        assert!(lost > 0 && doubled == 0);
    }

    #[test]
    fn what_happened_twice_is_doubled() {
        assert_eq!(judge(|_, held| held.revisions.values_mut().for_each(|count| *count = 2)), (0, 1, 1));
        assert_eq!(judge(|_, held| held.records.values_mut().for_each(|count| *count = 2)), (0, 1, 1));
        let again = |held: &mut Held| {
            let (op, receipt) = (held.operations[0].op.clone(), held.operations[0].receipt.clone());
            let device = held.operations[0].device.clone();
            held.operations.push(Kept { device, epoch: 2, seq: 1, op, outcome: "applied".to_owned(), receipt });
        };
        assert_eq!(judge(|_, held| again(held)), (0, 1, 1));
    }

    #[test]
    fn what_nobody_offered_is_found() {
        let (lost, doubled, findings) = judge(|entries, _| entries.clear());
        assert_eq!((lost, doubled, findings), (0, 0, 1));
    }

    #[test]
    fn what_has_no_answer_yet_may_have_happened_or_not() {
        let unanswered = |entries: &mut BTreeMap<Uuid, Entry>| entries.values_mut().for_each(|one| one.answer = None);
        assert_eq!(judge(|entries, _| unanswered(entries)), (0, 0, 0));
        let not_happened = |held: &mut Held| {
            held.operations.clear();
            held.revisions.clear();
            held.records.clear();
            held.states.clear();
        };
        assert_eq!(
            judge(|entries, held| {
                unanswered(entries);
                not_happened(held);
            }),
            (0, 0, 0)
        );
    }
}
