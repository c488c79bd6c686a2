//! Household files: the row is its last revision, every revision follows from the one before it and an approved
//! visit, and what lists and look-ups use was written from the same file.

use super::lineage::Step;
use super::secret::Body;
use super::visit_review::audited;
use super::{Invariant, Run, STEP, audit_of, group, load_each};
use crate::audit::AuditRow;
use crate::household::{TABLE, address_of, into_file, name_of};
use crate::household_file::{self, find_base, list_written};
use crate::schema::{household_revisions as revisions, households, person_keys, visits};
use crate::vault::{Home, sealed_pointers};
use crate::{Conn, Result, StoreError, conflict, visit};
use diesel::prelude::*;
use ruhu_domain::form::File;
use ruhu_domain::household::region_of;
use ruhu_domain::ids::{HouseholdId, VisitId};
use ruhu_domain::visit::{Decision, Proposal, Review};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A household as it is kept; nothing of it is trusted.
#[derive(Queryable, Selectable)]
#[diesel(table_name = households)]
struct Row {
    id: String,
    rev: i64,
    name: String,
    region_code: String,
    address: String,
    hash: String,
    is_synthetic: bool,
    body: String,
    sealed: String,
}

/// A revision of its file as it is kept.
#[derive(Queryable, Selectable)]
#[diesel(table_name = revisions)]
struct Revision {
    rev: i64,
    visit_id: Option<String>,
    visit_rev: Option<i64>,
    changed: String,
    hash: String,
    body: String,
    sealed: String,
}

/// The blind indexes of one person.
#[derive(Queryable, Selectable)]
#[diesel(table_name = person_keys)]
struct Key {
    household_id: String,
    person_id: String,
    id_no_index: Option<String>,
    phone_index: Option<String>,
}

/// A visit that a revision names.
#[derive(Queryable, Selectable)]
#[diesel(table_name = visits)]
struct Cause {
    id: String,
    household_id: String,
    rev: i64,
    state: String,
    review: Option<String>,
    file_rev: Option<i64>,
}

type Causes = HashMap<String, Cause>;
type Audits = HashMap<String, Vec<AuditRow>>;

pub(super) fn check(c: &mut Conn, run: &mut Run<'_>) -> Result<()> {
    let mut after = String::new();
    loop {
        let query = households::table.filter(households::id.gt(&after)).order(households::id).limit(STEP);
        let ids: Vec<String> = query.select(households::id).load(c)?;
        let Some(last) = ids.last().cloned() else { return Ok(()) };
        let load = |c: &mut Conn, ids: &[String]| {
            households::table.filter(households::id.eq_any(ids)).order(households::id).select(Row::as_select()).load(c)
        };
        let (rows, unreadable) = load_each(c, &ids, load)?;
        for id in unreadable {
            run.broke(Invariant::I6, "household", &id, "has a row that cannot be read");
        }
        let keys = person_keys::table.filter(person_keys::household_id.eq_any(&ids)).select(Key::as_select());
        let keys = group(keys.load(c)?, |key: &Key| key.household_id.clone());
        let audit = audit_of(c, "household", &ids)?;
        for row in &rows {
            let keys = keys.get(&row.id).map(Vec::as_slice).unwrap_or_default();
            let audit = audit.get(&row.id).map(Vec::as_slice).unwrap_or_default();
            check_one(c, run, row, keys, audit)?;
        }
        after = last;
    }
}

