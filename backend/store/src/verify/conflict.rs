//! Conflicts: both values are kept, a visit waits in conflict exactly while one of its own is open, and every
//! beginning, decision and end is in the audit.

use super::{Invariant, Run, STEP, audit_of, load_each};
use crate::audit::AuditRow;
use crate::conflict::ConflictRow;
use crate::schema::{conflicts, visits};
use crate::{Conn, Result};
use diesel::prelude::*;
use ruhu_domain::sync::conflict::ConflictState;
use ruhu_domain::visit::VisitState;
use std::collections::{BTreeSet, HashMap};

/// What the visit of a conflict is.
#[derive(Queryable, Selectable)]
#[diesel(table_name = visits)]
struct Visit {
    id: String,
    household_id: String,
    visitor_id: String,
    rev: i64,
    state: String,
}

pub(super) fn check(c: &mut Conn, run: &mut Run<'_>) -> Result<()> {
    check_waiting(c, run)?;
    let mut after = String::new();
    loop {
        let ids: Vec<String> = conflicts::table
            .filter(conflicts::id.gt(&after))
            .order(conflicts::id)
            .limit(STEP)
            .select(conflicts::id)
            .load(c)?;
        let Some(last) = ids.last().cloned() else { return Ok(()) };
        after = last;
        let (rows, unreadable) = load_each(c, &ids, |c: &mut Conn, ids: &[String]| {
            let query = conflicts::table.filter(conflicts::id.eq_any(ids)).order(conflicts::id);
            query.select(ConflictRow::as_select()).load(c)
        })?;
        for id in unreadable {
            run.broke(Invariant::I6, "conflict", &id, "has a row that cannot be read");
        }
        let owners: BTreeSet<String> = rows.iter().map(|row| row.my_visit_id.to_string()).collect();
        let owners: Vec<Visit> = visits::table.filter(visits::id.eq_any(owners)).select(Visit::as_select()).load(c)?;
        let owners: HashMap<String, Visit> = owners.into_iter().map(|visit| (visit.id.clone(), visit)).collect();
        let audit = audit_of(c, "conflict", &ids)?;
        for row in rows {
            let id = row.id.to_string();
            let known = audit.get(&id).map(Vec::as_slice).unwrap_or_default();
            check_audit(run, &row, known);
            check_visit(run, &row, owners.get(&row.my_visit_id.to_string()));
            check_values(run, row);
        }
    }
}

/// The visits that wait for a decision have something to be decided.
fn check_waiting(c: &mut Conn, run: &mut Run<'_>) -> Result<()> {
    let waiting: Vec<String> = visits::table
        .filter(visits::state.eq(VisitState::Conflict.code()))
        .order(visits::id)
        .select(visits::id)
        .load(c)?;
    run.looked_at(Invariant::I5, "visits in conflict", waiting.len());
    for ids in waiting.chunks(STEP as usize) {
        let open = conflicts::table
            .filter(conflicts::my_visit_id.eq_any(ids))
            .filter(conflicts::state.eq(ConflictState::Open.code()));
        let open: BTreeSet<String> = open.select(conflicts::my_visit_id).load::<String>(c)?.into_iter().collect();
        for id in ids.iter().filter(|id| !open.contains(*id)) {
            run.broke(Invariant::I5, "visit", id, "waits for a decision, and no conflict of it is open");
        }
    }
    Ok(())
}

fn check_audit(run: &mut Run<'_>, row: &ConflictRow, audit: &[AuditRow]) {
    run.looked_at(Invariant::I14, "conflicts", 1);
    let count = |action: &str| audit.iter().filter(|row| row.action == action).count();
    let expected = match row.state {
        ConflictState::Open => (1, 0, 0),
        ConflictState::Decided => (1, 1, 0),
        ConflictState::Void => (1, 0, 1),
    };
    if (count("conflict.open"), count("conflict.decide"), count("conflict.void")) != expected {
        let says = format!("is {}, and the audit tells something else", row.state.code());
        run.broke(Invariant::I14, "conflict", &row.id.to_string(), says);
    }
    let decider = audit.iter().find(|row| row.action == "conflict.decide").and_then(|row| row.actor_id.clone());
    if row.state == ConflictState::Decided && decider != row.decided_by.map(|user| user.to_string()) {
        run.broke(Invariant::I14, "conflict", &row.id.to_string(), "names another decider than the audit");
    }
}

fn check_visit(run: &mut Run<'_>, row: &ConflictRow, visit: Option<&Visit>) {
    let id = row.id.to_string();
    run.looked_at(Invariant::I3, "conflicts", 1);
    let Some(visit) = visit else {
        return run.broke(Invariant::I3, "conflict", &id, "belongs to a visit that is not there");
    };
    if visit.household_id != row.household_id.to_string() || visit.rev < row.my_visit_rev {
        run.broke(Invariant::I3, "conflict", &id, "names another household or revision than its visit has");
    }
    if visit.visitor_id != row.my_by.to_string() {
        run.broke(Invariant::I3, "conflict", &id, "names another visitor than its visit has");
    }
    if row.state == ConflictState::Open && visit.state != VisitState::Conflict.code() {
        run.broke(Invariant::I5, "conflict", &id, format!("is open, and its visit is {}", visit.state));
    }
}

fn check_values(run: &mut Run<'_>, row: ConflictRow) {
    let (id, kind, path, state) = (row.id.to_string(), row.kind, row.path.clone(), row.state);
    run.looked_at(Invariant::I6, "conflicts", 1);
    let Ok(conflict) = row.into_clear(run.vault) else {
        return run.broke(Invariant::I6, "conflict", &id, "cannot be opened");
    };
    if (conflict.clash.kind, conflict.clash.path) != (kind, path) {
        run.broke(Invariant::I3, "conflict", &id, "is about another place than its columns say");
    }
    if (state == ConflictState::Decided) != conflict.decision.is_some() {
        run.broke(Invariant::I6, "conflict", &id, format!("is {}, and its decision does not fit that", state.code()));
    }
}
