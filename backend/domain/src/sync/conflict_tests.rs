#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::form::File;
use crate::sync::merge::{Rebase, merge};
use crate::visit::Standing;
use serde_json::json;
use uuid::Uuid;

const EAST: &str = "示例社区05号楼1单元101室";
const WEST: &str = "示例社区09号楼2单元202室";

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn at(second: i64) -> Time {
    Time::from_micros(second * 1_000_000)
}

fn file(address: &str) -> File {
    json!({ "residence_address": address }).as_object().unwrap().clone()
}

/// A visit says West; meanwhile the file came to say East.
fn merged(definitions: &Definitions) -> Merged {
    let mine = [Change { path: "residence_address".into(), from: json!("旧址"), to: json!(WEST) }];
    let (base, current) = (file("旧址"), file(EAST));
    let rebase = Rebase {
        definitions,
        base: &base,
        current: &current,
        mine: &mine,
        mine_at: at(9),
        theirs_at: &|_| Some(at(5)),
    };
    merge(&rebase)
}

fn conflict(clash: Clash) -> Conflict {
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

fn the_clash(definitions: &Definitions) -> Clash {
    merged(definitions).clashes.remove(0)
}

#[test]
fn the_visitor_decides_at_any_time_a_reviewer_when_the_visitor_had_theirs() {
    let definitions = Definitions::embedded().unwrap();
    let open = conflict(the_clash(&definitions));
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
    let definitions = Definitions::embedded().unwrap();
    let decided = conflict(the_clash(&definitions)).decided(wants(Choice::Theirs), visitor(), at(11)).unwrap();
    assert_eq!(decided.state, ConflictState::Decided);
    let again = decided.clone().decided(wants(Choice::Mine), visitor(), at(12));
    assert_eq!(again, Err(ConflictRefusal::AlreadyDecided));
    let void = Conflict { state: ConflictState::Void, decision: None, ..decided };
    assert_eq!(void.decided(wants(Choice::Mine), visitor(), at(12)), Err(ConflictRefusal::AlreadyDecided));
}

#[test]
fn a_value_comes_with_its_reason_and_only_where_it_is_asked() {
    let definitions = Definitions::embedded().unwrap();
    let open = conflict(the_clash(&definitions));
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

#[test]
fn a_decision_is_carried_out_on_exactly_what_it_was_about() {
    let definitions = Definitions::embedded().unwrap();
    for (choice, kept) in [(Choice::Mine, Some(WEST)), (Choice::Theirs, None), (Choice::Revisit, None)] {
        let mut merged = merged(&definitions);
        let decided = conflict(merged.clashes[0].clone()).decided(wants(choice), visitor(), at(11)).unwrap();
        carry_out(&definitions, &mut merged, &file(EAST), &[decided]);
        assert!(merged.clashes.is_empty());
        assert_eq!(merged.standing("residence_address"), Standing::Decided);
        let written = merged.accepted.iter().find(|change| change.path == "residence_address");
        assert_eq!(written.map(|change| &change.to), kept.map(|kept| json!(kept)).as_ref(), "{choice:?}");
        if let Some(change) = written {
            assert_eq!(change.from, EAST, "it begins with what the file holds");
        }
    }
    // The same place, another value on the other side: nobody decided about that.
    let mut about = the_clash(&definitions);
    about.theirs = json!("示例社区77号楼");
    let other = conflict(about).decided(wants(Choice::Mine), visitor(), at(11)).unwrap();
    let mut merged = merged(&definitions);
    carry_out(&definitions, &mut merged, &file(EAST), &[other]);
    assert_eq!((merged.clashes.len(), merged.decided.len()), (1, 0));
    assert_eq!(merged.standing("residence_address"), Standing::Moved);
}

#[test]
fn the_latest_decision_counts() {
    let definitions = Definitions::embedded().unwrap();
    let mut merged = merged(&definitions);
    let decide = |choice, second| conflict(the_clash(&definitions)).decided(wants(choice), visitor(), at(second));
    let decided = [decide(Choice::Mine, 20).unwrap(), decide(Choice::Theirs, 30).unwrap()];
    carry_out(&definitions, &mut merged, &file(EAST), &decided);
    assert_eq!(merged.decided[0].choice, Choice::Theirs);
}

#[test]
fn an_open_or_void_conflict_decides_nothing() {
    let definitions = Definitions::embedded().unwrap();
    let mut merged = merged(&definitions);
    let open = conflict(the_clash(&definitions));
    let void = Conflict { state: ConflictState::Void, ..open.clone() };
    carry_out(&definitions, &mut merged, &file(EAST), &[open, void]);
    assert_eq!(merged.clashes.len(), 1);
}
