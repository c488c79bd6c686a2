#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::ids::{ConflictId, HouseholdId, UserId, VisitId};
use crate::sync::conflict::{ConflictState, VISITOR_FIRST_MS};
use crate::sync::merge::{Rebase, merge};
use crate::time::Time;
use crate::visit::Standing;
use serde_json::json;
use uuid::Uuid;

const ADDRESS: &str = "residence_address";
const OLD: &str = "示例社区03号楼";
const EAST: &str = "示例社区05号楼1单元101室";
const WEST: &str = "示例社区09号楼2单元202室";
const THIRD: &str = "示例社区11号楼3单元303室";

fn at(second: i64) -> Time {
    Time::from_micros(second * 1_000_000)
}

fn file(address: &str) -> File {
    json!({ "residence_address": address }).as_object().unwrap().clone()
}

/// A visit says West; meanwhile the file came to say `current`.
fn merged_with(definitions: &Definitions, current: &str) -> Merged {
    let mine = [Change { path: ADDRESS.into(), from: json!(OLD), to: json!(WEST) }];
    let (base, current) = (file(OLD), file(current));
    let (base, current) = (&base, &current);
    merge(&Rebase { definitions, base, current, mine: &mine, mine_at: at(9), theirs_at: &|_| Some(at(5)) })
}

fn merged(definitions: &Definitions) -> Merged {
    merged_with(definitions, EAST)
}

fn the_clash(definitions: &Definitions) -> Clash {
    merged(definitions).clashes.remove(0)
}

fn conflict(clash: Clash) -> Conflict {
    Conflict {
        id: ConflictId(Uuid::from_u128(7)),
        household: HouseholdId(Uuid::from_u128(8)),
        clash,
        visit: VisitId(Uuid::from_u128(9)),
        visit_rev: 1,
        visitor: UserId(Uuid::from_u128(1)),
        mine_at: at(9),
        theirs: None,
        state: ConflictState::Open,
        visitor_until: at(10).plus_ms(VISITOR_FIRST_MS),
        decision: None,
        created_at: at(10),
    }
}

/// The conflict as it was decided; `other` is [`THIRD`].
fn decided(clash: Clash, choice: Choice, second: i64) -> Conflict {
    let value = (choice == Choice::Other).then(|| json!(THIRD));
    let reason = value.as_ref().map(|_| "看错了".to_owned());
    let decision = Decision { choice, value, reason, by: UserId(Uuid::from_u128(1)), at: at(second) };
    Conflict { state: ConflictState::Decided, decision: Some(decision), ..conflict(clash) }
}

fn carried(definitions: &Definitions, current: &str, conflicts: &[Conflict], is_other_ahead: bool) -> Merged {
    let mut merged = merged_with(definitions, current);
    let answer = |conflict| Answer { conflict, is_other_ahead, is_same_rev: true };
    carry_out(definitions, &mut merged, &file(current), &conflicts.iter().map(answer).collect::<Vec<_>>());
    merged
}

fn written(merged: &Merged) -> Option<&str> {
    merged.accepted.iter().find(|change| change.path == ADDRESS)?.to.as_str()
}

#[test]
fn a_decision_is_carried_out_on_exactly_what_it_was_about() {
    let definitions = Definitions::embedded().unwrap();
    let clash = the_clash(&definitions);
    for (choice, kept) in
        [(Choice::Mine, Some(WEST)), (Choice::Theirs, None), (Choice::Revisit, None), (Choice::Other, Some(THIRD))]
    {
        let merged = carried(&definitions, EAST, &[decided(clash.clone(), choice, 11)], false);
        assert!(merged.clashes.is_empty());
        assert_eq!(merged.standing(ADDRESS), Standing::Decided);
        assert_eq!(written(&merged), kept, "{choice:?}");
        if let Some(change) = merged.accepted.first() {
            assert_eq!(change.from, EAST, "it begins with what the file holds");
        }
    }
    // The same place, another value on the other side: nobody decided about that.
    let about = Clash { theirs: json!("示例社区77号楼"), ..clash.clone() };
    let merged = carried(&definitions, EAST, &[decided(about, Choice::Mine, 11)], false);
    assert_eq!((merged.clashes.len(), merged.decided.len()), (1, 0));
    assert_eq!(merged.standing(ADDRESS), Standing::Moved);
    // The same values, and more that waits for mine: whoever decided did not see that.
    let more = Change { path: "residence_note".into(), from: Value::Null, to: json!("从东门进") };
    let about = Clash { waiting: vec![more], ..clash };
    assert_eq!(carried(&definitions, EAST, &[decided(about, Choice::Mine, 11)], false).clashes.len(), 1);
}

