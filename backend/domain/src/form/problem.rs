//! What can be wrong with an answer.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Whether a problem blocks sending or asks for a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Blocks sending.
    E,
    /// Asks for a reason.
    W,
}

/// One problem at one path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    pub code: String,
    pub severity: Severity,
    /// A concrete path, the name of a table of rows, or `visit`.
    pub path: String,
    /// The limits that the message names.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
}

impl Problem {
    pub(super) fn new(code: &str, severity: Severity, path: &str) -> Problem {
        Problem { code: code.to_owned(), severity, path: path.to_owned(), params: Map::new() }
    }
}
