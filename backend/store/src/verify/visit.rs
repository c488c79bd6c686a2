//! Visits: the row is its last revision, every revision opens and is what its hash says, and somebody's operation
//! brought it. `visit_review.rs` looks at the decisions.

use super::secret::Body;
use super::{Invariant, Run, STEP, audit_of, group, load_each, visit_review};
use crate::audit::AuditRow;
use crate::schema::{devices, household_revisions, households, operations, parked, visit_revisions, visits};
use crate::vault::{Home, sealed_pointers};
use crate::visit::{REVISIONS, TABLE};
use crate::{Conn, Result};
use chrono::NaiveDateTime;
use diesel::prelude::*;
use ruhu_domain::form::canonical_hash;
use ruhu_domain::sync::operation::{Outcome, Receipt};
use ruhu_domain::visit::Proposal;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// A visit as it is kept; nothing of it is trusted.
#[derive(Queryable, Selectable)]
#[diesel(table_name = visits)]
pub(super) struct Row {
    pub id: String,
    pub household_id: String,
    region_code: String,
    pub visitor_id: String,
    device_id: String,
    pub rev: i64,
    pub hash: String,
    pub state: String,
    visit_type: String,
    outcome: String,
    base_rev: i64,
    started_at: NaiveDateTime,
    ended_at: NaiveDateTime,
    received_at: NaiveDateTime,
    warnings: i64,
    pub review: Option<String>,
    pub file_rev: Option<i64>,
    body: String,
    sealed: String,
}

/// A revision as it is kept.
#[derive(Queryable, Selectable)]
#[diesel(table_name = visit_revisions)]
pub(super) struct Revision {
    visit_id: String,
    pub rev: i64,
    device_id: String,
    op_id: String,
    received_at: NaiveDateTime,
    pub hash: String,
    pub review: Option<String>,
    body: String,
    sealed: String,
}

/// An operation that may have brought a revision.
struct Bringer {
    device_id: String,
    kind: String,
    outcome: String,
    receipt: String,
}

/// The household that a visit was made to.
struct Place {
    region: String,
    is_synthetic: bool,
}

/// A revision of a household's file, which an approval may have made.
#[derive(Queryable, Selectable)]
#[diesel(table_name = household_revisions)]
pub(super) struct Made {
    household_id: String,
    rev: i64,
    pub visit_id: Option<String>,
    pub visit_rev: Option<i64>,
    #[diesel(column_name = by_id)]
    pub by: String,
    pub at: NaiveDateTime,
}

/// What stands around the visits of one step.
struct Around {
    revisions: HashMap<String, Vec<Revision>>,
    places: HashMap<String, Place>,
    owners: HashMap<String, String>,
    bringers: HashMap<String, Vec<Bringer>>,
    audit: HashMap<String, Vec<AuditRow>>,
    made: HashMap<(String, i64), Made>,
}

/// One visit with everything that belongs to it.
pub(super) struct Case<'a> {
    pub row: &'a Row,
    pub revisions: &'a [Revision],
    pub audit: &'a [AuditRow],
    pub made: Option<&'a Made>,
    /// A demo's row may lack operations and audit, as long as it has neither.
    pub may_be_made_up: bool,
}

pub(super) fn check(c: &mut Conn, run: &mut Run<'_>) -> Result<()> {
    let mut after = String::new();
    loop {
        let ids: Vec<String> =
            visits::table.filter(visits::id.gt(&after)).order(visits::id).limit(STEP).select(visits::id).load(c)?;
        let Some(last) = ids.last().cloned() else { return Ok(()) };
        let load = |c: &mut Conn, ids: &[String]| {
            visits::table.filter(visits::id.eq_any(ids)).order(visits::id).select(Row::as_select()).load(c)
        };
        let (rows, unreadable) = load_each(c, &ids, load)?;
        for id in unreadable {
            run.broke(Invariant::I6, "visit", &id, "has a row that cannot be read");
        }
        let around = around(c, run, &rows)?;
        for row in &rows {
            check_one(run, row, &around);
        }
        after = last;
    }
}