fn check_one(c: &mut Conn, run: &mut Run<'_>, row: &Row, keys: &[Key], audit: &[AuditRow]) -> Result<()> {
    let id = row.id.as_str();
    run.looked_at(Invariant::I3, "household files", 1);
    let home = Home { table: TABLE, row: id };
    let file = open(run, home, id, (&row.body, &row.sealed), &row.hash);
    let history = check_revisions(c, run, row, audit)?;
    let may_be_made_up = run.is_demo && row.is_synthetic;
    if let Some(file) = &file {
        check_columns(run, row, file, keys);
        if let Some(last) = &history.last
            && last != file
        {
            run.broke(Invariant::I3, "household", id, "holds another file than its last revision");
        }
        // A demo moves a household without an approval, to show how that looks.
        let is_told = !may_be_made_up || history.is_last_approved;
        run.looked_at(Invariant::I11, "household files", 1);
        if is_told && region_of(file).is_some_and(|region| region.as_str() != row.region_code) {
            let region = &row.region_code;
            run.broke(Invariant::I11, "household", id, format!("stands in region {region}, its file in another"));
        }
    }
    if !may_be_made_up {
        run.looked_at(Invariant::I14, "household files", 1);
        if !audit.iter().any(|row| row.action == "household.create") {
            run.broke(Invariant::I14, "household", id, "has no audit row of its creation");
        }
    }
    Ok(())
}

/// Opens a file; a finding when it does not open, has another hash, or does not keep its secrets.
fn open(run: &mut Run<'_>, home: Home<'_>, name: &str, kept: (&str, &str), hash: &str) -> Option<File> {
    let opened = run.vault.open(home, kept.0, kept.1).and_then(into_file);
    let (Ok(file), Ok(body), Ok(pointers)) = (opened, serde_json::from_str(kept.0), sealed_pointers(kept.1)) else {
        run.broke(Invariant::I6, "household", name, format!("cannot be opened in {}", home.table));
        return None;
    };
    run.looked_at(Invariant::I4, "household file hashes", 1);
    if run.vault.file_hash(&file).ok().as_deref() != Some(hash) {
        run.broke(Invariant::I4, "household", name, format!("is not what its hash says in {}", home.table));
    }
    let Ok((covered, secret)) = run.vault.cover_file(&file) else { return Some(file) };
    run.looked_at(Invariant::Sealed, "household bodies", 1);
    for fault in (Body { kept: &body, sealed: &pointers, covered: &covered, secret: &secret }).faults() {
        run.broke(Invariant::Sealed, "household", name, format!("{fault} ({})", home.table));
    }
    Some(file)
}

/// The columns and blind indexes that lists and look-ups use.
fn check_columns(run: &mut Run<'_>, row: &Row, file: &File, keys: &[Key]) {
    if (row.name.as_str(), row.address.as_str()) != (name_of(file).as_str(), address_of(file).as_str()) {
        run.broke(Invariant::I3, "household", &row.id, "has a name or an address in lists that its file does not have");
    }
    let mut expected = BTreeMap::new();
    for (person, fields) in file.get("persons").and_then(Value::as_object).into_iter().flatten() {
        let index = |field: &str| {
            let value = fields.get(field).and_then(Value::as_str).filter(|value| !value.is_empty());
            value.map(|value| run.vault.keys().index(field, value))
        };
        let of_person = (index("id_no"), index("phone"));
        if of_person != (None, None) {
            expected.insert(person.as_str(), of_person);
        }
    }
    let there: BTreeMap<&str, _> =
        keys.iter().map(|key| (key.person_id.as_str(), (key.id_no_index.clone(), key.phone_index.clone()))).collect();
    run.looked_at(Invariant::I3, "person indexes", there.len());
    if expected != there {
        run.broke(Invariant::I3, "household", &row.id, "has blind indexes that are not those of its persons");
    }
}

/// What the revisions of a file leave behind.
#[derive(Default)]
struct History {
    /// The last one that could be opened.
    last: Option<File>,
    /// Somebody's approval made it, as the audit knows.
    is_last_approved: bool,
}

