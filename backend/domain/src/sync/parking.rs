//! Parking: an operation that cannot be decided now, or as it is, is kept whole with its reason and blocks nothing.
//!
//! There is no largest number of tries: nothing that a phone handed over is ever given up by itself. A parked
//! operation ends when it is played (and a rule may refuse it then), or when a person dismisses it with a reason.

use crate::form::number_in;
use crate::household::codes;
use crate::ids::OpId;
use crate::refusal::{Kind, Refusal};
use crate::sync::operation::Outcome;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// What a reason holds at most, characters.
pub const REASON_MAX_CHARS: usize = 200;

codes! {
    /// Why an operation is parked: the code of its receipt.
    ParkReason {
        /// The operation that it hangs on had no effect yet.
        WaitsFor = "op.after",
        /// This server does not know its kind or version.
        Unknown = "op.unknown",
        /// A bug, or a damaged row, was in its way.
        Failed = "op.failed",
    }
}

codes! {
    /// Where a parked operation stands.
    ParkState {
        Waiting = "waiting",
        /// It had its effect.
        Played = "played",
        /// A rule said no when it was played.
        Refused = "refused",
        /// A person ended it, with a reason.
        Dismissed = "dismissed",
    }
}

codes! {
    /// Who has to do something about a parked operation.
    ParkOwner {
        /// It ends by itself with the operation that it hangs on.
        Nobody = "nobody",
        /// A decision about the work: whether it is played without what it hangs on, or dismissed.
        Supervisor = "supervisor",
        /// The server: a newer program, or the cause of a failure.
        Sysop = "sysop",
    }
}

codes! {
    /// What is known of the operation that another one hangs on.
    Dependency {
        /// It has not arrived. It may be on the same phone still.
        Missing = "missing",
        /// It is parked itself.
        Parked = "parked",
        Done = "done",
        /// It was refused or dismissed, and will never have an effect.
        Over = "over",
    }
}

impl ParkState {
    /// Where an operation stands after it was decided.
    pub fn after(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Parked => Self::Waiting,
            Outcome::Refused => Self::Refused,
            Outcome::Applied | Outcome::Merged | Outcome::Conflict | Outcome::Duplicate => Self::Played,
        }
    }

    /// It can be ended only once.
    pub fn check_waiting(self) -> Result<(), ParkingRefusal> {
        if self == Self::Waiting { Ok(()) } else { Err(ParkingRefusal::AlreadyEnded) }
    }
}

/// Who has to do something about an operation that waits. `dependency` is that of one that waits for another;
/// `None` when nobody noted which.
pub fn owner(reason: ParkReason, dependency: Option<Dependency>) -> ParkOwner {
    match (reason, dependency) {
        (ParkReason::Unknown | ParkReason::Failed, _) => ParkOwner::Sysop,
        (ParkReason::WaitsFor, Some(Dependency::Parked | Dependency::Done)) => ParkOwner::Nobody,
        // The phone told its author of the refusal. What hangs on it is work that somebody recorded, so a person
        // looks at it instead of a rule throwing it away.
        // A phone sends in order, so what had not come before this one has most likely left its outbox.
        (ParkReason::WaitsFor, Some(Dependency::Over | Dependency::Missing) | None) => ParkOwner::Supervisor,
    }
}

/// Whether a person's wish to play it lets it go without the operation that it hangs on: only when that is over,
/// or nobody noted which it is. The use case still judges it like any other.
pub fn goes_alone(dependency: Option<Dependency>) -> bool {
    matches!(dependency, Some(Dependency::Over | Dependency::Missing) | None)
}

/// Of operations that wait, each with what it waits for, those whose turn has come, in their order, at most `limit`.
pub fn ready(waiting: &[(OpId, OpId)], done: &HashSet<OpId>, limit: usize) -> Vec<OpId> {
    waiting.iter().filter(|(_, after)| done.contains(after)).map(|(op, _)| *op).take(limit).collect()
}

