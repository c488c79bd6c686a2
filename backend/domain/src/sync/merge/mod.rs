//! Three-way merging: what a visit proposes, the file it began with, and the file as it is now.
//!
//! [`merge()`] sorts every change of the visit into one of five lists; none is dropped.
//! `pwa/src/sync/rebase.ts` does the same on the phone, under the cases of `tests/vectors/merge.json`.
//! Invariants: the order of the changes does not matter; what goes into the file names no row that is not there;
//! nothing that the caseworker wrote is missing from the result.
//!
//! Start at `merge()`; `sides.rs` reads the three files, `groups.rs` and `rows.rs` find what belongs together,
//! `policy.rs` decides single paths, `references.rs` holds back what would name a missing row, `resolve.rs` says
//! what a person's decision does.

mod groups;
mod policy;
mod references;
mod resolve;
mod rows;
mod sides;

#[cfg(test)]
mod properties;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::carry::Carried;
use super::operation::Outcome;
use crate::form::{Change, Definitions, File, Merge};
use crate::household::codes;
use crate::time::Time;
use crate::visit::Standing;
use sides::Sides;

pub use references::newly_dangling;
pub use resolve::{ResolveRefusal, resolve};

/// What is needed to know about the other side's writing. Files are in clear where the reader may see them;
/// a covered value counts as the one that it covers.
pub struct Rebase<'a> {
    pub definitions: &'a Definitions,
    /// The file that the caseworker began with; empty for a new household.
    pub base: &'a File,
    /// The file now, or as it would be with an earlier visit that waits.
    pub current: &'a File,
    /// The proposal's changes. Their `from` is not asked: the base knows better.
    pub mine: &'a [Change],
    /// When the visit ended, corrected by its clock's offset.
    pub mine_at: Time,
    /// The corrected time of whatever wrote a path into `current`.
    pub theirs_at: &'a dyn Fn(&str) -> Option<Time>,
}

/// What became of the changes. Each list is sorted by path.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Merged {
    /// What goes into the file without anybody's decision; `from` is what the file holds now.
    pub accepted: Vec<Change>,
    /// What the file holds already, because somebody else wrote the same; `from` is what the caseworker began with.
    pub already: Vec<Change>,
    /// What a person must decide.
    pub clashes: Vec<Clash>,
    /// What a person has decided; `merge()` finds none, `sync::carry::carry_out` puts them here.
    #[serde(skip)]
    pub decided: Vec<Carried>,
    /// What a policy decided; where the kept value is new to the file it is in `accepted`, too.
    pub settled: Vec<Settled>,
    pub refused: Vec<Refused>,
    /// Whether somebody else changed something since the base.
    pub is_beside_others: bool,
}

impl Merged {
    /// The outcome of the operation that brought the visit.
    pub fn outcome(&self) -> Outcome {
        match (self.clashes.is_empty(), self.is_beside_others) {
            (false, _) => Outcome::Conflict,
            (true, true) => Outcome::Merged,
            (true, false) => Outcome::Applied,
        }
    }
}

codes! {
    /// What two people disagree about.
    ClashKind {
        Path = "path",
        /// A guarded group; its values are objects of path → value, a row being one value.
        Group = "group",
        /// One side took a row away that the other side wrote in or named.
        RowGone = "row_gone",
        /// Two files hold the same person: a household filed twice (`sync::twice`; merging finds none).
        Twice = "twice",
    }
}

codes! {
    /// The answers to a clash.
    Choice {
        Mine = "mine",
        Theirs = "theirs",
        /// A value of its own, with a reason.
        Other = "other",
        /// Theirs stays; somebody asks again at the door.
        Revisit = "revisit",
    }
}

codes! {
    /// Whose value stands after a policy decided.
    Won {
        Mine = "mine",
        Theirs = "theirs",
        /// Put together from both.
        Both = "both",
    }
}

/// Something that a person must decide. Until then the file keeps what it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clash {
    pub kind: ClashKind,
    /// The path, the path of the row, or the group: `income`, `persons/<id>#identity`.
    pub path: String,
    /// Every path that the decision may write.
    pub paths: Vec<String>,
    pub base: Value,
    pub theirs: Value,
    pub mine: Value,
    /// Further changes of mine that make sense only with mine: they name a row that is not there without it.
    pub waiting: Vec<Change>,
}

/// Both sides changed a path and its policy knew what to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settled {
    pub path: String,
    pub policy: Merge,
    pub base: Value,
    pub theirs: Value,
    pub mine: Value,
    pub kept: Value,
    pub won: Won,
}

