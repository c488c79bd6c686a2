//! Visits: the latest revision of each as one row, every revision with its review beside it.
//! `visit_list.rs` finds many at once.

use crate::columns::{At, Stored, StoredOption};
use crate::dialect::MultiBackend;
use crate::household::expect_one;
use crate::schema::{households, visit_revisions as revisions, visits};
use crate::vault::{Covered, Home, SealedBody, Vault};
use crate::{Conn, Result, StoreError, scope};
use diesel::prelude::*;
use ruhu_domain::actor::RowScope;
use ruhu_domain::ids::{DeviceId, HouseholdId, OpId, UserId, VisitId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::time::Time;
use ruhu_domain::visit::{Proposal, Review, Visit, VisitState, VisitType};

pub(crate) const TABLE: &str = "visits";
pub(crate) const REVISIONS: &str = "visit_revisions";

/// A visit as it is kept, without the proposal's body.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = visits)]
pub struct VisitRow {
    #[diesel(deserialize_as = Stored<VisitId>)]
    pub id: VisitId,
    #[diesel(deserialize_as = Stored<HouseholdId>)]
    pub household_id: HouseholdId,
    /// Region of the household; the queue's scope.
    #[diesel(deserialize_as = Stored<RegionCode>, column_name = region_code)]
    pub region: RegionCode,
    #[diesel(deserialize_as = Stored<UserId>, column_name = visitor_id)]
    pub visitor: UserId,
    #[diesel(deserialize_as = Stored<DeviceId>, column_name = device_id)]
    pub device: DeviceId,
    pub rev: i64,
    pub hash: String,
    #[diesel(deserialize_as = Stored<VisitState>)]
    pub state: VisitState,
    #[diesel(deserialize_as = Stored<VisitType>)]
    pub visit_type: VisitType,
    pub outcome: String,
    pub base_rev: i64,
    #[diesel(deserialize_as = At)]
    pub started_at: Time,
    #[diesel(deserialize_as = At)]
    pub ended_at: Time,
    #[diesel(deserialize_as = At)]
    pub received_at: Time,
    pub warnings: i64,
    #[diesel(deserialize_as = StoredOption<Review>)]
    pub review: Option<Review>,
    pub file_rev: Option<i64>,
    #[diesel(deserialize_as = At)]
    pub updated_at: Time,
}

impl From<VisitRow> for Visit {
    fn from(row: VisitRow) -> Self {
        Self {
            id: row.id,
            household_id: row.household_id,
            visitor: row.visitor,
            device: row.device,
            rev: row.rev,
            hash: row.hash,
            state: row.state,
            visit_type: row.visit_type,
            outcome: row.outcome,
            base_rev: row.base_rev,
            started_at: row.started_at,
            ended_at: row.ended_at,
            received_at: row.received_at,
            review: row.review,
            file_rev: row.file_rev,
            warnings: row.warnings,
        }
    }
}

/// One revision of a visit, with the review it got, without the proposal's body.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = revisions)]
pub struct VisitRevisionRow {
    pub rev: i64,
    #[diesel(deserialize_as = Stored<DeviceId>, column_name = device_id)]
    pub device: DeviceId,
    #[diesel(deserialize_as = Stored<OpId>)]
    pub op_id: OpId,
    #[diesel(deserialize_as = At)]
    pub received_at: Time,
    pub hash: String,
    #[diesel(deserialize_as = StoredOption<Review>)]
    pub review: Option<Review>,
}

/// A query over visits, built step by step.
pub(crate) type Query<'a> = visits::BoxedQuery<'a, MultiBackend>;

/// Narrows a query to what a scope shows: own visits and visits to own households, or a region's.
pub(crate) fn in_scope<'a>(query: Query<'a>, scope: &RowScope) -> Query<'a> {
    match scope {
        RowScope::Own(user) => {
            let user = user.to_string();
            let contact = households::contact_id.eq(user.clone());
            let own = households::table.filter(contact.or(households::responsible_id.eq(user.clone())));
            let mine = visits::visitor_id.eq(user);
            query.filter(mine.or(visits::household_id.eq_any(own.select(households::id))))
        }
        RowScope::Region(region) => query
            .filter(visits::region_code.ge(region.as_str().to_owned()))
            .filter(visits::region_code.lt(scope::after(region))),
        RowScope::Nothing => query.filter(visits::id.eq(String::new())),
    }
}

