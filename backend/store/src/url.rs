//! The address of a database. Its scheme is read here, because diesel would make a SQLite file of any mistyped text.

use crate::error::StoreError;
use std::fmt;
use std::path::Path;

/// A database address whose scheme is known.
#[derive(Clone, PartialEq, Eq)]
pub enum DbUrl {
    /// Path of the file.
    Sqlite(String),
    /// libpq's address, with password if it has one.
    Postgres(String),
}

impl fmt::Debug for DbUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{path}"),
            Self::Postgres(_) => f.write_str("postgres://***"),
        }
    }
}

impl DbUrl {
    /// Reads `sqlite:<path>`, `postgres://…` or `postgresql://…`.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let bad = |why: &str| Err(StoreError::BadUrl(why.to_owned()));
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let host = text.split_once("://").map_or("", |(_, rest)| rest);
            return if host.is_empty() {
                bad("The database address names no host; write postgres://user:password@host:5432/name.")
            } else {
                Ok(Self::Postgres(text.to_owned()))
            };
        }
        let Some(path) = text.strip_prefix("sqlite:") else {
            return bad("The database address must begin with sqlite: or postgres://, for example sqlite:ruhu.db \
                 or postgres://user:password@host:5432/name.");
        };
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.starts_with(':') || path.starts_with("file:") {
            return bad("The database address names no file; write sqlite:<path>, for example sqlite:ruhu.db.");
        }
        match Path::new(path).parent() {
            Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
                bad(&format!("The folder {} of the database does not exist.", folder.display()))
            }
            _ => Ok(Self::Sqlite(path.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_scheme_is_refused_in_one_sentence() {
        for bad in ["postgre://h/d", "ruhu.db", "sqlite:", "sqlite::memory:", "postgres://", "mysql://h/d", ""] {
            assert!(matches!(DbUrl::parse(bad), Err(StoreError::BadUrl(why)) if why.ends_with('.')), "{bad}");
        }
        assert!(matches!(DbUrl::parse("sqlite:/no/such/folder/a.db"), Err(StoreError::BadUrl(_))));
    }

    #[test]
    fn a_password_never_shows() {
        let url = DbUrl::parse("postgres://ruhu:geheim@db/ruhu").ok();
        assert_eq!(format!("{url:?}"), "Some(postgres://***)");
    }
}
