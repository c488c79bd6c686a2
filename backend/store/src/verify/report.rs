//! What a run found: per invariant how much was looked at and what does not hold.

use serde::Serialize;
use std::collections::BTreeMap;

/// Findings of one invariant that are named; the rest is counted.
const NAMED_MAX: usize = 20;

/// What must hold: the numbers are those of the project's list of invariants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Invariant {
    I1,
    I2,
    I3,
    I4,
    I5,
    I6,
    I7,
    I8,
    I9,
    I10,
    I11,
    I14,
    /// Not in the numbered list, but a promise of the store: secrets are sealed, and their places covered.
    #[serde(rename = "sealed")]
    Sealed,
}

impl Invariant {
    /// Every invariant that a report speaks of, in order.
    pub const ALL: [Invariant; 13] = [
        Self::I1,
        Self::I2,
        Self::I3,
        Self::I4,
        Self::I5,
        Self::I6,
        Self::I7,
        Self::I8,
        Self::I9,
        Self::I10,
        Self::I11,
        Self::I14,
        Self::Sealed,
    ];

    /// Its name in a report.
    pub fn name(self) -> &'static str {
        match self {
            Self::I1 => "I1",
            Self::I2 => "I2",
            Self::I3 => "I3",
            Self::I4 => "I4",
            Self::I5 => "I5",
            Self::I6 => "I6",
            Self::I7 => "I7",
            Self::I8 => "I8",
            Self::I9 => "I9",
            Self::I10 => "I10",
            Self::I11 => "I11",
            Self::I14 => "I14",
            Self::Sealed => "sealed",
        }
    }

    /// What it says, in one line.
    pub fn statement(self) -> &'static str {
        match self {
            Self::I1 => "no acknowledged work is lost",
            Self::I2 => "each operation has exactly one effect",
            Self::I3 => "what belongs together was written together",
            Self::I4 => "every phone in scope is told of the same state",
            Self::I5 => "every outbox drains within a bound",
            Self::I6 => "nothing that a person wrote is overwritten unseen",
            Self::I7 => "the order of merging does not matter",
            Self::I8 => "an approval counts for exactly the revision that was reviewed",
            Self::I9 => "nobody decides their own visit",
            Self::I10 => "card numbers are unique and never used again",
            Self::I11 => "rows and phones stay within their scope",
            Self::I14 => "the audit is complete and its chains are unbroken",
            Self::Sealed => "secrets are encrypted, and covered where they stand",
        }
    }

    /// What of it no look at a database shows.
    pub fn beyond(self) -> Beyond {
        match self {
            Self::I1 => Beyond::Part("what phones still hold in their outboxes"),
            Self::I4 => {
                Beyond::Part("what phones hold; the feeds are held against the people at each door, not the unions")
            }
            Self::I5 => Beyond::All("a bound is about time, and a database shows one moment"),
            Self::I6 => Beyond::Part("the facts of a lead before its first approval, which no revision keeps"),
            Self::I7 => Beyond::All("it is about files that could have come out, not about the one that did"),
            Self::I10 => Beyond::All("there are no contact cards yet"),
            Self::I11 => Beyond::Part("what phones hold; only whether they were told to drop what left their scope"),
            Self::I14 => Beyond::Part("reads of sensitive data, which leave nothing else to compare with"),
            Self::I2 | Self::I3 | Self::I8 | Self::I9 | Self::Sealed => Beyond::Nothing,
        }
    }
}

/// How much of an invariant a database alone cannot show, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beyond {
    Nothing,
    Part(&'static str),
    All(&'static str),
}

/// One thing that does not hold. It never quotes what people wrote: paths, codes, numbers and ids only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `visit`, `household`, `operation`, `device`, `user`, `audit`.
    pub kind: &'static str,
    /// The id of the row, with revision or position where it has one.
    pub id: String,
    /// A sentence that goes on from kind and id.
    pub says: String,
}

/// One invariant of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// How many things of which kind were looked at.
    pub checked: BTreeMap<&'static str, u64>,
    /// How many findings there are.
    pub broken: u64,
    /// The first of them.
    pub findings: Vec<Finding>,
}

impl Section {
    /// Everything that was looked at.
    pub fn total(&self) -> u64 {
        self.checked.values().sum()
    }
}

/// What a run found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    sections: BTreeMap<Invariant, Section>,
}

impl Default for Report {
    fn default() -> Self {
        Self { sections: Invariant::ALL.into_iter().map(|invariant| (invariant, Section::default())).collect() }
    }
}

impl Report {
    /// Every invariant in order, those that could not be looked at, too.
    pub fn sections(&self) -> impl Iterator<Item = (Invariant, &Section)> {
        self.sections.iter().map(|(invariant, section)| (*invariant, section))
    }

    /// How many things were looked at.
    pub fn checked(&self) -> u64 {
        self.sections.values().map(Section::total).sum()
    }

    /// How many findings there are.
    pub fn broken(&self) -> u64 {
        self.sections.values().map(|section| section.broken).sum()
    }

    /// Every finding that is named, with its invariant.
    pub fn findings(&self) -> impl Iterator<Item = (Invariant, &Finding)> {
        self.sections()
            .flat_map(|(invariant, section)| section.findings.iter().map(move |finding| (invariant, finding)))
    }

    pub(super) fn looked_at(&mut self, invariant: Invariant, what: &'static str, count: usize) {
        let section = self.sections.entry(invariant).or_default();
        if count > 0 {
            *section.checked.entry(what).or_default() += count as u64;
        }
    }

    pub(super) fn broke(
        &mut self,
        invariant: Invariant,
        kind: &'static str,
        id: impl Into<String>,
        says: impl Into<String>,
    ) {
        let section = self.sections.entry(invariant).or_default();
        section.broken += 1;
        if section.findings.len() < NAMED_MAX {
            section.findings.push(Finding { kind, id: id.into(), says: says.into() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Invariant, Report};

    #[test]
    fn the_first_findings_are_named_and_the_rest_is_counted() {
        let mut report = Report::default();
        for number in 0..25 {
            report.looked_at(Invariant::I2, "receipts", 2);
            report.broke(Invariant::I2, "operation", number.to_string(), "is doubled");
        }
        report.looked_at(Invariant::I9, "decisions", 0);
        assert_eq!((report.checked(), report.broken(), report.findings().count()), (50, 25, 20));
        let named: Vec<Invariant> = report.sections().map(|(invariant, _)| invariant).collect();
        assert_eq!(named, Invariant::ALL);
        let silent = report.sections().find(|(invariant, _)| *invariant == Invariant::I9);
        assert!(silent.is_some_and(|(_, section)| section.checked.is_empty()));
    }
}
