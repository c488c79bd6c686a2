//! One way to write each value: what counts as equal is made equal before it is checked or compared.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::dictionary::{Field, Kind};
use super::id_no::lengthen;
use super::mask::{is_masked, mask_value};

/// Greatest integer that JavaScript holds exactly.
const SAFE_INTEGER: i64 = 9_007_199_254_740_991;

/// Absent: `null`, `""`, `[]`.
pub fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// The normalised value; `Null` when it is absent. A value of the wrong JSON type comes back as it is.
/// A covered value of a masked field is only trimmed.
pub fn normalise(field: &Field, value: &Value) -> Value {
    match value {
        Value::String(text) => match text_value(field, text) {
            Cow::Borrowed("") => Value::Null,
            text if text.is_empty() => Value::Null,
            text => Value::String(text.into_owned()),
        },
        Value::Array(items) if field.kind == Kind::Set => set_value(items),
        Value::Array(items) if items.is_empty() => Value::Null,
        Value::Number(_) if is_number(field.kind) => integer(value).map_or_else(|| value.clone(), Value::from),
        Value::Object(parts) if field.kind == Kind::Geo => {
            Value::Object(parts.iter().map(|(key, part)| (key.clone(), plain_integer(part))).collect::<Map<_, _>>())
        }
        _ => value.clone(),
    }
}

/// Whether two values stand for the same: equal after normalising, or one is the covered form of the other.
pub fn same_value(field: &Field, left: &Value, right: &Value) -> bool {
    if left == right {
        return true;
    }
    let (left, right) = (normalise(field, left), normalise(field, right));
    left == right || covers(field, &left, &right) || covers(field, &right, &left)
}

/// Whether `mask` is exactly the covered form of `value`.
pub(super) fn covers(field: &Field, mask: &Value, value: &Value) -> bool {
    match (field.mask(), mask, value) {
        (Some(kind), Value::String(mask), Value::String(value)) => {
            is_masked(mask) && !is_masked(value) && mask_value(kind, value) == *mask
        }
        _ => false,
    }
}

/// White space of Unicode, and the byte order mark.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

/// The integer of a JSON number, also when it is written `3.0`; `None` for fractions and for what no browser holds exactly.
pub(super) fn integer(value: &Value) -> Option<i64> {
    let whole = value.as_i64().or_else(|| {
        let float = value.as_f64()?;
        (float.fract() == 0.0 && float.abs() <= SAFE_INTEGER as f64).then_some(float as i64)
    });
    whole.filter(|whole| whole.unsigned_abs() <= SAFE_INTEGER.unsigned_abs())
}

fn plain_integer(value: &Value) -> Value {
    integer(value).map_or_else(|| value.clone(), Value::from)
}

fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Int | Kind::Decimal | Kind::Money | Kind::Year)
}

fn text_value<'a>(field: &Field, text: &'a str) -> Cow<'a, str> {
    let text = text.trim_matches(is_blank);
    if field.mask().is_some() && is_masked(text) {
        return Cow::Borrowed(text);
    }
    match field.kind {
        Kind::Name => Cow::Owned(middle_dots(text)),
        Kind::Digits => Cow::Owned(half_width(text).trim_matches(is_blank).to_owned()),
        Kind::Phone | Kind::BankCard => Cow::Owned(dense(&half_width(text))),
        Kind::PhoneAny => {
            let half = half_width(text);
            let dense = dense(&half);
            Cow::Owned(if is_mobile(&dense) { dense } else { half.trim_matches(is_blank).to_owned() })
        }
        Kind::IdNo => {
            let number = dense(&half_width(text)).replace('x', "X");
            Cow::Owned(lengthen(&number).unwrap_or(number))
        }
        _ => Cow::Borrowed(text),
    }
}

fn set_value(items: &[Value]) -> Value {
    if !items.iter().all(Value::is_string) {
        return Value::Array(items.to_vec());
    }
    let mut codes: Vec<&str> = items
        .iter()
        .filter_map(Value::as_str)
        .map(|code| code.trim_matches(is_blank))
        .filter(|code| !code.is_empty())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    if codes.is_empty() { Value::Null } else { Value::from(codes) }
}

/// `^1[3-9]\d{9}$`
pub(super) fn is_mobile(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 11 && bytes.iter().all(u8::is_ascii_digit) && bytes[0] == b'1' && bytes[1] >= b'3'
}

/// Full-width ASCII and the ideographic space become half-width.
fn half_width(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    };
    text.chars().map(narrow).collect()
}

/// Without blanks and hyphens.
fn dense(text: &str) -> String {
    text.chars().filter(|c| !is_blank(*c) && *c != '-').collect()
}

/// The many dots that stand between the parts of a name become U+00B7; a full stop only between Han characters.
fn middle_dots(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let is_han_at = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(|c| is_han(*c));
    let dotted = |(at, c): (usize, &char)| match c {
        '\u{2022}' | '\u{ff0e}' | '\u{2027}' | '\u{30fb}' => '\u{b7}',
        '.' if is_han_at(at.checked_sub(1)) && is_han_at(Some(at + 1)) => '\u{b7}',
        _ => *c,
    };
    characters.iter().enumerate().map(dotted).collect()
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3007}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}
