//! An operation: an intent recorded on a device; and its receipt: the server's stored answer.

use crate::household::codes;
use crate::ids::{DeviceId, OpId};
use crate::refusal::Finding;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

/// Operations of one request at most.
pub const BATCH_MAX_OPS: usize = 200;
/// Bytes of one request at most, after decompression.
pub const BATCH_MAX_BYTES: usize = 1024 * 1024;

/// The phone's clock at the moment of recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Phone minus server at the last contact, milliseconds.
    pub offset_ms: i64,
    /// Milliseconds on the phone's monotonic clock since the app started.
    pub monotonic_ms: i64,
}

/// One operation as it was recorded. `body` stays unparsed until its kind is known.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// Contiguous per device and epoch, from 1.
    pub seq: i64,
    pub id: OpId,
    pub kind: String,
    pub version: u32,
    /// The thing it is about (for `visit.*` the visit).
    pub subject: Uuid,
    /// An operation that must have been applied before.
    pub after: Option<OpId>,
    pub recorded_at: Time,
    pub clock: Clock,
    pub body: Box<RawValue>,
}

/// What a phone still holds, so that the office sees what has not arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub count: i64,
    pub first_seq: Option<i64>,
    pub last_seq: Option<i64>,
    /// Hash over the operations held, for the comparison after a restore.
    pub head: String,
}

codes! {
    /// What became of an operation.
    Outcome {
        Applied = "applied",
        /// Applied beside somebody else's change; both are kept.
        Merged = "merged",
        /// Stored; a person must decide some paths.
        Conflict = "conflict",
        /// Cannot be applied now or as it is; kept whole, with reason and owner.
        Parked = "parked",
        /// A rule says no; kept on the phone and on the server.
        Refused = "refused",
        /// The same operation came before under another number.
        Duplicate = "duplicate",
    }
}

/// What an operation was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub kind: String,
    pub id: Uuid,
}

/// The stored answer to one operation; a repeated request gets it word for word.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Receipt {
    pub seq: i64,
    pub op_id: OpId,
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ReceiptError>,
    pub subject: Subject,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rev: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub household_id: Option<Uuid>,
    /// With `duplicate`: the first receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Box<Receipt>>,
}

/// A finding inside a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptError {
    pub code: String,
    pub path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<serde_json::Value>,
}

impl From<Finding> for ReceiptError {
    fn from(finding: Finding) -> Self {
        Self { code: finding.code, path: finding.path, params: finding.params }
    }
}

/// Where a device stands: the epoch it is in and the next number expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub device: DeviceId,
    pub epoch: i64,
    pub next_seq: i64,
}

/// A request that does not fit the device's position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SequenceRefusal {
    #[error("this device continued elsewhere; it must take a new epoch")]
    Fork,
    #[error("operations are missing before this one")]
    Gap,
}

impl Position {
    /// What a number means for a device at this position.
    pub fn place(self, epoch: i64, seq: i64) -> Result<Place, SequenceRefusal> {
        if epoch < self.epoch {
            return Err(SequenceRefusal::Fork);
        }
        let next = if epoch > self.epoch { 1 } else { self.next_seq };
        match seq {
            s if s < 1 || s > next => Err(SequenceRefusal::Gap),
            s if s < next => Ok(Place::Seen),
            _ => Ok(Place::Next),
        }
    }
}

/// Whether an operation was seen before or is the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Seen,
    Next,
}
