//! One value against its field: type, limits, code tables (docs/FORMS.md, table of types).

use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value};

use super::File;
use super::calendar::{parse_date, parse_month};
use super::codes::{Codes, RegionList};
use super::dictionary::{Field, Kind};
use super::id_no::read_id_no;
use super::problem::Severity;
use super::value::{integer, is_mobile};

/// What a value is checked against beside its field.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    pub codes: &'a Codes,
    pub regions: &'a RegionList,
    /// The file, for references to its rows.
    pub file: &'a File,
    /// The local date in Asia/Shanghai.
    pub today: NaiveDate,
}

/// What is wrong with one value.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub code: &'static str,
    pub severity: Severity,
    /// The limits that the message names.
    pub params: Map<String, Value>,
}

type Limits = [(&'static str, Option<Value>)];

fn error(code: &'static str) -> Finding {
    Finding { code, severity: Severity::E, params: Map::new() }
}

fn limit(code: &'static str, limits: &Limits) -> Finding {
    let params = limits.iter().filter_map(|(key, value)| Some(((*key).to_owned(), value.clone()?))).collect();
    Finding { code, severity: Severity::E, params }
}

/// Checks a normalised value that is not absent. At most one finding per value.
pub fn check_value(field: &Field, value: &Value, around: &Surroundings<'_>) -> Option<Finding> {
    match (field.kind, value) {
        (Kind::Bool, Value::Bool(_)) => None,
        (Kind::Int | Kind::Decimal | Kind::Money | Kind::Year, Value::Number(_)) => check_number(field, value),
        (Kind::Set, Value::Array(items)) => check_set(field, items, around.codes),
        (Kind::Geo, Value::Object(parts)) => check_geo(parts),
        (kind, Value::String(text)) if is_text(kind) => check_text(field, text, around),
        _ => Some(error("value.type")),
    }
}

fn is_text(kind: Kind) -> bool {
    !matches!(kind, Kind::Bool | Kind::Int | Kind::Decimal | Kind::Money | Kind::Year | Kind::Set | Kind::Geo)
}

fn check_number(field: &Field, value: &Value) -> Option<Finding> {
    let out_of_range =
        || limit("number.range", &[("min", field.min.map(Value::from)), ("max", field.max.map(Value::from))]);
    let Some(number) = integer(value) else {
        let is_whole = value.as_f64().is_some_and(|float| float.fract() == 0.0);
        return Some(if is_whole { out_of_range() } else { error("value.type") });
    };
    let fits = field.min.is_none_or(|min| number >= min) && field.max.is_none_or(|max| number <= max);
    (!fits).then(out_of_range)
}

fn check_set(field: &Field, items: &[Value], codes: &Codes) -> Option<Finding> {
    if !items.iter().all(Value::is_string) {
        return Some(error("value.type"));
    }
    if !items.iter().filter_map(Value::as_str).all(|code| is_known(field, code, codes)) {
        return Some(error("code.unknown"));
    }
    let fits = field.max.is_none_or(|max| i64::try_from(items.len()).is_ok_and(|count| count <= max));
    (!fits).then(|| limit("set.too_many", &[("max", field.max.map(Value::from))]))
}

fn is_known(field: &Field, code: &str, codes: &Codes) -> bool {
    field.codes.as_deref().is_some_and(|table| codes.find(table, code).is_some())
}

fn check_geo(parts: &Map<String, Value>) -> Option<Finding> {
    let part = |key: &str| parts.get(key).and_then(integer);
    let (Some(lat), Some(lon), Some(accuracy), 3) = (part("lat_e6"), part("lon_e6"), part("accuracy_m"), parts.len())
    else {
        return Some(error("value.type"));
    };
    let fits = lat.abs() <= 90_000_000 && lon.abs() <= 180_000_000 && accuracy >= 0;
    (!fits).then(|| error("geo.range"))
}

fn check_text(field: &Field, text: &str, around: &Surroundings<'_>) -> Option<Finding> {
    match field.kind {
        Kind::Name if text.chars().any(is_digit) => Some(error("name.digits")),
        Kind::Text | Kind::Name => check_length(field, text),
        Kind::Code => (!is_known(field, text, around.codes)).then(|| error("code.unknown")),
        Kind::Date => check_date(field, parse_date(text), around.today),
        Kind::Month => check_date(field, parse_month(text), around.today),
        Kind::Digits => {
            let fits = is_digits(text) && field.length.is_none_or(|length| text.len() == length);
            (!fits).then(|| limit("digits.length", &[("length", field.length.map(Value::from))]))
        }
        Kind::Phone => (!is_mobile(text)).then(|| error("phone.format")),
        Kind::PhoneAny => (!is_mobile(text) && !is_landline(text)).then(|| error("phone.format")),
        Kind::IdNo => read_id_no(text, around.today).err().map(|fault| error(fault.code())),
        Kind::BankCard => check_bank_card(text),
        Kind::Region => {
            let known = field.level.is_some_and(|level| around.regions.knows(level, text));
            (!known).then(|| error("region.unknown"))
        }
        Kind::Ref => {
            let rows = field.rows.as_deref().and_then(|table| around.file.get(table)).and_then(Value::as_object);
            (!rows.is_some_and(|rows| rows.contains_key(text))).then(|| error("ref.unknown"))
        }
        _ => Some(error("value.type")),
    }
}

fn check_length(field: &Field, text: &str) -> Option<Finding> {
    let count = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    if field.min.is_some_and(|min| count < min) {
        return Some(limit("text.too_short", &[("min", field.min.map(Value::from))]));
    }
    field.max.is_some_and(|max| count > max).then(|| limit("text.too_long", &[("max", field.max.map(Value::from))]))
}

fn check_date(field: &Field, date: Option<NaiveDate>, today: NaiveDate) -> Option<Finding> {
    let Some(date) = date else { return Some(error("date.format")) };
    let is_later = match field.kind {
        Kind::Month => (date.year(), date.month()) > (today.year(), today.month()),
        _ => date > today,
    };
    (field.past && is_later).then(|| error("date.future"))
}

fn check_bank_card(text: &str) -> Option<Finding> {
    if !is_digits(text) || !(12..=19).contains(&text.len()) {
        return Some(limit("digits.length", &[("min", Some(Value::from(12))), ("max", Some(Value::from(19)))]));
    }
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let digits = text.chars().rev().filter_map(|c| c.to_digit(10));
    let sum: u32 = digits.enumerate().map(|(at, digit)| if at % 2 == 1 { doubled(digit) } else { digit }).sum();
    (!sum.is_multiple_of(10)).then(|| Finding { severity: Severity::W, ..error("bank_card.luhn") })
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || ('\u{ff10}'..='\u{ff19}').contains(&c)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `^0\d{2,3}-?\d{7,8}$`
fn is_landline(text: &str) -> bool {
    let is_split = |area: &str, number: &str| {
        area.starts_with('0')
            && (3..=4).contains(&area.len())
            && (7..=8).contains(&number.len())
            && is_digits(area)
            && is_digits(number)
    };
    match text.split_once('-') {
        Some((area, number)) => is_split(area, number),
        None => {
            [3, 4].into_iter().any(|at| text.split_at_checked(at).is_some_and(|(area, number)| is_split(area, number)))
        }
    }
}
