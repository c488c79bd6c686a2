//! One connection type over both databases, and `each!` for the few shapes that diesel builds per database.

use diesel::{PgConnection, SqliteConnection};

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Conn {
    /// Whether this is PostgreSQL, for the two queries that differ in meaning and not only in shape.
    pub fn is_postgres(&self) -> bool {
        matches!(self, Conn::Postgres(_))
    }
}

/// Writes the same expression once for each database: upserts, batch inserts and the like.
macro_rules! each {
    ($conn:expr, $c:ident => $body:expr) => {
        match $conn {
            $crate::dialect::Conn::Sqlite($c) => $body,
            $crate::dialect::Conn::Postgres($c) => $body,
        }
    };
}
pub(crate) use each;
