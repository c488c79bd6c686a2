//! Whose hands a household is in, and whose it was in when they were at its door.
//!
//! A phone's clock proves nothing, so no claimed time counts here, and neither does a phone's number: an outbox that
//! comes back from its second copy has a new one. What counts is what the server knows by itself: when a household left
//! somebody's hands, which role and area their account had before, and since when they have a phone at all.

use crate::actor::{Actor, Role};
use crate::ids::UserId;
use crate::policy::{self, Action, Target};
use crate::region::RegionCode;
use crate::time::Time;

/// A role and area that an account had, since when, and when that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    pub role: Role,
    pub scope: RegionCode,
    pub since: Time,
    pub until: Time,
}

/// Where a household lay from a time on, until the next one of its stays began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    pub region: RegionCode,
    pub since: Time,
}

/// What the server knows of somebody's past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// When the first of their phones was known.
    pub phone_since: Time,
    /// Earlier roles and areas.
    pub postings: Vec<Posting>,
}

/// How somebody stands to a household.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holding {
    /// It is in their hands.
    Now,
    /// It was, while they had a phone already.
    Then,
    /// To them there is no such household.
    Never,
}

/// Whether somebody with this role and area visits the household or keeps its file.
pub fn holds(user: UserId, role: Role, scope: &RegionCode, target: &Target<'_>) -> bool {
    match role {
        Role::Caseworker | Role::Responsible => is_named(user, target),
        Role::GrassrootsAdmin => scope.contains(target.region),
        _ => false,
    }
}

impl Past {
    /// How the actor stands to a household that left their hands at `left_at`, as far as anybody was told, and lay where
    /// `stays` say, the earliest first.
    pub fn holding(&self, actor: &Actor, target: &Target<'_>, left_at: Option<Time>, stays: &[Stay]) -> Holding {
        if holds(actor.user, actor.role, &actor.scope, target) {
            return Holding::Now;
        }
        // A former caseworker whom nobody relieved yet still stands in the file by name.
        let was_theirs = left_at.is_some_and(|at| self.reaches(at)) || is_named(actor.user, target);
        let was_of_union = self.field_postings().any(|of| self.kept_file(of, stays));
        if self.may_hand_in(actor.role, Action::SubmitVisit) && (was_theirs || was_of_union) {
            return Holding::Then;
        }
        Holding::Never
    }

    /// Whether the actor may do this, or could while they had a phone already.
    pub fn may_hand_in(&self, role: Role, action: Action) -> bool {
        policy::may_attempt(role, action) || self.lasting().any(|of| policy::may_attempt(of.role, action))
    }

    /// Whether field work in this region was the actor's while they had a phone already.
    pub fn worked_in(&self, region: &RegionCode) -> bool {
        self.field_postings().any(|of| of.scope.contains(region))
    }

    /// Whether the files of a region were the actor's while they had a phone already.
    pub fn kept_files(&self) -> bool {
        self.field_postings().any(|of| of.role == Role::GrassrootsAdmin)
    }

    /// Whether a union kept the file of a household while it lay in its region. Whoever was at the post when it left was
    /// told; whoever was not is judged by where it lay at their time, not by where it lies today.
    fn kept_file(&self, of: &Posting, stays: &[Stay]) -> bool {
        let ends = stays.iter().skip(1).map(|stay| stay.since).chain([of.until]);
        of.role == Role::GrassrootsAdmin
            && stays.iter().zip(ends).any(|(stay, end)| {
                let begin = stay.since.max(of.since).max(self.phone_since);
                of.scope.contains(&stay.region) && begin <= end.min(of.until)
            })
    }

    fn field_postings(&self) -> impl Iterator<Item = &Posting> {
        self.lasting().filter(|of| policy::may_attempt(of.role, Action::SubmitVisit))
    }

    fn lasting(&self) -> impl Iterator<Item = &Posting> {
        self.postings.iter().filter(|of| self.reaches(of.until))
    }

    /// Whether something that ended then can have been recorded on a phone.
    fn reaches(&self, end: Time) -> bool {
        end >= self.phone_since
    }
}

fn is_named(user: UserId, target: &Target<'_>) -> bool {
    [target.contact, target.responsible].contains(&Some(user))
}

#[cfg(test)]
#[path = "tenure_tests.rs"]
mod tests;
