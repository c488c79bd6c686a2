//! A visit (走访): what one caseworker did at one door, and its way through review.
//!
//! `submitted → (conflict) → in_review → approved | returned | rejected`, plus `withdrawn`.
//! A sent revision is immutable; a returned visit comes again as `rev + 1`.

use crate::form::changes::Change;
use crate::household::codes;
use crate::ids::{DeviceId, HouseholdId, UserId, VisitId};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

mod refusal;
pub use refusal::VisitRefusal;

codes! {
    /// Kinds of visit (domain specification §2.11).
    VisitType {
        /// 建档入户调查
        FirstSurvey = "V01",
        /// 日常走访
        Routine = "V02",
        /// 年度复核
        YearlyReview = "V03",
        /// 脱困核查
        ExitCheck = "V04",
        /// 退出回访
        FollowUp = "V05",
        /// 慰问
        Warmth = "V06",
        /// 督查抽查
        SpotCheck = "V07",
        /// 发卡
        CardDelivery = "V08",
        /// 电话联系
        Telephone = "V09",
    }
}

codes! {
    /// States of a visit on the server (domain specification §5.2).
    VisitState {
        /// Received; required photos are still on their way.
        Submitted = "submitted",
        /// A person must decide between two values.
        Conflict = "conflict",
        InReview = "in_review",
        Approved = "approved",
        Returned = "returned",
        Rejected = "rejected",
        /// Taken back by the visitor before a decision.
        Withdrawn = "withdrawn",
    }
}

impl VisitState {
    /// Waiting for somebody other than the visitor.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Submitted | Self::Conflict | Self::InReview)
    }
}

/// The form version a visit was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormRef {
    pub id: String,
    pub version: u32,
}

/// A warning that fired, with the caseworker's reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainedWarning {
    pub code: String,
    pub path: String,
    pub reason: String,
}

/// What the phone sends for one visit revision (docs/SYNC.md, `visit.submit` version 1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    pub id: VisitId,
    pub rev: i64,
    pub household_id: HouseholdId,
    /// File revision the caseworker saw; 0 when nothing was approved yet.
    pub base_rev: i64,
    pub visit_type: VisitType,
    pub form: FormRef,
    pub dictionary_version: u32,
    pub app_version: String,
    /// 128 random bits, so that nobody finds the answers by trying which ones have this hash.
    /// Kept like a sealed value, and given to nobody but the visitor. The app before 25 November 2026 wrote none,
    /// and what it wrote is taken in for ever (tests/vectors/outbox).
    #[serde(default, deserialize_with = "crate::nonce::read_if_there", skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    pub started_at: Time,
    pub ended_at: Time,
    /// Duration by the phone's monotonic clock, milliseconds.
    pub monotonic_ms: i64,
    /// Phone clock minus server clock at the last contact, milliseconds.
    pub clock_offset_ms: i64,
    /// Answers about the visit itself (`visit/*` without the prefix).
    pub visit: Map<String, Value>,
    pub changes: Vec<Change>,
    /// Paths put off with "稍后".
    pub later: Vec<String>,
    /// Sections answered with "无变化".
    pub unchanged: Vec<String>,
    pub warnings: Vec<ExplainedWarning>,
    /// SHA-256 of photos that belong to this visit.
    pub evidence: Vec<String>,
    pub signatures: Vec<Value>,
}

impl Proposal {
    /// When the visit ended by the server's clock, as far as the phone knew how wrong its own was.
    pub fn ended_at_corrected(&self) -> Time {
        self.ended_at.corrected_by_ms(self.clock_offset_ms)
    }
}

/// One reason of a return or rejection, at a field or about the whole (`path` empty).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    pub path: String,
    /// Code of the table `return_reason`.
    pub code: String,
    pub text: String,
}

/// What a reviewer decided, when, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    pub by: UserId,
    pub at: Time,
    pub decision: Decision,
    pub reasons: Vec<Reason>,
    pub text: String,
}

codes! {
    /// The three answers of a reviewer.
    Decision {
        Approved = "approved",
        Returned = "returned",
        Rejected = "rejected",
    }
}

/// A visit as the rules see it; the proposal's body stays in storage.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    pub id: VisitId,
    pub household_id: HouseholdId,
    pub visitor: UserId,
    pub device: DeviceId,
    pub rev: i64,
    pub hash: String,
    pub state: VisitState,
    pub visit_type: VisitType,
    pub outcome: String,
    pub base_rev: i64,
    pub started_at: Time,
    pub ended_at: Time,
    pub received_at: Time,
    /// The latest decision; stays visible while a mended revision waits.
    pub review: Option<Review>,
    /// The file revision that the approval made.
    pub file_rev: Option<i64>,
    pub warnings: i64,
}

/// What a reviewer had on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen<'a> {
    pub visit_rev: i64,
    pub visit_hash: &'a str,
    /// Only an approval depends on the file.
    pub file_rev: Option<i64>,
}

