//! The review record and a reviewer's answers.

use super::conflict::ConflictBody;
use super::household::HouseholdBody;
use super::schema::{Id, JsonObject, JsonValue, StandingCode};
use super::visit::{ExplainedWarningBody, FormRefBody, ProposedChangeBody, ReasonBody, VisitSummary};
use ruhu_domain::form::changes::Change;
use ruhu_domain::ids::ConflictId;
use ruhu_domain::visit::{ExplainedWarning, FormRef, Reason, Standing};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Everything a reviewer looks at.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordView {
    pub visit: VisitSummary,
    /// The form the visit was made with.
    #[schema(value_type = FormRefBody)]
    pub form: FormRef,
    /// The file now, masked.
    pub household: HouseholdBody,
    /// Answers about the visit itself (`visit/*` without the prefix).
    #[schema(value_type = JsonObject)]
    pub answers: Map<String, Value>,
    pub changes: Vec<RecordChange>,
    /// Sections answered with "无变化".
    pub unchanged: Vec<String>,
    /// Paths put off with "稍后".
    pub later: Vec<String>,
    #[schema(value_type = Vec<ExplainedWarningBody>)]
    pub warnings: Vec<ExplainedWarning>,
    pub figures: Figures,
    /// Phone minus server at the last contact before the visit was sent, milliseconds.
    pub clock_offset_ms: i64,
    /// What the visit disagrees about with others, open and decided.
    pub conflicts: Vec<ConflictBody>,
    /// While a mended revision waits: the changes of the revision that was returned.
    #[schema(required)]
    pub previous: Option<PreviousRevision>,
    /// Other visits of the household, newest first.
    pub earlier: Vec<VisitSummary>,
    pub may: RecordMay,
}

/// A revision that was returned, for showing what was mended since. Masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviousRevision {
    pub rev: i64,
    #[schema(value_type = Vec<ProposedChangeBody>)]
    pub changes: Vec<Change>,
}

/// One change, as it stands against the file now. Masked values stay masked.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordChange {
    pub path: String,
    #[schema(value_type = JsonValue, required)]
    pub from: Value,
    #[schema(value_type = JsonValue, required)]
    pub to: Value,
    #[schema(value_type = JsonValue, required)]
    pub current: Value,
    #[schema(value_type = StandingCode)]
    pub standing: Standing,
    /// With `settled` and `decided`: the value that stays when the change is accepted.
    #[schema(value_type = Option<JsonValue>, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Value>,
    /// `standing` is `moved` or `refused`: must be declined, or the visit returned.
    pub moved: bool,
    /// The value is masked, `from` and `to` may look the same although they differ.
    pub masked: bool,
}

/// Derived figures (docs/FORMS.md), money in 分.
#[derive(Debug, Serialize, ToSchema)]
pub struct Figures {
    #[schema(value_type = JsonObject)]
    pub before: Value,
    #[schema(value_type = JsonObject)]
    pub after: Value,
}

/// What the reader may do with the record.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordMay {
    pub review: bool,
    /// Whether its visitor could mend it: the household is in their hands, and they can sign in.
    pub send_back: bool,
    /// Whether it can be approved: not when somebody found that its household has a file already.
    pub approve: bool,
    /// The code of the refusal when they may not.
    #[schema(required)]
    pub why_not: Option<&'static str>,
}

/// A reviewer's word on one path.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PathDecision {
    pub path: String,
    pub accept: bool,
    /// Why not; required when `accept` is false.
    #[serde(default)]
    #[schema(required = false)]
    pub reason: Option<String>,
}

/// Approve what was seen: the visit's revision and hash, and the file's revision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApproveRequest {
    pub visit_rev: i64,
    pub visit_hash: String,
    pub file_rev: i64,
    /// The decided conflicts that the record showed; none when it is left out.
    #[serde(default)]
    #[schema(value_type = Vec<Id>, required = false)]
    pub decided: BTreeSet<ConflictId>,
    /// Paths that are not named are accepted.
    pub decisions: Vec<PathDecision>,
}

/// Send back to the caseworker.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnRequest {
    pub visit_rev: i64,
    pub visit_hash: String,
    #[schema(value_type = Vec<ReasonBody>)]
    pub reasons: Vec<Reason>,
    pub text: String,
}

/// Reject for good: wrong person, invented, unsafe.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectRequest {
    pub visit_rev: i64,
    pub visit_hash: String,
    /// Of the code table `reject_reason`.
    pub code: String,
    pub text: String,
}
