#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::form::Definitions;
use crate::ids::{ConflictId, UserId, VisitId};
use crate::sync::conflict::{ConflictRefusal, Decider, Wanted};
use crate::time::Time;
use uuid::Uuid;

const PERSON: &str = "01890000-0000-7000-8000-0000000000a1";

fn house(n: u128) -> HouseholdId {
    HouseholdId(Uuid::from_u128(n))
}

fn change(path: &str, to: Value) -> Change {
    Change { path: path.to_owned(), from: Value::Null, to }
}

fn met(other: u128) -> Clash {
    clash(house(1), house(other), [(PERSON.to_owned(), json!({ "name": "示例甲" }))].into_iter().collect())
}

fn a_conflict(other: u128) -> Conflict {
    Conflict {
        id: ConflictId(Uuid::from_u128(7)),
        household: house(1),
        clash: met(other),
        visit: VisitId(Uuid::from_u128(9)),
        visit_rev: 1,
        visitor: UserId(Uuid::from_u128(3)),
        mine_at: Time::from_micros(0),
        theirs: None,
        state: ConflictState::Open,
        visitor_until: Time::from_micros(10),
        decision: None,
        created_at: Time::from_micros(0),
    }
}

fn decided(other: u128, choice: Choice) -> Result<Conflict, ConflictRefusal> {
    let who = Decider { user: UserId(Uuid::from_u128(3)), is_reviewer: false, is_visitor_gone: false };
    let value = (choice == Choice::Other).then(|| json!("x"));
    a_conflict(other).decided(Wanted { choice, value, reason: Some("看过户口簿".into()) }, who, Time::from_micros(1))
}

#[test]
fn numbers_are_those_that_a_visit_writes_as_the_file_keeps_them() {
    let definitions = Definitions::embedded().unwrap();
    let cell = |column: &str, to: Value| change(&format!("persons/{PERSON}/{column}"), to);
    let of = |change: Change| {
        let found = numbers(definitions.dictionary(), &[change]);
        found.into_iter().map(|one| (one.person, one.number)).collect::<Vec<_>>()
    };
    let known = vec![(PERSON.to_owned(), "11010519491231002X".to_owned())];
    assert_eq!(of(cell("id_no", json!("11010519491231002x"))), known);
    let row = json!({ "name": "示例甲", "id_no": "11010519491231002X" });
    assert_eq!(of(change(&format!("persons/{PERSON}"), row)), known);
    for other in [
        cell("id_no", Value::Null),
        cell("id_no", json!("110***********002X")),
        cell("phone", json!("15400005678")),
        change(&format!("persons/{PERSON}"), Value::Null),
        change("id_no", json!("11010519491231002X")),
    ] {
        assert_eq!(of(other), []);
    }
}

#[test]
fn the_question_is_about_two_households_whoever_matches() {
    let more = clash(house(1), house(2), Map::new());
    assert!(met(2).is_same(&more));
    assert!(!met(2).is_same(&met(3)));
    assert_eq!((other(&met(2)), number_paths(&met(2))), (Some(house(2)), vec![format!("persons/{PERSON}/id_no")]));
    let path = Clash { kind: ClashKind::Path, ..met(2) };
    assert_eq!(other(&path), None);
}

#[test]
fn it_is_answered_with_yes_or_no() {
    for choice in [Choice::Mine, Choice::Theirs] {
        assert_eq!(decided(2, choice).unwrap().state, ConflictState::Decided);
    }
    for choice in [Choice::Other, Choice::Revisit] {
        assert_eq!(decided(2, choice), Err(ConflictRefusal::ChoiceNotAsked));
    }
}

#[test]
fn an_approval_needs_an_answer_about_each_household_that_the_visit_meets() {
    let (apart, same) = (decided(2, Choice::Mine).unwrap(), decided(2, Choice::Theirs).unwrap());
    let void = Conflict { state: ConflictState::Void, ..a_conflict(2) };
    let number = format!("persons/{PERSON}/id_no");
    assert_eq!(answered(&[], &[], 1), Answered::Apart);
    assert_eq!(answered(&[met(2)], &[], 1), Answered::Unasked);
    assert_eq!(answered(&[met(2)], &[void], 1), Answered::Unasked);
    assert_eq!(answered(&[met(2)], &[a_conflict(2)], 1), Answered::Apart, "the open question holds it up by itself");
    assert_eq!(answered(&[met(2)], std::slice::from_ref(&apart), 1), Answered::Apart);
    assert_eq!(answered(&[met(2)], std::slice::from_ref(&same), 1), Answered::Same(vec![number]));
    assert_eq!(answered(&[met(2), met(3)], &[apart], 1), Answered::Unasked);
    assert_eq!(answered(&[met(2)], std::slice::from_ref(&same), 2), Answered::Unasked, "sent again, asked again");
    assert_eq!(
        (said_same(std::slice::from_ref(&same), 1), said_same(std::slice::from_ref(&same), 2)),
        (vec![house(2)], vec![])
    );
    assert_eq!(answered(&[], &[same], 1), Answered::Apart, "the number was wrong, and is mended");
}
