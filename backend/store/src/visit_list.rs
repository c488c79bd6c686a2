//! Many visits at once: the review queue, a household's time line, a page of a pull.

use crate::columns::{At, Stored};
use crate::page::{Page, PageRequest};
use crate::schema::{households, visits};
use crate::sound::{Found, load_sound};
use crate::visit::{Query, VisitRow, in_scope};
use crate::{Conn, Result, StoreError, scope};
use diesel::prelude::*;
use ruhu_domain::actor::RowScope;
use ruhu_domain::ids::{HouseholdId, UserId, VisitId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::time::Time;
use ruhu_domain::visit::{VisitState, VisitType};
use std::collections::HashMap;

/// What the queue is narrowed to; the scope comes on top.
#[derive(Debug, Clone, Default)]
pub struct VisitFilter {
    pub state: Option<VisitState>,
    pub region: Option<RegionCode>,
    pub visit_type: Option<VisitType>,
    pub visitor: Option<UserId>,
    pub has_warnings: Option<bool>,
    /// Part of the household's name, address or file number.
    pub q: Option<String>,
}

/// One page of the queue, oldest first. The total counts those that cannot be read, too.
pub fn list(c: &mut Conn, scope: &RowScope, filter: &VisitFilter, page: &PageRequest) -> Result<Page<VisitRow>> {
    let total = filtered(scope, filter).count().get_result(c)?;
    let mut query = filtered(scope, filter);
    if let Some([micros, id]) = page.key()? {
        let micros: i64 = micros.parse().map_err(|_| StoreError::BadCursor)?;
        let at = Time::from_micros(micros).naive_utc();
        let same = visits::received_at.eq(at).and(visits::id.gt(id.to_owned()));
        query = query.filter(visits::received_at.ge(at)).filter(visits::received_at.gt(at).or(same));
    }
    let query = query.order((visits::received_at, visits::id)).limit(page.rows() + 1);
    let keys: Vec<(At, String)> = query.select((visits::received_at, visits::id)).load(c)?;
    let keys = keys.into_iter().map(|(at, id)| (Time::from(at), id)).collect();
    let page = Page::cut(keys, page.rows(), total, |(at, id)| format!("{}~{id}", at.micros()));
    let ids: Vec<String> = page.items.into_iter().map(|(_, id)| id).collect();
    let all = || visits::table.filter(visits::id.eq_any(ids.clone()));
    let mut items = load_sound!(c, visits, VisitRow, all)?.rows;
    items.sort_by_key(|row| (row.received_at, row.id));
    Ok(Page { items, next_cursor: page.next_cursor, total })
}

fn filtered<'a>(scope: &RowScope, filter: &VisitFilter) -> Query<'a> {
    let mut query = in_scope(visits::table.into_boxed(), scope);
    if let Some(state) = filter.state {
        query = query.filter(visits::state.eq(state.code()));
    }
    if let Some(region) = &filter.region {
        query = in_scope(query, &RowScope::Region(region.clone()));
    }
    if let Some(visit_type) = filter.visit_type {
        query = query.filter(visits::visit_type.eq(visit_type.code()));
    }
    if let Some(visitor) = filter.visitor {
        query = query.filter(visits::visitor_id.eq(visitor.to_string()));
    }
    match filter.has_warnings {
        Some(true) => query = query.filter(visits::warnings.gt(0)),
        Some(false) => query = query.filter(visits::warnings.eq(0)),
        None => {}
    }
    if let Some(q) = filter.q.as_deref().filter(|q| !q.trim().is_empty()) {
        let pattern = scope::anywhere(q);
        let in_name = households::name.like(pattern.clone()).escape('\\');
        let in_address = households::address.like(pattern.clone()).escape('\\');
        let in_file_no = households::file_no.like(pattern).escape('\\');
        let found = households::table.filter(in_name.or(in_address).nullable().or(in_file_no));
        // Only households that the reader sees now may answer, though visits to others stay theirs.
        // (A query for both databases cannot stand inside another one, so `household::in_scope` does not fit.)
        query = match scope {
            RowScope::Own(user) => {
                let user = user.to_string();
                let own = households::contact_id.eq(user.clone()).or(households::responsible_id.eq(user));
                query.filter(visits::household_id.eq_any(found.filter(own).select(households::id)))
            }
            RowScope::Region(region) => {
                let from = households::region_code.ge(region.as_str().to_owned());
                let within = from.and(households::region_code.lt(scope::after(region)));
                query.filter(visits::household_id.eq_any(found.filter(within).select(households::id)))
            }
            RowScope::Nothing => query,
        };
    }
    query
}

/// The visits of these households that a scope shows, oldest first within a household.
pub fn list_for_households(c: &mut Conn, scope: &RowScope, ids: &[HouseholdId]) -> Result<Vec<VisitRow>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let all = || {
        let query = visits::table.filter(visits::household_id.eq_any(ids.clone())).into_boxed();
        let query = match scope {
            // As `in_scope` has it, but asking only about these households: a page must not cost a whole area.
            RowScope::Own(user) => {
                let user = user.to_string();
                let contact = households::contact_id.eq(user.clone());
                let own = contact.or(households::responsible_id.eq(user.clone()));
                let own = households::table.filter(households::id.eq_any(ids.clone())).filter(own);
                let own = own.select(households::id);
                query.filter(visits::visitor_id.eq(user).or(visits::household_id.eq_any(own)))
            }
            RowScope::Region(_) | RowScope::Nothing => in_scope(query, scope),
        };
        query.order((visits::household_id, visits::started_at, visits::id))
    };
    Ok(load_sound!(c, visits, VisitRow, all)?.rows)
}

