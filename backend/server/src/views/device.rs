//! Phones, and what they hold that has not arrived.

use super::schema::{Id, Moment, RoleCode};
use super::user::PersonRef;
use super::visit::VisitSummary;
use ruhu_domain::actor::Role;
use ruhu_domain::ids::DeviceId;
use ruhu_domain::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A phone that holds what has not arrived, or came back with less than it held.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutstandingDevice {
    #[schema(value_type = Id)]
    pub id: DeviceId,
    pub label: String,
    pub user: PersonRef,
    #[schema(value_type = RoleCode)]
    pub role: Role,
    pub scope_zh: String,
    pub scope_en: String,
    /// The account is shut: its work comes in once it is open again.
    pub disabled: bool,
    /// The phone's sessions were ended; its work comes in after the next sign-in.
    pub revoked: bool,
    /// Records without a receipt, as the phone told last.
    pub held: i64,
    #[schema(value_type = Option<Moment>, required)]
    pub held_since: Option<Time>,
    #[schema(value_type = Moment)]
    pub last_seen_at: Time,
    /// Records that it held without a receipt and then held no more; 0 when there are none.
    pub possible_loss: i64,
    #[schema(value_type = Option<Moment>, required)]
    pub lost_at: Option<Time>,
}

/// One page of phones.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutstandingList {
    pub items: Vec<OutstandingDevice>,
    #[schema(required)]
    pub next_cursor: Option<String>,
    pub total: i64,
}

/// What a phone holds, or holds no more, was looked into.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClearLossRequest {
    /// The number that was seen; another one by now is refused.
    pub possible_loss: i64,
    /// The same for what the phone holds; missing when only the loss was looked into.
    pub held: Option<i64>,
}

/// A phone of somebody who has the household.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlightDevice {
    #[schema(value_type = Id)]
    pub id: DeviceId,
    pub label: String,
    pub user: PersonRef,
    /// Records without a receipt, to whichever households, as the phone told last.
    pub held: i64,
    #[schema(value_type = Option<Moment>, required)]
    pub held_since: Option<Time>,
    /// What was recorded after that, nobody knows yet.
    #[schema(value_type = Moment)]
    pub last_seen_at: Time,
}

/// What a hand-over would find under way.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlightView {
    pub devices: Vec<FlightDevice>,
    /// Visits that wait for a decision, or for their visitor to mend them.
    pub visits: Vec<VisitSummary>,
}
