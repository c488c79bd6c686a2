//! Parked operations at the desk: what could not be taken in, and why. Nothing of a body is shown.

use super::schema::{DependencyCode, Id, Moment, OutcomeCode, ParkOwnerCode, ParkReasonCode, ParkStateCode};
use super::user::PersonRef;
use ruhu_domain::ids::{HouseholdId, OpId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::sync::operation::Outcome;
use ruhu_domain::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Filter of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ParkedQuery {
    /// A state's code; `waiting` when missing, `all` for every state.
    pub state: Option<String>,
    /// A reason's code.
    pub reason: Option<String>,
    /// Items of one page, 1 to 200; 50 when missing.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// One page, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParkedList {
    pub items: Vec<ParkedItem>,
    #[schema(required)]
    pub next_cursor: Option<String>,
    pub total: i64,
}

/// One parked operation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParkedItem {
    #[schema(value_type = Id)]
    pub op_id: OpId,
    /// As the phone named it: `visit.submit`, …
    pub kind: String,
    pub version: i64,
    /// What it is about, as far as its kind tells: `visit`, `conflict`, …
    pub subject_kind: String,
    #[schema(value_type = Id)]
    pub subject_id: Uuid,
    /// Where it could be read.
    #[schema(value_type = Option<Id>, required)]
    pub household_id: Option<HouseholdId>,
    /// Masked; only for whoever may see the household.
    #[schema(required)]
    pub household_name: Option<String>,
    pub author: PersonRef,
    /// The author's district when it was sent.
    #[schema(value_type = String)]
    pub region_code: RegionCode,
    /// By the phone's clock.
    #[schema(value_type = Moment)]
    pub recorded_at: Time,
    #[schema(value_type = Moment)]
    pub parked_at: Time,
    #[schema(value_type = ParkReasonCode)]
    pub reason: &'static str,
    #[schema(value_type = ParkStateCode)]
    pub state: &'static str,
    #[schema(value_type = ParkOwnerCode)]
    pub owner: &'static str,
    /// How often it was decided, the first time among them.
    pub tries: i64,
    #[schema(value_type = Moment)]
    pub tried_at: Time,
    /// What it hangs on.
    #[schema(required)]
    pub after: Option<ParkedAfter>,
    /// How many operations wait for this one.
    pub behind: i64,
    /// What ended it.
    #[schema(required)]
    pub end: Option<ParkedEnd>,
    pub may_replay: bool,
    pub may_dismiss: bool,
}

/// The operation that a parked one hangs on.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParkedAfter {
    #[schema(value_type = Id)]
    pub op_id: OpId,
    #[schema(value_type = DependencyCode)]
    pub standing: &'static str,
}

/// How a parked operation ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParkedEnd {
    #[schema(value_type = Moment)]
    pub at: Time,
    /// `null` when it ended by itself.
    #[schema(required)]
    pub by: Option<PersonRef>,
    #[schema(value_type = OutcomeCode)]
    pub outcome: Outcome,
    /// Why it was refused or dismissed.
    #[schema(required)]
    pub code: Option<String>,
    /// The words of whoever dismissed it.
    #[schema(required)]
    pub reason: Option<String>,
}

/// One parked operation with what happened to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParkedView {
    pub parked: ParkedItem,
    /// Oldest first. What the server tried by itself and left waiting is only counted (`tries`).
    pub log: Vec<ParkedEvent>,
    /// What waits for it, at most 50.
    pub behind: Vec<ParkedItem>,
}

/// Something that happened to a parked operation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParkedEvent {
    #[schema(value_type = Moment)]
    pub at: Time,
    /// `null` for the server itself.
    #[schema(required)]
    pub by: Option<PersonRef>,
    /// `park`, `play`, `dismiss`
    pub action: String,
    /// `offer`, `dependency`, `server`, `person`
    #[schema(required)]
    pub cause: Option<String>,
    #[schema(required)]
    pub outcome: Option<String>,
    #[schema(required)]
    pub code: Option<String>,
}

/// Why somebody ends it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DismissRequest {
    /// 1 to 200 characters, without numbers of a person; its author reads it.
    pub reason: String,
}