/// The reason of a dismissal as it is kept. It goes to the phone in a receipt, so it holds no number of a person.
pub fn dismissal_reason(text: &str) -> Result<String, ParkingRefusal> {
    let reason = text.trim();
    if reason.is_empty() {
        return Err(ParkingRefusal::ReasonMissing);
    }
    if reason.chars().count() > REASON_MAX_CHARS {
        return Err(ParkingRefusal::ReasonTooLong);
    }
    if reason.contains('\0') || number_in(reason).is_some() {
        return Err(ParkingRefusal::ReasonNumber);
    }
    Ok(reason.to_owned())
}

/// A rule about parked operations that says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParkingRefusal {
    #[error("this operation is not parked any more")]
    AlreadyEnded,
    #[error("a dismissal needs a reason")]
    ReasonMissing,
    #[error("the reason is too long")]
    ReasonTooLong,
    #[error("the reason holds an ID number or a telephone number; leave it out")]
    ReasonNumber,
}

impl Refusal for ParkingRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::AlreadyEnded => "op.already_ended",
            Self::ReasonMissing => "op.reason_missing",
            Self::ReasonTooLong => "op.reason_too_long",
            Self::ReasonNumber => "op.reason_number",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::AlreadyEnded => Kind::Conflict,
            Self::ReasonMissing | Self::ReasonTooLong | Self::ReasonNumber => Kind::Invalid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn op(number: u128) -> OpId {
        OpId(Uuid::from_u128(number))
    }

    #[test]
    fn whatever_happens_to_a_dependency_somebody_or_nothing_owns_what_hangs_on_it() {
        for dependency in [Dependency::Parked, Dependency::Done] {
            assert_eq!(owner(ParkReason::WaitsFor, Some(dependency)), ParkOwner::Nobody);
            assert!(!goes_alone(Some(dependency)), "a person does not overtake what may still come");
        }
        for dependency in [Some(Dependency::Over), Some(Dependency::Missing), None] {
            assert_eq!(owner(ParkReason::WaitsFor, dependency), ParkOwner::Supervisor);
            assert!(goes_alone(dependency));
        }
        for reason in [ParkReason::Unknown, ParkReason::Failed] {
            assert_eq!(owner(reason, Some(Dependency::Over)), ParkOwner::Sysop);
        }
    }

    #[test]
    fn what_hangs_on_a_done_operation_is_ready_in_the_order_of_arrival() {
        let waiting = [(op(5), op(1)), (op(4), op(2)), (op(3), op(1)), (op(6), op(5))];
        let done = HashSet::from([op(1)]);
        assert_eq!(ready(&waiting, &done, 10), [op(5), op(3)], "and not what hangs on those");
        assert_eq!(ready(&waiting, &done, 1), [op(5)]);
        assert!(ready(&waiting, &HashSet::new(), 10).is_empty());
    }

    #[test]
    fn only_what_waits_can_be_ended() {
        for state in ParkState::ALL {
            assert_eq!(state.check_waiting().is_ok(), *state == ParkState::Waiting, "{state:?}");
        }
        for outcome in Outcome::ALL {
            let is_over = ParkState::after(*outcome).check_waiting().is_err();
            assert_eq!(is_over, *outcome != Outcome::Parked, "{outcome:?}");
        }
    }

    #[test]
    fn a_reason_says_something_and_names_no_number() {
        assert_eq!(dismissal_reason("  重复记录 "), Ok("重复记录".to_owned()));
        assert_eq!(dismissal_reason(" \n"), Err(ParkingRefusal::ReasonMissing));
        assert_eq!(dismissal_reason(&"长".repeat(REASON_MAX_CHARS + 1)), Err(ParkingRefusal::ReasonTooLong));
        assert!(dismissal_reason(&"长".repeat(REASON_MAX_CHARS)).is_ok());
        for text in ["电话 15400005678 重复", "11010519491231002X 已登记", "a\0b"] {
            assert_eq!(dismissal_reason(text), Err(ParkingRefusal::ReasonNumber), "{text}");
        }
    }
}
