//! Concrete paths of a file: reading and writing one value.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::File;
use super::value::is_absent;

/// A path that names something in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path<'a> {
    /// `residence_address`
    Scalar(&'a str),
    /// `persons/<uuid>`
    Row { table: &'a str, id: &'a str },
    /// `persons/<uuid>/name`
    Cell { table: &'a str, id: &'a str, column: &'a str },
}

impl<'a> Path<'a> {
    /// Reads a path; `None` when its form is not one of the three. It does not ask whether the dictionary knows it.
    pub fn parse(path: &'a str) -> Option<Path<'a>> {
        let mut parts = path.split('/');
        let first = parts.next().filter(|name| is_name(name))?;
        let parsed = match (parts.next(), parts.next()) {
            (None, _) => Path::Scalar(first),
            (Some(id), None) => Path::Row { table: first, id },
            (Some(id), Some(column)) if is_name(column) => Path::Cell { table: first, id, column },
            _ => return None,
        };
        let has_row_id = match parsed {
            Path::Scalar(_) => true,
            Path::Row { id, .. } | Path::Cell { id, .. } => is_row_id(id),
        };
        (has_row_id && parts.next().is_none()).then_some(parsed)
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// A UUID in lower case with hyphens.
fn is_row_id(id: &str) -> bool {
    id.len() == 36 && !id.bytes().any(|b| b.is_ascii_uppercase()) && Uuid::try_parse(id).is_ok()
}

/// The value at a path; `None` when it is absent or the path has no form.
pub fn get<'a>(file: &'a File, path: &str) -> Option<&'a Value> {
    let found = match Path::parse(path)? {
        Path::Scalar(name) => file.get(name),
        Path::Row { table, id } => file.get(table)?.get(id),
        Path::Cell { table, id, column } => file.get(table)?.get(id)?.get(column),
    };
    found.filter(|value| !is_absent(value))
}

/// Writes one value; an absent one takes the key away, and with it a row or table that has nothing left.
pub fn set(file: &mut File, path: Path<'_>, value: Value) {
    match path {
        Path::Scalar(name) => put(file, name, value),
        Path::Row { table, id } => with_object(file, table, |rows| put(rows, id, value)),
        Path::Cell { table, id, column } => {
            with_object(file, table, |rows| with_object(rows, id, |row| put(row, column, value)));
        }
    }
}

fn put(into: &mut Map<String, Value>, key: &str, value: Value) {
    if is_absent(&value) {
        into.remove(key);
    } else {
        into.insert(key.to_owned(), value);
    }
}

fn with_object(parent: &mut Map<String, Value>, key: &str, change: impl FnOnce(&mut Map<String, Value>)) {
    let mut child = match parent.remove(key) {
        Some(Value::Object(child)) => child,
        _ => Map::new(),
    };
    change(&mut child);
    if !child.is_empty() {
        parent.insert(key.to_owned(), Value::Object(child));
    }
}