fn around(c: &mut Conn, run: &mut Run<'_>, rows: &[Row]) -> Result<Around> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let load = |c: &mut Conn, ids: &[String]| {
        visit_revisions::table
            .filter(visit_revisions::visit_id.eq_any(ids))
            .order((visit_revisions::visit_id, visit_revisions::rev))
            .select(Revision::as_select())
            .load(c)
    };
    let (revisions, unreadable) = load_each(c, &ids, load)?;
    for id in unreadable {
        run.broke(Invariant::I6, "visit", &id, "has a revision that cannot be read");
    }
    let homes: BTreeSet<&String> = rows.iter().map(|row| &row.household_id).collect();
    let places: Vec<(String, String, bool)> = households::table
        .filter(households::id.eq_any(&homes))
        .select((households::id, households::region_code, households::is_synthetic))
        .load(c)?;
    let phones: BTreeSet<&String> = revisions.iter().map(|revision| &revision.device_id).collect();
    let owners: Vec<(String, String)> =
        devices::table.filter(devices::id.eq_any(phones)).select((devices::id, devices::user_id)).load(c)?;
    let ops: BTreeSet<&String> = revisions.iter().map(|revision| &revision.op_id).collect();
    let later: Vec<(String, String, String, Option<String>)> = parked::table
        .filter(parked::op_id.eq_any(&ops))
        .filter(parked::receipt.is_not_null())
        .select((parked::op_id, parked::device_id, parked::kind, parked::receipt))
        .load(c)?;
    let bringers: Vec<(String, String, String, String, String)> = operations::table
        .filter(operations::op_id.eq_any(ops))
        .select((operations::op_id, operations::device_id, operations::kind, operations::outcome, operations::receipt))
        .load(c)?;
    let files: BTreeSet<&String> =
        rows.iter().filter(|row| row.file_rev.is_some()).map(|row| &row.household_id).collect();
    let files: Vec<&String> = files.into_iter().collect();
    // One that cannot be read is a finding where the households are looked at.
    let (made, _) = load_each(c, &files, |c: &mut Conn, files: &[&String]| {
        let of_files = household_revisions::table.filter(household_revisions::household_id.eq_any(files));
        of_files.select(Made::as_select()).load(c)
    })?;
    let later = later.into_iter().filter_map(|(op, device, kind, receipt)| {
        let receipt = receipt?;
        let outcome = serde_json::from_str::<Receipt>(&receipt).ok()?.outcome.code().to_owned();
        Some((op, device, kind, outcome, receipt))
    });
    let bringers =
        bringers.into_iter().chain(later).fold(HashMap::new(), |mut all: HashMap<String, Vec<Bringer>>, row| {
            let (op, device_id, kind, outcome, receipt) = row;
            all.entry(op).or_default().push(Bringer { device_id, kind, outcome, receipt });
            all
        });
    Ok(Around {
        revisions: group(revisions, |revision| revision.visit_id.clone()),
        places: places.into_iter().map(|(id, region, is_synthetic)| (id, Place { region, is_synthetic })).collect(),
        owners: owners.into_iter().collect(),
        bringers,
        audit: audit_of(c, "visit", &ids)?,
        made: made.into_iter().map(|made| ((made.household_id.clone(), made.rev), made)).collect(),
    })
}

fn check_one(run: &mut Run<'_>, row: &Row, around: &Around) {
    let id = row.id.as_str();
    run.looked_at(Invariant::I3, "visits", 1);
    let Some(place) = around.places.get(&row.household_id) else {
        return run.broke(Invariant::I3, "visit", id, "belongs to a household that is not there");
    };
    let revisions = around.revisions.get(id).map(Vec::as_slice).unwrap_or_default();
    let audit = around.audit.get(id).map(Vec::as_slice).unwrap_or_default();
    let has_operation = revisions.iter().any(|revision| around.bringers.contains_key(&revision.op_id));
    let is_untouched = run.is_demo && place.is_synthetic && audit.is_empty();
    let made = row.file_rev.and_then(|rev| around.made.get(&(row.household_id.clone(), rev)));
    let case =
        Case { row, revisions, audit, made, may_be_made_up: run.is_demo && place.is_synthetic && !has_operation };
    run.looked_at(Invariant::I11, "visits", 1);
    if row.region_code != place.region && !is_untouched {
        let (own, other) = (&row.region_code, &place.region);
        run.broke(Invariant::I11, "visit", id, format!("stands in region {own}, its household in {other}"));
    }
    let revs: Vec<i64> = revisions.iter().map(|revision| revision.rev).collect();
    run.looked_at(Invariant::I6, "visit revisions", revs.len());
    if !revs.iter().copied().eq(1..=row.rev) {
        run.broke(Invariant::I6, "visit", id, format!("is at revision {}, but keeps the revisions {revs:?}", row.rev));
    }
    let mut latest = None;
    for revision in revisions {
        latest = check_revision(run, &case, revision);
        check_origin(run, &case, revision, around);
    }
    check_row(run, &case, latest);
    visit_review::check(run, &case);
}

/// Opens a revision and holds it against its hash; the proposal, if there is one.
fn check_revision(run: &mut Run<'_>, case: &Case<'_>, revision: &Revision) -> Option<Value> {
    let name = format!("{}/{}", revision.visit_id, revision.rev);
    let home = Home { table: REVISIONS, row: &name };
    let proposal = open(run, home, "visit", &name, &revision.body, &revision.sealed)?;
    run.looked_at(Invariant::I8, "visit revisions", 1);
    if canonical_hash(&proposal).ok().as_deref() != Some(revision.hash.as_str()) {
        run.broke(Invariant::I8, "visit", &name, "is not what its hash says");
    }
    let names = (&proposal["id"], &proposal["household_id"], proposal["rev"].as_i64());
    if names != (&Value::from(case.row.id.as_str()), &Value::from(case.row.household_id.as_str()), Some(revision.rev)) {
        run.broke(Invariant::I3, "visit", &name, "holds the proposal of another visit, household or revision");
    }
    Some(proposal)
}

