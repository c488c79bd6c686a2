//! Random bits in a proposal, without which nobody can try what its hash is of.

use serde::{Deserialize, Deserializer};

/// Whether a text is 128 bits in base64url, without padding.
pub fn is_nonce(text: &str) -> bool {
    text.len() == 22 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// For what may be missing, but is a text when it is there.
pub fn read_if_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}
