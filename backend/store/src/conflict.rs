//! Conflicts: two values for one place, open until a person decides. Values and reasons are sealed whole.

use crate::columns::{At, AtOption, Stored, StoredOption};
use crate::dialect::MultiBackend;
use crate::household::expect_one;
use crate::page::{Page, PageRequest};
use crate::schema::{conflicts, households};
use crate::sound::{self, Found, load_sound};
use crate::vault::{Home, Vault};
use crate::{Conn, Result, StoreError, scope};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use ruhu_domain::actor::RowScope;
use ruhu_domain::ids::{ConflictId, HouseholdId, UserId, VisitId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::sync::conflict::{Conflict, ConflictState, Decision, Side};
use ruhu_domain::sync::merge::{Choice, Clash, ClashKind};
use ruhu_domain::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashSet;

pub(crate) const TABLE: &str = "conflicts";

/// One conflict as it is kept.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = conflicts)]
pub struct ConflictRow {
    #[diesel(deserialize_as = Stored<ConflictId>)]
    pub id: ConflictId,
    #[diesel(deserialize_as = Stored<HouseholdId>)]
    pub household_id: HouseholdId,
    #[diesel(deserialize_as = Stored<ClashKind>)]
    pub kind: ClashKind,
    pub path: String,
    #[diesel(deserialize_as = Stored<VisitId>)]
    pub my_visit_id: VisitId,
    pub my_visit_rev: i64,
    #[diesel(deserialize_as = Stored<UserId>, column_name = my_by_id)]
    pub my_by: UserId,
    #[diesel(deserialize_as = At)]
    pub my_at: Time,
    #[diesel(deserialize_as = StoredOption<VisitId>)]
    pub their_visit_id: Option<VisitId>,
    pub their_visit_rev: Option<i64>,
    #[diesel(deserialize_as = StoredOption<UserId>, column_name = their_by_id)]
    pub their_by: Option<UserId>,
    #[diesel(deserialize_as = AtOption)]
    pub their_at: Option<Time>,
    #[diesel(deserialize_as = Stored<ConflictState>)]
    pub state: ConflictState,
    #[diesel(deserialize_as = At)]
    pub visitor_until: Time,
    #[diesel(deserialize_as = StoredOption<Choice>)]
    pub choice: Option<Choice>,
    #[diesel(deserialize_as = StoredOption<UserId>, column_name = decided_by_id)]
    pub decided_by: Option<UserId>,
    #[diesel(deserialize_as = AtOption)]
    pub decided_at: Option<Time>,
    #[diesel(deserialize_as = At)]
    pub created_at: Time,
    pub(crate) sealed: String,
    pub(crate) decision: Option<String>,
}

/// What of a decision is sealed.
#[derive(Serialize, Deserialize)]
struct Words {
    value: Option<Value>,
    reason: Option<String>,
}

fn broken(id: ConflictId, says: &str) -> StoreError {
    StoreError::Broken(format!("conflict {id} {says}"))
}

impl ConflictRow {
    /// The conflict in clear.
    pub fn into_clear(self, vault: &Vault) -> Result<Conflict> {
        let id = self.id;
        let key = id.to_string();
        let clash: Clash = serde_json::from_str(&vault.open_whole(Home { table: TABLE, row: &key }, &self.sealed)?)?;
        let decision = match (self.choice, self.decided_by, self.decided_at, &self.decision) {
            (Some(choice), Some(by), Some(at), Some(sealed)) => {
                let key = decision_key(id);
                let words = vault.open_whole(Home { table: TABLE, row: &key }, sealed)?;
                let Words { value, reason } = serde_json::from_str(&words)?;
                Some(Decision { choice, value, reason, by, at })
            }
            (None, None, None, None) => None,
            _ => return Err(broken(id, "holds half a decision")),
        };
        let theirs = match (self.their_by, self.their_at) {
            (Some(by), Some(at)) => Some(Side { by, at, visit: self.their_visit_id.zip(self.their_visit_rev) }),
            (None, None) => None,
            _ => return Err(broken(id, "holds half of a side")),
        };
        Ok(Conflict {
            id,
            household: self.household_id,
            clash,
            visit: self.my_visit_id,
            visit_rev: self.my_visit_rev,
            visitor: self.my_by,
            mine_at: self.my_at,
            theirs,
            state: self.state,
            visitor_until: self.visitor_until,
            decision,
            created_at: self.created_at,
        })
    }
}

/// A query over conflicts, built step by step.
type Query<'a> = conflicts::BoxedQuery<'a, MultiBackend>;

/// Narrows a query to what a scope shows: conflicts of households in the scope. Whoever has the household no more sees
/// nothing of what others answered since, also when their own visit is one side.
fn in_scope<'a>(query: Query<'a>, scope: &RowScope) -> Query<'a> {
    match scope {
        RowScope::Own(user) => {
            let user = user.to_string();
            let own = households::contact_id.eq(user.clone()).or(households::responsible_id.eq(user.clone()));
            let own = households::table.filter(own).select(households::id);
            query.filter(conflicts::household_id.eq_any(own))
        }
        RowScope::Region(region) => {
            let from = households::region_code.ge(region.as_str().to_owned());
            let within = households::table.filter(from.and(households::region_code.lt(scope::after(region))));
            query.filter(conflicts::household_id.eq_any(within.select(households::id)))
        }
        RowScope::Nothing => query.filter(conflicts::id.eq(String::new())),
    }
}

