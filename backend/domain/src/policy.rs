//! Who may do what: the whole permission table on one page (domain specification §4.4).
//!
//! `may_attempt` decides by role alone, before any row is loaded; `may` decides on a row.
//! A row outside the actor's scope must stay unseen: the answer is `Unseen`, and the shell says 404.

use crate::actor::{Actor, Role};
use crate::ids::UserId;
use crate::region::RegionCode;

/// One thing that somebody may want to do. Every operation of the API names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Own account, own devices, definitions and regions: anyone who is signed in.
    UseOwnAccount,
    /// A field device: a pull brings everything in its user's hands.
    SyncDevice,
    /// Push and pull: whoever was in the field once hands in what they recorded then, and hears what became of it; each
    /// operation is decided by what they may do, or could ([`crate::tenure`]).
    HandIn,
    ListHouseholds,
    ViewHousehold,
    AssignHousehold,
    SubmitVisit,
    WithdrawVisit,
    ListVisits,
    ViewVisit,
    /// Approve, return or reject.
    ReviewVisit,
    ListConflicts,
    /// Which phones of one's area hold what has not arrived.
    ListOutstanding,
    /// Note that a possible loss on a phone was looked into.
    ClearLoss,
    /// Decide, on a phone, a conflict of one's own visit.
    AnswerConflict,
    /// Decide a conflict whose visitor had their time.
    DecideConflict,
    /// See what could not be taken in.
    ListParked,
    /// Have it decided again.
    ReplayParked,
    /// End it with a reason.
    DismissParked,
    ListUsers,
    ManageUsers,
}

impl Action {
    /// Every action, for the tests that prove that the table is complete.
    pub const ALL: [Action; 21] = [
        Action::UseOwnAccount,
        Action::SyncDevice,
        Action::HandIn,
        Action::ListHouseholds,
        Action::ViewHousehold,
        Action::AssignHousehold,
        Action::SubmitVisit,
        Action::WithdrawVisit,
        Action::ListVisits,
        Action::ViewVisit,
        Action::ReviewVisit,
        Action::ListConflicts,
        Action::ListOutstanding,
        Action::ClearLoss,
        Action::AnswerConflict,
        Action::DecideConflict,
        Action::ListParked,
        Action::ReplayParked,
        Action::DismissParked,
        Action::ListUsers,
        Action::ManageUsers,
    ];

    /// The roles that may attempt this action at all.
    pub fn roles(self) -> &'static [Role] {
        use Role::*;
        match self {
            Action::UseOwnAccount | Action::HandIn => &Role::ALL,
            Action::SyncDevice | Action::SubmitVisit | Action::WithdrawVisit | Action::AnswerConflict => {
                &[Caseworker, Responsible, GrassrootsAdmin]
            }
            Action::ListHouseholds
            | Action::ViewHousehold
            | Action::ListVisits
            | Action::ViewVisit
            | Action::ListConflicts => &[
                Caseworker,
                Responsible,
                GrassrootsAdmin,
                BannerSupervisor,
                IndustrySupervisor,
                CityReviewer,
                CityAdmin,
                Auditor,
            ],
            Action::AssignHousehold | Action::ClearLoss => &[BannerSupervisor, CityReviewer],
            Action::ListOutstanding => &[BannerSupervisor, IndustrySupervisor, CityReviewer, CityAdmin, Auditor],
            Action::ReviewVisit | Action::DecideConflict => &[BannerSupervisor, IndustrySupervisor, CityReviewer],
            Action::ListParked => &[BannerSupervisor, IndustrySupervisor, CityReviewer, CityAdmin, Auditor, Sysop],
            Action::ReplayParked => &[BannerSupervisor, IndustrySupervisor, CityReviewer, CityAdmin, Sysop],
            // Giving work up is a decision about the work, so not one of whoever runs the machine.
            Action::DismissParked => &[BannerSupervisor, IndustrySupervisor, CityReviewer],
            Action::ListUsers => &[BannerSupervisor, CityReviewer, CityAdmin, Sysop],
            Action::ManageUsers => &[CityAdmin, Sysop],
        }
    }
}

/// What a decision about a row needs to know of it.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub region: &'a RegionCode,
    /// Who visits the household (联系人).
    pub contact: Option<UserId>,
    /// Who answers for it (责任人).
    pub responsible: Option<UserId>,
    /// Who made the record (the visitor of a visit).
    pub author: Option<UserId>,
}