/// The visits of a household that wait for somebody, whatever the scope, in the order in which they came.
pub fn list_waiting(c: &mut Conn, id: HouseholdId) -> Result<Vec<VisitRow>> {
    let waiting = [VisitState::Submitted, VisitState::Conflict, VisitState::InReview].map(VisitState::code);
    let query = visits::table
        .filter(visits::household_id.eq(id.to_string()))
        .filter(visits::state.eq_any(waiting))
        .order((visits::received_at, visits::ended_at, visits::id));
    Ok(query.select(VisitRow::as_select()).load(c)?)
}

/// Whether another visit to a household waits, or was returned and may come again.
pub fn has_others_under_way(c: &mut Conn, id: HouseholdId, own: VisitId) -> Result<bool> {
    let states = [VisitState::Submitted, VisitState::Conflict, VisitState::InReview, VisitState::Returned];
    let others = visits::table
        .filter(visits::household_id.eq(id.to_string()))
        .filter(visits::id.ne(own.to_string()))
        .filter(visits::state.eq_any(states.map(VisitState::code)));
    Ok(diesel::select(diesel::dsl::exists(others)).get_result(c)?)
}

/// When the latest of the waiting visits to a household arrived.
pub fn find_last_arrival(c: &mut Conn, id: HouseholdId) -> Result<Option<Time>> {
    let waiting = list_waiting(c, id)?;
    Ok(waiting.last().map(|row| row.received_at))
}

/// The states of these visits, whatever the scope, for what others see of them.
pub fn list_states(c: &mut Conn, ids: impl IntoIterator<Item = VisitId>) -> Result<HashMap<VisitId, VisitState>> {
    let ids = ids.into_iter().map(|id| id.to_string());
    let rows: Vec<(Stored<VisitId>, String)> =
        visits::table.filter(visits::id.eq_any(ids)).select((visits::id, visits::state)).load(c)?;
    let state = |(id, state): (Stored<VisitId>, String)| Some((id.into(), VisitState::from_code(&state)?));
    Ok(rows.into_iter().filter_map(state).collect())
}

/// Those of the visits that are in scope, in no particular order.
pub fn list_by_ids(c: &mut Conn, scope: &RowScope, ids: &[VisitId]) -> Result<Found<VisitRow>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let all = || in_scope(visits::table.into_boxed(), scope).filter(visits::id.eq_any(ids.clone()));
    load_sound!(c, visits, VisitRow, all)
}

/// The visitor's visits to households that are not in their hands any more: still theirs to mend or to read.
pub fn list_own_elsewhere(c: &mut Conn, user: UserId) -> Result<Vec<VisitId>> {
    let text = user.to_string();
    let contact = households::contact_id.eq(text.clone());
    let own = households::table.filter(contact.or(households::responsible_id.eq(text.clone()))).select(households::id);
    let rows: Vec<Stored<VisitId>> = visits::table
        .filter(visits::visitor_id.eq(text))
        .filter(visits::household_id.ne_all(own))
        .order(visits::id)
        .select(visits::id)
        .load(c)?;
    Ok(rows.into_iter().map(Into::into).collect())
}
