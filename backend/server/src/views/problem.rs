//! The one shape of every refusal: `application/problem+json`.

use super::schema::{DecisionCode, Id, JsonObject, JsonValue, Moment, VisitStateCode};
use super::user::PersonRef;
use ruhu_domain::ids::{ConflictId, VisitId};
use ruhu_domain::refusal::Finding;
use ruhu_domain::time::Time;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A refusal. `code` is stable and a key of the app's translations; `title` is for developers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// `/problems/` and the code.
    #[serde(rename = "type")]
    #[schema(example = "/problems/visit.own")]
    pub kind: String,
    pub title: String,
    #[schema(example = 403)]
    pub status: u16,
    #[schema(example = "visit.own")]
    pub code: String,
    #[schema(value_type = Id)]
    pub request_id: String,
    pub errors: Vec<ProblemError>,
    /// With `sync.gap`: the number expected next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_seq: Option<i64>,
    /// With `visit.stale_review`: what is there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    /// With `visit.already_decided`: who was first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided: Option<Decided>,
    /// With `visit.clash`: paths that somebody else changed; with `visit.decision_breaks`: paths that would name
    /// somebody who is not in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paths: Option<Vec<String>>,
    /// With `visit.other_first`: the visit that must be decided before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Id>)]
    pub visit_id: Option<VisitId>,
    /// With `auth.throttled`: when to try again; the same figure as `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

/// One finding at one place of the input.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemError {
    pub code: String,
    /// Path of the field, empty when it is about the whole.
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<JsonObject>)]
    pub params: Option<Value>,
}

impl From<Finding> for ProblemError {
    fn from(finding: Finding) -> Self {
        Self { code: finding.code, path: finding.path, params: finding.params }
    }
}

/// What a reviewer's page missed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Since {
    pub visit_rev: i64,
    pub visit_hash: String,
    pub file_rev: i64,
    #[schema(value_type = VisitStateCode)]
    pub state: &'static str,
    /// The conflicts of the visit about which somebody decided.
    #[schema(value_type = Vec<Id>)]
    pub decided: BTreeSet<ConflictId>,
    pub moved: Vec<MovedPath>,
}

/// A path whose value differs from what the caseworker saw; masked like everything a reviewer sees.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MovedPath {
    pub path: String,
    #[schema(value_type = JsonValue, required)]
    pub before: Value,
    #[schema(value_type = JsonValue, required)]
    pub now: Value,
}

/// The decision that came first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Decided {
    pub by: PersonRef,
    #[schema(value_type = Moment)]
    pub at: Time,
    #[schema(value_type = DecisionCode)]
    pub decision: &'static str,
}
