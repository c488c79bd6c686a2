//! Conflicts: two values for one place, open until a person decides.

use crate::columns::{At, AtOption, Stored, StoredOption};
use crate::schema::conflicts;
use crate::{Conn, Result};
use diesel::prelude::*;
use ruhu_domain::ids::{ConflictId, HouseholdId, UserId, VisitId};
use ruhu_domain::time::Time;
use serde_json::Value;

/// One conflict.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = conflicts)]
pub struct ConflictRow {
    #[diesel(deserialize_as = Stored<ConflictId>)]
    pub id: ConflictId,
    #[diesel(deserialize_as = Stored<HouseholdId>)]
    pub household_id: HouseholdId,
    pub kind: String,
    pub path: String,
    #[diesel(deserialize_as = StoredOption<Value>)]
    pub base: Option<Value>,
    #[diesel(deserialize_as = StoredOption<Value>)]
    pub theirs: Option<Value>,
    #[diesel(deserialize_as = StoredOption<Value>)]
    pub mine: Option<Value>,
    #[diesel(deserialize_as = StoredOption<VisitId>)]
    pub their_visit_id: Option<VisitId>,
    #[diesel(deserialize_as = StoredOption<VisitId>)]
    pub my_visit_id: Option<VisitId>,
    /// `open` or `decided`.
    pub state: String,
    #[diesel(deserialize_as = StoredOption<UserId>)]
    pub decided_by: Option<UserId>,
    #[diesel(deserialize_as = AtOption)]
    pub decided_at: Option<Time>,
    pub decision: Option<String>,
    #[diesel(deserialize_as = At)]
    pub created_at: Time,
}

/// The open conflicts of a household, oldest first.
pub fn list_open(c: &mut Conn, id: HouseholdId) -> Result<Vec<ConflictRow>> {
    Ok(conflicts::table
        .filter(conflicts::household_id.eq(id.to_string()))
        .filter(conflicts::state.eq("open"))
        .order((conflicts::created_at, conflicts::id))
        .select(ConflictRow::as_select())
        .load(c)?)
}