/// A change that no visit may make, with its stable code.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Refused {
    pub path: String,
    pub code: &'static str,
    pub mine: Value,
}

/// My changes that are not sorted yet, by path.
type Open = BTreeMap<String, Change>;

/// The open changes that belong to something, taken out.
fn take(open: &mut Open, mut belongs: impl FnMut(&Change) -> bool) -> Vec<Change> {
    let mut taken = Vec::new();
    open.retain(|_, change| {
        let is_taken = belongs(change);
        if is_taken {
            taken.push(change.clone());
        }
        !is_taken
    });
    taken
}

/// Rebases the changes of a visit on the file as it is now.
pub fn merge(rebase: &Rebase<'_>) -> Merged {
    let mut merged = Merged::default();
    let (sides, mut open) = Sides::read(rebase, &mut merged);
    merged.is_beside_others = !sides.their.is_empty();
    rows::find_gone(&sides, &mut open, &mut merged);
    groups::find_clashes(&sides, &mut open, &mut merged);
    policy::decide(rebase, &sides, open, &mut merged);
    references::hold_back(&sides, &mut merged);
    merged.sort();
    merged
}

impl Clash {
    /// Whether somebody who was asked about the one was asked about the other: all but what both began with.
    pub fn is_same(&self, other: &Self) -> bool {
        let waiting = |(one, other): (&Change, &Change)| (&one.path, &one.to) == (&other.path, &other.to);
        (self.kind, &self.path, &self.paths) == (other.kind, &other.path, &other.paths)
            && (&self.theirs, &self.mine) == (&other.theirs, &other.mine)
            && self.waiting.len() == other.waiting.len()
            && self.waiting.iter().zip(&other.waiting).all(waiting)
    }

    /// The paths that the values are about: the path, the row, or what the group's objects name.
    pub(super) fn places(&self) -> Vec<&str> {
        match (self.kind, &self.mine) {
            (ClashKind::Group, Value::Object(named)) => named.keys().map(String::as_str).collect(),
            _ => vec![&self.path],
        }
    }

    /// What one side says at one of the places; `null` where it says nothing.
    pub(super) fn value_at<'v>(&self, side: &'v Value, place: &str) -> &'v Value {
        if self.kind == ClashKind::Group { side.get(place).unwrap_or(&Value::Null) } else { side }
    }

    /// What theirs says at a path, where the clash names it itself and not only its row.
    pub fn theirs_at(&self, path: &str) -> Option<&Value> {
        self.places().contains(&path).then(|| self.value_at(&self.theirs, path))
    }

    /// Whether a change of this path waits for the decision.
    pub fn is_about(&self, path: &str) -> bool {
        self.paths
            .iter()
            .any(|of| path == of || path.strip_prefix(of.as_str()).is_some_and(|rest| rest.starts_with('/')))
    }
}

impl Merged {
    /// How the change of this path stands against the file now.
    pub fn standing(&self, path: &str) -> Standing {
        if self.clashes.iter().any(|clash| clash.is_about(path)) {
            Standing::Moved
        } else if self.decided(path).is_some() {
            Standing::Decided
        } else if self.refused.iter().any(|refused| refused.path == path) {
            Standing::Refused
        } else if self.settled(path).is_some() {
            Standing::Settled
        } else if self.already.iter().any(|change| change.path == path) {
            Standing::Already
        } else {
            Standing::Clean
        }
    }

    /// What a policy decided about this path.
    pub fn settled(&self, path: &str) -> Option<&Settled> {
        self.settled.iter().find(|settled| settled.path == path)
    }

    /// What a person decided about this path.
    pub fn decided(&self, path: &str) -> Option<&Carried> {
        self.decided.iter().find(|decided| decided.clash.is_about(path))
    }

    fn sort(&mut self) {
        self.accepted.sort_by(|a, b| a.path.cmp(&b.path));
        self.already.sort_by(|a, b| a.path.cmp(&b.path));
        self.settled.sort_by(|a, b| a.path.cmp(&b.path));
        self.refused.sort_by(|a, b| (&a.path, a.code).cmp(&(&b.path, b.code)));
        self.clashes.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
        for clash in &mut self.clashes {
            clash.waiting.sort_by(|a, b| a.path.cmp(&b.path));
            clash.paths.extend(clash.waiting.iter().map(|change| change.path.clone()));
            clash.paths.sort();
            clash.paths.dedup();
        }
    }

    fn refuse(&mut self, change: &Change, code: &'static str) {
        self.refused.push(Refused { path: change.path.clone(), code, mine: change.to.clone() });
    }
}
