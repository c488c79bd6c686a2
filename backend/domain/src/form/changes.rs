//! The difference between two files, and its inverse.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::File;
use super::dictionary::{Dictionary, Field};
use super::path::{Path, set};
use super::value::{covers, is_absent, normalise, same_value};

/// One path that differs. A row that is gone is one change of the row's own path, with the whole row in `from`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub path: String,
    /// What the author saw; `null` when there was nothing.
    pub from: Value,
    pub to: Value,
}

/// A change that cannot be applied to any file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    #[error("{0:?} is not the path of a value or of a row to be removed")]
    Malformed(String),
    #[error("{0:?} is not in the dictionary")]
    Unknown(String),
}

impl ApplyError {
    /// The stable code for the wire.
    pub fn code(&self) -> &'static str {
        match self {
            ApplyError::Malformed(_) => "path.malformed",
            ApplyError::Unknown(_) => "path.unknown",
        }
    }

    pub fn path(&self) -> &str {
        match self {
            ApplyError::Malformed(path) | ApplyError::Unknown(path) => path,
        }
    }
}

/// What keeps rows without any value: a card that was just added has none yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum EmptyRows {
    Keep,
    Drop,
}

/// Every value normalised, absent ones left out, covered values of `base` put back.
pub fn normalise_file(dictionary: &Dictionary, base: Option<&File>, file: &File) -> File {
    settle(dictionary, base, file, EmptyRows::Drop)
}

pub(super) fn settle(dictionary: &Dictionary, base: Option<&File>, file: &File, empty: EmptyRows) -> File {
    let mut settled = File::new();
    for (name, value) in file {
        let before = base.and_then(|base| base.get(name));
        let after = match value {
            Value::Object(rows) if dictionary.is_table(name) => {
                let rows = settle_rows(dictionary, name, before, rows, empty);
                if rows.is_empty() { Value::Null } else { Value::Object(rows) }
            }
            _ => settle_value(dictionary.scalar(name).map(AsRef::as_ref), before, value),
        };
        if !is_absent(&after) {
            settled.insert(name.clone(), after);
        }
    }
    settled
}

fn settle_rows(
    dictionary: &Dictionary,
    table: &str,
    before: Option<&Value>,
    rows: &Map<String, Value>,
    empty: EmptyRows,
) -> Map<String, Value> {
    let mut settled = Map::new();
    for (id, row) in rows {
        let before = before.and_then(|rows| rows.get(id));
        let mut cells = Map::new();
        for (column, value) in row.as_object().into_iter().flatten() {
            let field = dictionary.column(table, column).map(AsRef::as_ref);
            let after = settle_value(field, before.and_then(|row| row.get(column)), value);
            if !is_absent(&after) {
                cells.insert(column.clone(), after);
            }
        }
        if row.is_object() && (!cells.is_empty() || empty == EmptyRows::Keep) {
            settled.insert(id.clone(), Value::Object(cells));
        }
    }
    settled
}

fn settle_value(field: Option<&Field>, before: Option<&Value>, value: &Value) -> Value {
    let Some(field) = field else { return value.clone() };
    let after = normalise(field, value);
    match before {
        Some(before) if covers(field, &after, before) => before.clone(),
        _ => after,
    }
}

