//! The revisions of a household file: every approval writes one, and each stays.

use crate::columns::{At, Stored, StoredOption};
use crate::household::{self, Made, address_of, expect_one, into_file, name_of, write_person_keys};
use crate::page::{Page, PageRequest};
use crate::schema::{household_revisions as revisions, households, visit_revisions, visits};
use crate::vault::{Home, Vault};
use crate::{Conn, Result, StoreError, visit};
use diesel::prelude::*;
use ruhu_domain::form::{self, Dictionary, File};
use ruhu_domain::household::{Household, first_facts, region_of};
use ruhu_domain::ids::{HouseholdId, UserId, VisitId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::time::Time;
use std::collections::BTreeMap;

pub(crate) const TABLE: &str = "household_revisions";

/// Where a revision came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The visit revision whose approval made it; `None` for imported and demo files.
    pub visit: Option<(VisitId, i64)>,
    pub by: UserId,
    pub at: Time,
    /// The paths that changed.
    pub changed: Vec<String>,
}

/// One revision, without its body.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = revisions)]
pub struct RevisionRow {
    pub rev: i64,
    #[diesel(deserialize_as = StoredOption<VisitId>)]
    pub visit_id: Option<VisitId>,
    pub visit_rev: Option<i64>,
    #[diesel(deserialize_as = Stored<UserId>, column_name = by_id)]
    pub by: UserId,
    #[diesel(deserialize_as = At)]
    pub at: Time,
    #[diesel(deserialize_as = Stored<Vec<String>>)]
    pub changed: Vec<String>,
    pub hash: String,
}

/// Adds a household together with its first revision: an imported or demo file that is approved already.
pub fn insert_approved(c: &mut Conn, vault: &Vault, household: &Household, made: Made, origin: &Origin) -> Result<()> {
    household::insert(c, vault, household, made)?;
    insert_revision(c, vault, household, origin)
}

/// Writes the next revision of a file: `household.rev` is `expected_rev + 1` and its hash is the new one.
/// The columns for lists and searches follow the file. `Stale` unless the file is at `expected_rev`.
pub fn update_file(
    c: &mut Conn,
    vault: &Vault,
    household: &Household,
    expected_rev: i64,
    origin: &Origin,
) -> Result<()> {
    let id = household.id.to_string();
    let body = vault.seal_file(Home { table: household::TABLE, row: &id }, &household.file)?;
    let hit = diesel::update(households::table.find(&id).filter(households::rev.eq(expected_rev)))
        .set((
            households::rev.eq(household.rev),
            households::status.eq(household.status.code()),
            households::file_no.eq(&household.file_no),
            households::name.eq(name_of(&household.file)),
            households::region_code.eq(household.region.as_str()),
            households::address.eq(address_of(&household.file)),
            households::hash.eq(&household.hash),
            households::next_visit_due_on.eq(household.next_visit_due_on.map(|day| day.to_string())),
            households::last_visit_on.eq(household.last_visit_on.map(|day| day.to_string())),
            households::updated_at.eq(origin.at.naive_utc()),
            households::body.eq(body.masked),
            households::sealed.eq(body.sealed),
        ))
        .execute(c)?;
    expect_one(hit)?;
    write_person_keys(c, vault.keys(), household.id, &household.file)?;
    insert_revision(c, vault, household, origin)
}

fn insert_revision(c: &mut Conn, vault: &Vault, household: &Household, origin: &Origin) -> Result<()> {
    let row = row_key(household.id, household.rev);
    let body = vault.seal_file(Home { table: TABLE, row: &row }, &household.file)?;
    diesel::insert_into(revisions::table)
        .values((
            revisions::household_id.eq(household.id.to_string()),
            revisions::rev.eq(household.rev),
            revisions::visit_id.eq(origin.visit.map(|(id, _)| id.to_string())),
            revisions::visit_rev.eq(origin.visit.map(|(_, rev)| rev)),
            revisions::by_id.eq(origin.by.to_string()),
            revisions::at.eq(origin.at.naive_utc()),
            revisions::changed.eq(serde_json::to_string(&origin.changed)?),
            revisions::hash.eq(&household.hash),
            revisions::body.eq(body.masked),
            revisions::sealed.eq(body.sealed),
        ))
        .execute(c)?;
    Ok(())
}

/// Where the household lies by each revision of its file that says so, first to last.
pub fn list_regions(c: &mut Conn, id: HouseholdId) -> Result<Vec<(Time, RegionCode)>> {
    let of_household = revisions::table.filter(revisions::household_id.eq(id.to_string()));
    // A region is not covered, so nothing needs to be opened.
    let rows: Vec<(At, String)> =
        of_household.order(revisions::rev).select((revisions::at, revisions::body)).load(c)?;
    let mut regions = Vec::with_capacity(rows.len());
    for (at, body) in rows {
        let file: File = serde_json::from_str(&body)?;
        regions.extend(region_of(&file).map(|region| (at.into(), region)));
    }
    Ok(regions)
}

