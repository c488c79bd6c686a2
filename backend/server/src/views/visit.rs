//! Visits: what a phone sends and what it gets back.

use super::schema::{DecisionCode, Id, JsonObject, JsonValue, Moment, VisitStateCode, VisitTypeCode};
use super::user::PersonRef;
use ruhu_domain::ids::{HouseholdId, VisitId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::time::Time;
use ruhu_domain::visit::{Proposal, Reason};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// What a reviewer decided.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReviewView {
    pub by: PersonRef,
    #[schema(value_type = Moment)]
    pub at: Time,
    #[schema(value_type = DecisionCode)]
    pub decision: &'static str,
    #[schema(value_type = Vec<ReasonBody>)]
    pub reasons: Vec<Reason>,
    pub text: String,
}

/// A visit in the feed of a phone.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitBody {
    #[schema(value_type = Id)]
    pub id: VisitId,
    #[schema(value_type = Id)]
    pub household_id: HouseholdId,
    pub rev: i64,
    #[schema(value_type = VisitStateCode)]
    pub state: &'static str,
    #[schema(value_type = VisitTypeCode)]
    pub visit_type: &'static str,
    pub outcome: String,
    pub visitor: PersonRef,
    #[schema(value_type = Moment)]
    pub started_at: Time,
    #[schema(value_type = Moment)]
    pub ended_at: Time,
    #[schema(value_type = Moment)]
    pub received_at: Time,
    pub hash: String,
    pub base_rev: i64,
    #[schema(required)]
    pub review: Option<ReviewView>,
    /// The file revision that the approval made.
    #[schema(required)]
    pub file_rev: Option<i64>,
    /// Comes only to the visitor, while the visit is `returned`.
    #[schema(value_type = Option<ProposalBody>, required)]
    pub proposal: Option<Proposal>,
}

/// A visit in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct VisitSummary {
    #[schema(value_type = Id)]
    pub id: VisitId,
    #[schema(value_type = Id)]
    pub household_id: HouseholdId,
    pub rev: i64,
    #[schema(value_type = VisitStateCode)]
    pub state: &'static str,
    #[schema(value_type = VisitTypeCode)]
    pub visit_type: &'static str,
    pub outcome: String,
    pub visitor: PersonRef,
    /// Of the household; masked.
    #[schema(required)]
    pub name: Option<String>,
    #[schema(value_type = String)]
    pub region_code: RegionCode,
    #[schema(value_type = Moment)]
    pub started_at: Time,
    #[schema(value_type = Moment)]
    pub ended_at: Time,
    #[schema(value_type = Moment)]
    pub received_at: Time,
    pub hash: String,
    pub base_rev: i64,
    /// Warnings that the caseworker explained.
    pub warnings: i64,
    #[schema(required)]
    pub review: Option<ReviewView>,
    #[schema(required)]
    pub file_rev: Option<i64>,
}

/// One page of visits.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitList {
    pub items: Vec<VisitSummary>,
    #[schema(required)]
    pub next_cursor: Option<String>,
    pub total: i64,
}

/// Filter of the review queue.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VisitQuery {
    /// A state's code; `in_review` when missing, `all` for every state.
    pub state: Option<String>,
    #[param(value_type = Option<String>)]
    pub region: Option<RegionCode>,
    #[param(value_type = Option<VisitTypeCode>)]
    pub visit_type: Option<String>,
    #[param(value_type = Option<Id>)]
    pub visitor: Option<Uuid>,
    pub has_warnings: Option<bool>,
    /// Part of the household's name, or a file number.
    pub q: Option<String>,
    /// Items of one page, 1 to 200; 50 when missing.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// The form version a visit was made with.
#[derive(ToSchema)]
#[schema(as = FormRef)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub struct FormRefBody {
    id: String,
    version: u32,
}

/// A warning that fired, with the caseworker's reason.
#[derive(ToSchema)]
#[schema(as = ExplainedWarning)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub struct ExplainedWarningBody {
    code: String,
    path: String,
    reason: String,
}

/// One reason, at a field or about the whole (`path` empty).
#[derive(ToSchema)]
#[schema(as = Reason)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub struct ReasonBody {
    path: String,
    /// Of the code table `return_reason`; `reject_reason` when rejected, `declined` at a declined path.
    code: String,
    text: String,
}

/// One changed path.
#[derive(ToSchema)]
#[schema(as = ProposedChange)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub struct ProposedChangeBody {
    path: String,
    /// What the caseworker saw; a masked value stands for the value behind it.
    #[schema(value_type = JsonValue, required)]
    from: (),
    #[schema(value_type = JsonValue, required)]
    to: (),
}

/// What the phone sends for one visit revision.
#[derive(ToSchema)]
#[schema(as = Proposal)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub struct ProposalBody {
    #[schema(value_type = Id)]
    id: Uuid,
    rev: i64,
    #[schema(value_type = Id)]
    household_id: Uuid,
    /// File revision the caseworker saw; 0 when nothing was approved yet.
    base_rev: i64,
    #[schema(value_type = VisitTypeCode)]
    visit_type: String,
    form: FormRefBody,
    dictionary_version: u32,
    app_version: String,
    /// 128 random bits in base64url, so that the hash tells nobody what the answers are.
    /// Missing only in what the app wrote before 25 November 2026.
    #[schema(value_type = String, pattern = "^[A-Za-z0-9_-]{22}$", required = false)]
    nonce: Option<String>,
    #[schema(value_type = Moment)]
    started_at: Time,
    #[schema(value_type = Moment)]
    ended_at: Time,
    /// Milliseconds by the phone's monotonic clock.
    monotonic_ms: i64,
    /// Phone minus server at the last contact, milliseconds.
    clock_offset_ms: i64,
    /// The `visit/*` answers without their prefix.
    #[schema(value_type = JsonObject)]
    visit: (),
    changes: Vec<ProposedChangeBody>,
    later: Vec<String>,
    unchanged: Vec<String>,
    warnings: Vec<ExplainedWarningBody>,
    evidence: Vec<String>,
    #[schema(value_type = Vec<JsonValue>)]
    signatures: (),
}

/// Body of `visit.submit`, version 1.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub struct SubmitVisitBody {
    visit: ProposalBody,
    /// SHA-256 over the RFC 8785 form of `visit`, lower-case hex.
    hash: String,
}

/// Body of `visit.withdraw`, version 1.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub struct WithdrawVisitBody {
    #[schema(value_type = Id)]
    visit_id: Uuid,
    rev: i64,
    reason: String,
}
