//! Conditions: JsonLogic with a short list of operators, compiled once when the definitions are loaded.
//!
//! There is no clock and no state behind a condition. One that fails while it runs does not hold.

use std::fmt;

use datalogic_rs::bumpalo::Bump;
use datalogic_rs::{DataValue, Engine, Logic};
use serde_json::Value;

use super::derive::{FIGURES, PERSON_FIGURES};
use super::dictionary::{Dictionary, Kind};

const OPERATORS: [&str; 26] = [
    "var", "==", "===", "!=", "!==", "!", "!!", "and", "or", "if", ">", ">=", "<", "<=", "in", "some", "all", "none",
    "filter", "map", "reduce", "cat", "+", "-", "*", "/",
];
/// These run their second argument once for each element of the first.
const LOOPS: [&str; 6] = ["some", "all", "none", "filter", "map", "reduce"];

/// Compiles and runs conditions. One for the whole process is enough.
pub struct Conditions {
    engine: Engine,
}

impl Default for Conditions {
    fn default() -> Conditions {
        Conditions { engine: Engine::new() }
    }
}

impl fmt::Debug for Conditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Conditions")
    }
}

/// A compiled condition.
pub struct Condition {
    logic: Logic,
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Condition")
    }
}

/// Which variables a rule may name.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// The context of a form; `row` is a row of that table.
    Form { dictionary: &'a Dictionary, row: Option<&'a str> },
    /// Inside a loop over the rows of a table.
    Row { dictionary: &'a Dictionary, table: &'a str },
    /// Anything.
    Free,
}

impl Conditions {
    /// Checks and compiles a rule; the error is a sentence for whoever writes the form.
    pub fn compile(&self, rule: &Value, scope: Scope<'_>) -> Result<Condition, String> {
        check_rule(rule, scope)?;
        let logic = self.engine.compile(rule).map_err(|error| format!("condition does not compile: {error}"))?;
        Ok(Condition { logic })
    }

    /// Whether the condition holds.
    pub fn holds<'a>(&self, condition: &'a Condition, data: &'a DataValue<'a>, arena: &'a Bump) -> bool {
        self.engine.evaluate(&condition.logic, data, arena).is_ok_and(is_true)
    }

    /// The same over plain JSON, for tests and tools.
    pub fn holds_in(&self, condition: &Condition, context: &Value) -> bool {
        let arena = Bump::new();
        self.engine.evaluate(&condition.logic, context, &arena).is_ok_and(is_true)
    }
}

/// True as JsonLogic means it: not null, false, 0, an empty string or an empty list.
fn is_true(value: &DataValue<'_>) -> bool {
    match value {
        DataValue::Null => false,
        DataValue::Bool(is_true) => *is_true,
        DataValue::Number(number) => !number.is_zero() && !number.is_nan(),
        DataValue::String(text) => !text.is_empty(),
        DataValue::Array(items) => !items.is_empty(),
        DataValue::Object(_) => true,
    }
}

fn check_rule(rule: &Value, scope: Scope<'_>) -> Result<(), String> {
    match rule {
        Value::Object(parts) => {
            let mut entries = parts.iter();
            let (Some((operator, arguments)), None) = (entries.next(), entries.next()) else {
                return Err("an operation has exactly one operator".to_owned());
            };
            check_operation(operator, arguments, scope)
        }
        Value::Array(items) => items.iter().try_for_each(|item| check_rule(item, scope)),
        _ => Ok(()),
    }
}

fn check_operation(operator: &str, arguments: &Value, scope: Scope<'_>) -> Result<(), String> {
    if operator == "var" {
        return check_variable(arguments, scope);
    }
    if LOOPS.contains(&operator) {
        let [over, body, rest @ ..] = arguments.as_array().map(Vec::as_slice).unwrap_or_default() else {
            return Err(format!("\"{operator}\" needs a list and a rule"));
        };
        check_rule(over, scope)?;
        rest.iter().try_for_each(|item| check_rule(item, scope))?;
        let inner = if operator == "reduce" { Scope::Free } else { inner_scope(over, scope) };
        return check_rule(body, inner);
    }
    if !OPERATORS.contains(&operator) {
        return Err(format!("unknown operator \"{operator}\""));
    }
    check_rule(arguments, scope)
}

/// What the elements are: rows of a table, where the list is one or is filtered out of one.
fn inner_scope<'a>(over: &'a Value, scope: Scope<'a>) -> Scope<'a> {
    let Scope::Form { dictionary, .. } = scope else { return Scope::Free };
    if let Some(over) = over.get("filter").and_then(|arguments| arguments.get(0)) {
        return inner_scope(over, scope);
    }
    match over.get("var").and_then(Value::as_str).and_then(|name| name.strip_prefix("file.")) {
        Some(table) if dictionary.is_table(table) => Scope::Row { dictionary, table },
        _ => Scope::Free,
    }
}

fn check_variable(arguments: &Value, scope: Scope<'_>) -> Result<(), String> {
    let name = match arguments {
        Value::Array(items) => items.first().and_then(Value::as_str),
        other => other.as_str(),
    };
    let Some(name) = name else { return Err("\"var\" needs the name of a variable".to_owned()) };
    let is_known = match scope {
        Scope::Free => !name.contains(".."),
        Scope::Row { dictionary, table } => name.is_empty() || is_column(dictionary, table, name),
        Scope::Form { dictionary, row } => is_known(dictionary, row, name),
    };
    if is_known { Ok(()) } else { Err(format!("unknown path \"{name}\"")) }
}

fn is_known(dictionary: &Dictionary, row: Option<&str>, name: &str) -> bool {
    let Some((root, rest)) = name.split_once('.') else {
        return matches!(name, "file" | "visit" | "row" | "derived" | "today" | "is_new" | "is_partial");
    };
    match root {
        "file" => dictionary.is_table(rest) || is_value(rest, |name| dictionary.scalar(name).map(|field| field.kind)),
        "visit" => is_value(rest, |name| dictionary.visit_field(name).map(|field| field.kind)),
        "row" => row.is_some_and(|table| is_column(dictionary, table, rest)),
        "derived" => FIGURES.contains(&rest),
        _ => false,
    }
}

fn is_column(dictionary: &Dictionary, table: &str, name: &str) -> bool {
    let figure = name.strip_prefix("d.").filter(|_| table == "persons");
    name == "id"
        || figure.is_some_and(|figure| PERSON_FIGURES.contains(&figure))
        || is_value(name, |name| dictionary.column(table, name).map(|field| field.kind))
}

/// A value, or a part of a position.
fn is_value(name: &str, kind: impl Fn(&str) -> Option<Kind>) -> bool {
    match name.split_once('.') {
        None => kind(name).is_some(),
        Some((name, part)) => kind(name) == Some(Kind::Geo) && matches!(part, "lat_e6" | "lon_e6" | "accuracy_m"),
    }
}