/// What differs between two files after normalising, sorted by path. The covered form of a value is that value.
pub fn changes(dictionary: &Dictionary, base: Option<&File>, file: &File) -> Vec<Change> {
    let empty = File::new();
    let base = base.unwrap_or(&empty);
    let mut found = Vec::new();
    for name in keys(base, file) {
        let (before, after) = (base.get(name), file.get(name));
        let is_rows = |value: Option<&Value>| value.is_none_or(|value| value.is_object() || value.is_null());
        if dictionary.is_table(name) && is_rows(before) && is_rows(after) {
            compare_rows(dictionary, name, rows_of(before), rows_of(after), &mut found);
        } else {
            compare(dictionary.scalar(name).map(AsRef::as_ref), before, after, || name.to_owned(), &mut found);
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Puts the changes into a file. The base may be absent: a new household.
pub fn apply(dictionary: &Dictionary, base: Option<&File>, changes: &[Change]) -> Result<File, ApplyError> {
    let mut file = base.cloned().unwrap_or_default();
    for change in changes {
        apply_one(dictionary, &mut file, change)?;
    }
    Ok(file)
}

/// Puts one change into a file.
pub fn apply_one(dictionary: &Dictionary, file: &mut File, change: &Change) -> Result<(), ApplyError> {
    set(file, target(dictionary, change)?, change.to.clone());
    Ok(())
}

/// The place that a change writes to, when it may stand in a file at all.
pub fn target<'a>(dictionary: &Dictionary, change: &'a Change) -> Result<Path<'a>, ApplyError> {
    let malformed = || ApplyError::Malformed(change.path.clone());
    let path = Path::parse(&change.path).ok_or_else(malformed)?;
    let is_known = match path {
        Path::Scalar(name) if dictionary.is_table(name) => return Err(malformed()),
        Path::Row { .. } if !is_absent(&change.to) => return Err(malformed()),
        Path::Scalar(name) => dictionary.scalar(name).is_some(),
        Path::Row { table, .. } => dictionary.is_table(table),
        Path::Cell { table, column, .. } => dictionary.column(table, column).is_some(),
    };
    if is_known { Ok(path) } else { Err(ApplyError::Unknown(change.path.clone())) }
}

fn keys<'a>(left: &'a Map<String, Value>, right: &'a Map<String, Value>) -> BTreeSet<&'a str> {
    left.keys().chain(right.keys()).map(String::as_str).collect()
}

fn rows_of(value: Option<&Value>) -> Option<&Map<String, Value>> {
    value.and_then(Value::as_object)
}

fn compare_rows(
    dictionary: &Dictionary,
    table: &str,
    before: Option<&Map<String, Value>>,
    after: Option<&Map<String, Value>>,
    found: &mut Vec<Change>,
) {
    let empty = Map::new();
    let (before, after) = (before.unwrap_or(&empty), after.unwrap_or(&empty));
    for id in keys(before, after) {
        let old = rows_of(before.get(id)).unwrap_or(&empty);
        let new = rows_of(after.get(id)).unwrap_or(&empty);
        if old == new {
            continue;
        }
        let columns = keys(old, new);
        let field = |column: &str| dictionary.column(table, column).map(AsRef::as_ref);
        let is_gone = new.iter().all(|(column, value)| is_absent(&settle_value(field(column), None, value)));
        if is_gone {
            let row: Map<String, Value> = old
                .iter()
                .map(|(column, value)| (column.clone(), settle_value(field(column), None, value)))
                .filter(|(_, value)| !is_absent(value))
                .collect();
            if !row.is_empty() {
                found.push(Change { path: format!("{table}/{id}"), from: Value::Object(row), to: Value::Null });
            }
            continue;
        }
        for column in columns {
            compare(field(column), old.get(column), new.get(column), || format!("{table}/{id}/{column}"), found);
        }
    }
}

fn compare(
    field: Option<&Field>,
    before: Option<&Value>,
    after: Option<&Value>,
    path: impl FnOnce() -> String,
    found: &mut Vec<Change>,
) {
    let (before, after) = (before.unwrap_or(&Value::Null), after.unwrap_or(&Value::Null));
    if before == after {
        return;
    }
    let (from, to) = (settle_value(field, None, before), settle_value(field, None, after));
    // A covered value in the file stands for the full one in the base; the other way round a full value was typed.
    let is_same =
        from == to || field.is_some_and(|field| covers(field, &to, &from)) || (is_absent(&from) && is_absent(&to));
    if !is_same {
        found.push(Change { path: path(), from: absent_as_null(from), to: absent_as_null(to) });
    }
}

fn absent_as_null(value: Value) -> Value {
    if is_absent(&value) { Value::Null } else { value }
}

/// Whether `from` of a change is still what the file holds, also when the author saw only the covered form.
pub fn is_as_seen(field: Option<&Field>, from: &Value, current: Option<&Value>) -> bool {
    let current = current.unwrap_or(&Value::Null);
    match field {
        Some(field) => same_value(field, from, current),
        None => from == current || (is_absent(from) && is_absent(current)),
    }
}
