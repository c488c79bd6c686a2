//! What was decided about conflicts is carried out on a merge.
//!
//! A decision counts for the clash that it was about. Where a merge finds no such clash, the other side is not (yet)
//! in the file: its visit still waits, or it was not approved. Then the decision stands all the same, because what its
//! visitor called wrong must not enter the file; only "theirs", of which nothing has come, is asked again.

use super::conflict::{Conflict, Decision};
use super::merge::{Choice, Clash, ClashKind, Merged, resolve};
use crate::form::{Change, Definitions, File, apply, get};
use serde_json::{Map, Value};

/// A clash that a decision settled, and what the decision writes.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    pub clash: Clash,
    pub choice: Choice,
    pub written: Vec<Change>,
}

/// A conflict about which somebody decided, as the visit stands that it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    pub conflict: &'a Conflict,
    /// The visit on the other side still waits, and will be reviewed first.
    pub is_other_ahead: bool,
    /// The visit was not sent again since.
    pub is_same_rev: bool,
}

impl<'a> Answer<'a> {
    /// For a visit that is at revision `rev`.
    pub fn new(conflict: &'a Conflict, rev: i64, is_other_ahead: bool) -> Self {
        Self { conflict, is_other_ahead, is_same_rev: conflict.visit_rev == rev }
    }
}

/// Moves the clashes about which somebody decided from `merged.clashes` to `merged.decided`, and what the decisions
/// write to `merged.accepted`; takes from there what a decision spoke against. `current` is the file that was merged
/// with. A decision that cannot be carried out on it leaves or makes a clash, for a person.
pub fn carry_out(definitions: &Definitions, merged: &mut Merged, current: &File, answers: &[Answer<'_>]) {
    let carrier = Carrier { definitions, current };
    let mut decided: Vec<(&Answer<'_>, &Decision)> =
        answers.iter().filter_map(|answer| Some((answer, answer.conflict.decision.as_ref()?))).collect();
    // The latest first; of the same moment the one that was found last.
    decided.sort_by_key(|(_, decision)| decision.at);
    decided.reverse();
    let mut open = Vec::new();
    for clash in std::mem::take(&mut merged.clashes) {
        let known = decided.iter().find(|(answer, _)| answer.conflict.is_of(&clash));
        let carried = known.and_then(|(_, decision)| carrier.carry(merged, clash.clone(), decision));
        match carried {
            Some(carried) => merged.decided.push(carried),
            None => open.push(clash),
        }
    }
    merged.clashes = open;
    // The latest word about a place is the word.
    let mut spoken: Vec<&Clash> = Vec::new();
    for (answer, decision) in decided {
        let about = &answer.conflict.clash;
        let is_taken = spoken.iter().any(|other| overlap(other, about))
            || merged.clashes.iter().any(|other| overlap(other, about))
            || merged.decided.iter().any(|other| overlap(&other.clash, about));
        if !is_taken && carrier.stand(merged, answer, decision) {
            spoken.push(about);
        }
    }
    merged.accepted.sort_by(|a, b| a.path.cmp(&b.path));
    merged.clashes.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
}

fn overlap(one: &Clash, other: &Clash) -> bool {
    one.paths.iter().any(|path| other.is_about(path)) || other.paths.iter().any(|path| one.is_about(path))
}

struct Carrier<'a> {
    definitions: &'a Definitions,
    current: &'a File,
}

impl Carrier<'_> {
    /// A clash with its decision; `None` when what was chosen cannot be written any more.
    fn carry(&self, merged: &mut Merged, clash: Clash, decision: &Decision) -> Option<Carried> {
        let file = apply(self.definitions.dictionary(), Some(self.current), &merged.accepted).ok()?;
        let (choice, value, today) = (decision.choice, decision.value.as_ref(), decision.at.date());
        let written = resolve(self.definitions, &clash, choice, value, &file, today).ok()?;
        for change in &written {
            // What is written twice began where it began first.
            let before = merged.accepted.iter().position(|of| of.path == change.path);
            let from = before.map(|at| merged.accepted.remove(at).from);
            let from = from.unwrap_or_else(|| change.from.clone());
            merged.accepted.push(Change { from, ..change.clone() });
        }
        Some(Carried { clash, choice, written })
    }

    /// A decision whose clash this merge does not find. Says whether it is about what the visit proposes.
    fn stand(&self, merged: &mut Merged, answer: &Answer<'_>, decision: &Decision) -> bool {
        let about = &answer.conflict.clash;
        let is_own = |change: &Change| about.is_about(&change.path);
        let own: Vec<Change> = merged.accepted.iter().filter(|change| is_own(change)).cloned().collect();
        let Some(now) = self.as_now(about, &own) else { return false };
        let says_the_same =
            about.places().iter().all(|at| now.value_at(&now.mine, at) == about.value_at(&about.mine, at));
        if !says_the_same && !answer.is_same_rev {
            return false;
        }
        if decision.choice == Choice::Mine && !answer.is_other_ahead {
            return true;
        }
        merged.accepted.retain(|change| !is_own(change));
        let is_theirs_here = now.theirs == about.theirs;
        let clash = if answer.is_other_ahead { about.clone() } else { now.clone() };
        let carried = match decision.choice {
            _ if !says_the_same => None,
            Choice::Theirs if !answer.is_other_ahead && !is_theirs_here => None,
            _ => self.carry(merged, clash, decision),
        };
        match carried {
            Some(carried) => merged.decided.push(carried),
            None => merged.clashes.push(now),
        }
        true
    }

    /// The disagreement against the file as it is: what the visit proposes, and what the file keeps without it.
    /// `None` when the visit proposes nothing there.
    fn as_now(&self, about: &Clash, own: &[Change]) -> Option<Clash> {
        if own.is_empty() {
            return None;
        }
        let with = apply(self.definitions.dictionary(), Some(self.current), own).ok()?;
        let side = |file: &File| -> Value {
            let at = |path: &str| get(file, path).cloned().unwrap_or(Value::Null);
            match about.kind {
                ClashKind::Group => {
                    about.places().into_iter().map(|path| (path.to_owned(), at(path))).collect::<Map<_, _>>().into()
                }
                // Of two files no path is asked.
                ClashKind::Path | ClashKind::RowGone | ClashKind::Twice => at(&about.path),
            }
        };
        let is_waiting = |change: &&Change| about.waiting.iter().any(|waiting| waiting.path == change.path);
        let waiting = own.iter().filter(is_waiting).cloned().collect();
        Some(Clash { theirs: side(self.current), mine: side(&with), waiting, ..about.clone() })
    }
}

#[cfg(test)]
#[path = "carry_tests.rs"]
mod tests;
