//! Who holds an ID number: files, and visits that wait. Numbers are looked up by their blind indexes.

use crate::columns::Stored;
use crate::schema::{conflicts, households, person_keys, visit_keys, visits};
use crate::vault::Vault;
use crate::{Conn, Result};
use diesel::prelude::*;
use ruhu_domain::household::FileStatus;
use ruhu_domain::ids::{ConflictId, HouseholdId, VisitId};
use ruhu_domain::sync::conflict::ConflictState;
use ruhu_domain::sync::merge::{Choice, ClashKind};
use ruhu_domain::sync::twice::{Numbered, place};
use ruhu_domain::time::Time;
use ruhu_domain::visit::VisitState;
use std::collections::HashMap;

/// Somebody else's household with one of the numbers asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub household: HouseholdId,
    pub number: String,
    /// The visit that brings it and waits; `None` when it stands in the file.
    pub visit: Option<VisitId>,
}

/// Keeps what ID numbers the present revision of a visit brings.
pub fn write(c: &mut Conn, vault: &Vault, visit: VisitId, numbers: &[Numbered]) -> Result<()> {
    let visit = visit.to_string();
    diesel::delete(visit_keys::table.filter(visit_keys::visit_id.eq(&visit))).execute(c)?;
    for Numbered { person, number } in numbers {
        let index = vault.keys().index("id_no", number);
        // A row and its cell may both name it.
        let known = visit_keys::table.find((&visit, person)).select(visit_keys::person_id);
        if known.first::<String>(c).optional()?.is_some() {
            continue;
        }
        diesel::insert_into(visit_keys::table)
            .values((
                visit_keys::visit_id.eq(&visit),
                visit_keys::person_id.eq(person),
                visit_keys::id_no_index.eq(index),
            ))
            .execute(c)?;
    }
    Ok(())
}

/// The other households, not closed, that hold one of the numbers: files first, each in the order of the ids. Of visits
/// only those that wait and arrived before `before`, or at the same moment with a lower id.
pub fn list_holders(
    c: &mut Conn,
    vault: &Vault,
    numbers: &[Numbered],
    own: HouseholdId,
    before: (Time, VisitId),
) -> Result<Vec<Holder>> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let by_index: HashMap<String, &str> =
        numbers.iter().map(|one| (vault.keys().index("id_no", &one.number), one.number.as_str())).collect();
    let indexes: Vec<&String> = by_index.keys().collect();
    let closed = [FileStatus::Cancelled, FileStatus::Archived, FileStatus::ClosedLead].map(FileStatus::code);
    let own = own.to_string();
    let filed: Vec<(Stored<HouseholdId>, Option<String>)> = person_keys::table
        .inner_join(households::table.on(households::id.eq(person_keys::household_id)))
        .filter(person_keys::id_no_index.eq_any(indexes.clone()))
        .filter(households::id.ne(&own))
        .filter(households::status.ne_all(closed))
        .order((households::id, person_keys::person_id))
        .select((households::id, person_keys::id_no_index))
        .load(c)?;
    let waiting = [VisitState::Submitted, VisitState::Conflict, VisitState::InReview].map(VisitState::code);
    let (at, id) = (before.0.naive_utc(), before.1.to_string());
    let same = visits::received_at.eq(at).and(visits::id.lt(id));
    let brought: Vec<(Stored<HouseholdId>, String, Stored<VisitId>)> = visit_keys::table
        .inner_join(visits::table.on(visits::id.eq(visit_keys::visit_id)))
        .filter(visit_keys::id_no_index.eq_any(indexes))
        .filter(visits::household_id.ne(&own))
        .filter(visits::state.eq_any(waiting))
        .filter(visits::received_at.lt(at).or(same))
        .order((visits::household_id, visits::received_at, visits::id, visit_keys::person_id))
        .select((visits::household_id, visit_keys::id_no_index, visits::id))
        .load(c)?;
    let number = |index: &str| by_index.get(index).map(|number| (*number).to_owned());
    let filed = filed.into_iter().filter_map(|(household, index)| {
        Some(Holder { household: household.into(), number: number(&index?)?, visit: None })
    });
    let brought = brought.into_iter().filter_map(|(household, index, visit)| {
        Some(Holder { household: household.into(), number: number(&index)?, visit: Some(visit.into()) })
    });
    Ok(filed.chain(brought).collect())
}

/// Whether somebody said, about a visit to `other`, that it and `own` are two households.
pub fn is_known_apart(c: &mut Conn, own: HouseholdId, other: HouseholdId) -> Result<bool> {
    let asked = about(own)
        .filter(conflicts::household_id.eq(other.to_string()))
        .filter(conflicts::state.eq(ConflictState::Decided.code()))
        .filter(conflicts::choice.eq(Choice::Mine.code()));
    Ok(diesel::select(diesel::dsl::exists(asked)).get_result(c)?)
}

/// The households about which an open question asks whether they are this one.
pub fn list_asking(c: &mut Conn, own: HouseholdId) -> Result<Vec<HouseholdId>> {
    let open = about(own).filter(conflicts::state.eq(ConflictState::Open.code()));
    let ids: Vec<Stored<HouseholdId>> =
        open.select(conflicts::household_id).distinct().order(conflicts::household_id).load(c)?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// The open questions that show this household, as one of the two.
pub fn list_open_about(c: &mut Conn, household: HouseholdId) -> Result<Vec<ConflictId>> {
    let open = ConflictState::Open.code();
    let asking = about(household).filter(conflicts::state.eq(open)).select(conflicts::id);
    let own = conflicts::table
        .filter(conflicts::household_id.eq(household.to_string()))
        .filter(conflicts::state.eq(open))
        .filter(conflicts::kind.eq(ClashKind::Twice.code()))
        .select(conflicts::id);
    let mut ids: Vec<Stored<ConflictId>> = asking.load(c)?;
    ids.extend(own.load::<Stored<ConflictId>>(c)?);
    Ok(ids.into_iter().map(Into::into).collect())
}

#[diesel::dsl::auto_type]
fn about(own: HouseholdId) -> _ {
    let (kind, path): (&'static str, String) = (ClashKind::Twice.code(), place(own));
    conflicts::table.filter(conflicts::kind.eq(kind)).filter(conflicts::path.eq(path))
}
