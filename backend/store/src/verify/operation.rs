//! Operations: every number of a device has its receipt, every receipt its one effect, and what was not applied is kept.

use super::{Invariant, Run, STEP, load_each};
use crate::operation::TABLE;
use crate::schema::{devices, operations, parked, visit_revisions, visits};
use crate::vault::Home;
use crate::{Conn, Result};
use diesel::prelude::*;
use ruhu_domain::form::number_in;
use ruhu_domain::sync::operation::{Outcome, Receipt};
use std::collections::HashMap;

/// Kinds whose body is kept also when they were applied, because the effect does not hold all of it.
const KEPT_KINDS: [&str; 1] = ["visit.withdraw"];

/// An operation as it is kept; nothing of it is trusted.
#[derive(Queryable, Selectable)]
#[diesel(table_name = operations)]
struct Row {
    device_id: String,
    epoch: i64,
    seq: i64,
    op_id: String,
    kind: String,
    outcome: String,
    receipt: String,
    body: Option<String>,
    sealed: Option<String>,
}

impl Row {
    fn name(&self) -> String {
        format!("{}/{}/{}", self.device_id, self.epoch, self.seq)
    }
}

/// What stands around the operations of one step.
struct Around {
    /// Operation and device by visit and revision.
    revisions: HashMap<(String, i64), (String, String)>,
    /// State and revision by visit.
    visits: HashMap<String, (String, i64)>,
    /// Every answer to an operation id: outcome and receipt.
    answers: HashMap<String, Vec<(Outcome, Option<Receipt>)>>,
    /// The answers that ended parked operations later; `None` for those that wait, or were offered again.
    ends: HashMap<String, Option<Receipt>>,
}

pub(super) fn check(c: &mut Conn, run: &mut Run<'_>) -> Result<()> {
    let mut after = String::new();
    loop {
        let phones: Vec<(String, i64, i64)> = devices::table
            .filter(devices::id.gt(&after))
            .order(devices::id)
            .limit(STEP)
            .select((devices::id, devices::epoch, devices::next_seq))
            .load(c)?;
        let Some((last, ..)) = phones.last().cloned() else { return Ok(()) };
        for (device, epoch, next_seq) in phones {
            check_device(c, run, &device, (epoch, next_seq))?;
        }
        after = last;
    }
}

/// The numbers of a device from 1 on in each epoch, up to where it stands.
fn check_device(c: &mut Conn, run: &mut Run<'_>, device: &str, stands: (i64, i64)) -> Result<()> {
    let mut at = (0, 0);
    run.looked_at(Invariant::I2, "devices", 1);
    loop {
        let later = operations::epoch.gt(at.0).or(operations::epoch.eq(at.0).and(operations::seq.gt(at.1)));
        let places: Vec<(i64, i64)> = operations::table
            .filter(operations::device_id.eq(device))
            .filter(later)
            .order((operations::epoch, operations::seq))
            .limit(STEP)
            .select((operations::epoch, operations::seq))
            .load(c)?;
        if places.is_empty() {
            break;
        }
        for (epoch, seq) in &places {
            let expected = if *epoch == at.0 { at.1 + 1 } else { 1 };
            if *seq != expected {
                let says = format!("has no receipt for numbers {expected} to {} of epoch {epoch}", seq - 1);
                run.broke(Invariant::I1, "device", device, says);
            }
            at = (*epoch, *seq);
        }
        check_places(c, run, device, &places)?;
    }
    let (epoch, next_seq) = stands;
    let arrived = if at.0 == epoch { at.1 } else { 0 };
    if at.0 > epoch || arrived >= next_seq {
        let says = format!("stands at number {next_seq} of epoch {epoch}, and has receipts beyond that");
        run.broke(Invariant::I2, "device", device, says);
    } else if arrived + 1 < next_seq {
        let says = format!("has no receipt for numbers {} to {} of epoch {epoch}", arrived + 1, next_seq - 1);
        run.broke(Invariant::I1, "device", device, says);
    }
    Ok(())
}

