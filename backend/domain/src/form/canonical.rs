//! The one form of a JSON value that is hashed (RFC 8785), and its hash.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The RFC 8785 form.
pub fn canonical_json<T: Serialize + ?Sized>(value: &T) -> Result<String, serde_json::Error> {
    serde_jcs::to_string(value)
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
