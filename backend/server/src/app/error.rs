//! How a use case fails. The shell turns each into a problem; nothing here knows HTTP.

use crate::env::RandomError;
use crate::views::problem::{Decided, Since};
use ruhu_domain::ids::VisitId;
use ruhu_domain::refusal::{Finding, Kind, Refusal};
use ruhu_store::{StoreError, TransactionError};

/// A use case that did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A rule says no.
    #[error("{}", .0.code)]
    Refused(Box<Refused>),
    /// Nobody is signed in, or not any more; the code tells why.
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// Too many wrong passwords.
    #[error("auth.throttled")]
    Throttled { retry_after_s: u64 },
    /// The request holds more than allowed.
    #[error("{0}")]
    TooLarge(&'static str),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A bug, or the machine is broken.
    #[error("{0}")]
    Broken(String),
}

/// What a rule says, for the wire.
#[derive(Debug)]
pub struct Refused {
    pub code: &'static str,
    pub kind: Kind,
    pub title: String,
    pub errors: Vec<Finding>,
    pub detail: Detail,
}

/// What some refusals carry beside their code.
#[derive(Debug, Default)]
pub enum Detail {
    #[default]
    Nothing,
    Gap {
        next_seq: i64,
    },
    Stale(Since),
    Decided(Decided),
    Clash(Vec<String>),
    Visit(VisitId),
}

impl AppError {
    fn refused(kind: Kind, code: &'static str, title: &str) -> Self {
        let title = title.to_owned();
        Self::Refused(Box::new(Refused { code, kind, title, errors: Vec::new(), detail: Detail::Nothing }))
    }

    /// The input is wrong in itself.
    pub fn invalid(code: &'static str, title: &str) -> Self {
        Self::refused(Kind::Invalid, code, title)
    }

    /// One field of the input is wrong.
    pub fn invalid_field(path: &str, code: &'static str, title: &str) -> Self {
        let finding = Finding { code: code.to_owned(), path: path.to_owned(), params: None };
        Self::invalid(code, title).with_errors(vec![finding])
    }

    /// The actor may not do this.
    pub fn forbidden(code: &'static str, title: &str) -> Self {
        Self::refused(Kind::Forbidden, code, title)
    }

    /// There is no such thing, or it must stay unseen.
    pub fn not_found() -> Self {
        Self::refused(Kind::NotFound, "not_found", "There is no such thing")
    }

    /// The state of things forbids it.
    pub fn conflict(code: &'static str, title: &str) -> Self {
        Self::refused(Kind::Conflict, code, title)
    }

    /// What a rule of the domain says.
    pub fn rule(refusal: &impl Refusal) -> Self {
        Self::refused(refusal.kind(), refusal.code(), &refusal.to_string())
    }

    /// The same with findings.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<Finding>) -> Self {
        if let Self::Refused(refused) = &mut self {
            refused.errors = errors;
        }
        self
    }

    /// The same with what belongs to its code.
    #[must_use]
    pub fn with_detail(mut self, detail: Detail) -> Self {
        if let Self::Refused(refused) = &mut self {
            refused.detail = detail;
        }
        self
    }
}

impl TransactionError for AppError {
    fn as_store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl From<RandomError> for AppError {
    fn from(error: RandomError) -> Self {
        Self::Broken(error.to_string())
    }
}

impl From<serde_json::Error> for AppError {
    fn from(error: serde_json::Error) -> Self {
        // What serde says may quote the value.
        let (kind, line, column) = (error.classify(), error.line(), error.column());
        Self::Broken(format!("JSON: {kind:?} error in line {line}, column {column}"))
    }
}