fn check_places(c: &mut Conn, run: &mut Run<'_>, device: &str, places: &[(i64, i64)]) -> Result<()> {
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return Ok(()) };
    let epochs: Vec<i64> = (first.0..=last.0).filter(|epoch| places.iter().any(|place| place.0 == *epoch)).collect();
    let mut rows = Vec::new();
    for epoch in epochs {
        let seqs: Vec<i64> = places.iter().filter(|place| place.0 == epoch).map(|place| place.1).collect();
        let load = |c: &mut Conn, seqs: &[i64]| {
            let of_device = operations::table.filter(operations::device_id.eq(device));
            let query = of_device.filter(operations::epoch.eq(epoch)).filter(operations::seq.eq_any(seqs));
            query.order(operations::seq).select(Row::as_select()).load(c)
        };
        let (found, unreadable) = load_each(c, &seqs, load)?;
        rows.extend(found);
        for seq in unreadable {
            run.broke(Invariant::I1, "operation", &format!("{device}/{epoch}/{seq}"), "has a row that cannot be read");
        }
    }
    let read: Vec<(Row, Option<Receipt>)> = rows
        .into_iter()
        .map(|row| {
            let receipt = serde_json::from_str(&row.receipt).ok();
            (row, receipt)
        })
        .collect();
    let around = around(c, &read)?;
    for (row, receipt) in &read {
        check_one(run, row, receipt.as_ref(), &around);
    }
    Ok(())
}

fn around(c: &mut Conn, rows: &[(Row, Option<Receipt>)]) -> Result<Around> {
    let subjects: Vec<String> =
        rows.iter().filter_map(|(_, receipt)| receipt.as_ref().map(|receipt| receipt.subject.id.to_string())).collect();
    let revisions: Vec<(String, i64, String, String)> = visit_revisions::table
        .filter(visit_revisions::visit_id.eq_any(&subjects))
        .select((visit_revisions::visit_id, visit_revisions::rev, visit_revisions::op_id, visit_revisions::device_id))
        .load(c)?;
    let states: Vec<(String, String, i64)> =
        visits::table.filter(visits::id.eq_any(&subjects)).select((visits::id, visits::state, visits::rev)).load(c)?;
    let ops: Vec<&String> = rows.iter().map(|(row, _)| &row.op_id).collect();
    let ends: Vec<(String, Option<String>)> =
        parked::table.filter(parked::op_id.eq_any(&ops)).select((parked::op_id, parked::receipt)).load(c)?;
    let read =
        |(op, receipt): (String, Option<String>)| (op, receipt.and_then(|text| serde_json::from_str(&text).ok()));
    let ends: HashMap<String, Option<Receipt>> = ends.into_iter().map(read).collect();
    let given: Vec<(String, String, String)> = operations::table
        .filter(operations::op_id.eq_any(ops))
        .select((operations::op_id, operations::outcome, operations::receipt))
        .load(c)?;
    let mut answers: HashMap<String, Vec<(Outcome, Option<Receipt>)>> = HashMap::new();
    for (op, outcome, receipt) in given {
        if let Some(outcome) = Outcome::from_code(&outcome) {
            answers.entry(op).or_default().push((outcome, serde_json::from_str(&receipt).ok()));
        }
    }
    for (op, end) in ends.iter().filter_map(|(op, end)| Some((op, end.clone()?))) {
        answers.entry(op.clone()).or_default().push((end.outcome, Some(end)));
    }
    Ok(Around {
        ends,
        revisions: revisions.into_iter().map(|(visit, rev, op, device)| ((visit, rev), (op, device))).collect(),
        visits: states.into_iter().map(|(id, state, rev)| (id, (state, rev))).collect(),
        answers,
    })
}

fn has_effect(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Applied | Outcome::Merged | Outcome::Conflict)
}

fn check_one(run: &mut Run<'_>, row: &Row, receipt: Option<&Receipt>, around: &Around) {
    let name = row.name();
    run.looked_at(Invariant::I1, "receipts", 1);
    run.looked_at(Invariant::I2, "receipts", 1);
    check_secrets(run, row, &name);
    let (Some(receipt), Some(outcome)) = (receipt, Outcome::from_code(&row.outcome)) else {
        return run.broke(Invariant::I1, "operation", &name, "has a receipt or an outcome that cannot be read");
    };
    if (receipt.seq, receipt.op_id.to_string(), receipt.outcome) != (row.seq, row.op_id.clone(), outcome) {
        run.broke(Invariant::I2, "operation", &name, "has a receipt of another number, operation or outcome");
    }
    let answers = around.answers.get(&row.op_id).map(Vec::as_slice).unwrap_or_default();
    let effects = answers.iter().filter(|(outcome, _)| has_effect(*outcome)).count();
    if has_effect(outcome) && effects > 1 {
        run.broke(
            Invariant::I2,
            "operation",
            &name,
            format!("was given {effects} effects under operation {}", row.op_id),
        );
    }
    if outcome == Outcome::Duplicate && !is_first_answer(receipt, answers) {
        run.broke(Invariant::I2, "operation", &name, "repeats an answer that nobody was given");
    }
    check_kept(run, row, outcome, &name);
    if has_effect(outcome) {
        check_effect(run, row, receipt, around, &name);
    }
    if outcome == Outcome::Parked {
        check_parked(run, row, answers, around, &name);
    }
}

