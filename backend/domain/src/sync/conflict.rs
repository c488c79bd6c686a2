//! A conflict: a clash between a visit and what somebody else wrote, kept until a person has decided.
//!
//! The file keeps what it holds; what was decided is carried out when the visit is approved. A conflict belongs to the
//! visit that came later, and its visitor is asked first. It is known by what it is about: kind, paths, both values and
//! what waits for mine (`Clash::is_same`); `carry.rs` carries decisions out.
//! When one of these is not so any more, an open conflict is void, and another may take its place.

use crate::household::codes;
use crate::ids::{ConflictId, HouseholdId, UserId, VisitId};
use crate::refusal::{Kind, Refusal};
use crate::sync::merge::{Choice, Clash, ClashKind};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How long the visitor alone decides, milliseconds: 72 hours.
pub const VISITOR_FIRST_MS: i64 = 72 * 3_600_000;
/// What a reason holds at most, characters.
pub const REASON_MAX_CHARS: usize = 200;

codes! {
    /// States of a conflict.
    ConflictState {
        /// Waits for a person.
        Open = "open",
        Decided = "decided",
        /// What it was about is not so any more; nobody decided.
        Void = "void",
    }
}

/// Who wrote one side, when (by the corrected clock), and in which visit revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    pub by: UserId,
    pub at: Time,
    /// `None` for an imported file.
    pub visit: Option<(VisitId, i64)>,
}

/// One conflict.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    pub id: ConflictId,
    pub household: HouseholdId,
    pub clash: Clash,
    /// The visit that the conflict belongs to.
    pub visit: VisitId,
    /// Its revision when the conflict was found.
    pub visit_rev: i64,
    pub visitor: UserId,
    /// When the visitor was there.
    pub mine_at: Time,
    /// The other side; `None` when nobody is known to have written it.
    pub theirs: Option<Side>,
    pub state: ConflictState,
    /// Until then nobody but the visitor decides.
    pub visitor_until: Time,
    pub decision: Option<Decision>,
    pub created_at: Time,
}

/// Somebody's decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub choice: Choice,
    /// With [`Choice::Other`]: the value.
    pub value: Option<Value>,
    pub reason: Option<String>,
    pub by: UserId,
    pub at: Time,
}

/// What somebody wants to decide.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    pub choice: Choice,
    pub value: Option<Value>,
    pub reason: Option<String>,
}

/// A rule about conflicts that says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConflictRefusal {
    #[error("this conflict is not known, or not in your hands")]
    Unknown,
    #[error("somebody else decides about this now")]
    NotYours,
    #[error("this was decided, or is not so any more")]
    AlreadyDecided,
    #[error("a value of one's own is missing")]
    ValueMissing,
    #[error("a value comes only with a choice of one's own")]
    ValueNotAsked,
    #[error("a value of one's own needs a reason")]
    ReasonMissing,
    #[error("the reason is too long")]
    ReasonTooLong,
    #[error("whether two files are one household is answered with yes or no")]
    ChoiceNotAsked,
}

impl Refusal for ConflictRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "conflict.unknown",
            Self::NotYours => "conflict.not_yours",
            Self::AlreadyDecided => "conflict.already_decided",
            Self::ValueMissing => "conflict.value_missing",
            Self::ValueNotAsked => "conflict.value_not_asked",
            Self::ReasonMissing => "conflict.reason_missing",
            Self::ReasonTooLong => "conflict.reason_too_long",
            Self::ChoiceNotAsked => "conflict.choice_not_asked",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Unknown => Kind::NotFound,
            Self::NotYours => Kind::Forbidden,
            Self::AlreadyDecided => Kind::Conflict,
            _ => Kind::Invalid,
        }
    }
}

/// Who wants to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decider {
    pub user: UserId,
    /// Whether they review visits to this household.
    pub is_reviewer: bool,
    /// Whether the visitor's account is shut, so that nobody needs to wait for them.
    pub is_visitor_gone: bool,
}

impl Conflict {
    /// Whether it is about the same as this clash.
    pub fn is_of(&self, clash: &Clash) -> bool {
        self.clash.is_same(clash)
    }

    /// Whether somebody may decide it now.
    pub fn may_decide(&self, who: Decider, now: Time) -> bool {
        let is_due = now >= self.visitor_until || who.is_visitor_gone;
        self.state == ConflictState::Open && (self.visitor == who.user || (who.is_reviewer && is_due))
    }

    /// The conflict with a decision. Whether the value is acceptable is `resolve`'s to say.
    pub fn decided(self, wanted: Wanted, who: Decider, now: Time) -> Result<Self, ConflictRefusal> {
        if self.state != ConflictState::Open {
            return Err(ConflictRefusal::AlreadyDecided);
        }
        if !self.may_decide(who, now) {
            return Err(ConflictRefusal::NotYours);
        }
        let Wanted { choice, value, reason } = wanted;
        let reason = reason.map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty());
        if reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON_MAX_CHARS) {
            return Err(ConflictRefusal::ReasonTooLong);
        }
        if self.clash.kind == ClashKind::Twice && !matches!(choice, Choice::Mine | Choice::Theirs) {
            return Err(ConflictRefusal::ChoiceNotAsked);
        }
        match (choice, &value) {
            (Choice::Other, None) => return Err(ConflictRefusal::ValueMissing),
            (Choice::Other, Some(_)) if reason.is_none() => return Err(ConflictRefusal::ReasonMissing),
            (Choice::Other, Some(_)) | (_, None) => {}
            (_, Some(_)) => return Err(ConflictRefusal::ValueNotAsked),
        }
        let decision = Decision { choice, value, reason, by: who.user, at: now };
        Ok(Self { state: ConflictState::Decided, decision: Some(decision), ..self })
    }
}

#[cfg(test)]
#[path = "conflict_tests.rs"]
mod tests;
