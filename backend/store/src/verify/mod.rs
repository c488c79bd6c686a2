//! Derives again what must hold of a database, and says what does not.
//!
//! It only reads, in the caller's transaction, so that a running server, a simulator and a crash rig call the same
//! code. Keys come in pages and rows by key, so memory stays the same however many rows there are (of one reader's
//! feed it keeps when each thing was told). A row that cannot be read or opened is a finding, never the end.
//! Synthetic rows of a demo have no operations, audit or feed: they are let off what only those could show, as long as
//! they have none at all. Start at `visit.rs`; `lineage.rs` and `secret.rs` are pure.

mod audit;
mod change;
mod conflict;
mod household;
mod lineage;
mod operation;
mod parking;
mod report;
mod secret;
mod visit;
mod visit_key;
mod visit_review;

pub use report::{Beyond, Finding, Invariant, Report, Section};

use crate::audit::AuditRow;
use crate::schema::audit as audit_rows;
use crate::vault::Vault;
use crate::{Conn, Result, meta};
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use ruhu_domain::form::Definitions;
use std::collections::HashMap;
use std::hash::Hash;

/// Rows of one step.
const STEP: i64 = 200;

/// Looks at everything.
pub fn verify(c: &mut Conn, vault: &Vault, definitions: &Definitions) -> Result<Report> {
    let is_demo = meta::find(c, meta::DEMO)?.is_some();
    let mut run = Run { vault, definitions, is_demo, report: Report::default() };
    operation::check(c, &mut run)?;
    parking::check(c, &mut run)?;
    household::check(c, &mut run)?;
    visit::check(c, &mut run)?;
    visit_key::check(c, &mut run)?;
    conflict::check(c, &mut run)?;
    change::check(c, &mut run)?;
    audit::check(c, &mut run)?;
    Ok(run.report)
}

/// What every part needs.
struct Run<'a> {
    vault: &'a Vault,
    definitions: &'a Definitions,
    /// Only a demo may hold rows that nobody's operation made.
    is_demo: bool,
    report: Report,
}

impl Run<'_> {
    fn looked_at(&mut self, invariant: Invariant, what: &'static str, count: usize) {
        self.report.looked_at(invariant, what, count);
    }

    fn broke(&mut self, invariant: Invariant, kind: &'static str, id: &str, says: impl Into<String>) {
        self.report.broke(invariant, kind, id, says);
    }
}

/// Loads the rows of these keys; where one of them cannot be read, the others come one by one.
/// The second list names the keys of those that cannot.
fn load_each<K: Clone, R>(
    c: &mut Conn,
    keys: &[K],
    load: impl Fn(&mut Conn, &[K]) -> QueryResult<Vec<R>>,
) -> Result<(Vec<R>, Vec<K>)> {
    match load(c, keys) {
        Ok(rows) => return Ok((rows, Vec::new())),
        Err(DieselError::DeserializationError(_)) => {}
        Err(error) => return Err(error.into()),
    }
    let (mut rows, mut unreadable) = (Vec::new(), Vec::new());
    for key in keys {
        match load(c, std::slice::from_ref(key)) {
            Ok(found) => rows.extend(found),
            Err(DieselError::DeserializationError(_)) => unreadable.push(key.clone()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok((rows, unreadable))
}

/// Rows by a key that several may share.
fn group<K: Eq + Hash, R>(rows: Vec<R>, key: impl Fn(&R) -> K) -> HashMap<K, Vec<R>> {
    let mut groups: HashMap<K, Vec<R>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

/// What the audit knows of these things, oldest first. A row that cannot be read is the chain's finding.
fn audit_of(c: &mut Conn, kind: &str, ids: &[String]) -> Result<HashMap<String, Vec<AuditRow>>> {
    let load = |c: &mut Conn, ids: &[String]| {
        audit_rows::table
            .filter(audit_rows::subject_kind.eq(kind))
            .filter(audit_rows::subject_id.eq_any(ids))
            .order((audit_rows::at, audit_rows::shard, audit_rows::seq))
            .select(AuditRow::as_select())
            .load(c)
    };
    let mut rows = Vec::new();
    // Some askers have many ids, and a statement takes only so many values.
    for ids in ids.chunks(STEP as usize) {
        rows.extend(load_each(c, ids, load)?.0);
    }
    Ok(group(rows, |row: &AuditRow| row.subject_id.clone()))
}
