//! A rule that says no: stable code, kind, and what it says to a person.

use serde::Serialize;

/// What kind of no it is; the shell maps it to an HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The input is wrong in itself.
    Invalid,
    /// The actor may not do this (and may know that the thing exists).
    Forbidden,
    /// The thing does not exist, or must stay unseen.
    NotFound,
    /// The state of things forbids it.
    Conflict,
}

/// One finding at one place of the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable code, a key of the app's translations.
    pub code: String,
    /// Path of the field, empty when it is about the whole.
    pub path: String,
    /// Figures for the sentence (limits, counts), never a person's data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params: Option<serde_json::Value>,
}

/// Implemented by every error enum of the rules.
pub trait Refusal: std::error::Error {
    /// Stable code such as `visit.own`.
    fn code(&self) -> &'static str;
    /// The kind of no.
    fn kind(&self) -> Kind;
}
