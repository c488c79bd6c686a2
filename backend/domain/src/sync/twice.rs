//! A household filed twice: a visit brings the ID number of somebody whom another file, or another waiting visit, holds.
//!
//! It is a conflict of the visit that came later, and known by the two households, so that it is asked once however
//! many of a family match. "Mine" says that these are two households, "theirs" that the other one is this one.

use super::conflict::{Conflict, ConflictState};
use super::merge::{Choice, Clash, ClashKind};
use crate::form::{Change, Dictionary, is_masked, normalise};
use crate::ids::HouseholdId;
use serde_json::{Map, Value, json};

/// The column that nobody shares.
const NUMBER: &str = "id_no";

/// A person with the number that a visit brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// The person's key in the visit's household.
    pub person: String,
    /// As the file keeps it.
    pub number: String,
}

/// The ID numbers that changes write, as the file keeps them; covered ones are not new.
pub fn numbers(dictionary: &Dictionary, changes: &[Change]) -> Vec<Numbered> {
    let cell = |change: &Change| -> Option<(String, Value)> {
        let rest = change.path.strip_prefix("persons/")?;
        match rest.split_once('/') {
            Some((person, NUMBER)) => Some((person.to_owned(), change.to.clone())),
            None => Some((rest.to_owned(), change.to.get(NUMBER)?.clone())),
            Some(_) => None,
        }
    };
    let found = changes.iter().filter_map(cell);
    let settled = found.filter_map(|(person, value)| {
        let field = dictionary.field(&format!("persons/{person}/{NUMBER}"))?;
        let number = normalise(field, &value).as_str().filter(|text| !text.is_empty() && !is_masked(text))?.to_owned();
        Some(Numbered { person, number })
    });
    settled.collect()
}

/// Where a conflict about another household stands: its `path`.
pub fn place(other: HouseholdId) -> String {
    format!("households/{other}")
}

/// The question whether `other` is the same household; `people` are those of `own` whose number both hold: person →
/// name and covered number. They are evidence, and no part of the question.
pub fn clash(own: HouseholdId, other: HouseholdId, people: Map<String, Value>) -> Clash {
    Clash {
        kind: ClashKind::Twice,
        path: place(other),
        paths: Vec::new(),
        base: people.into(),
        theirs: json!({ "household_id": other }),
        mine: json!({ "household_id": own }),
        waiting: Vec::new(),
    }
}

/// The other household of such a question.
pub fn other(clash: &Clash) -> Option<HouseholdId> {
    let id = clash.path.strip_prefix("households/").filter(|_| clash.kind == ClashKind::Twice)?;
    id.parse().ok().map(HouseholdId)
}

/// The paths of the numbers that both households hold.
pub fn number_paths(clash: &Clash) -> Vec<String> {
    let people = clash.base.as_object().into_iter().flatten();
    people.map(|(person, _)| format!("persons/{person}/{NUMBER}")).collect()
}

/// What was answered about the households that a visit meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// Each of them is another household.
    Apart,
    /// Nobody has been asked about one of them.
    Unasked,
    /// One of them is this household. The paths are those of the numbers that both hold.
    Same(Vec<String>),
}

/// Whether a conflict still speaks for a visit that is at revision `rev`. That two files are one household was said of
/// the revision that was there: who gets the visit back and sends it again is asked again.
pub fn counts(conflict: &Conflict, rev: i64) -> bool {
    let is_same = conflict.clash.kind == ClashKind::Twice
        && conflict.decision.as_ref().is_some_and(|decision| decision.choice == Choice::Theirs);
    conflict.state != ConflictState::Void && (!is_same || conflict.visit_rev == rev)
}

/// The households of which it was said that they are the visit's own.
pub fn said_same(conflicts: &[Conflict], rev: i64) -> Vec<HouseholdId> {
    let same = conflicts
        .iter()
        .filter(|of| counts(of, rev) && of.decision.as_ref().is_some_and(|decision| decision.choice == Choice::Theirs));
    same.filter_map(|of| other(&of.clash)).collect()
}

/// What the conflicts of a visit at revision `rev` say about what it meets now. An open question counts as asked: it
/// holds up the approval by itself.
pub fn answered(met: &[Clash], conflicts: &[Conflict], rev: i64) -> Answered {
    let mut same = Vec::new();
    for clash in met {
        let known = conflicts.iter().find(|of| counts(of, rev) && of.is_of(clash));
        match known.map(|known| known.decision.as_ref().map(|decision| decision.choice)) {
            None => return Answered::Unasked,
            Some(Some(Choice::Theirs)) => same.extend(number_paths(clash)),
            Some(_) => {}
        }
    }
    if same.is_empty() { Answered::Apart } else { Answered::Same(same) }
}

#[cfg(test)]
#[path = "twice_tests.rs"]
mod tests;
