#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::sync::merge::ClashKind;
use serde_json::json;
use uuid::Uuid;

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn at(second: i64) -> Time {
    Time::from_micros(second * 1_000_000)
}

/// Two addresses.
fn a_conflict() -> Conflict {
    let clash = Clash {
        kind: ClashKind::Path,
        path: "residence_address".into(),
        paths: vec!["residence_address".into()],
        base: json!("旧址"),
        theirs: json!("示例社区05号楼1单元101室"),
        mine: json!("示例社区09号楼2单元202室"),
        waiting: Vec::new(),
    };
    Conflict {
        id: ConflictId(Uuid::from_u128(7)),
        household: HouseholdId(Uuid::from_u128(8)),
        clash,
        visit: VisitId(Uuid::from_u128(9)),
        visit_rev: 1,
        visitor: user(1),
        mine_at: at(9),
        theirs: None,
        state: ConflictState::Open,
        visitor_until: at(10).plus_ms(VISITOR_FIRST_MS),
        decision: None,
        created_at: at(10),
    }
}

fn wants(choice: Choice) -> Wanted {
    Wanted { choice, value: None, reason: None }
}

fn visitor() -> Decider {
    Decider { user: user(1), is_reviewer: false, is_visitor_gone: false }
}

fn reviewer() -> Decider {
    Decider { user: user(2), is_reviewer: true, is_visitor_gone: false }
}

#[test]
fn the_visitor_decides_at_any_time_a_reviewer_when_the_visitor_had_theirs() {
    let open = a_conflict();
    let due = open.visitor_until;
    let stranger = Decider { user: user(3), is_reviewer: false, is_visitor_gone: true };
    for (who, now, may) in [
        (visitor(), at(10), true),
        (visitor(), due.plus_ms(1), true),
        (reviewer(), due.plus_ms(-1), false),
        (reviewer(), due, true),
        (Decider { is_visitor_gone: true, ..reviewer() }, at(10), true),
        (stranger, due, false),
    ] {
        assert_eq!(open.may_decide(who, now), may, "{who:?}");
        let decided = open.clone().decided(wants(Choice::Mine), who, now);
        assert_eq!(decided.map(drop), if may { Ok(()) } else { Err(ConflictRefusal::NotYours) });
    }
}

#[test]
fn a_conflict_is_decided_once() {
    let decided = a_conflict().decided(wants(Choice::Theirs), visitor(), at(11)).unwrap();
    assert_eq!(decided.state, ConflictState::Decided);
    let again = decided.clone().decided(wants(Choice::Mine), visitor(), at(12));
    assert_eq!(again, Err(ConflictRefusal::AlreadyDecided));
    let void = Conflict { state: ConflictState::Void, decision: None, ..decided };
    assert_eq!(void.decided(wants(Choice::Mine), visitor(), at(12)), Err(ConflictRefusal::AlreadyDecided));
}

#[test]
fn a_value_comes_with_its_reason_and_only_where_it_is_asked() {
    let open = a_conflict();
    let decide = |wanted| open.clone().decided(wanted, visitor(), at(11)).map(drop);
    let own = |value: Option<Value>, reason: Option<&str>| Wanted {
        choice: Choice::Other,
        value,
        reason: reason.map(str::to_owned),
    };
    assert_eq!(decide(own(None, Some("x"))), Err(ConflictRefusal::ValueMissing));
    assert_eq!(decide(own(Some(json!("x")), None)), Err(ConflictRefusal::ReasonMissing));
    assert_eq!(decide(own(Some(json!("x")), Some("  "))), Err(ConflictRefusal::ReasonMissing));
    assert_eq!(decide(own(Some(json!("x")), Some(&"字".repeat(201)))), Err(ConflictRefusal::ReasonTooLong));
    assert_eq!(decide(own(Some(Value::Null), Some("已拆除"))), Ok(()), "nothing is a value, too");
    let with_value = Wanted { choice: Choice::Mine, value: Some(json!("x")), reason: None };
    assert_eq!(decide(with_value), Err(ConflictRefusal::ValueNotAsked));
}
