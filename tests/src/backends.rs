//! Runs a test on both databases.
//!
//! SQLite: a file in a temporary folder. PostgreSQL: `RUHU_TEST_POSTGRES_URL` names a server that `tests/run`
//! started; every test gets its own database, copied from a migrated template, and drops it.
//! The template has a Chinese ICU locale, so that a query that leans on the locale of ids or codes fails here.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test kit fails loudly")]

use diesel::connection::{Connection, SimpleConnection};
use diesel::sql_types::{Bool, Text};
use diesel::{PgConnection, RunQueryDsl};
use ruhu_store::{Db, DbOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const SERVER: &str = "RUHU_TEST_POSTGRES_URL";
const BACKENDS: &str = "RUHU_TEST_BACKENDS";

/// Which database a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A migrated database of one test, gone when dropped.
#[derive(Debug)]
pub struct TestDb {
    /// `None` only while it is dropped: connections close before the database goes.
    db: Option<Db>,
    url: String,
    home: Home,
}

#[derive(Debug)]
enum Home {
    Folder(TempDir),
    Server { admin: String, name: String },
}

impl TestDb {
    /// A new database; `None` when PostgreSQL was switched off by `RUHU_TEST_BACKENDS=sqlite`.
    pub async fn new(backend: Backend) -> Option<Self> {
        match backend {
            Backend::Sqlite => Some(Self::sqlite().await),
            Backend::Postgres if std::env::var(BACKENDS).is_ok_and(|list| list == "sqlite") => None,
            Backend::Postgres => Some(Self::postgres().await),
        }
    }

    async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite:{}", folder.path().join("ruhu.db").display());
        let db = Db::open(&url, options()).expect("a new SQLite database");
        db.migrate().await.expect("the migrations");
        Self { db: Some(db), url, home: Home::Folder(folder) }
    }

    async fn postgres() -> Self {
        let admin = std::env::var(SERVER).unwrap_or_else(|_| {
            panic!(
                "PostgreSQL is missing: set {SERVER} to the address of a test server (tests/run does), \
                 or {BACKENDS}=sqlite to leave its half out."
            )
        });
        let template = ensure_template(&admin).await;
        let name = format!("ruhu_test_{}", uuid::Uuid::now_v7().simple());
        execute(&admin, &format!("CREATE DATABASE {name} TEMPLATE {template}"));
        let url = with_database(&admin, &name);
        let db = Db::open(&url, options()).expect("the test's PostgreSQL database");
        Self { db: Some(db), url, home: Home::Server { admin, name } }
    }

    /// The database.
    pub fn db(&self) -> &Db {
        self.db.as_ref().expect("the database is open")
    }

    /// Its address, for a server under test.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Which database it is.
    pub fn backend(&self) -> Backend {
        match self.home {
            Home::Folder(_) => Backend::Sqlite,
            Home::Server { .. } => Backend::Postgres,
        }
    }

    /// The folder of SQLite's files.
    pub fn folder(&self) -> Option<&Path> {
        match &self.home {
            Home::Folder(folder) => Some(folder.path()),
            Home::Server { .. } => None,
        }
    }
}

impl std::ops::Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        self.db()
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        self.db = None;
        if let Home::Server { admin, name } = &self.home {
            execute(admin, &format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

fn options() -> DbOptions {
    DbOptions { pool_size: 4, ..DbOptions::default() }
}

/// The name of the migrated template; made once per server and state of the migrations.
async fn ensure_template(admin: &str) -> String {
    let name = format!("ruhu_template_{:016x}", migrations_fingerprint());
    let mut c = PgConnection::establish(admin).expect("the test server answers");
    // Test processes take turns; the lock goes with the connection.
    c.batch_execute("SELECT pg_advisory_lock(9701)").expect("a lock");
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        there: bool,
    }
    let row: Row =
        diesel::sql_query("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate) AS there")
            .bind::<Text, _>(&name)
            .get_result(&mut c)
            .expect("the list of databases");
    if !row.there {
        // What a killed run left half made goes first.
        c.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).expect("no half-made template");
        c.batch_execute(&format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'zh'"
        ))
        .expect("a template database");
        let db = Db::open(&with_database(admin, &name), options()).expect("the template database");
        db.migrate().await.expect("the migrations");
        drop(db);
        c.batch_execute(&format!("ALTER DATABASE {name} IS_TEMPLATE true")).expect("a finished template");
    }
    name
}

fn migrations_fingerprint() -> u64 {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/postgres");
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in std::fs::read_dir(root).expect("the migrations") {
        files.push(folder.expect("a migration").path().join("up.sql"));
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file).expect("an up.sql").hash(&mut hasher);
    }
    hasher.finish()
}

fn execute(admin: &str, sql: &str) {
    let mut c = PgConnection::establish(admin).expect("the test server answers");
    c.batch_execute(sql).expect(sql);
}

/// The same server with another database.
fn with_database(url: &str, name: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, None), |(address, options)| (address, Some(options)));
    let authority = address.find("://").map_or(0, |at| at + 3);
    let end = address[authority..].find('/').map_or(address.len(), |at| authority + at);
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    format!("{}/{name}{options}", &address[..end])
}

/// Writes a test once and runs it on both databases: the function gets a `TestDb`.
///
/// `on_both_backends! { async fn a_login_is_taken_once(db: TestDb) { … } }`
#[macro_export]
macro_rules! on_both_backends {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: TestDb) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $(#[$meta])*
            async fn run($db: $crate::backends::TestDb) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                if let Some(db) = $crate::backends::TestDb::new($crate::backends::Backend::Sqlite).await {
                    run(db).await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(db) = $crate::backends::TestDb::new($crate::backends::Backend::Postgres).await {
                    run(db).await;
                }
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn only_the_database_of_an_address_changes() {
        assert_eq!(
            with_database("postgres://u:p@h:1/postgres?sslmode=disable", "x"),
            "postgres://u:p@h:1/x?sslmode=disable"
        );
        assert_eq!(with_database("postgres://h:1", "x"), "postgres://h:1/x");
    }
}