fn clear(rows: Vec<ConflictRow>, vault: &Vault) -> Result<Vec<Conflict>> {
    rows.into_iter().map(|row| row.into_clear(vault)).collect()
}

/// Keeps a conflict that was found.
pub fn insert(c: &mut Conn, vault: &Vault, conflict: &Conflict) -> Result<()> {
    let id = conflict.id.to_string();
    let sealed = vault.seal_whole(Home { table: TABLE, row: &id }, &serde_json::to_string(&conflict.clash)?)?;
    let theirs = conflict.theirs;
    let visit = theirs.and_then(|side| side.visit);
    diesel::insert_into(conflicts::table)
        .values((
            (
                conflicts::id.eq(&id),
                conflicts::household_id.eq(conflict.household.to_string()),
                conflicts::kind.eq(conflict.clash.kind.code()),
                conflicts::path.eq(&conflict.clash.path),
                conflicts::my_visit_id.eq(conflict.visit.to_string()),
                conflicts::my_visit_rev.eq(conflict.visit_rev),
                conflicts::my_by_id.eq(conflict.visitor.to_string()),
                conflicts::my_at.eq(conflict.mine_at.naive_utc()),
            ),
            (
                conflicts::their_visit_id.eq(visit.map(|(id, _)| id.to_string())),
                conflicts::their_visit_rev.eq(visit.map(|(_, rev)| rev)),
                conflicts::their_by_id.eq(theirs.map(|side| side.by.to_string())),
                conflicts::their_at.eq(theirs.map(|side| side.at.naive_utc())),
            ),
            (
                conflicts::state.eq(conflict.state.code()),
                conflicts::visitor_until.eq(conflict.visitor_until.naive_utc()),
                conflicts::created_at.eq(conflict.created_at.naive_utc()),
                conflicts::sealed.eq(sealed),
            ),
        ))
        .execute(c)?;
    Ok(())
}

/// Writes the end of an open conflict: its state and decision. `Stale` when it is not open any more.
pub fn update_end(c: &mut Conn, vault: &Vault, conflict: &Conflict) -> Result<()> {
    let id = conflict.id;
    let decision = conflict.decision.as_ref();
    let words = decision.map(|decision| -> Result<String> {
        let words = Words { value: decision.value.clone(), reason: decision.reason.clone() };
        vault.seal_whole(Home { table: TABLE, row: &decision_key(id) }, &serde_json::to_string(&words)?)
    });
    let open = conflicts::table.find(id.to_string()).filter(conflicts::state.eq(ConflictState::Open.code()));
    let hit = diesel::update(open)
        .set((
            conflicts::state.eq(conflict.state.code()),
            conflicts::choice.eq(decision.map(|decision| decision.choice.code())),
            conflicts::decided_by_id.eq(decision.map(|decision| decision.by.to_string())),
            conflicts::decided_at.eq(decision.map(|decision| decision.at.naive_utc())),
            conflicts::decision.eq(words.transpose()?),
        ))
        .execute(c)?;
    expect_one(hit)
}

