//! Rules about visits that say no.

use crate::refusal::{Kind, Refusal};

/// A rule about visits that says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VisitRefusal {
    #[error("a new visit starts with revision 1")]
    FirstRev,
    #[error("only a returned visit can be sent again, as the next revision")]
    NotReturned,
    #[error("this visit belongs to somebody else or to another household")]
    NotTheSame,
    #[error("the visit was decided meanwhile")]
    AlreadyDecided,
    #[error("the record moved since it was opened")]
    StaleReview,
    #[error("own visits cannot be reviewed")]
    Own,
    #[error("somebody else changed the same field; decline it or return the visit")]
    Clash,
    #[error("the file would name somebody who is not in it")]
    Breaks,
    #[error("a person must decide between two values first")]
    ConflictOpen,
    #[error("an earlier visit, against which this one was decided, still waits")]
    OtherFirst,
    #[error("a return names at least one reason")]
    NoReason,
    #[error("its visitor does not have this household any more; reject it, or approve what stands")]
    VisitorGone,
    #[error("its household has a file already; reject it as a duplicate")]
    FiledTwice,
}

impl Refusal for VisitRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::FirstRev => "visit.rev",
            Self::NotReturned => "visit.not_returned",
            Self::NotTheSame => "visit.not_the_same",
            Self::AlreadyDecided => "visit.already_decided",
            Self::StaleReview => "visit.stale_review",
            Self::Own => "visit.own",
            Self::Clash => "visit.clash",
            Self::Breaks => "visit.decision_breaks",
            Self::ConflictOpen => "visit.conflict_open",
            Self::OtherFirst => "visit.other_first",
            Self::NoReason => "visit.no_reason",
            Self::VisitorGone => "visit.visitor_gone",
            Self::FiledTwice => "visit.filed_twice",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Own => Kind::Forbidden,
            Self::FirstRev | Self::NoReason => Kind::Invalid,
            _ => Kind::Conflict,
        }
    }
}