impl Visit {
    /// A first revision that arrived.
    pub fn received(
        proposal: &Proposal,
        hash: String,
        visitor: UserId,
        device: DeviceId,
        at: Time,
    ) -> Result<Self, VisitRefusal> {
        if proposal.rev != 1 {
            return Err(VisitRefusal::FirstRev);
        }
        Ok(Self {
            id: proposal.id,
            household_id: proposal.household_id,
            visitor,
            device,
            rev: 1,
            hash,
            state: VisitState::InReview,
            visit_type: proposal.visit_type,
            outcome: outcome_of(proposal),
            base_rev: proposal.base_rev,
            started_at: proposal.started_at,
            ended_at: proposal.ended_at,
            received_at: at,
            review: None,
            file_rev: None,
            warnings: proposal.warnings.len() as i64,
        })
    }

    /// The next revision of a returned visit.
    pub fn mended(
        self,
        proposal: &Proposal,
        hash: String,
        by: UserId,
        device: DeviceId,
        at: Time,
    ) -> Result<Self, VisitRefusal> {
        if self.visitor != by || self.household_id != proposal.household_id {
            return Err(VisitRefusal::NotTheSame);
        }
        if self.state != VisitState::Returned || proposal.rev != self.rev + 1 {
            return Err(VisitRefusal::NotReturned);
        }
        Ok(Self {
            rev: proposal.rev,
            hash,
            device,
            state: VisitState::InReview,
            visit_type: proposal.visit_type,
            outcome: outcome_of(proposal),
            base_rev: proposal.base_rev,
            started_at: proposal.started_at,
            ended_at: proposal.ended_at,
            received_at: at,
            warnings: proposal.warnings.len() as i64,
            ..self
        })
    }

    /// The visitor takes it back, also while it is returned.
    pub fn withdrawn(self, by: UserId, rev: i64) -> Result<Self, VisitRefusal> {
        if self.visitor != by {
            return Err(VisitRefusal::NotTheSame);
        }
        if !self.state.is_waiting() && self.state != VisitState::Returned {
            return Err(VisitRefusal::AlreadyDecided);
        }
        if self.rev != rev {
            return Err(VisitRefusal::StaleReview);
        }
        Ok(Self { state: VisitState::Withdrawn, ..self })
    }

    /// Whether exactly what the reviewer saw is still there and may be decided by them.
    pub fn check_review(&self, by: UserId, seen: Seen<'_>, file_rev_now: i64) -> Result<(), VisitRefusal> {
        if self.visitor == by {
            return Err(VisitRefusal::Own);
        }
        if self.rev == seen.visit_rev && !self.state.is_waiting() {
            return Err(VisitRefusal::AlreadyDecided);
        }
        let moved = self.rev != seen.visit_rev
            || self.hash != seen.visit_hash
            || seen.file_rev.is_some_and(|rev| rev != file_rev_now);
        // A visit that waits for a decision about a conflict can be returned or rejected like any other.
        let is_ready = matches!(self.state, VisitState::InReview | VisitState::Conflict);
        if moved || !is_ready {
            return Err(VisitRefusal::StaleReview);
        }
        if seen.file_rev.is_some() && self.state == VisitState::Conflict {
            return Err(VisitRefusal::ConflictOpen);
        }
        Ok(())
    }

    /// The visit while conflicts of it are open, or once none is any more.
    pub fn waiting(self, has_conflicts: bool) -> Self {
        let state = match self.state {
            VisitState::InReview if has_conflicts => VisitState::Conflict,
            VisitState::Conflict if !has_conflicts => VisitState::InReview,
            state => state,
        };
        Self { state, ..self }
    }

    /// What decides who of several waiting visits was first: arrival, then the end of the visit, then the id.
    pub fn order(&self) -> (Time, Time, VisitId) {
        (self.received_at, self.ended_at, self.id)
    }

    /// The visit with a decision on it; `check_review` must have passed in the same transaction.
    pub fn decided(self, review: Review, file_rev: Option<i64>) -> Result<Self, VisitRefusal> {
        let state = match review.decision {
            Decision::Approved => VisitState::Approved,
            Decision::Returned | Decision::Rejected if review.reasons.is_empty() => return Err(VisitRefusal::NoReason),
            Decision::Returned => VisitState::Returned,
            Decision::Rejected => VisitState::Rejected,
        };
        Ok(Self { state, review: Some(review), file_rev, ..self })
    }
}

fn outcome_of(proposal: &Proposal) -> String {
    proposal.visit.get("outcome").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What became of one change between the revision the caseworker saw and the file now (`sync::merge`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nobody else wrote here.
    Clean,
    /// The file already holds the new value.
    Already,
    /// Somebody else wrote here too, and the field's policy says what stays.
    Settled,
    /// Somebody else wrote here too, and a person has decided what stays.
    Decided,
    /// Somebody else wrote here too, and a person must decide.
    Moved,
    /// No visit may change this.
    Refused,
}

impl Standing {
    /// Whether the change cannot enter the file as it is: it is declined, or the visit is returned.
    pub fn needs_word(self) -> bool {
        matches!(self, Self::Moved | Self::Refused)
    }
}

#[cfg(test)]
#[path = "visit_tests.rs"]
mod tests;
