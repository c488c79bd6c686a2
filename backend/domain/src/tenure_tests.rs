#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::ids::{DeviceId, SessionId};
use uuid::Uuid;

const ANA: UserId = UserId(Uuid::from_u128(1));
const BO: UserId = UserId(Uuid::from_u128(2));

fn region(code: &str) -> RegionCode {
    RegionCode::parse(code).unwrap()
}

fn at(second: i64) -> Time {
    Time::from_micros(second * 1_000_000)
}

fn actor(role: Role, scope: &str) -> Actor {
    Actor { user: ANA, role, scope: region(scope), session: SessionId(Uuid::nil()), device: DeviceId(Uuid::nil()) }
}

fn past(postings: &[(Role, &str, i64)]) -> Past {
    let posting = |(role, scope, until): &(Role, &str, i64)| posted(*role, scope, 0, *until);
    Past { phone_since: at(100), postings: postings.iter().map(posting).collect() }
}

fn posted(role: Role, scope: &str, since: i64, until: i64) -> Posting {
    Posting { role, scope: region(scope), since: at(since), until: at(until) }
}

fn stays(of: &[(&str, i64)]) -> Vec<Stay> {
    of.iter().map(|(code, since)| Stay { region: region(code), since: at(*since) }).collect()
}

fn of(contact: Option<UserId>, region: &RegionCode) -> Target<'_> {
    Target { region, contact, responsible: None, author: None }
}

#[test]
fn a_household_in_ones_hands_needs_no_past() {
    let here = region("150602001");
    let ana = actor(Role::Caseworker, "150602");
    assert_eq!(past(&[]).holding(&ana, &of(Some(ANA), &here), None, &[]), Holding::Now);
    assert_eq!(
        past(&[]).holding(
            &actor(Role::GrassrootsAdmin, "150602001"),
            &of(Some(BO), &here),
            None,
            &stays(&[(here.as_str(), 0)])
        ),
        Holding::Now
    );
}

#[test]
fn whoever_never_had_it_has_no_such_household() {
    let here = region("150602001");
    for role in Role::ALL {
        for scope in ["150602", "150603"] {
            let holding =
                past(&[]).holding(&actor(role, scope), &of(Some(BO), &here), None, &stays(&[(here.as_str(), 0)]));
            let keeps_files_here = role == Role::GrassrootsAdmin && scope == "150602";
            assert_eq!(holding, if keeps_files_here { Holding::Now } else { Holding::Never }, "{role} {scope}");
        }
    }
}

#[test]
fn what_left_before_there_was_a_phone_cannot_be_on_one() {
    let here = region("150602001");
    let ana = actor(Role::Caseworker, "150602");
    let left = |second| past(&[]).holding(&ana, &of(Some(BO), &here), Some(at(second)), &[]);
    assert_eq!([left(99), left(100), left(101)], [Holding::Never, Holding::Then, Holding::Then]);
}

#[test]
fn another_role_keeps_the_work_of_the_one_before() {
    let here = region("150602001");
    let now = actor(Role::BannerSupervisor, "150602");
    let mine = of(Some(ANA), &here);
    assert_eq!(past(&[(Role::Caseworker, "150602", 150)]).holding(&now, &mine, None, &[]), Holding::Then);
    // A role that was over before there was a phone, or that visits nobody, gives nothing.
    assert_eq!(past(&[(Role::Caseworker, "150602", 50)]).holding(&now, &mine, None, &[]), Holding::Never);
    assert_eq!(past(&[(Role::Auditor, "150602", 150)]).holding(&now, &mine, None, &[]), Holding::Never);
    assert_eq!(past(&[]).holding(&now, &mine, Some(at(150)), &[]), Holding::Never, "no field work, whatever was told");
}

#[test]
fn a_union_that_moved_had_the_files_of_its_former_region_only() {
    let (here, there) = (region("150602001"), region("150602002"));
    let now = actor(Role::GrassrootsAdmin, "150603001");
    let moved = past(&[(Role::GrassrootsAdmin, "150602001", 150)]);
    assert_eq!(moved.holding(&now, &of(Some(BO), &here), None, &stays(&[(here.as_str(), 0)])), Holding::Then);
    assert_eq!(moved.holding(&now, &of(Some(BO), &there), None, &stays(&[(there.as_str(), 0)])), Holding::Never);
    assert!(moved.worked_in(&here) && !moved.worked_in(&there));
    // A caseworker's area is not a list of households.
    let caseworker = past(&[(Role::Caseworker, "150602", 150)]);
    assert_eq!(caseworker.holding(&now, &of(Some(BO), &here), None, &stays(&[(here.as_str(), 0)])), Holding::Never);
    assert!(caseworker.worked_in(&here));
}

#[test]
fn a_union_kept_the_files_of_what_lay_in_its_region_at_its_time() {
    let today = region("150602002");
    let now = actor(Role::GrassrootsAdmin, "150603001");
    let union = |since, until| Past {
        phone_since: at(100),
        postings: vec![posted(Role::GrassrootsAdmin, "150602001", since, until)],
    };
    // It lay in the union's region from 200 to 300, and lies elsewhere today.
    let stays = stays(&[("150602003", 0), ("150602001", 200), ("150602002", 300)]);
    let held = |since, until| union(since, until).holding(&now, &of(Some(BO), &today), None, &stays);
    assert_eq!(held(0, 250), Holding::Then, "there when it came");
    assert_eq!(held(220, 250), Holding::Then, "for a while of its stay");
    assert_eq!(held(250, 400), Holding::Then, "there when it left");
    assert_eq!(held(0, 199), Holding::Never, "gone before it came");
    assert_eq!(held(301, 400), Holding::Never, "come after it left");
    // A stay that was over before there was a phone.
    let early = self::stays(&[("150602001", 0), ("150602002", 50)]);
    assert_eq!(union(0, 250).holding(&now, &of(Some(BO), &today), None, &early), Holding::Never);
    assert!(union(0, 250).kept_files() && !past(&[(Role::Caseworker, "150602", 150)]).kept_files());
}

#[test]
fn handing_in_asks_for_the_role_of_now_or_of_then() {
    let moved = past(&[(Role::Caseworker, "150602", 150), (Role::Auditor, "1506", 160)]);
    assert!(moved.may_hand_in(Role::Finance, Action::SubmitVisit));
    assert!(!moved.may_hand_in(Role::Finance, Action::ReviewVisit));
    assert!(!past(&[(Role::Caseworker, "150602", 99)]).may_hand_in(Role::Finance, Action::SubmitVisit));
    assert!(past(&[]).may_hand_in(Role::Responsible, Action::SubmitVisit));
}
