//! Where the sealed values stand in a body, so that the store can encrypt them one by one.

use serde_json::{Map, Value};

use super::File;
use super::dictionary::{Dictionary, Field};
use super::mask::Mask;
use super::path::Path;

/// One sealed value of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// JSON pointer (RFC 6901) into the body.
    pub pointer: String,
    /// The path of the file that the value belongs to.
    pub path: String,
    pub mask: Mask,
}

/// The sealed values of a household file, in the order of their pointers.
pub fn sealed_in_file(dictionary: &Dictionary, file: &File) -> Vec<Sealed> {
    let mut found = Vec::new();
    for (name, value) in file {
        match value {
            Value::Object(rows) if dictionary.is_table(name) => {
                for (id, row) in rows {
                    let cells = row.as_object();
                    sealed_in_row(
                        dictionary,
                        name,
                        id,
                        cells,
                        &format!("/{}/{}", escape(name), escape(id)),
                        &mut found,
                    );
                }
            }
            _ => note(
                dictionary.scalar(name).map(AsRef::as_ref),
                value,
                || (format!("/{}", escape(name)), name.clone()),
                &mut found,
            ),
        }
    }
    found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    found
}

/// The sealed values of a visit proposal: `from` and `to` of its changes, also inside a row that was removed, and answers about the visit.
pub fn sealed_in_proposal(dictionary: &Dictionary, proposal: &Value) -> Vec<Sealed> {
    let mut found = Vec::new();
    let changes = proposal.get("changes").and_then(Value::as_array);
    for (at, change) in changes.into_iter().flatten().enumerate() {
        let path = change.get("path").and_then(Value::as_str).unwrap_or_default();
        for side in ["from", "to"] {
            let Some(value) = change.get(side) else { continue };
            let pointer = format!("/changes/{at}/{side}");
            match (Path::parse(path), value) {
                (Some(Path::Row { table, id }), Value::Object(row)) => {
                    sealed_in_row(dictionary, table, id, Some(row), &pointer, &mut found);
                }
                _ => note(dictionary.field(path).map(AsRef::as_ref), value, || (pointer, path.to_owned()), &mut found),
            }
        }
    }
    for (name, value) in proposal.get("visit").and_then(Value::as_object).into_iter().flatten() {
        let place = || (format!("/visit/{}", escape(name)), format!("visit/{name}"));
        note(dictionary.visit_field(name).map(AsRef::as_ref), value, place, &mut found);
    }
    found
}

fn sealed_in_row(
    dictionary: &Dictionary,
    table: &str,
    id: &str,
    row: Option<&Map<String, Value>>,
    pointer: &str,
    found: &mut Vec<Sealed>,
) {
    for (column, value) in row.into_iter().flatten() {
        let place = || (format!("{pointer}/{}", escape(column)), format!("{table}/{id}/{column}"));
        note(dictionary.column(table, column).map(AsRef::as_ref), value, place, found);
    }
}

fn note(field: Option<&Field>, value: &Value, place: impl FnOnce() -> (String, String), found: &mut Vec<Sealed>) {
    let mask = field.filter(|field| field.sealed).and_then(Field::mask);
    if let (Some(mask), Value::String(_)) = (mask, value) {
        let (pointer, path) = place();
        found.push(Sealed { pointer, path, mask });
    }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
