//! Conflicts, as phones and the desk see them. Values are masked like everything that leaves the server.

use super::schema::{ChoiceCode, ClashKindCode, ConflictStateCode, Id, JsonValue, Moment};
use super::user::PersonRef;
use ruhu_domain::ids::{ConflictId, HouseholdId, VisitId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::sync::merge::Choice;
use ruhu_domain::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::problem::ProblemError;

/// Two values for one place: before, theirs, mine.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictBody {
    #[schema(value_type = Id)]
    pub id: ConflictId,
    #[schema(value_type = Id)]
    pub household_id: HouseholdId,
    /// Masked for whoever does not knock at its door.
    #[schema(required)]
    pub household_name: Option<String>,
    #[schema(value_type = ClashKindCode)]
    pub kind: &'static str,
    /// The path, the path of the row, or the group: `income`, `persons/<id>#identity`.
    pub path: String,
    /// Every path that the decision may write.
    pub paths: Vec<String>,
    /// What both began with: the value of the path, the row, or an object of path → value.
    #[schema(value_type = JsonValue, required)]
    pub base: Value,
    pub theirs: TheirSide,
    pub mine: MySide,
    /// What else of mine goes into the file with mine, and not without it.
    pub waiting: Vec<WaitingChange>,
    #[schema(value_type = ConflictStateCode)]
    pub state: &'static str,
    /// Until then nobody but the visitor decides.
    #[schema(value_type = Moment)]
    pub visitor_until: Time,
    #[schema(required)]
    pub decision: Option<ConflictDecision>,
    #[schema(value_type = Moment)]
    pub created_at: Time,
    /// Whether the reader may decide it now.
    pub may_decide: bool,
}

/// What was there first.
#[derive(Debug, Serialize, ToSchema)]
pub struct TheirSide {
    #[schema(value_type = JsonValue, required)]
    pub value: Value,
    /// `null` when nobody is known to have written it.
    #[schema(required)]
    pub by: Option<PersonRef>,
    #[schema(value_type = Option<Moment>, required)]
    pub at: Option<Time>,
    /// `null` for an imported file.
    #[schema(value_type = Option<Id>, required)]
    pub visit_id: Option<VisitId>,
    #[schema(required)]
    pub visit_rev: Option<i64>,
    /// Whether the file holds it; else it waits in another visit.
    pub in_file: bool,
}

/// What the visit brings to which the conflict belongs.
#[derive(Debug, Serialize, ToSchema)]
pub struct MySide {
    #[schema(value_type = JsonValue, required)]
    pub value: Value,
    pub by: PersonRef,
    #[schema(value_type = Moment)]
    pub at: Time,
    #[schema(value_type = Id)]
    pub visit_id: VisitId,
    pub visit_rev: i64,
}

/// A change that makes sense only with mine, because it names a row that is not there without it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitingChange {
    pub path: String,
    #[schema(value_type = JsonValue, required)]
    pub to: Value,
}

/// Somebody's decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictDecision {
    #[schema(value_type = ChoiceCode)]
    pub choice: &'static str,
    /// With `other`: the value.
    #[schema(value_type = Option<JsonValue>, required)]
    pub value: Option<Value>,
    #[schema(required)]
    pub reason: Option<String>,
    pub by: PersonRef,
    #[schema(value_type = Moment)]
    pub at: Time,
}

/// Filter of the desk's list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConflictQuery {
    /// A state's code; `open` when missing, `all` for every state.
    pub state: Option<String>,
    /// `supervisor`: only those that are not the visitor's alone any more.
    pub due: Option<String>,
    #[param(value_type = Option<String>)]
    pub region: Option<RegionCode>,
    /// The visit that the conflicts belong to.
    #[param(value_type = Option<Id>)]
    pub visit: Option<Uuid>,
    /// Items of one page, 1 to 200; 50 when missing.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// One page of conflicts, the oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConflictList {
    pub items: Vec<ConflictBody>,
    #[schema(required)]
    pub next_cursor: Option<String>,
    pub total: i64,
}

/// A decision about one conflict; also the body of `conflict.decide`, version 1.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideConflictBody {
    #[schema(value_type = Id)]
    pub conflict_id: ConflictId,
    #[schema(value_type = ChoiceCode)]
    pub choice: Choice,
    /// Only and always with `other`, of the shape of `mine.value`; paths that an object leaves out stay theirs.
    #[serde(default, deserialize_with = "super::schema::present")]
    #[schema(value_type = Option<JsonValue>, required = false)]
    pub value: Option<Value>,
    /// Needed with `other`; at most 200 characters.
    #[serde(default)]
    #[schema(required = false)]
    pub reason: Option<String>,
}

/// Several decisions; each stands alone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideRequest {
    /// 1 to 100.
    pub decisions: Vec<DecideConflictBody>,
}

/// The answers, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecideView {
    pub results: Vec<DecideResult>,
}

/// What became of one decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecideResult {
    #[schema(value_type = Id)]
    pub conflict_id: ConflictId,
    /// The conflict's state when it was decided; left out when it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ConflictStateCode>, required = false)]
    pub state: Option<&'static str>,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<ProblemError>,
}
