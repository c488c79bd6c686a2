//! The three files and what each side changed since the base.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{Merged, Open, Rebase, policy};
use crate::form::changes::target;
use crate::form::{
    Change, Definitions, Dictionary, File, Path, apply, apply_one, changes, get, is_absent, is_as_seen, normalise_file,
};

pub(super) struct Sides<'a> {
    pub definitions: &'a Definitions,
    pub base: File,
    pub current: File,
    /// The base with my changes that may be made at all.
    pub mine: File,
    /// What the others changed since the base.
    pub their: Vec<Change>,
}

impl<'a> Sides<'a> {
    /// Reads the files; what can be no change of any file, and what no visit may change, goes to `merged`.
    pub fn read(rebase: &Rebase<'a>, merged: &mut Merged) -> (Sides<'a>, Open) {
        let dictionary = rebase.definitions.dictionary();
        let base = normalise_file(dictionary, None, rebase.base);
        let current = normalise_file(dictionary, Some(&base), rebase.current);
        let their = changes(dictionary, Some(&base), &current);
        let written = write(dictionary, &base, rebase.mine, merged);
        let mine = normalise_file(dictionary, Some(&base), &written);
        let mut sides = Sides { definitions: rebase.definitions, base, current, mine, their };
        let open = sides.allowed(merged);
        // What was refused is not on my side any more: a row that has nothing else is none.
        let allowed: Vec<Change> = open.values().chain(&merged.already).cloned().collect();
        if let Ok(file) = apply(dictionary, Some(&sides.base), &allowed) {
            sides.mine = file;
        }
        (sides, open)
    }

    /// My changes against the base without those that the file has already and those that are refused.
    fn allowed(&self, merged: &mut Merged) -> Open {
        let mut open = Open::new();
        for change in changes(self.dictionary(), Some(&self.base), &self.mine) {
            let current = at(&self.current, &change.path);
            if let Err(error) = target(self.dictionary(), &change) {
                merged.refuse(&change, error.code());
            } else if !self.is_untouched(&change.path) && self.is_same(&change.path, &change.to, current) {
                merged.already.push(change);
            } else if let Some(code) = policy::refusal(self, &change) {
                merged.refuse(&change, code);
            } else {
                open.insert(change.path.clone(), change);
            }
        }
        open
    }

    pub fn dictionary(&self) -> &Dictionary {
        self.definitions.dictionary()
    }

    /// Whether two values of a path stand for the same.
    pub fn is_same(&self, path: &str, left: &Value, right: &Value) -> bool {
        let dictionary = self.dictionary();
        match (Path::parse(path), left, right) {
            (Some(Path::Row { table, .. }), Value::Object(left), Value::Object(right)) => {
                left.keys().chain(right.keys()).all(|column| {
                    let field = dictionary.column(table, column).map(AsRef::as_ref);
                    is_as_seen(field, left.get(column).unwrap_or(&Value::Null), right.get(column))
                })
            }
            _ => is_as_seen(dictionary.field(path).map(AsRef::as_ref), left, Some(right)),
        }
    }

    /// Whether the file still holds what the caseworker began with.
    pub fn is_untouched(&self, path: &str) -> bool {
        self.is_same(path, at(&self.base, path), at(&self.current, path))
    }

    /// The row that a path is in when the base does not have it: it comes whole or not at all. Else the path.
    pub fn new_row<'p>(&self, path: &'p str) -> &'p str {
        match Path::parse(path) {
            Some(Path::Cell { table, id, .. }) if row(&self.base, table, id).is_none() => {
                path.rsplit_once('/').map_or(path, |(row, _)| row)
            }
            _ => path,
        }
    }

    /// The change as it is made now: from what the file holds.
    pub fn rebased(&self, change: Change) -> Change {
        Change { from: at(&self.current, &change.path).clone(), ..change }
    }
}

/// The base with the wanted changes, written in the order of their paths: a row is taken away before its cells are
/// written. Changes of one path that disagree are refused, all of them.
fn write(dictionary: &Dictionary, base: &File, wanted: &[Change], merged: &mut Merged) -> File {
    let mut by_path: HashMap<&str, Vec<&Change>> = HashMap::new();
    for change in wanted {
        by_path.entry(&change.path).or_default().push(change);
    }
    let mut paths: Vec<&str> = by_path.keys().copied().collect();
    paths.sort_unstable();
    let mut file = base.clone();
    for same in paths.iter().filter_map(|path| by_path.get(path)) {
        let Some((first, others)) = same.split_first() else { continue };
        if others.iter().any(|other| other.to != first.to) {
            same.iter().for_each(|change| merged.refuse(change, "path.twice"));
        } else if let Err(error) = apply_one(dictionary, &mut file, first) {
            merged.refuse(first, error.code());
        }
    }
    file
}

/// The value at a path; `null` when there is none.
pub(super) fn at<'f>(file: &'f File, path: &str) -> &'f Value {
    get(file, path).unwrap_or(&Value::Null)
}

pub(super) fn row<'f>(file: &'f File, table: &str, id: &str) -> Option<&'f Map<String, Value>> {
    file.get(table)?.get(id)?.as_object()
}

/// The rows of a file, with their tables.
pub(super) fn rows<'f>(
    dictionary: &'f Dictionary,
    file: &'f File,
) -> impl Iterator<Item = (&'f str, &'f str, &'f Map<String, Value>)> {
    dictionary.tables.keys().flat_map(move |table| {
        let rows = file.get(table).and_then(Value::as_object).into_iter().flatten();
        rows.filter_map(move |(id, row)| Some((table.as_str(), id.as_str(), row.as_object()?)))
    })
}

/// The changes that lead from one value of a path to another: a row is written cell by cell, and taken away whole.
pub(super) fn steps(path: &str, from: &Value, to: &Value) -> Vec<Change> {
    let Some(Path::Row { .. }) = Path::parse(path) else {
        return vec![Change { path: path.to_owned(), from: from.clone(), to: to.clone() }];
    };
    let Value::Object(row) = to else {
        return vec![Change { path: path.to_owned(), from: from.clone(), to: Value::Null }];
    };
    let cells = from.as_object();
    let before = |column: &str| cells.and_then(|cells| cells.get(column)).unwrap_or(&Value::Null);
    let gone = cells.into_iter().flat_map(Map::keys).filter(|column| !row.contains_key(*column));
    let kept = row.iter().filter(|(column, value)| before(column) != *value);
    gone.map(|column| (column, &Value::Null))
        .chain(kept)
        .filter(|(column, value)| !(is_absent(value) && is_absent(before(column))))
        .map(|(column, value)| Change {
            path: format!("{path}/{column}"),
            from: before(column).clone(),
            to: value.clone(),
        })
        .collect()
}