fn check_revisions(c: &mut Conn, run: &mut Run<'_>, row: &Row, audit: &[AuditRow]) -> Result<History> {
    let id = row.id.as_str();
    let is_found = audit.iter().any(|row| row.action == "household.create");
    let mut history = History::default();
    let (mut after, mut previous, mut hash) = (0, None, None);
    loop {
        let of_household = revisions::table.filter(revisions::household_id.eq(id)).filter(revisions::rev.gt(after));
        let query = of_household.order(revisions::rev).limit(STEP).select(revisions::rev);
        let revs: Vec<i64> = query.load(c)?;
        let load = |c: &mut Conn, revs: &[i64]| {
            let query = revisions::table.filter(revisions::household_id.eq(id)).filter(revisions::rev.eq_any(revs));
            query.order(revisions::rev).select(Revision::as_select()).load(c)
        };
        let (rows, unreadable) = load_each(c, &revs, load)?;
        for rev in unreadable {
            run.broke(Invariant::I6, "household", &format!("{id}/{rev}"), "has a revision that cannot be read");
        }
        run.looked_at(Invariant::I6, "file revisions", revs.len());
        let (causes, audits) = causes(c, &rows)?;
        for rev in &revs {
            if *rev != after + 1 {
                run.broke(Invariant::I6, "household", id, format!("has no revision between {after} and {rev}"));
                previous = None;
            }
            after = *rev;
            let Some(revision) = rows.iter().find(|revision| revision.rev == *rev) else { continue };
            let name = format!("{id}/{rev}");
            let home = Home { table: household_file::TABLE, row: &name };
            let file = open(run, home, &name, (&revision.body, &revision.sealed), &revision.hash);
            let cause = revision.visit_id.as_ref().and_then(|visit| causes.get(visit));
            let of_visit = revision.visit_id.as_ref().and_then(|visit| audits.get(visit));
            let approved = of_visit.zip(revision.visit_rev);
            let is_approved = approved.is_some_and(|(rows, rev)| audited(rows, "visit.approve", rev).count() > 0);
            check_cause(run, row, revision, cause, &name);
            if let (Some(file), true, Some(cause)) = (&file, is_approved, cause) {
                let made = Made { rev: *rev, revision, cause, file, previous: previous.as_ref(), is_found };
                check_lineage(c, run, row, &made)?;
            }
            (history.is_last_approved, hash) = (is_approved, Some(revision.hash.clone()));
            previous = file;
        }
        if revs.is_empty() {
            break;
        }
    }
    if after != row.rev {
        run.broke(Invariant::I6, "household", id, format!("is at revision {}, and its last one is {after}", row.rev));
    } else if hash.is_some_and(|hash| hash != row.hash) {
        run.broke(Invariant::I3, "household", id, "has another hash than its last revision");
    }
    history.last = previous;
    Ok(history)
}

/// The visits that these revisions name, and what the audit has about them.
fn causes(c: &mut Conn, rows: &[Revision]) -> Result<(Causes, Audits)> {
    let ids: Vec<String> = rows.iter().filter_map(|row| row.visit_id.clone()).collect();
    if ids.is_empty() {
        return Ok((Causes::new(), Audits::new()));
    }
    let found: Vec<Cause> = visits::table.filter(visits::id.eq_any(&ids)).select(Cause::as_select()).load(c)?;
    let found = found.into_iter().map(|cause| (cause.id.clone(), cause));
    Ok((found.collect(), audit_of(c, "visit", &ids)?))
}

/// A revision names the approved visit that made it, or, when it is the first, none: an imported file.
fn check_cause(run: &mut Run<'_>, row: &Row, revision: &Revision, cause: Option<&Cause>, name: &str) {
    let Some(visit) = &revision.visit_id else {
        if revision.rev > 1 {
            run.broke(Invariant::I6, "household", name, "comes from no visit");
        }
        return;
    };
    run.looked_at(Invariant::I8, "file revisions", 1);
    let Some(cause) = cause else {
        return run.broke(Invariant::I3, "household", name, format!("comes from visit {visit}, which is not there"));
    };
    let is_its = cause.household_id == row.id
        && cause.state == "approved"
        && Some(cause.rev) == revision.visit_rev
        && cause.file_rev == Some(revision.rev);
    if !is_its {
        let says = format!("comes from visit {visit}, which was not approved as revision {}", revision.rev);
        run.broke(Invariant::I8, "household", name, says);
    }
}