/// A conflict whatever the scope, for decisions of the rules; never for an answer to somebody.
pub fn find_unscoped(c: &mut Conn, vault: &Vault, id: ConflictId) -> Result<Option<Conflict>> {
    let row = conflicts::table.find(id.to_string()).select(ConflictRow::as_select()).get_result(c).optional()?;
    row.map(|row: ConflictRow| row.into_clear(vault)).transpose()
}

/// Every conflict that belongs to a visit, oldest first.
pub fn list_for_visit(c: &mut Conn, vault: &Vault, visit: VisitId) -> Result<Vec<Conflict>> {
    let rows = conflicts::table
        .filter(conflicts::my_visit_id.eq(visit.to_string()))
        .order((conflicts::created_at, conflicts::id))
        .select(ConflictRow::as_select())
        .load(c)?;
    clear(rows, vault)
}

/// Conflicts for somebody to see, without those that cannot be read.
fn clear_sound(found: Found<ConflictRow>, vault: &Vault) -> Result<Found<Conflict>> {
    sound::each(found, TABLE, |row| row.id.to_string(), |row| row.into_clear(vault))
}

/// The open conflicts of these households that a scope shows, oldest first.
pub fn list_open_for(c: &mut Conn, vault: &Vault, scope: &RowScope, ids: &[HouseholdId]) -> Result<Vec<Conflict>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let all = || {
        in_scope(conflicts::table.into_boxed(), scope)
            .filter(conflicts::household_id.eq_any(ids.clone()))
            .filter(conflicts::state.eq(ConflictState::Open.code()))
            .order((conflicts::created_at, conflicts::id))
    };
    Ok(clear_sound(load_sound!(c, conflicts, ConflictRow, all)?, vault)?.rows)
}

/// The ids of a household's open conflicts.
pub fn list_open_ids(c: &mut Conn, id: HouseholdId) -> Result<Vec<ConflictId>> {
    let rows: Vec<Stored<ConflictId>> = conflicts::table
        .filter(conflicts::household_id.eq(id.to_string()))
        .filter(conflicts::state.eq(ConflictState::Open.code()))
        .order((conflicts::created_at, conflicts::id))
        .select(conflicts::id)
        .load(c)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Those of the conflicts that are in scope.
pub fn list_by_ids(c: &mut Conn, vault: &Vault, scope: &RowScope, ids: &[ConflictId]) -> Result<Found<Conflict>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let all = || {
        let query = in_scope(conflicts::table.into_boxed(), scope).filter(conflicts::id.eq_any(ids.clone()));
        query.order(conflicts::id)
    };
    clear_sound(load_sound!(c, conflicts, ConflictRow, all)?, vault)
}

/// Asks these people no more about a household that left their hands: a reviewer may decide at once.
pub fn release(c: &mut Conn, household: HouseholdId, users: &[UserId], at: Time) -> Result<()> {
    let users = users.iter().map(ToString::to_string);
    let open = conflicts::table
        .filter(conflicts::household_id.eq(household.to_string()))
        .filter(conflicts::state.eq(ConflictState::Open.code()))
        .filter(conflicts::my_by_id.eq_any(users))
        .filter(conflicts::visitor_until.gt(at.naive_utc()));
    diesel::update(open).set(conflicts::visitor_until.eq(at.naive_utc())).execute(c)?;
    Ok(())
}

/// As `release`, for one person whose role or area changed: about every household that is not in their hands any more.
pub fn release_left(c: &mut Conn, user: UserId, at: Time) -> Result<()> {
    let open = conflicts::table
        .filter(conflicts::state.eq(ConflictState::Open.code()))
        .filter(conflicts::my_by_id.eq(user.to_string()))
        .filter(conflicts::visitor_until.gt(at.naive_utc()))
        .filter(is_left());
    diesel::update(open).set(conflicts::visitor_until.eq(at.naive_utc())).execute(c)?;
    Ok(())
}