/// The revisions of a file, latest first. The caller has seen that the household is in scope.
pub fn list_revisions(c: &mut Conn, id: HouseholdId, page: &PageRequest) -> Result<Page<RevisionRow>> {
    let of_household = revisions::household_id.eq(id.to_string());
    let total = revisions::table.filter(of_household.clone()).count().get_result(c)?;
    let mut query = revisions::table.filter(of_household).into_boxed();
    if let Some([rev]) = page.key()? {
        let rev: i64 = rev.parse().map_err(|_| StoreError::BadCursor)?;
        query = query.filter(revisions::rev.lt(rev));
    }
    let rows = query.order(revisions::rev.desc()).limit(page.rows() + 1).select(RevisionRow::as_select()).load(c)?;
    Ok(Page::cut(rows, page.rows(), total, |row: &RevisionRow| row.rev.to_string()))
}

/// The file as it was at a revision, in clear; revision 0 is the empty file.
pub fn find_file_at(c: &mut Conn, vault: &Vault, id: HouseholdId, rev: i64) -> Result<Option<File>> {
    let row: Option<(String, String)> = revisions::table
        .find((id.to_string(), rev))
        .select((revisions::body, revisions::sealed))
        .get_result(c)
        .optional()?;
    let Some((masked, sealed)) = row else { return Ok((rev == 0).then(File::new)) };
    let key = row_key(id, rev);
    into_file(vault.open(Home { table: TABLE, row: &key }, &masked, &sealed)?).map(Some)
}

/// The file that a visitor saw at a revision. At revision 0 of a household that a visit found these are the first
/// facts of that visit, which nobody approved, so no revision holds them.
pub fn find_base(
    c: &mut Conn,
    vault: &Vault,
    dictionary: &Dictionary,
    id: HouseholdId,
    rev: i64,
) -> Result<Option<File>> {
    if rev != 0 {
        return find_file_at(c, vault, id, rev);
    }
    // The visit that came with the household, in the same transaction.
    let made: Option<(chrono::NaiveDateTime, String)> = households::table
        .find(id.to_string())
        .select((households::created_at, households::author_id))
        .get_result(c)
        .optional()?;
    let Some((made_at, author)) = made else { return Ok(None) };
    let of_author: Vec<String> = visits::table
        .filter(visits::household_id.eq(id.to_string()))
        .filter(visits::visitor_id.eq(author))
        .select(visits::id)
        .load(c)?;
    let founding: Option<Stored<VisitId>> = visit_revisions::table
        .filter(visit_revisions::visit_id.eq_any(of_author))
        .filter(visit_revisions::rev.eq(1).and(visit_revisions::received_at.eq(made_at)))
        .select(visit_revisions::visit_id)
        .order(visit_revisions::visit_id)
        .get_result(c)
        .optional()?;
    let Some(founding) = founding.map(VisitId::from) else { return Ok(Some(File::new())) };
    let Some(proposal) = visit::find_proposal_at(c, vault, founding, 1)? else { return Ok(None) };
    let wrong = |error: form::ApplyError| StoreError::Broken(format!("a kept proposal: {}", error.code()));
    let proposed = form::apply(dictionary, None, &proposal.changes).map_err(wrong)?;
    Ok(Some(form::normalise_file(dictionary, None, &first_facts(&proposed))))
}

/// Who wrote a path of a file last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The file's revision.
    pub rev: i64,
    /// The visit revision that brought the value; `None` for an imported file.
    pub visit: Option<(VisitId, i64)>,
    /// When that visit ended, by its corrected clock.
    pub ended_at: Option<Time>,
    /// Whoever made the file's revision, and when.
    pub by: UserId,
    pub at: Time,
}

/// Who wrote the paths that changed in the revisions after `since` up to `until`.
pub fn list_written(c: &mut Conn, id: HouseholdId, since: i64, until: i64) -> Result<BTreeMap<String, Written>> {
    let rows: Vec<RevisionRow> = revisions::table
        .filter(revisions::household_id.eq(id.to_string()))
        .filter(revisions::rev.gt(since).and(revisions::rev.le(until)))
        .order(revisions::rev)
        .select(RevisionRow::as_select())
        .load(c)?;
    let mut written = BTreeMap::new();
    for RevisionRow { rev, visit_id, visit_rev, by, at, changed, .. } in rows {
        let visit = visit_id.zip(visit_rev);
        let ended_at = match visit {
            Some((visit, rev)) => visit::find_end(c, visit, rev)?,
            None => None,
        };
        for path in changed {
            written.insert(path, Written { rev, visit, ended_at, by, at });
        }
    }
    Ok(written)
}

fn row_key(id: HouseholdId, rev: i64) -> String {
    format!("{id}/{rev}")
}
