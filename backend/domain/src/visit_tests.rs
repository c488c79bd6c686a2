#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use serde_json::json;
use uuid::Uuid;

fn proposal(rev: i64) -> Proposal {
    serde_json::from_value(json!({
        "id": Uuid::from_u128(7), "rev": rev, "household_id": Uuid::from_u128(8), "base_rev": 0, "visit_type": "V01",
        "form": {"id": "V01", "version": 1}, "dictionary_version": 1, "app_version": "t",
        "started_at": "2026-11-23T01:00:00Z", "ended_at": "2026-11-23T01:30:00Z",
        "monotonic_ms": 1_800_000, "clock_offset_ms": 0, "visit": {"outcome": "done"},
        "nonce": "AAAAAAAAAAAAAAAAAAAAAA", "changes": [], "later": [], "unchanged": [], "warnings": [], "evidence": [], "signatures": []
    }))
    .unwrap()
}

fn visitor() -> UserId {
    UserId(Uuid::from_u128(1))
}
fn reviewer() -> UserId {
    UserId(Uuid::from_u128(2))
}
fn device() -> DeviceId {
    DeviceId(Uuid::from_u128(3))
}
fn received() -> Visit {
    Visit::received(&proposal(1), "h1".into(), visitor(), device(), Time::from_micros(5)).unwrap()
}
fn seen(rev: i64, hash: &str, file_rev: i64) -> Seen<'_> {
    Seen { visit_rev: rev, visit_hash: hash, file_rev: Some(file_rev) }
}
fn review(decision: Decision, reasons: Vec<Reason>) -> Review {
    Review { by: reviewer(), at: Time::from_micros(9), decision, reasons, text: String::new() }
}
fn reason() -> Reason {
    Reason { path: "narrative".into(), code: "income_unclear".into(), text: "?".into() }
}

#[test]
fn a_visitor_cannot_review_their_own_visit() {
    assert_eq!(received().check_review(visitor(), seen(1, "h1", 0), 0), Err(VisitRefusal::Own));
}

#[test]
fn a_review_counts_only_for_the_revision_hash_and_file_that_were_seen() {
    let visit = received();
    assert_eq!(visit.check_review(reviewer(), seen(1, "h1", 0), 0), Ok(()));
    for stale in [seen(2, "h1", 0), seen(1, "h2", 0), seen(1, "h1", 1)] {
        assert_eq!(visit.check_review(reviewer(), stale, 0), Err(VisitRefusal::StaleReview));
    }
}

#[test]
fn the_second_reviewer_hears_that_it_was_decided() {
    let visit = received().decided(review(Decision::Approved, vec![]), Some(1)).unwrap();
    assert_eq!(visit.check_review(reviewer(), seen(1, "h1", 0), 1), Err(VisitRefusal::AlreadyDecided));
}

#[test]
fn a_returned_visit_comes_again_as_the_next_revision_only() {
    let visit = received().decided(review(Decision::Returned, vec![reason()]), None).unwrap();
    let at = Time::from_micros(11);
    assert_eq!(
        visit.clone().mended(&proposal(3), "h3".into(), visitor(), device(), at),
        Err(VisitRefusal::NotReturned)
    );
    assert_eq!(
        visit.clone().mended(&proposal(2), "h2".into(), reviewer(), device(), at),
        Err(VisitRefusal::NotTheSame)
    );
    let mended = visit.mended(&proposal(2), "h2".into(), visitor(), device(), at).unwrap();
    assert_eq!((mended.rev, mended.state, mended.hash.as_str()), (2, VisitState::InReview, "h2"));
    assert!(mended.review.is_some());
}

#[test]
fn a_waiting_visit_cannot_be_sent_again() {
    let again = received().mended(&proposal(2), "h2".into(), visitor(), device(), Time::from_micros(6));
    assert_eq!(again, Err(VisitRefusal::NotReturned));
}

#[test]
fn a_return_without_a_reason_is_no_return() {
    assert_eq!(received().decided(review(Decision::Returned, vec![]), None), Err(VisitRefusal::NoReason));
}

#[test]
fn an_approved_visit_cannot_be_withdrawn() {
    let approved = received().decided(review(Decision::Approved, vec![]), Some(1)).unwrap();
    assert_eq!(approved.withdrawn(visitor(), 1), Err(VisitRefusal::AlreadyDecided));
    assert_eq!(received().withdrawn(visitor(), 1).unwrap().state, VisitState::Withdrawn);
    assert_eq!(received().withdrawn(reviewer(), 1), Err(VisitRefusal::NotTheSame));
}

#[test]
fn a_visit_in_conflict_is_returned_or_rejected_but_not_approved() {
    let visit = received().waiting(true);
    assert_eq!(visit.state, VisitState::Conflict);
    assert_eq!(visit.check_review(reviewer(), seen(1, "h1", 0), 0), Err(VisitRefusal::ConflictOpen));
    assert_eq!(visit.check_review(reviewer(), Seen { file_rev: None, ..seen(1, "h1", 0) }, 0), Ok(()));
    assert_eq!(visit.clone().waiting(true).state, VisitState::Conflict);
    assert_eq!(visit.waiting(false).state, VisitState::InReview);
    let decided = received().decided(review(Decision::Approved, vec![]), Some(1)).unwrap();
    assert_eq!(decided.waiting(true).state, VisitState::Approved, "what is decided stays so");
}
