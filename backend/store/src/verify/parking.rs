//! Parked operations: each has its position and its body, waits or was ended once, and its author's phones were told.
//! That every parked answer has its row is looked at where the answers are (`operation.rs`).

use super::{Invariant, Run, STEP, audit_of, load_each};
use crate::audit::AuditRow;
use crate::schema::{changes, operations, parked};
use crate::{Conn, Result};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use ruhu_domain::form::number_in;
use ruhu_domain::sync::operation::{Outcome, Receipt};
use ruhu_domain::sync::parking::ParkState;
use std::collections::{HashMap, HashSet};

/// What ends a parked operation.
const ENDS: [&str; 2] = ["operation.play", "operation.dismiss"];

/// A parked operation as it is kept; nothing of it is trusted.
#[derive(Queryable, Selectable)]
#[diesel(table_name = parked)]
struct Row {
    op_id: String,
    device_id: String,
    epoch: i64,
    seq: i64,
    author_id: String,
    state: String,
    ended_at: Option<chrono::NaiveDateTime>,
    receipt: Option<String>,
}

/// What stands around the rows of one step.
struct Around {
    /// Operation, outcome and receipt by position.
    places: HashMap<(String, i64, i64), (String, String, String)>,
    /// Operation and user of the outcomes that feeds tell of.
    told: HashSet<(String, String)>,
    audit: HashMap<String, Vec<AuditRow>>,
}

pub(super) fn check(c: &mut Conn, run: &mut Run<'_>) -> Result<()> {
    let mut after = String::new();
    loop {
        let query = parked::table.filter(parked::op_id.gt(&after)).order(parked::op_id).limit(STEP);
        let ids: Vec<String> = query.select(parked::op_id).load(c)?;
        let Some(last) = ids.last().cloned() else { return Ok(()) };
        let load = |c: &mut Conn, ids: &[String]| {
            parked::table.filter(parked::op_id.eq_any(ids)).order(parked::op_id).select(Row::as_select()).load(c)
        };
        let (rows, unreadable) = load_each(c, &ids, load)?;
        for id in unreadable {
            run.broke(Invariant::I1, "parked", &id, "has a row that cannot be read");
        }
        let around = around(c, &ids)?;
        for row in &rows {
            check_one(run, row, &around);
        }
        after = last;
    }
}

fn around(c: &mut Conn, ids: &[String]) -> Result<Around> {
    let answers: Vec<(String, i64, i64, String, String, String)> = operations::table
        .filter(operations::op_id.eq_any(ids))
        .select((
            operations::device_id,
            operations::epoch,
            operations::seq,
            operations::op_id,
            operations::outcome,
            operations::receipt,
        ))
        .load(c)?;
    // Written out, because a partial index is only used when the condition is there word for word.
    let is_outcome = diesel::dsl::sql::<Bool>("kind = 'outcome'");
    let told: Vec<(String, String)> = changes::table
        .filter(is_outcome)
        .filter(changes::entity_id.eq_any(ids))
        .select((changes::entity_id, changes::user_id))
        .load(c)?;
    let place = |(device, epoch, seq, op, outcome, receipt)| ((device, epoch, seq), (op, outcome, receipt));
    Ok(Around {
        places: answers.into_iter().map(place).collect(),
        told: told.into_iter().collect(),
        audit: audit_of(c, "operation", ids)?,
    })
}

fn check_one(run: &mut Run<'_>, row: &Row, around: &Around) {
    let id = row.op_id.as_str();
    run.looked_at(Invariant::I1, "parked operations", 1);
    let place = around.places.get(&(row.device_id.clone(), row.epoch, row.seq));
    let Some((_, outcome, receipt)) = place.filter(|(op, ..)| *op == row.op_id) else {
        return run.broke(Invariant::I1, "parked", id, "names a position at which it is not");
    };
    let Some(state) = ParkState::from_code(&row.state) else {
        return run.broke(Invariant::I1, "parked", id, "has a state that cannot be read");
    };
    let was_decided_there = outcome != Outcome::Parked.code();
    if state == ParkState::Waiting {
        if row.receipt.is_some() || row.ended_at.is_some() || was_decided_there {
            run.broke(Invariant::I2, "parked", id, "waits, and was answered");
        }
        return;
    }
    let end = match &row.receipt {
        Some(end) if !was_decided_there => end,
        None if was_decided_there => receipt,
        _ => return run.broke(Invariant::I2, "parked", id, "is over, and has no answer of its own or two"),
    };
    check_end(run, row, state, end);
    run.looked_at(Invariant::I4, "ended operations", 1);
    if !around.told.contains(&(row.op_id.clone(), row.author_id.clone())) {
        run.broke(Invariant::I4, "parked", id, "is over, and its author was not told");
    }
    run.looked_at(Invariant::I14, "ended operations", 1);
    let audit = around.audit.get(&row.op_id).map(Vec::as_slice).unwrap_or_default();
    if !audit.iter().any(|event| ENDS.contains(&event.action.as_str()) && Some(event.at) == row.ended_at) {
        run.broke(Invariant::I14, "parked", id, "has no audit row of its end");
    }
}

/// The answer that ended it says the same as its state, and nothing that it must not.
fn check_end(run: &mut Run<'_>, row: &Row, state: ParkState, end: &str) {
    let id = row.op_id.as_str();
    run.looked_at(Invariant::Sealed, "receipts", 1);
    if let Some(number) = number_in(end) {
        run.broke(Invariant::Sealed, "parked", id, format!("has {number} in its receipt"));
    }
    let Ok(end) = serde_json::from_str::<Receipt>(end) else {
        return run.broke(Invariant::I1, "parked", id, "has a receipt that cannot be read");
    };
    let expected = match state {
        ParkState::Dismissed => ParkState::Refused,
        other => other,
    };
    if end.op_id.to_string() != row.op_id || ParkState::after(end.outcome) != expected {
        run.broke(Invariant::I2, "parked", id, "has a receipt of another operation or outcome than its state says");
    }
}