/// A revision that an approval made.
struct Made<'a> {
    rev: i64,
    revision: &'a Revision,
    cause: &'a Cause,
    file: &'a File,
    previous: Option<&'a File>,
    is_found: bool,
}

fn check_lineage(c: &mut Conn, run: &mut Run<'_>, row: &Row, made: &Made<'_>) -> Result<()> {
    let name = format!("{}/{}", row.id, made.rev);
    // Without the revision before it, or when ids and texts do not read, there is nothing to follow;
    // that is a finding of its own.
    let ids = (row.id.parse::<HouseholdId>(), made.revision.visit_id.as_deref().map(str::parse::<VisitId>));
    let (Ok(household), Some(Ok(visit_id))) = ids else { return Ok(()) };
    if made.rev > 1 && made.previous.is_none() {
        return Ok(());
    }
    let visit_rev = made.revision.visit_rev.unwrap_or_default();
    let Some(proposal) = readable(visit::find_proposal_at(c, run.vault, visit_id, visit_rev))? else { return Ok(()) };
    let Some(declined) = declined(made.cause) else { return Ok(()) };
    let Ok(changed) = serde_json::from_str::<Vec<String>>(&made.revision.changed) else {
        run.broke(Invariant::I6, "household", &name, "has a list of changes that cannot be read");
        return Ok(());
    };
    let Some(base) = base(c, run, household, made, &proposal)? else {
        let says = format!("comes from a visit that saw revision {}, which is not there", proposal.base_rev);
        run.broke(Invariant::I6, "household", &name, says);
        return Ok(());
    };
    let written = list_written(c, household, proposal.base_rev, made.rev - 1);
    let Some(written) = readable(written.map(Some))? else { return Ok(()) };
    let written = written.into_iter().filter_map(|(path, by)| Some((path, by.ended_at?))).collect();
    let Some(decided) = readable(conflict::list_for_visit(c, run.vault, visit_id).map(Some))? else { return Ok(()) };
    run.looked_at(Invariant::I6, "approved changes", proposal.changes.len());
    let step = Step {
        before: made.previous.filter(|_| made.rev > 1),
        base: &base,
        after: made.file,
        changed: &changed,
        rev: visit_rev,
        proposed: &proposal.changes,
        ended_at: proposal.ended_at_corrected(),
        written: &written,
        decided: &decided,
        declined: &declined,
        is_found: made.is_found,
    };
    for fault in step.faults(run.definitions) {
        run.broke(Invariant::I6, "household", &name, fault);
    }
    Ok(())
}

/// The file that the visitor saw.
fn base(c: &mut Conn, run: &Run<'_>, id: HouseholdId, made: &Made<'_>, proposal: &Proposal) -> Result<Option<File>> {
    match made.previous {
        Some(previous) if proposal.base_rev == made.rev - 1 => Ok(Some(previous.clone())),
        _ => readable(find_base(c, run.vault, run.definitions.dictionary(), id, proposal.base_rev)),
    }
}

fn declined(cause: &Cause) -> Option<BTreeSet<String>> {
    let review: Review = serde_json::from_str(cause.review.as_deref()?).ok()?;
    let is_approval = review.decision == Decision::Approved;
    is_approval.then(|| review.reasons.into_iter().map(|reason| reason.path).collect())
}

/// What does not read is nothing here; that it does not is a finding where its own row is looked at.
fn readable<T>(found: Result<Option<T>>) -> Result<Option<T>> {
    match found {
        Err(StoreError::Sealed(_) | StoreError::Broken(_)) => Ok(None),
        found => found,
    }
}