/// A visit of the scope.
pub fn find(c: &mut Conn, scope: &RowScope, id: VisitId) -> Result<Option<VisitRow>> {
    let query = in_scope(visits::table.into_boxed(), scope).filter(visits::id.eq(id.to_string()));
    Ok(query.select(VisitRow::as_select()).get_result(c).optional()?)
}

/// A visit whatever the scope, for decisions of the rules; never for an answer to somebody.
pub fn find_unscoped(c: &mut Conn, id: VisitId) -> Result<Option<VisitRow>> {
    Ok(visits::table.find(id.to_string()).select(VisitRow::as_select()).get_result(c).optional()?)
}

/// The latest proposal of a visit as JSON text, sealed values covered.
pub fn find_proposal_masked(c: &mut Conn, id: VisitId) -> Result<Option<String>> {
    Ok(visits::table.find(id.to_string()).select(visits::body).get_result(c).optional()?)
}

/// The latest proposal of a visit in clear.
pub fn find_proposal(c: &mut Conn, vault: &Vault, id: VisitId) -> Result<Option<Proposal>> {
    let row: Option<(String, String)> =
        visits::table.find(id.to_string()).select((visits::body, visits::sealed)).get_result(c).optional()?;
    let Some((masked, sealed)) = row else { return Ok(None) };
    let key = id.to_string();
    let body = vault.open(Home { table: TABLE, row: &key }, &masked, &sealed)?;
    Ok(Some(serde_json::from_value(body)?))
}

/// The proposal of any revision in clear.
pub fn find_proposal_at(c: &mut Conn, vault: &Vault, id: VisitId, rev: i64) -> Result<Option<Proposal>> {
    let row: Option<(String, String)> = revisions::table
        .find((id.to_string(), rev))
        .select((revisions::body, revisions::sealed))
        .get_result(c)
        .optional()?;
    let Some((masked, sealed)) = row else { return Ok(None) };
    let key = revision_key(id, rev);
    let body = vault.open(Home { table: REVISIONS, row: &key }, &masked, &sealed)?;
    Ok(Some(serde_json::from_value(body)?))
}

/// When a revision's visit ended, by the corrected clock.
pub fn find_end(c: &mut Conn, id: VisitId, rev: i64) -> Result<Option<Time>> {
    #[derive(serde::Deserialize)]
    struct Ended {
        ended_at: Time,
        clock_offset_ms: i64,
    }
    // Times are not covered, so nothing needs to be opened.
    let body: Option<String> =
        revisions::table.find((id.to_string(), rev)).select(revisions::body).get_result(c).optional()?;
    let ended: Option<Ended> = body.map(|body| serde_json::from_str(&body)).transpose()?;
    Ok(ended.map(|ended| ended.ended_at.corrected_by_ms(ended.clock_offset_ms)))
}

/// Every revision of a visit, first to last.
pub fn list_revisions(c: &mut Conn, id: VisitId) -> Result<Vec<VisitRevisionRow>> {
    Ok(revisions::table
        .filter(revisions::visit_id.eq(id.to_string()))
        .order(revisions::rev)
        .select(VisitRevisionRow::as_select())
        .load(c)?)
}

/// Keeps a revision that arrived: a new visit for revision 1, else the next revision of a returned one.
/// The proposal is kept as it was covered, so that the body which the phone sent keeps its hash.
/// `Duplicate` when the visit is there already, `Stale` when it does not stand at the revision before.
pub fn insert_revision(
    c: &mut Conn,
    vault: &Vault,
    visit: &Visit,
    region: &RegionCode,
    proposal: &Covered,
    op: OpId,
) -> Result<()> {
    let id = visit.id.to_string();
    let sealed = vault.seal(Home { table: TABLE, row: &id }, proposal)?;
    if visit.rev == 1 {
        insert_first(c, visit, region, sealed)?;
    } else {
        replace_latest(c, visit, region, sealed)?;
    }
    insert_history(c, vault, visit, proposal, op)
}

fn insert_first(c: &mut Conn, visit: &Visit, region: &RegionCode, body: SealedBody) -> Result<()> {
    diesel::insert_into(visits::table)
        .values((
            (
                visits::id.eq(visit.id.to_string()),
                visits::household_id.eq(visit.household_id.to_string()),
                visits::visitor_id.eq(visit.visitor.to_string()),
            ),
            latest(visit, region, body)?,
        ))
        .execute(c)?;
    Ok(())
}