/// What was parked has its row, unless it was decided under another number; what was played later has its effect.
fn check_parked(run: &mut Run<'_>, row: &Row, answers: &[(Outcome, Option<Receipt>)], around: &Around, name: &str) {
    match around.ends.get(&row.op_id) {
        None if answers.iter().all(|(outcome, _)| matches!(outcome, Outcome::Parked | Outcome::Duplicate)) => {
            run.broke(Invariant::I1, "operation", name, "was parked, and stands on no list");
        }
        Some(Some(end)) if has_effect(end.outcome) => check_effect(run, row, end, around, name),
        _ => {}
    }
}

/// A duplicate repeats, word for word, what was answered before.
fn is_first_answer(receipt: &Receipt, answers: &[(Outcome, Option<Receipt>)]) -> bool {
    let text = |receipt: &Receipt| serde_json::to_string(receipt).ok();
    let Some(first) = receipt.first.as_deref().and_then(text) else { return false };
    answers
        .iter()
        .filter(|(outcome, _)| *outcome != Outcome::Duplicate)
        .any(|(_, receipt)| receipt.as_ref().and_then(text).is_some_and(|text| text == first))
}

/// What had no effect, or says more than its effect holds, is kept whole.
fn check_kept(run: &mut Run<'_>, row: &Row, outcome: Outcome, name: &str) {
    let is_due = match outcome {
        Outcome::Refused | Outcome::Parked => true,
        Outcome::Duplicate => false,
        Outcome::Applied | Outcome::Merged | Outcome::Conflict => KEPT_KINDS.contains(&row.kind.as_str()),
    };
    let home = Home { table: TABLE, row: name };
    match &row.sealed {
        None if is_due => {
            run.broke(Invariant::I1, "operation", name, format!("was {}, and its body is gone", row.outcome))
        }
        None => {}
        Some(sealed) => {
            run.looked_at(Invariant::I1, "kept bodies", 1);
            if run.vault.open_whole(home, sealed).is_err() {
                run.broke(Invariant::I1, "operation", name, "keeps a body that cannot be opened");
            }
        }
    }
}

/// The effect that a receipt promises is there, and names this operation.
fn check_effect(run: &mut Run<'_>, row: &Row, receipt: &Receipt, around: &Around, name: &str) {
    let visit = receipt.subject.id.to_string();
    let rev = receipt.rev.unwrap_or_default();
    match row.kind.as_str() {
        "visit.submit" => match around.revisions.get(&(visit.clone(), rev)) {
            None => {
                let says = format!("was acknowledged, and revision {rev} of visit {visit} is not there");
                run.broke(Invariant::I1, "operation", name, says);
            }
            Some((op, device)) if *op != row.op_id || *device != row.device_id => {
                let says =
                    format!("was acknowledged, and revision {rev} of visit {visit} names another operation or device");
                run.broke(Invariant::I2, "operation", name, says);
            }
            Some(_) => {}
        },
        "visit.withdraw" => match around.visits.get(&visit) {
            Some((state, at)) if state == "withdrawn" && *at == rev => {}
            _ => {
                let says = format!("was acknowledged, and visit {visit} is not withdrawn at revision {rev}");
                run.broke(Invariant::I1, "operation", name, says);
            }
        },
        _ => {}
    }
}

fn check_secrets(run: &mut Run<'_>, row: &Row, name: &str) {
    run.looked_at(Invariant::Sealed, "receipts", 1);
    if row.body.is_some() {
        run.broke(Invariant::Sealed, "operation", name, "keeps a body unencrypted");
    }
    if let Some(number) = number_in(&row.receipt) {
        run.broke(Invariant::Sealed, "operation", name, format!("has {number} in its receipt"));
    }
}