/// Those of the conflicts whose visitor does not have the household any more, or cannot sign in.
pub fn list_left(c: &mut Conn, ids: impl IntoIterator<Item = ConflictId>) -> Result<HashSet<ConflictId>> {
    let ids: Vec<String> = ids.into_iter().map(|id| id.to_string()).collect();
    let rows: Vec<Stored<ConflictId>> =
        conflicts::table.filter(conflicts::id.eq_any(ids)).filter(is_left()).select(conflicts::id).load(c)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// What `holds` of the domain's tenure says, for a query: nobody who can sign in and has the household is its visitor.
fn is_left() -> SqlLiteral<Bool> {
    diesel::dsl::sql(
        "NOT EXISTS (SELECT 1 FROM users u JOIN households h ON h.id = conflicts.household_id \
         WHERE u.id = conflicts.my_by_id AND u.disabled_at IS NULL AND (\
         (u.role IN ('caseworker', 'responsible') AND (h.contact_id = u.id OR h.responsible_id = u.id)) \
         OR (u.role = 'grassroots_admin' AND substr(h.region_code, 1, length(u.scope)) = u.scope)))",
    )
}

/// What the desk's list is narrowed to; the scope comes on top.
#[derive(Debug, Clone, Default)]
pub struct ConflictFilter {
    pub state: Option<ConflictState>,
    /// Only those whose visitor is not alone with them any more at this time.
    pub due_at: Option<Time>,
    pub region: Option<RegionCode>,
    pub visit: Option<VisitId>,
}

/// One page of conflicts, oldest first. The total counts those that cannot be read, too.
pub fn list(
    c: &mut Conn,
    vault: &Vault,
    scope: &RowScope,
    filter: &ConflictFilter,
    page: &PageRequest,
) -> Result<Page<Conflict>> {
    let total = filtered(scope, filter).count().get_result(c)?;
    let mut query = filtered(scope, filter);
    if let Some([micros, id]) = page.key()? {
        let micros: i64 = micros.parse().map_err(|_| StoreError::BadCursor)?;
        let at = Time::from_micros(micros).naive_utc();
        let same = conflicts::created_at.eq(at).and(conflicts::id.gt(id.to_owned()));
        query = query.filter(conflicts::created_at.ge(at)).filter(conflicts::created_at.gt(at).or(same));
    }
    let query = query.order((conflicts::created_at, conflicts::id)).limit(page.rows() + 1);
    let keys: Vec<(At, String)> = query.select((conflicts::created_at, conflicts::id)).load(c)?;
    let keys = keys.into_iter().map(|(at, id)| (Time::from(at), id)).collect();
    let page = Page::cut(keys, page.rows(), total, |(at, id)| format!("{}~{id}", at.micros()));
    let ids: Vec<String> = page.items.into_iter().map(|(_, id)| id).collect();
    let all =
        || conflicts::table.filter(conflicts::id.eq_any(ids.clone())).order((conflicts::created_at, conflicts::id));
    let items = clear_sound(load_sound!(c, conflicts, ConflictRow, all)?, vault)?.rows;
    Ok(Page { items, next_cursor: page.next_cursor, total })
}

fn filtered<'a>(scope: &RowScope, filter: &ConflictFilter) -> Query<'a> {
    let mut query = in_scope(conflicts::table.into_boxed(), scope);
    if let Some(state) = filter.state {
        query = query.filter(conflicts::state.eq(state.code()));
    }
    if let Some(at) = filter.due_at {
        query = query.filter(conflicts::visitor_until.le(at.naive_utc()).or(is_left()));
    }
    if let Some(region) = &filter.region {
        query = in_scope(query, &RowScope::Region(region.clone()));
    }
    if let Some(visit) = filter.visit {
        query = query.filter(conflicts::my_visit_id.eq(visit.to_string()));
    }
    query
}

fn decision_key(id: ConflictId) -> String {
    format!("{id}/decision")
}
