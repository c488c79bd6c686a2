//! Forms as they are after loading: paths resolved, conditions compiled.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::codes::{Codes, RegionList};
use super::condition::{Condition, Conditions};
use super::dictionary::{Dictionary, Field};
use super::problem::Severity;

/// The data that both engines run: dictionary, code tables, forms, regions. Immutable; share it in an `Arc`.
#[derive(Debug)]
pub struct Definitions {
    pub(super) dictionary: Dictionary,
    pub(super) codes: Codes,
    pub(super) regions: RegionList,
    pub(super) forms: BTreeMap<(String, u32), Form>,
    pub(super) conditions: Conditions,
    pub(super) version: String,
    pub(super) definitions_json: String,
    pub(super) regions_version: String,
    pub(super) regions_json: String,
}

impl Definitions {
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    pub fn codes(&self) -> &Codes {
        &self.codes
    }

    pub fn regions(&self) -> &RegionList {
        &self.regions
    }

    /// The form of that id and version; a published version stays acceptable for ever.
    pub fn form(&self, id: &str, version: u32) -> Option<&Form> {
        self.forms.range((id.to_owned(), version)..=(id.to_owned(), version)).next().map(|(_, form)| form)
    }

    /// All forms, by id and version.
    pub fn forms(&self) -> impl Iterator<Item = &Form> {
        self.forms.values()
    }

    /// SHA-256 over the canonical form of dictionary, codes and forms; an ETag.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What `GET /definitions` answers: `{version, dictionary, codes, forms}`.
    pub fn definitions_json(&self) -> &str {
        &self.definitions_json
    }

    /// SHA-256 over the canonical form of the regions; an ETag.
    pub fn regions_version(&self) -> &str {
        &self.regions_version
    }

    /// What `GET /regions` answers: `{version, regions}`.
    pub fn regions_json(&self) -> &str {
        &self.regions_json
    }
}

/// A published form.
#[derive(Debug)]
pub struct Form {
    pub id: String,
    pub version: u32,
    pub visit_type: String,
    pub zh: String,
    pub en: String,
    pub(super) sections: Vec<Section>,
    pub(super) checks: Vec<Check>,
}

impl Form {
    /// The keys of the sections, in order: what `unchanged` of a proposal may name.
    pub fn section_keys(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().map(|section| section.key.as_str())
    }

    /// The answers about the visit that stand for "there is nothing to enter"; they show beside their cards.
    pub fn none_answers(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().flat_map(|section| &section.items).filter_map(|item| match item {
            Item::Rows(rows) => rows.none.as_deref(),
            Item::Ask(_) => None,
        })
    }
}

#[derive(Debug)]
pub(super) struct Section {
    pub key: String,
    pub show: Option<Condition>,
    pub items: Vec<Item>,
}

/// What a section holds. Figures, words and places ask nothing, so that nothing of them is kept here.
#[derive(Debug)]
pub(super) enum Item {
    Ask(Ask),
    Rows(Rows),
}

/// A question for one path.
#[derive(Debug)]
pub(super) struct Ask {
    /// A scalar, `visit/<name>`, or in rows the name of the column.
    pub target: Target,
    pub field: Arc<Field>,
    pub required: Required,
    pub show: Option<Condition>,
}

#[derive(Debug)]
pub(super) enum Target {
    Scalar(String),
    Visit(String),
    Column(String),
}

#[derive(Debug)]
pub(super) enum Required {
    No,
    Always,
    When(Condition),
}

/// Cards, one for each row of a table.
#[derive(Debug)]
pub(super) struct Rows {
    pub table: String,
    /// The cards show without adding or removing.
    pub fixed: bool,
    pub min: Least,
    pub max: Option<usize>,
    /// The answer about the visit that stands for "there is nothing to enter".
    pub none: Option<String>,
    pub show: Option<Condition>,
    pub asks: Vec<Ask>,
}

#[derive(Debug)]
pub(super) enum Least {
    Count(usize),
    /// One row while the condition holds.
    When(Condition),
}

#[derive(Debug)]
pub(super) struct Check {
    pub code: String,
    pub severity: Severity,
    /// The table whose rows it runs for.
    pub each: Option<String>,
    /// A path; with `each`, `*` is the row's id.
    pub at: String,
    pub when: Condition,
}