fn replace_latest(c: &mut Conn, visit: &Visit, region: &RegionCode, body: SealedBody) -> Result<()> {
    let before = visits::table.find(visit.id.to_string()).filter(visits::rev.eq(visit.rev - 1));
    expect_one(diesel::update(before).set(latest(visit, region, body)?).execute(c)?)
}

/// The columns that a new revision writes.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = visits, treat_none_as_null = true)]
struct Latest {
    region_code: String,
    device_id: String,
    rev: i64,
    hash: String,
    state: &'static str,
    visit_type: &'static str,
    outcome: String,
    base_rev: i64,
    started_at: chrono::NaiveDateTime,
    ended_at: chrono::NaiveDateTime,
    received_at: chrono::NaiveDateTime,
    warnings: i64,
    review: Option<String>,
    file_rev: Option<i64>,
    updated_at: chrono::NaiveDateTime,
    body: String,
    sealed: String,
}

fn latest(visit: &Visit, region: &RegionCode, body: SealedBody) -> Result<Latest> {
    Ok(Latest {
        region_code: region.as_str().to_owned(),
        device_id: visit.device.to_string(),
        rev: visit.rev,
        hash: visit.hash.clone(),
        state: visit.state.code(),
        visit_type: visit.visit_type.code(),
        outcome: visit.outcome.clone(),
        base_rev: visit.base_rev,
        started_at: visit.started_at.naive_utc(),
        ended_at: visit.ended_at.naive_utc(),
        received_at: visit.received_at.naive_utc(),
        warnings: visit.warnings,
        review: review_text(visit)?,
        file_rev: visit.file_rev,
        updated_at: visit.received_at.naive_utc(),
        body: body.masked,
        sealed: body.sealed,
    })
}

fn insert_history(c: &mut Conn, vault: &Vault, visit: &Visit, proposal: &Covered, op: OpId) -> Result<()> {
    let key = revision_key(visit.id, visit.rev);
    let body = vault.seal(Home { table: REVISIONS, row: &key }, proposal)?;
    diesel::insert_into(revisions::table)
        .values((
            revisions::visit_id.eq(visit.id.to_string()),
            revisions::rev.eq(visit.rev),
            revisions::device_id.eq(visit.device.to_string()),
            revisions::op_id.eq(op.to_string()),
            revisions::received_at.eq(visit.received_at.naive_utc()),
            revisions::hash.eq(&visit.hash),
            revisions::body.eq(body.masked),
            revisions::sealed.eq(body.sealed),
        ))
        .execute(c)?;
    Ok(())
}

/// Writes a decision, a withdrawal or another way of waiting: state, review and file revision, in the visit and, of a
/// decision, in its revision.
/// `Stale` unless the visit still is at `visit.rev`, in the state `expected`.
pub fn update_state(c: &mut Conn, visit: &Visit, expected: VisitState, at: Time) -> Result<()> {
    let review = review_text(visit)?;
    let seen = visits::table
        .find(visit.id.to_string())
        .filter(visits::rev.eq(visit.rev))
        .filter(visits::state.eq(expected.code()));
    let hit = diesel::update(seen)
        .set((
            visits::state.eq(visit.state.code()),
            visits::review.eq(&review),
            visits::file_rev.eq(visit.file_rev),
            visits::updated_at.eq(at.naive_utc()),
        ))
        .execute(c)?;
    expect_one(hit)?;
    // Only a decision is this revision's; else the visit shows the review of the revision before it.
    if !matches!(visit.state, VisitState::Approved | VisitState::Returned | VisitState::Rejected) {
        return Ok(());
    }
    let hit = diesel::update(revisions::table.find((visit.id.to_string(), visit.rev)))
        .set(revisions::review.eq(&review))
        .execute(c)?;
    expect_one(hit)
}

/// The visits of a household go with it to another region, so that the queue's scope stays the file's.
pub fn move_region(c: &mut Conn, household: HouseholdId, region: &RegionCode) -> Result<()> {
    diesel::update(visits::table.filter(visits::household_id.eq(household.to_string())))
        .set(visits::region_code.eq(region.as_str()))
        .execute(c)?;
    Ok(())
}

fn review_text(visit: &Visit) -> Result<Option<String>> {
    visit.review.as_ref().map(serde_json::to_string).transpose().map_err(StoreError::from)
}

fn revision_key(id: VisitId, rev: i64) -> String {
    format!("{id}/{rev}")
}