#[test]
fn the_latest_decision_counts() {
    let definitions = Definitions::embedded().unwrap();
    let clash = the_clash(&definitions);
    let both = [decided(clash.clone(), Choice::Mine, 20), decided(clash, Choice::Theirs, 30)];
    assert_eq!(carried(&definitions, EAST, &both, false).decided[0].choice, Choice::Theirs);
}

#[test]
fn an_open_or_void_conflict_decides_nothing() {
    let definitions = Definitions::embedded().unwrap();
    let open = conflict(the_clash(&definitions));
    let void = Conflict { state: ConflictState::Void, ..open.clone() };
    assert_eq!(carried(&definitions, EAST, &[open, void], false).clashes.len(), 1);
}

#[test]
fn what_was_called_wrong_stays_out_while_the_other_side_waits() {
    let definitions = Definitions::embedded().unwrap();
    for (choice, kept) in
        [(Choice::Mine, Some(WEST)), (Choice::Theirs, None), (Choice::Revisit, None), (Choice::Other, Some(THIRD))]
    {
        // The file still holds what both began with, so that this merge finds no clash.
        let merged = carried(&definitions, OLD, &[decided(the_clash(&definitions), choice, 11)], true);
        assert!(merged.clashes.is_empty());
        assert_eq!(merged.standing(ADDRESS), Standing::Decided, "{choice:?}");
        assert_eq!(written(&merged), kept, "{choice:?}");
        assert_eq!(merged.decided[0].clash.theirs, EAST);
    }
}

#[test]
fn theirs_of_which_nothing_came_is_asked_again_and_then_stands() {
    let definitions = Definitions::embedded().unwrap();
    let first = decided(the_clash(&definitions), Choice::Theirs, 11);
    let merged = carried(&definitions, OLD, std::slice::from_ref(&first), false);
    assert_eq!((merged.standing(ADDRESS), written(&merged)), (Standing::Moved, None));
    let again = merged.clashes[0].clone();
    assert_eq!((&again.theirs, &again.mine), (&json!(OLD), &json!(WEST)));
    for (choice, kept) in [(Choice::Theirs, None), (Choice::Mine, Some(WEST)), (Choice::Other, Some(THIRD))] {
        let both = [first.clone(), decided(again.clone(), choice, 20)];
        let merged = carried(&definitions, OLD, &both, false);
        assert!(merged.clashes.is_empty(), "{choice:?}");
        assert_eq!(written(&merged), kept, "{choice:?}");
    }
}

#[test]
fn a_value_of_ones_own_and_a_revisit_need_no_other_side() {
    let definitions = Definitions::embedded().unwrap();
    for (choice, kept) in [(Choice::Other, Some(THIRD)), (Choice::Revisit, None), (Choice::Mine, Some(WEST))] {
        let merged = carried(&definitions, OLD, &[decided(the_clash(&definitions), choice, 11)], false);
        assert!(merged.clashes.is_empty());
        assert_eq!(written(&merged), kept, "{choice:?}");
        assert_eq!(merged.decided.iter().any(|of| of.choice == choice), choice != Choice::Mine, "{choice:?}");
    }
}

#[test]
fn a_visit_that_was_sent_again_with_another_value_is_a_new_word() {
    let definitions = Definitions::embedded().unwrap();
    let about = Clash { mine: json!(THIRD), ..the_clash(&definitions) };
    let earlier = decided(about, Choice::Revisit, 11);
    let mut merged = merged_with(&definitions, OLD);
    let answer = Answer { conflict: &earlier, is_other_ahead: false, is_same_rev: false };
    carry_out(&definitions, &mut merged, &file(OLD), &[answer]);
    assert_eq!((merged.standing(ADDRESS), written(&merged)), (Standing::Clean, Some(WEST)));
    // The same value is the same word.
    let earlier = decided(the_clash(&definitions), Choice::Revisit, 11);
    let mut merged = merged_with(&definitions, OLD);
    let answer = Answer { conflict: &earlier, is_other_ahead: false, is_same_rev: false };
    carry_out(&definitions, &mut merged, &file(OLD), &[answer]);
    assert_eq!((merged.standing(ADDRESS), written(&merged)), (Standing::Decided, None));
}
