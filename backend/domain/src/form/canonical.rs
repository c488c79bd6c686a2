//! The one form of a JSON value that is hashed (RFC 8785), and its hash.

use serde::Serialize;
use serde_json::{Number, Value};
use sha2::{Digest, Sha256};

/// The largest whole number that every reader of JSON keeps exactly; beyond it RFC 8785 rounds.
const EXACT_MAX: u64 = 1 << 53;

/// The RFC 8785 form.
pub fn canonical_json<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    let value = serde_json::to_value(value)?;
    if is_plain(&value) { serde_json::to_string(&value) } else { serde_jcs::to_string(&value) }
}

/// Whether the usual text of a value is its canonical one already, as it is with nearly everything here: no fractions,
/// no number beyond `EXACT_MAX`, names in ASCII and in order. The general way costs ten times as much.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) | Value::String(_) => true,
        Value::Number(number) => is_exact(number),
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(entries) => {
            entries.keys().all(|name| name.is_ascii())
                && entries.keys().zip(entries.keys().skip(1)).all(|(one, next)| one < next)
                && entries.values().all(is_plain)
        }
    }
}

fn is_exact(number: &Number) -> bool {
    number.as_i64().is_some_and(|n| n.unsigned_abs() <= EXACT_MAX)
}

/// SHA-256 over bytes, lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        for nibble in [byte >> 4, byte & 15] {
            hex.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
        hex
    })
}

/// SHA-256 over the RFC 8785 form, lower-case hex.
pub fn canonical_hash<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    canonical_json(value).map(|text| sha256_hex(text.as_bytes()))
}
