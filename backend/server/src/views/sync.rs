//! Push and pull (docs/SYNC.md). The schema-only types below mirror the domain's.

use super::conflict::ConflictBody;
use super::household::HouseholdBody;
use super::schema::{Id, JsonObject, JsonValue, Moment, OutcomeCode};
use super::visit::VisitBody;
use ruhu_domain::ids::DeviceId;
use ruhu_domain::sync::operation::{Manifest, Operation, Receipt};
use ruhu_domain::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a phone wants to hand over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PushRequest {
    #[schema(value_type = Id)]
    pub device: DeviceId,
    /// Raised by the phone after `sync.fork`; starts at 1.
    pub epoch: i64,
    /// 1
    pub protocol: u32,
    pub app_build: String,
    #[schema(value_type = ManifestBody)]
    pub manifest: Manifest,
    #[schema(value_type = Vec<OperationBody>)]
    pub ops: Vec<Operation>,
}

/// The answers, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
pub struct PushView {
    /// Stored answers, passed on as they were written.
    #[schema(value_type = Vec<ReceiptBody>)]
    pub receipts: Vec<Box<RawValue>>,
    pub next_seq: i64,
    #[schema(value_type = Moment)]
    pub server_time: Time,
    pub history_id: String,
}

/// Where a pull goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PullRequest {
    /// From the page before; missing for a first sync.
    pub cursor: Option<String>,
    /// Changes of one page, 1 to 500; 200 when missing.
    pub limit: Option<i64>,
}

/// One page.
#[derive(Debug, Serialize, ToSchema)]
pub struct PullView {
    #[schema(value_type = Vec<ChangeBody>)]
    pub changes: Vec<ChangeRow>,
    pub evict: Vec<EvictRow>,
    #[schema(value_type = Vec<OutcomeBody>)]
    pub outcomes: Vec<OutcomeRow>,
    pub cursor: String,
    pub more: bool,
    /// Households in scope; on the first page of a first sync only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

/// A row that is new or changed.
#[derive(Debug, Serialize)]
pub struct ChangeRow {
    pub kind: &'static str,
    pub id: Uuid,
    pub rev: i64,
    pub body: Box<RawValue>,
}

/// A row that left this user's scope.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvictRow {
    /// `household` or `visit`
    pub kind: &'static str,
    #[schema(value_type = Id)]
    pub id: Uuid,
}

/// A later answer to an operation.
#[derive(Debug, Serialize)]
pub struct OutcomeRow {
    pub op_id: Uuid,
    pub receipt: Box<RawValue>,
}

/// A row that is new or changed.
#[derive(ToSchema)]
#[schema(as = Change)]
#[allow(dead_code)]
pub struct ChangeBody {
    /// `household`, `visit` or `conflict`
    kind: String,
    #[schema(value_type = Id)]
    id: Uuid,
    rev: i64,
    body: ChangeBodyOf,
}

/// The body of a change, by its kind.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code, clippy::large_enum_variant)]
pub enum ChangeBodyOf {
    Household(HouseholdBody),
    Visit(VisitBody),
    Conflict(ConflictBody),
}

/// A later answer to an operation.
#[derive(ToSchema)]
#[schema(as = OutcomeRow)]
#[allow(dead_code)]
pub struct OutcomeBody {
    #[schema(value_type = Id)]
    op_id: Uuid,
    receipt: ReceiptBody,
}

/// What a phone still holds.
#[derive(ToSchema)]
#[schema(as = Manifest)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub struct ManifestBody {
    count: i64,
    first_seq: Option<i64>,
    last_seq: Option<i64>,
    head: String,
}

/// The phone's clock at the moment of recording.
#[derive(ToSchema)]
#[schema(as = Clock)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub struct ClockBody {
    offset_ms: i64,
    monotonic_ms: i64,
}

/// An operation as it was recorded.
#[derive(ToSchema)]
#[schema(as = Operation)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub struct OperationBody {
    seq: i64,
    #[schema(value_type = Id)]
    id: Uuid,
    /// `visit.submit`, `visit.withdraw`, `conflict.decide`
    kind: String,
    version: u32,
    #[schema(value_type = Id)]
    subject: Uuid,
    #[schema(value_type = Option<Id>)]
    after: Option<Uuid>,
    #[schema(value_type = Moment)]
    recorded_at: Time,
    clock: ClockBody,
    /// `SubmitVisitBody`, `WithdrawVisitBody`, `DecideConflictBody`, or what a later version sends.
    #[schema(value_type = JsonObject)]
    body: (),
}

/// What an operation was about.
#[derive(ToSchema)]
#[schema(as = Subject)]
#[allow(dead_code)]
pub struct SubjectBody {
    kind: String,
    #[schema(value_type = Id)]
    id: Uuid,
}

/// A finding inside a receipt.
#[derive(ToSchema)]
#[schema(as = ReceiptError)]
#[allow(dead_code)]
pub struct ReceiptErrorBody {
    code: String,
    path: String,
    #[schema(value_type = Option<JsonValue>)]
    params: Option<()>,
}

/// The stored answer to one operation.
#[derive(ToSchema)]
#[schema(as = Receipt)]
#[allow(dead_code)]
pub struct ReceiptBody {
    seq: i64,
    #[schema(value_type = Id)]
    op_id: Uuid,
    #[schema(value_type = OutcomeCode)]
    outcome: String,
    code: Option<String>,
    /// Left out when empty.
    errors: Option<Vec<ReceiptErrorBody>>,
    subject: SubjectBody,
    rev: Option<i64>,
    state: Option<String>,
    #[schema(value_type = Option<Id>)]
    household_id: Option<Uuid>,
    /// With `duplicate`: the first receipt.
    #[schema(no_recursion)]
    first: Option<Box<ReceiptBody>>,
}

/// Writes a receipt as it will be stored and sent.
pub fn receipt_text(receipt: &Receipt) -> Result<Box<RawValue>, serde_json::Error> {
    serde_json::value::to_raw_value(receipt)
}
