//! What can go wrong in the store.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// The store's one error.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row changed, or went, since it was read.
    #[error("the row changed since it was read")]
    Stale,
    /// A row with this key is there already.
    #[error("there is already such a row: {0}")]
    Duplicate(String),
    /// A device id that belongs to another user.
    #[error("this device belongs to another user")]
    ForeignDevice,
    /// A published definition would change.
    #[error("{0} is published and must not change; publish a new version")]
    DefinitionChanged(String),
    /// The text is not a cursor of this list.
    #[error("the cursor is not one of this list")]
    BadCursor,
    /// The database address cannot be used.
    #[error("{0}")]
    BadUrl(String),
    /// The transaction met another one; `Db::write` repeats it.
    #[error("the transaction met another one")]
    Contended(#[source] DieselError),
    /// The database does not answer, or no connection is free.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A stored value cannot be read: wrong key, moved ciphertext, or damage.
    #[error("a stored value cannot be opened: {0}")]
    Sealed(&'static str),
    /// A bug or a damaged database.
    #[error("the database broke a rule: {0}")]
    Broken(String),
}

impl StoreError {
    /// Whether repeating the whole transaction may help.
    pub fn is_contended(&self) -> bool {
        matches!(self, Self::Contended(_))
    }

    /// Whether the database cannot work now, whatever it is asked: the request fails as a whole.
    /// A statement that it refuses, or a value that does not open, is the affair of the one that asked.
    pub fn is_infrastructure(&self) -> bool {
        matches!(self, Self::Contended(_) | Self::Unavailable(_) | Self::BadUrl(_))
    }
}

/// An error that a transaction's closure may end with. `Db::write` looks for the store's error in it,
/// because only the store knows whether to run the closure again.
pub trait TransactionError: From<StoreError> {
    /// The store's error, if it is one.
    fn as_store(&self) -> Option<&StoreError>;
}

impl TransactionError for StoreError {
    fn as_store(&self) -> Option<&StoreError> {
        Some(self)
    }
}

/// PostgreSQL's words for a deadlock; diesel has no kind for it.
const DEADLOCK: &str = "deadlock detected";

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        use DatabaseErrorKind as Kind;
        match &error {
            DieselError::DatabaseError(Kind::SerializationFailure, _) => Self::Contended(error),
            DieselError::DatabaseError(Kind::UniqueViolation, info) => {
                Self::Duplicate(info.constraint_name().unwrap_or(info.message()).to_owned())
            }
            DieselError::DatabaseError(Kind::ClosedConnection | Kind::UnableToSendCommand, info) => {
                Self::Unavailable(info.message().to_owned())
            }
            DieselError::DatabaseError(Kind::Unknown, info) if info.message().contains(DEADLOCK) => {
                Self::Contended(error)
            }
            DieselError::DatabaseError(Kind::Unknown, info) if is_outage(info.message()) => {
                Self::Unavailable(info.message().to_owned())
            }
            DieselError::BrokenTransactionManager => Self::Unavailable(error.to_string()),
            _ => Self::Broken(error.to_string()),
        }
    }
}

/// For an insert that follows a look-up which found nothing: a unique violation means that somebody was faster,
/// and the repeated transaction will find their row.
pub(crate) fn raced(error: DieselError) -> StoreError {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => StoreError::Contended(error),
        error => error.into(),
    }
}

/// SQLite's and PostgreSQL's words for a database that cannot work now.
fn is_outage(message: &str) -> bool {
    const OUTAGES: [&str; 7] = [
        "database is locked",
        "database or disk is full",
        "disk I/O error",
        "unable to open database file",
        "terminating connection",
        "the database system is",
        "server closed the connection",
    ];
    OUTAGES.iter().any(|words| message.contains(words))
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        // What serde says may quote the value.
        let (kind, line, column) = (error.classify(), error.line(), error.column());
        Self::Broken(format!("a JSON column: {kind:?} error in line {line}, column {column}"))
    }
}