/// Opens a body; a finding when it does not open, or does not keep its secrets.
fn open(run: &mut Run<'_>, home: Home<'_>, kind: &'static str, name: &str, body: &str, sealed: &str) -> Option<Value> {
    let opened = run.vault.open(home, body, sealed);
    let (Ok(clear), Ok(kept), Ok(pointers)) = (opened, serde_json::from_str(body), sealed_pointers(sealed)) else {
        run.broke(Invariant::I6, kind, name, format!("cannot be opened in {}", home.table));
        return None;
    };
    let Ok((covered, secret)) = run.vault.cover_proposal(&clear) else { return Some(clear) };
    run.looked_at(Invariant::Sealed, "visit bodies", 1);
    for fault in (Body { kept: &kept, sealed: &pointers, covered: &covered, secret: &secret }).faults() {
        run.broke(Invariant::Sealed, kind, name, format!("{fault} ({})", home.table));
    }
    Some(clear)
}

/// Whose phone brought a revision, and by which operation.
fn check_origin(run: &mut Run<'_>, case: &Case<'_>, revision: &Revision, around: &Around) {
    let name = format!("{}/{}", revision.visit_id, revision.rev);
    if around.owners.get(&revision.device_id) != Some(&case.row.visitor_id) {
        run.broke(Invariant::I11, "visit", &name, "came from a device that is not its visitor's");
    }
    let submitted = visit_review::audited(case.audit, "visit.submit", revision.rev).count();
    let bringers = around.bringers.get(&revision.op_id).map(Vec::as_slice).unwrap_or_default();
    if submitted == 0 && bringers.is_empty() && case.may_be_made_up {
        return;
    }
    run.looked_at(Invariant::I2, "visit revisions", 1);
    run.looked_at(Invariant::I14, "visit revisions", 1);
    if submitted != 1 {
        run.broke(Invariant::I14, "visit", &name, format!("has {submitted} audit rows of its arrival instead of one"));
    }
    let op = &revision.op_id;
    match bringers.iter().filter(|bringer| bringer.has_effect()).count() {
        0 => run.broke(
            Invariant::I2,
            "visit",
            &name,
            format!("names operation {op}, which had no effect or is not there"),
        ),
        1 if bringers.iter().any(|bringer| bringer.brought(revision)) => {}
        1 => run.broke(
            Invariant::I2,
            "visit",
            &name,
            format!("names operation {op}, whose receipt is about another thing"),
        ),
        count => run.broke(Invariant::I2, "visit", &name, format!("names operation {op}, which had {count} effects")),
    }
}

impl Bringer {
    fn has_effect(&self) -> bool {
        let outcome = Outcome::from_code(&self.outcome);
        matches!(outcome, Some(Outcome::Applied | Outcome::Merged | Outcome::Conflict))
    }

    fn brought(&self, revision: &Revision) -> bool {
        let Ok(receipt) = serde_json::from_str::<Receipt>(&self.receipt) else { return false };
        self.has_effect()
            && self.kind == "visit.submit"
            && self.device_id == revision.device_id
            && receipt.subject.id.to_string() == revision.visit_id
            && receipt.rev == Some(revision.rev)
    }
}

/// The row against its last revision and the proposal in it.
fn check_row(run: &mut Run<'_>, case: &Case<'_>, latest: Option<Value>) {
    let (row, id) = (case.row, case.row.id.as_str());
    let own = open(run, Home { table: TABLE, row: id }, "visit", id, &row.body, &row.sealed);
    let Some(last) = case.revisions.last() else { return };
    if (row.rev, &row.hash, &row.device_id, row.received_at)
        != (last.rev, &last.hash, &last.device_id, last.received_at)
    {
        run.broke(Invariant::I3, "visit", id, "differs from its last revision in number, hash, device or arrival");
    }
    let (Some(own), Some(latest)) = (own, latest) else { return };
    if own != latest {
        run.broke(Invariant::I3, "visit", id, "holds another proposal than its last revision");
    }
    match Proposal::deserialize(&own) {
        Err(_) => run.broke(Invariant::I3, "visit", id, "holds what is no proposal"),
        Ok(proposal) => {
            for column in row.unlike(&proposal) {
                run.broke(Invariant::I3, "visit", id, format!("has {column} that its proposal does not have"));
            }
        }
    }
}

impl Row {
    /// The columns that say something else than the proposal.
    fn unlike(&self, proposal: &Proposal) -> Vec<&'static str> {
        let outcome = proposal.visit.get("outcome").and_then(Value::as_str).unwrap_or_default();
        let same = [
            ("a type", self.visit_type == proposal.visit_type.code()),
            ("an outcome", self.outcome == outcome),
            ("a base revision", self.base_rev == proposal.base_rev),
            ("a beginning", self.started_at == proposal.started_at.naive_utc()),
            ("an end", self.ended_at == proposal.ended_at.naive_utc()),
            ("a number of warnings", usize::try_from(self.warnings) == Ok(proposal.warnings.len())),
        ];
        same.into_iter().filter(|(_, is_same)| !is_same).map(|(column, _)| column).collect()
    }
}
