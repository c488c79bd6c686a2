//! Household files, masked.

use super::schema::{Day, FileStatusCode, Id, JsonObject, JsonValue, Moment, VisitTypeCode};
use super::user::{PersonRef, StaffRef};
use super::visit::VisitSummary;
use ruhu_domain::ids::{HouseholdId, UserId, VisitId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::time::{Date, Time};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};

/// A household as phones and the desk see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HouseholdBody {
    #[schema(value_type = Id)]
    pub id: HouseholdId,
    /// Counts approvals; 0 while nothing is approved.
    pub rev: i64,
    #[schema(value_type = FileStatusCode)]
    pub status: &'static str,
    #[schema(required)]
    pub file_no: Option<String>,
    #[schema(value_type = String)]
    pub region_code: RegionCode,
    /// Nobody has approved a first survey yet.
    pub is_lead: bool,
    /// The file; ID numbers, phone numbers and certificate numbers are masked.
    #[schema(value_type = JsonObject)]
    pub file: Box<RawValue>,
    /// Paths of phone numbers and their values, for calling at the door; empty at the desk.
    pub clear: BTreeMap<String, String>,
    /// Over the whole unmasked file.
    pub hash: String,
    #[schema(required)]
    pub contact: Option<StaffRef>,
    #[schema(required)]
    pub responsible: Option<StaffRef>,
    #[schema(value_type = Option<Day>, required)]
    pub next_visit_due_on: Option<Date>,
    #[schema(value_type = Option<Day>, required)]
    pub last_visit_on: Option<Date>,
}

/// A household in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct HouseholdItem {
    #[schema(value_type = Id)]
    pub id: HouseholdId,
    pub rev: i64,
    #[schema(value_type = FileStatusCode)]
    pub status: &'static str,
    #[schema(required)]
    pub file_no: Option<String>,
    #[schema(value_type = String)]
    pub region_code: RegionCode,
    pub is_lead: bool,
    /// Masked unless the reader visits or answers for the household.
    #[schema(required)]
    pub name: Option<String>,
    #[schema(required)]
    pub contact: Option<PersonRef>,
    #[schema(required)]
    pub responsible: Option<PersonRef>,
    #[schema(value_type = Option<Day>, required)]
    pub next_visit_due_on: Option<Date>,
    #[schema(value_type = Option<Day>, required)]
    pub last_visit_on: Option<Date>,
}

/// One page of households.
#[derive(Debug, Serialize, ToSchema)]
pub struct HouseholdList {
    pub items: Vec<HouseholdItem>,
    #[schema(required)]
    pub next_cursor: Option<String>,
    pub total: i64,
}

/// Filter of the household list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HouseholdQuery {
    /// Part of a name, or a file number.
    pub q: Option<String>,
    #[param(value_type = Option<String>)]
    pub region: Option<RegionCode>,
    /// A state's code.
    #[param(value_type = Option<FileStatusCode>)]
    pub status: Option<String>,
    /// Due on this day or before.
    #[param(value_type = Option<Day>)]
    pub due: Option<Date>,
    /// Items of one page, 1 to 200; 50 when missing.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A household with its visits, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct HouseholdView {
    pub household: HouseholdBody,
    pub visits: Vec<VisitSummary>,
    /// Whether the reader may assign contact and responsible person.
    pub may_assign: bool,
}

/// One revision of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionView {
    pub rev: i64,
    #[schema(value_type = Moment)]
    pub at: Time,
    #[schema(required)]
    pub by: Option<PersonRef>,
    #[schema(value_type = Option<Id>, required)]
    pub visit_id: Option<VisitId>,
    #[schema(value_type = Option<VisitTypeCode>, required)]
    pub visit_type: Option<&'static str>,
    #[schema(required)]
    pub visitor: Option<PersonRef>,
    pub hash: String,
    pub changes: Vec<RevisionChange>,
}

/// One changed path of a revision, masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionChange {
    pub path: String,
    #[schema(value_type = JsonValue, required)]
    pub from: Value,
    #[schema(value_type = JsonValue, required)]
    pub to: Value,
}

/// One page of revisions, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RevisionList {
    pub items: Vec<RevisionView>,
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// A page of a list without filters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Items of one page, 1 to 200; 50 when missing.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// Who visits and who answers; `null` takes the person away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignRequest {
    #[schema(value_type = Option<Id>, required)]
    pub contact_id: Option<UserId>,
    #[schema(value_type = Option<Id>, required)]
    pub responsible_id: Option<UserId>,
}