/// The answer of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Yes,
    /// The row may be seen, but this may not be done to it.
    No,
    /// The row must stay unseen.
    Unseen,
}

/// Whether the actor's role allows the action on any row at all.
pub fn may_attempt(role: Role, action: Action) -> bool {
    action.roles().contains(&role)
}

/// Whether the row lies in what the actor may see.
pub fn sees(actor: &Actor, target: &Target<'_>) -> bool {
    use crate::actor::RowScope;
    match actor.row_scope() {
        RowScope::Own(user) => [target.contact, target.responsible, target.author].contains(&Some(user)),
        RowScope::Region(region) => region.contains(target.region),
        RowScope::Nothing => false,
    }
}

/// Whether the row lies in what this action shows of it.
fn sees_for(actor: &Actor, action: Action, target: &Target<'_>) -> bool {
    match action {
        // Work that has not arrived belongs to the district of its author. What is shown of it says nothing of the
        // household, so whoever runs the machine sees it, too.
        Action::ListParked | Action::ReplayParked | Action::DismissParked => actor.scope.contains(target.region),
        _ => sees(actor, target),
    }
}

/// Whether the actor may do this to this row.
pub fn may(actor: &Actor, action: Action, target: &Target<'_>) -> Verdict {
    if !sees_for(actor, action, target) {
        return Verdict::Unseen;
    }
    if !may_attempt(actor.role, action) {
        return Verdict::No;
    }
    match action {
        // Reviewer and visitor are never the same person, whatever the roles.
        Action::ReviewVisit if target.author == Some(actor.user) => Verdict::No,
        Action::AnswerConflict if target.author != Some(actor.user) => Verdict::No,
        Action::WithdrawVisit if target.author != Some(actor.user) => Verdict::No,
        Action::DismissParked if target.author == Some(actor.user) => Verdict::No,
        _ => Verdict::Yes,
    }
}

/// Roles that an administrator may give to others; nobody gives out their own rights unseen by this table.
pub fn may_grant(by: Role, role: Role) -> bool {
    match by {
        Role::CityAdmin => role != Role::Sysop,
        Role::Sysop => true,
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::ids::{DeviceId, SessionId};
    use uuid::Uuid;

    fn actor(role: Role, scope: &str) -> Actor {
        Actor {
            user: UserId(Uuid::from_u128(1)),
            role,
            scope: RegionCode::parse(scope).unwrap(),
            session: SessionId(Uuid::nil()),
            device: DeviceId(Uuid::nil()),
        }
    }

    #[test]
    fn nobody_reviews_their_own_visit() {
        let region = RegionCode::parse("150602001").unwrap();
        for role in Role::ALL {
            let me = actor(role, "1506");
            let own = Target { region: &region, contact: None, responsible: None, author: Some(me.user) };
            assert_ne!(may(&me, Action::ReviewVisit, &own), Verdict::Yes, "{role}");
        }
    }

    #[test]
    fn a_row_of_another_banner_stays_unseen() {
        let region = RegionCode::parse("150603001").unwrap();
        let target = Target { region: &region, contact: None, responsible: None, author: None };
        assert_eq!(may(&actor(Role::BannerSupervisor, "150602"), Action::ReviewVisit, &target), Verdict::Unseen);
        assert_eq!(may(&actor(Role::CityReviewer, "1506"), Action::ReviewVisit, &target), Verdict::Yes);
        assert_eq!(may(&actor(Role::Caseworker, "150603"), Action::ViewHousehold, &target), Verdict::Unseen);
    }

    #[test]
    fn whoever_runs_the_machine_sees_what_has_not_arrived_and_gives_none_of_it_up() {
        let region = RegionCode::parse("150602001").unwrap();
        let target = Target { region: &region, contact: None, responsible: None, author: None };
        let sysop = actor(Role::Sysop, "1506");
        assert_eq!(may(&sysop, Action::ReplayParked, &target), Verdict::Yes);
        assert_eq!(may(&sysop, Action::DismissParked, &target), Verdict::No);
        assert_eq!(may(&sysop, Action::ViewHousehold, &target), Verdict::Unseen);
        assert_eq!(may(&actor(Role::BannerSupervisor, "150603"), Action::ReplayParked, &target), Verdict::Unseen);
    }

    #[test]
    fn administrators_and_auditors_never_approve() {
        for role in [Role::CityAdmin, Role::Auditor, Role::Sysop, Role::Finance] {
            assert!(!may_attempt(role, Action::ReviewVisit));
        }
    }
}
