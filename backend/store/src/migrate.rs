//! The migrations of both databases, compiled in. `migrations/README.md` says how to add one.

use crate::dialect::Conn;
use crate::error::StoreError;
use diesel::backend::Backend;
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Two processes that start at once take turns: the advisory lock of this number is held meanwhile.
const LOCK: i64 = 0x7275_6875;

/// Applies what is pending; the names of what was applied.
pub(crate) fn run(c: &mut Conn) -> Result<Vec<String>, StoreError> {
    match c {
        Conn::Sqlite(c) => names(c.run_pending_migrations(SQLITE)),
        Conn::Postgres(c) => {
            diesel::sql_query(format!("SELECT pg_advisory_lock({LOCK})")).execute(c)?;
            let applied = names(c.run_pending_migrations(POSTGRES));
            c.batch_execute(&format!("SELECT pg_advisory_unlock({LOCK})"))?;
            applied
        }
    }
}

/// Takes everything down again, latest first. Only tests and a person at the console want this.
pub(crate) fn revert(c: &mut Conn) -> Result<Vec<String>, StoreError> {
    match c {
        Conn::Sqlite(c) => names(c.revert_all_migrations(SQLITE)),
        Conn::Postgres(c) => names(c.revert_all_migrations(POSTGRES)),
    }
}

diesel::table! {
    /// What diesel_migrations notes. It is read here, because its own check would write in a reader's transaction.
    __diesel_schema_migrations (version) { version -> Text, }
}

/// Whether the database has what this program expects: its migrations have run. A newer program may have added
/// others, while the older one still serves.
pub(crate) fn is_current(c: &mut Conn) -> Result<bool, StoreError> {
    use __diesel_schema_migrations as noted;
    let known = match c {
        Conn::Sqlite(_) => versions(MigrationSource::<Sqlite>::migrations(&SQLITE)),
        Conn::Postgres(_) => versions(MigrationSource::<Pg>::migrations(&POSTGRES)),
    }?;
    match noted::table.select(noted::version).order(noted::version).load::<String>(c).map_err(StoreError::from) {
        Ok(applied) => Ok(known.iter().all(|version| applied.contains(version))),
        // No such table: nothing was ever applied.
        Err(StoreError::Broken(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn versions<DB: Backend>(
    migrations: diesel::migration::Result<Vec<Box<dyn Migration<DB>>>>,
) -> Result<Vec<String>, StoreError> {
    let mut versions: Vec<String> =
        migrations.map_err(broken)?.iter().map(|migration| migration.name().version().to_string()).collect();
    versions.sort();
    Ok(versions)
}

/// The names of the migrations of both databases, for the test that they are twins.
pub fn list_names() -> Result<(Vec<String>, Vec<String>), StoreError> {
    let sqlite = MigrationSource::<Sqlite>::migrations(&SQLITE).map_err(broken)?;
    let postgres = MigrationSource::<Pg>::migrations(&POSTGRES).map_err(broken)?;
    Ok((
        sqlite.iter().map(|migration| migration.name().to_string()).collect(),
        postgres.iter().map(|migration| migration.name().to_string()).collect(),
    ))
}

fn names(
    applied: diesel::migration::Result<Vec<diesel::migration::MigrationVersion<'_>>>,
) -> Result<Vec<String>, StoreError> {
    Ok(applied.map_err(broken)?.iter().map(ToString::to_string).collect())
}

fn broken(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::Broken(format!("a migration failed: {error}"))
}
