//! Parked operations: why each could not be decided, whose it is, and what became of it. The body stays sealed in
//! `operation.rs`, at the position that the row names; nothing here holds a word that somebody wrote at a door.

use crate::columns::{At, AtOption, Stored, StoredOption};
use crate::dialect::MultiBackend;
use crate::household::expect_one;
use crate::page::{Page, PageRequest};
use crate::schema::{conflicts, operations, parked, visits};
use crate::{Conn, Result, StoreError, scope, sound};
use diesel::dsl::count_star;
use diesel::prelude::*;
use ruhu_domain::actor::Role;
use ruhu_domain::ids::{DeviceId, HouseholdId, OpId, UserId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::sync::operation::Outcome;
use ruhu_domain::sync::parking::{Dependency, ParkReason, ParkState};
use ruhu_domain::time::Time;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Keys of one statement at most.
const STEP: usize = 200;
/// Outcomes of operations that had their effect.
const DONE: [Outcome; 3] = [Outcome::Applied, Outcome::Merged, Outcome::Conflict];

/// One parked operation without its body.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = parked)]
pub struct ParkedRow {
    #[diesel(deserialize_as = Stored<OpId>)]
    pub op_id: OpId,
    /// The position that it was offered under last.
    #[diesel(deserialize_as = Stored<DeviceId>, column_name = device_id)]
    pub device: DeviceId,
    pub epoch: i64,
    pub seq: i64,
    #[diesel(deserialize_as = Stored<UserId>, column_name = author_id)]
    pub author: UserId,
    /// The author's role and scope when it was sent: a replay acts with these.
    #[diesel(deserialize_as = Stored<Role>)]
    pub author_role: Role,
    #[diesel(deserialize_as = Stored<RegionCode>, column_name = region_code)]
    pub region: RegionCode,
    pub kind: String,
    pub version: i64,
    #[diesel(deserialize_as = Stored<Uuid>, column_name = subject_id)]
    pub subject: Uuid,
    /// The household it is about, as far as that could be read.
    #[diesel(deserialize_as = StoredOption<HouseholdId>, column_name = household_id)]
    pub household: Option<HouseholdId>,
    /// The operation it hangs on, whether it waits for that or not.
    #[diesel(deserialize_as = StoredOption<OpId>, column_name = after_op)]
    pub after: Option<OpId>,
    pub clock_offset_ms: i64,
    pub monotonic_ms: i64,
    #[diesel(deserialize_as = Stored<ParkReason>)]
    pub reason: ParkReason,
    #[diesel(deserialize_as = Stored<ParkState>)]
    pub state: ParkState,
    /// How often it was decided.
    pub tries: i64,
    #[diesel(deserialize_as = At)]
    pub recorded_at: Time,
    #[diesel(deserialize_as = At)]
    pub parked_at: Time,
    #[diesel(deserialize_as = At)]
    pub tried_at: Time,
    #[diesel(deserialize_as = AtOption)]
    pub ended_at: Option<Time>,
    /// The person who played or dismissed it; `None` when it ended by itself.
    #[diesel(deserialize_as = StoredOption<UserId>, column_name = ended_by_id)]
    pub ended_by: Option<UserId>,
    /// JSON text of the answer that ended it; `None` while it waits, and when its position holds the answer.
    pub receipt: Option<String>,
}

/// Parks an operation. `Duplicate` when it is parked.
pub fn insert(c: &mut Conn, row: &ParkedRow) -> Result<()> {
    diesel::insert_into(parked::table)
        .values((
            (
                parked::op_id.eq(row.op_id.to_string()),
                parked::device_id.eq(row.device.to_string()),
                parked::epoch.eq(row.epoch),
                parked::seq.eq(row.seq),
                parked::author_id.eq(row.author.to_string()),
                parked::author_role.eq(row.author_role.code()),
                parked::region_code.eq(row.region.as_str()),
                parked::kind.eq(&row.kind),
                parked::version.eq(row.version),
                parked::subject_id.eq(row.subject.to_string()),
                parked::household_id.eq(row.household.map(|id| id.to_string())),
                parked::after_op.eq(row.after.map(|id| id.to_string())),
            ),
            (
                parked::clock_offset_ms.eq(row.clock_offset_ms),
                parked::monotonic_ms.eq(row.monotonic_ms),
                parked::reason.eq(row.reason.code()),
                parked::state.eq(row.state.code()),
                parked::tries.eq(row.tries),
                parked::recorded_at.eq(row.recorded_at.naive_utc()),
                parked::parked_at.eq(row.parked_at.naive_utc()),
                parked::tried_at.eq(row.tried_at.naive_utc()),
                parked::ended_at.eq(row.ended_at.map(Time::naive_utc)),
                parked::ended_by_id.eq(row.ended_by.map(|id| id.to_string())),
                parked::receipt.eq(&row.receipt),
            ),
        ))
        .execute(c)?;
    Ok(())
}

/// Lets everything else that plays this operation in a transaction wait, or begin again, until this one ends.
/// In PostgreSQL a lock alone would leave the other on its old snapshot, so the row is written as it is.
pub fn hold(c: &mut Conn, op: OpId) -> Result<()> {
    if c.is_postgres() {
        diesel::update(parked::table.find(op.to_string())).set(parked::tries.eq(parked::tries)).execute(c)?;
    }
    Ok(())
}

/// A parked operation, whatever the scope and however it ended.
pub fn find(c: &mut Conn, op: OpId) -> Result<Option<ParkedRow>> {
    Ok(parked::table.find(op.to_string()).select(ParkedRow::as_select()).get_result(c).optional()?)
}

/// Writes what a further try made of a waiting operation: position, reason, state and answer.
/// `Stale` when it does not wait any more.
pub fn update(c: &mut Conn, row: &ParkedRow) -> Result<()> {
    let waiting = parked::table.find(row.op_id.to_string()).filter(parked::state.eq(ParkState::Waiting.code()));
    let hit = diesel::update(waiting)
        .set((
            parked::device_id.eq(row.device.to_string()),
            parked::epoch.eq(row.epoch),
            parked::seq.eq(row.seq),
            parked::household_id.eq(row.household.map(|id| id.to_string())),
            parked::after_op.eq(row.after.map(|id| id.to_string())),
            parked::reason.eq(row.reason.code()),
            parked::state.eq(row.state.code()),
            parked::tries.eq(row.tries),
            parked::tried_at.eq(row.tried_at.naive_utc()),
            parked::ended_at.eq(row.ended_at.map(Time::naive_utc)),
            parked::ended_by_id.eq(row.ended_by.map(|id| id.to_string())),
            parked::receipt.eq(&row.receipt),
        ))
        .execute(c)?;
    expect_one(hit)
}

/// The answer that ended a parked operation, wherever it stands; `None` while it waits, or was never parked.
pub fn find_receipt(c: &mut Conn, op: OpId) -> Result<Option<String>> {
    let Some(row) = find(c, op)?.filter(|row| row.state != ParkState::Waiting) else { return Ok(None) };
    if row.receipt.is_some() {
        return Ok(row.receipt);
    }
    let place = operations::table.find((row.device.to_string(), row.epoch, row.seq));
    Ok(Some(place.select(operations::receipt).get_result(c)?))
}

/// An author's operations that wait for another one, each with that one, in the order of arrival.
pub fn list_waits(c: &mut Conn, author: UserId) -> Result<Vec<(OpId, OpId)>> {
    let rows: Vec<(String, Option<String>)> = parked::table
        .filter(parked::author_id.eq(author.to_string()))
        .filter(parked::state.eq(ParkState::Waiting.code()))
        .filter(parked::reason.eq(ParkReason::WaitsFor.code()))
        .order((parked::parked_at, parked::epoch, parked::seq, parked::op_id))
        .select((parked::op_id, parked::after_op))
        .load(c)?;
    // A damaged row must not hold up every push of its author; `ruhu verify` names it.
    Ok(rows.into_iter().filter_map(|(op, after)| Some((op.parse().ok()?, after?.parse().ok()?))).collect())
}

/// An author's operations that wait for one of these, in the order of arrival.
pub fn list_waits_for(c: &mut Conn, author: UserId, ops: &[OpId]) -> Result<Vec<OpId>> {
    let on = ops.iter().map(|op| Some(op.to_string()));
    // Author and order are seen to here, so that the search is one by what they wait for, however much else waits.
    let mut rows: Vec<Arrived> = parked::table
        .filter(parked::after_op.eq_any(on))
        .filter(parked::state.eq(ParkState::Waiting.code()))
        .filter(parked::reason.eq(ParkReason::WaitsFor.code()))
        .select((parked::parked_at, parked::epoch, parked::seq, parked::op_id, parked::author_id))
        .load(c)?;
    let author = author.to_string();
    rows.retain(|row| row.4 == author);
    rows.sort_unstable();
    Ok(rows.into_iter().filter_map(|row| row.3.parse().ok()).collect())
}

/// When and where an operation arrived, which it is, and whose.
type Arrived = (chrono::NaiveDateTime, i64, i64, String, String);

/// How these operations stand, as others see them that hang on them. Those that are not there are left out.
pub fn list_standings(c: &mut Conn, ops: &[OpId]) -> Result<HashMap<OpId, Dependency>> {
    let mut standings = HashMap::new();
    for ops in ops.chunks(STEP) {
        let ids: Vec<String> = ops.iter().map(ToString::to_string).collect();
        // What is damaged here stands as missing; `ruhu verify` names it.
        let answers: Vec<(Stored<OpId>, String)> = operations::table
            .filter(operations::op_id.eq_any(&ids))
            .filter(operations::outcome.ne(Outcome::Duplicate.code()))
            .select((operations::op_id, operations::outcome))
            .load(c)?;
        for (op, outcome) in answers {
            let (op, Some(outcome)) = (OpId::from(op), Outcome::from_code(&outcome)) else { continue };
            let is_done = DONE.contains(&outcome);
            let standing = if is_done { Dependency::Done } else { Dependency::Over };
            standings
                .entry(op)
                .and_modify(|known| *known = if is_done { standing } else { *known })
                .or_insert(standing);
        }
        let rows: Vec<(Stored<OpId>, String)> =
            parked::table.filter(parked::op_id.eq_any(&ids)).select((parked::op_id, parked::state)).load(c)?;
        for (op, state) in rows {
            let standing = match ParkState::from_code(&state) {
                Some(ParkState::Waiting) => Dependency::Parked,
                Some(ParkState::Played) => Dependency::Done,
                Some(ParkState::Refused | ParkState::Dismissed) => Dependency::Over,
                None => continue,
            };
            standings.insert(op.into(), standing);
        }
    }
    Ok(standings)
}

/// Those of these operations that had their effect.
pub fn list_done(c: &mut Conn, ops: &[OpId]) -> Result<HashSet<OpId>> {
    let standings = list_standings(c, ops)?.into_iter();
    Ok(standings.filter(|(_, standing)| *standing == Dependency::Done).map(|(op, _)| op).collect())
}

/// The keys of everything that waits, in the order of arrival, from behind this key on.
pub fn list_waiting_after(c: &mut Conn, after: Option<(Time, OpId)>, limit: i64) -> Result<Vec<(Time, OpId)>> {
    let mut query = parked::table.filter(parked::state.eq(ParkState::Waiting.code())).into_boxed();
    if let Some((at, op)) = after {
        query = query.filter(behind(at, op));
    }
    let query = query.order((parked::parked_at, parked::op_id)).limit(limit);
    let keys: Vec<(At, Stored<OpId>)> = query.select((parked::parked_at, parked::op_id)).load(c)?;
    Ok(keys.into_iter().map(|(at, op)| (at.into(), op.into())).collect())
}

/// Those of these operations that are parked, in the order of arrival, without what cannot be read.
pub fn list_sound(c: &mut Conn, ops: &[OpId]) -> Result<Vec<ParkedRow>> {
    let ids: Vec<String> = ops.iter().map(ToString::to_string).collect();
    let query = || parked::table.filter(parked::op_id.eq_any(ids.clone())).order((parked::parked_at, parked::op_id));
    let found = sound::rows(
        c,
        "parked",
        |c| Ok(query().select(ParkedRow::as_select()).load(c)?),
        |c| Ok(query().select(parked::op_id).load(c)?),
        |c, op| Ok(parked::table.find(op.to_owned()).select(ParkedRow::as_select()).get_result(c)?),
    );
    Ok(found?.rows)
}

/// An author's operations that were parked and are not any more, from behind this key on, for a phone that begins anew.
pub fn list_ended(c: &mut Conn, author: UserId, after: Option<(Time, OpId)>, limit: i64) -> Result<Vec<(Time, OpId)>> {
    let of_author = parked::table.filter(parked::author_id.eq(author.to_string()));
    let mut query = of_author.filter(parked::state.ne(ParkState::Waiting.code())).into_boxed();
    if let Some((at, op)) = after {
        query = query.filter(behind(at, op));
    }
    let query = query.order((parked::parked_at, parked::op_id)).limit(limit);
    let keys: Vec<(At, Stored<OpId>)> = query.select((parked::parked_at, parked::op_id)).load(c)?;
    Ok(keys.into_iter().map(|(at, op)| (at.into(), op.into())).collect())
}

/// How many operations wait for each of these.
pub fn count_behind(c: &mut Conn, ops: &[OpId]) -> Result<HashMap<OpId, i64>> {
    let ids = ops.iter().map(|op| Some(op.to_string()));
    let rows: Vec<(StoredOption<OpId>, i64)> = parked::table
        .filter(parked::after_op.eq_any(ids))
        .filter(parked::state.eq(ParkState::Waiting.code()))
        .group_by(parked::after_op)
        .select((parked::after_op, count_star()))
        .load(c)?;
    Ok(rows.into_iter().filter_map(|(op, count)| Some((Option::<OpId>::from(op)?, count))).collect())
}

/// What waits for an operation, oldest first, at most as many as a page has.
pub fn list_behind(c: &mut Conn, op: OpId, limit: i64) -> Result<Vec<ParkedRow>> {
    Ok(parked::table
        .filter(parked::after_op.eq(op.to_string()))
        .filter(parked::state.eq(ParkState::Waiting.code()))
        .order((parked::parked_at, parked::op_id))
        .limit(limit)
        .select(ParkedRow::as_select())
        .load(c)?)
}

/// The household of a visit or a conflict, without reading anything else of it.
pub fn find_household(c: &mut Conn, subject: Uuid) -> Result<Option<HouseholdId>> {
    let id = subject.to_string();
    let of_visit = visits::table.find(&id).select(visits::household_id);
    let of_visit: Option<Stored<HouseholdId>> = of_visit.get_result(c).optional()?;
    if let Some(household) = of_visit {
        return Ok(Some(household.into()));
    }
    let of_conflict = conflicts::table.find(&id).select(conflicts::household_id);
    let of_conflict: Option<Stored<HouseholdId>> = of_conflict.get_result(c).optional()?;
    Ok(of_conflict.map(Into::into))
}

/// What the desk's list is narrowed to; the region comes on top.
#[derive(Debug, Clone, Copy, Default)]
pub struct ParkedFilter {
    pub state: Option<ParkState>,
    pub reason: Option<ParkReason>,
}

/// A query over parked operations, built step by step.
type Query<'a> = parked::BoxedQuery<'a, MultiBackend>;

/// One page of the operations whose authors belonged to this region, oldest first.
pub fn list(c: &mut Conn, region: &RegionCode, filter: &ParkedFilter, page: &PageRequest) -> Result<Page<ParkedRow>> {
    let total = filtered(region, filter).count().get_result(c)?;
    let mut query = filtered(region, filter);
    if let Some([micros, op]) = page.key()? {
        let micros: i64 = micros.parse().map_err(|_| StoreError::BadCursor)?;
        let op: OpId = op.parse().map_err(|_| StoreError::BadCursor)?;
        query = query.filter(behind(Time::from_micros(micros), op));
    }
    let query = query.order((parked::parked_at, parked::op_id)).limit(page.rows() + 1);
    let rows: Vec<ParkedRow> = query.select(ParkedRow::as_select()).load(c)?;
    Ok(Page::cut(rows, page.rows(), total, |row| format!("{}~{}", row.parked_at.micros(), row.op_id)))
}

fn filtered<'a>(region: &RegionCode, filter: &ParkedFilter) -> Query<'a> {
    let from = parked::region_code.ge(region.as_str().to_owned());
    let mut query = parked::table.into_boxed().filter(from.and(parked::region_code.lt(scope::after(region))));
    if let Some(state) = filter.state {
        query = query.filter(parked::state.eq(state.code()));
    }
    if let Some(reason) = filter.reason {
        query = query.filter(parked::reason.eq(reason.code()));
    }
    query
}

/// Behind a key in the order of arrival.
#[diesel::dsl::auto_type(no_type_alias)]
fn behind(at: Time, op: OpId) -> _ {
    let at: chrono::NaiveDateTime = at.naive_utc();
    let op: String = op.to_string();
    parked::parked_at.gt(at).or(parked::parked_at.eq(at).and(parked::op_id.gt(op)))
}
