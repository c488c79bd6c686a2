//! Whether a file revision is the one before it with what its visit brought: every difference has an author.

use ruhu_domain::form::{self, Change, Definitions, Dictionary, File, get, is_masked, normalise_file};
use ruhu_domain::household::is_first_fact;
use ruhu_domain::sync::carry::{Answer, carry_out};
use ruhu_domain::sync::conflict::Conflict;
use ruhu_domain::sync::merge::{Choice, Rebase, merge};
use ruhu_domain::time::Time;
use std::collections::{BTreeMap, BTreeSet};

/// An approval that made a file revision.
pub(super) struct Step<'a> {
    /// The revision before; `None` when this is the first one.
    pub before: Option<&'a File>,
    /// The revision that the visitor saw.
    pub base: &'a File,
    pub after: &'a File,
    /// The paths that the revision says it changed.
    pub changed: &'a [String],
    /// The revision of the visit that was approved.
    pub rev: i64,
    /// What it proposed.
    pub proposed: &'a [Change],
    /// When the visit ended, by its corrected clock.
    pub ended_at: Time,
    /// When the paths were written that changed between what the visitor saw and the revision before.
    pub written: &'a BTreeMap<String, Time>,
    /// What was decided about the visit's conflicts.
    pub decided: &'a [Conflict],
    /// What the reviewer declined.
    pub declined: &'a BTreeSet<String>,
    /// The household was found by a visit, so nothing of its file is older than that.
    pub is_found: bool,
}

impl Step<'_> {
    /// What does not follow, each as a sentence.
    pub(super) fn faults(&self, definitions: &Definitions) -> Vec<String> {
        match self.before {
            Some(before) => self.follow(definitions, before),
            None => self.begin(definitions.dictionary()),
        }
    }

    fn follow(&self, definitions: &Definitions, before: &File) -> Vec<String> {
        let dictionary = definitions.dictionary();
        let Ok(proposed) = form::apply(dictionary, Some(self.base), self.proposed) else {
            return vec!["comes from a visit whose changes cannot be applied".to_owned()];
        };
        let proposed = normalise_file(dictionary, Some(self.base), &proposed);
        let mut wanted = form::changes(dictionary, Some(self.base), &proposed);
        wanted.retain(|change| !self.declined.contains(&change.path));
        let theirs_at = |path: &str| self.written.get(path).copied();
        let mut merged = merge(&Rebase {
            definitions,
            base: self.base,
            current: before,
            mine: &wanted,
            mine_at: self.ended_at,
            theirs_at: &theirs_at,
        });
        // Nothing was approved while what it was decided against still waited.
        let answers: Vec<Answer<'_>> = self.decided.iter().map(|of| Answer::new(of, self.rev, false)).collect();
        carry_out(definitions, &mut merged, before, &answers);
        let undecided = wanted.iter().filter(|change| merged.standing(&change.path).needs_word());
        let undecided = undecided.map(|change| format!("took in {}, about which nobody decided", change.path));
        let mut faults: Vec<String> = undecided.collect();
        faults.extend(self.unlike_named(merged.accepted.iter().map(|change| change.path.clone()).collect()));
        let expected = form::apply(dictionary, Some(before), &merged.accepted).unwrap_or_default();
        let expected = normalise_file(dictionary, None, &expected);
        for change in form::changes(dictionary, Some(&expected), self.after) {
            let path = change.path;
            faults.push(format!("holds another value at {path} than the one before it with the approved changes"));
        }
        faults
    }

    /// The first revision has nothing to be compared with: what was approved is in it, and of a household that was
    /// found, nothing else.
    fn begin(&self, dictionary: &Dictionary) -> Vec<String> {
        let mut faults = Vec::new();
        let accepted = self.proposed.iter().filter(|change| !self.declined.contains(&change.path)).cloned();
        let accepted: Vec<Change> = accepted.collect();
        let Ok(expected) = form::apply(dictionary, None, &accepted) else {
            return vec!["comes from a visit whose changes cannot be applied".to_owned()];
        };
        let expected = normalise_file(dictionary, None, &expected);
        for Change { path, to, .. } in &accepted {
            // What somebody decided against, or put another value for.
            if self.is_spoken_against(path) {
                continue;
            }
            // What the visitor saw covered and left alone stands for a value that only the file had.
            let is_covered = to.as_str().is_some_and(is_masked);
            if !is_covered && get(self.after, path) != get(&expected, path) {
                faults.push(format!("does not hold what was approved at {path}"));
            }
        }
        if self.is_found {
            let there = form::changes(dictionary, None, self.after).into_iter().map(|change| change.path).collect();
            faults.extend(self.unlike_named(there));
            let origin = |path: &String| self.proposed.iter().any(|change| change.path == *path) || is_first_fact(path);
            let strange = self.changed.iter().filter(|path| !origin(path));
            faults.extend(strange.map(|path| format!("names {path}, which its visit did not bring")));
        }
        faults
    }

    fn is_spoken_against(&self, path: &str) -> bool {
        let against = |of: &&Conflict| of.decision.as_ref().is_some_and(|decision| decision.choice != Choice::Mine);
        self.decided.iter().filter(against).any(|of| of.clash.is_about(path))
    }

    fn unlike_named(&self, paths: BTreeSet<String>) -> Vec<String> {
        let named: BTreeSet<String> = self.changed.iter().cloned().collect();
        let missing = paths.difference(&named).map(|path| format!("changed {path} and does not name it"));
        let invented = named.difference(&paths).map(|path| format!("names {path} as changed, which was not approved"));
        missing.chain(invented).collect()
    }
}
