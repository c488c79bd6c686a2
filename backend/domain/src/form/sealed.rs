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

/// The sealed values of a visit proposal: `from` and `to` of its changes, also inside a row that was removed, answers
/// about the visit, and the nonce, without which nobody can try what the hash is of.
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
    if proposal.get("nonce").is_some_and(Value::is_string) {
        found.push(Sealed { pointer: "/nonce".to_owned(), path: "nonce".to_owned(), mask: Mask::Hidden });
    }
    found
}

/// The first path of a proposal that could not be kept as the dictionary demands: an answer that no form knows,
/// or a secret that is no text and so would not be encrypted. Such a proposal is refused before it is kept.
pub fn unkeepable(dictionary: &Dictionary, proposal: &Value) -> Option<String> {
    let is_open = |field: Option<&Field>, value: &Value| {
        field.is_some_and(|field| field.sealed) && !matches!(value, Value::String(_) | Value::Null)
    };
    let changes = proposal.get("changes").and_then(Value::as_array).into_iter().flatten();
    for change in changes {
        let path = change.get("path").and_then(Value::as_str).unwrap_or_default();
        for value in ["from", "to"].iter().filter_map(|side| change.get(*side)) {
            let is_bad = match (Path::parse(path), value) {
                (Some(Path::Row { table, .. }), Value::Object(row)) => row.iter().any(|(column, value)| {
                    let field = dictionary.column(table, column);
                    field.is_none() || is_open(field.map(AsRef::as_ref), value)
                }),
                _ => is_open(dictionary.field(path).map(AsRef::as_ref), value),
            };
            if is_bad {
                return Some(path.to_owned());
            }
        }
    }
    let answers = proposal.get("visit").and_then(Value::as_object).into_iter().flatten();
    answers
        .filter(|(name, value)| match dictionary.visit_field(name) {
            Some(field) => is_open(Some(field), value),
            None => true,
        })
        .map(|(name, _)| format!("visit/{name}"))
        .next()
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::unkeepable;
    use crate::form::Definitions;
    use serde_json::json;

    #[test]
    fn a_secret_that_is_no_text_or_an_unknown_answer_cannot_be_kept() {
        let definitions = Definitions::embedded().unwrap();
        let dictionary = definitions.dictionary();
        let id = "01890000-0000-7000-8000-000000000001";
        let change = |from| json!({"changes": [{"path": format!("persons/{id}/id_no"), "from": from, "to": null}]});
        assert_eq!(unkeepable(dictionary, &change(json!("150699197203140011"))), None);
        assert_eq!(unkeepable(dictionary, &change(json!(null))), None);
        let number = unkeepable(dictionary, &change(json!(150_699_197_203_i64)));
        assert_eq!(number, Some(format!("persons/{id}/id_no")));
        let row = json!({"changes": [{"path": format!("persons/{id}"), "from": {"id_no": ["1"]}, "to": null}]});
        assert_eq!(unkeepable(dictionary, &row), Some(format!("persons/{id}")));
        assert_eq!(unkeepable(dictionary, &json!({"visit": {"outcome": "done"}})), None);
        assert_eq!(unkeepable(dictionary, &json!({"visit": {"diary": "x"}})), Some("visit/diary".to_owned()));
    }
}
