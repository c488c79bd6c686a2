//! The database: where it is, its connections, and the only two ways to use them.
//!
//! `write` owns BEGIN, COMMIT and the repetition of transactions that met another one; `read` gives a
//! snapshot. Diesel is synchronous, so both run on the blocking pool, and nothing else in the program does.
//! SQLite has one writer (`writer.rs`) and a pool of readers;
//! PostgreSQL has one pool and REPEATABLE READ.

use crate::dialect::{Conn, each};
use crate::error::{StoreError, TransactionError};
use crate::migrate;
use crate::url::DbUrl;
use crate::writer::Writer;
use diesel::connection::{AnsiTransactionManager, Connection, SimpleConnection, TransactionManager};
use diesel::r2d2::{ManageConnection, Pool};
use diesel::{PgConnection, RunQueryDsl, SqliteConnection};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Times a transaction is run before its meeting others becomes an error.
const ATTEMPTS: u32 = 24;
/// The pause before the second attempt; it doubles up to `PAUSE_MAX_MS`, each with a random part.
const PAUSE_MS: u64 = 2;
const PAUSE_MAX_MS: u64 = 200;

/// Sizes and patience.
#[derive(Debug, Clone, Copy)]
pub struct DbOptions {
    /// Readers (SQLite) or connections (PostgreSQL) at most.
    pub pool_size: u32,
    /// How long a caller waits for a free connection, milliseconds.
    pub wait_ms: u64,
    /// How long SQLite waits for another process's lock, milliseconds.
    pub busy_timeout_ms: u32,
    /// Transactions that share one commit at most (SQLite); 1 gives each its own.
    pub group_commit: usize,
}

impl Default for DbOptions {
    fn default() -> Self {
        Self { pool_size: 8, wait_ms: 10_000, busy_timeout_ms: 10_000, group_commit: 32 }
    }
}

/// An open database; clones share its connections.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool<Opener>,
    /// As many as the pool has connections, so that waiting costs no thread.
    free: Arc<Semaphore>,
    /// SQLite's one writer.
    writer: Option<Writer>,
    writer_opener: Opener,
    wait: Duration,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Db({})", if self.inner.writer.is_some() { "sqlite" } else { "postgres" })
    }
}

impl Db {
    /// Opens `sqlite:<path>` (the file is made when missing) or `postgres://…`. Blocks for a moment.
    pub fn open(url: &str, options: DbOptions) -> Result<Self, StoreError> {
        Self::open_for(Access::Write, DbUrl::parse(url)?, options)
    }

    /// Opens a database that is there already, for looking at it: no file is made, no setting of it changes, and
    /// SQLite refuses every write. `Unavailable` when SQLite's file is missing.
    pub fn open_to_look(url: &str, options: DbOptions) -> Result<Self, StoreError> {
        match DbUrl::parse(url)? {
            DbUrl::Sqlite(path) if !Path::new(&path).is_file() => {
                Err(StoreError::Unavailable("there is no such file".to_owned()))
            }
            url => Self::open_for(Access::Look, url, options),
        }
    }

    fn open_for(access: Access, url: DbUrl, options: DbOptions) -> Result<Self, StoreError> {
        let writer_opener = Opener { url, options, access };
        let wait = Duration::from_millis(options.wait_ms);
        let writer = match writer_opener.url {
            DbUrl::Sqlite(_) => Some(Writer::new(writer_opener.clone(), options.group_commit, wait)?),
            DbUrl::Postgres(_) => None,
        };
        let beside_writer = if access == Access::Write && writer.is_some() { Access::Read } else { access };
        let opener = Opener { access: beside_writer, ..writer_opener.clone() };
        // One connection now, so that a wrong address is known at once.
        drop(opener.connect()?);
        let pool = Pool::builder()
            .max_size(options.pool_size.max(1))
            .min_idle(Some(0))
            .test_on_check_out(writer.is_none())
            .connection_timeout(wait)
            .error_handler(Box::new(diesel::r2d2::NopErrorHandler))
            .build_unchecked(opener);
        let free = Arc::new(Semaphore::new(options.pool_size.max(1) as usize));
        Ok(Self { inner: Arc::new(Inner { pool, free, writer, writer_opener, wait }) })
    }

    /// Whether this is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        self.inner.writer.is_none()
    }

    /// Runs a transaction that may write. An error rolls everything back; a transaction that met another one
    /// runs again, so the closure must be repeatable: no effect outside the database, no state kept from a failure.
    pub async fn write<T, E, F>(&self, mut f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: TransactionError + Send + 'static,
        F: FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let mut attempt = 0;
        loop {
            let result;
            (f, result) = self.write_once(f).await?;
            attempt += 1;
            match result {
                Err(error) if attempt < ATTEMPTS && error.as_store().is_some_and(StoreError::is_contended) => {
                    tokio::time::sleep(pause(attempt)).await;
                }
                result => return result,
            }
        }
    }

    /// Runs a transaction that only reads, on one snapshot.
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: TransactionError + Send + 'static,
        F: FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        let begin = if self.is_postgres() { "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" } else { "BEGIN" };
        let lease = self.inner.lease().await?;
        blocking(move || pooled(&lease, begin, f).map(|(_, result)| result)).await??
    }

    async fn write_once<T, E, F>(&self, f: F) -> Result<(F, Result<T, E>), StoreError>
    where
        T: Send + 'static,
        E: TransactionError + Send + 'static,
        F: FnMut(&mut Conn) -> Result<T, E> + Send + 'static,
    {
        if let Some(writer) = &self.inner.writer {
            return writer.run(f).await;
        }
        let lease = self.inner.lease().await?;
        blocking(move || pooled(&lease, "BEGIN ISOLATION LEVEL REPEATABLE READ", f)).await?
    }

    /// Applies the pending migrations; their names.
    pub async fn migrate(&self) -> Result<Vec<String>, StoreError> {
        self.outside(migrate::run).await
    }

    /// Takes every migration down again, with all data.
    pub async fn revert_migrations(&self) -> Result<Vec<String>, StoreError> {
        self.outside(migrate::revert).await
    }

    /// Whether the database answers and is as this program expects it: the readiness check.
    pub async fn is_ready(&self) -> Result<bool, StoreError> {
        self.read(migrate::is_current).await
    }

    /// Runs something that brings its own transactions.
    async fn outside<T, F>(&self, f: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, StoreError> + Send + 'static,
    {
        let _turn = match &self.inner.writer {
            Some(writer) => Some(writer.lock().await?),
            None => None,
        };
        let opener = self.inner.writer_opener.clone();
        blocking(move || f(&mut opener.connect()?)).await?
    }
}

/// A permit and the pool it is for.
struct Lease {
    pool: Pool<Opener>,
    _permit: OwnedSemaphorePermit,
}

impl Inner {
    async fn lease(&self) -> Result<Lease, StoreError> {
        let permit = tokio::time::timeout(self.wait, Arc::clone(&self.free).acquire_owned()).await;
        match permit {
            Ok(Ok(permit)) => Ok(Lease { pool: self.pool.clone(), _permit: permit }),
            _ => Err(StoreError::Unavailable("no connection became free".into())),
        }
    }
}

/// Runs a closure on the blocking pool. A panic there is a bug, and costs its request only.
async fn blocking<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(f).await.map_err(|error| StoreError::Broken(format!("a transaction ended: {error}")))
}

/// Runs a transaction on a connection of the pool.
fn pooled<T, E: TransactionError, F: FnMut(&mut Conn) -> Result<T, E>>(
    lease: &Lease,
    begin: &str,
    mut f: F,
) -> Result<(F, Result<T, E>), StoreError> {
    let mut conn = lease.pool.get().map_err(|error| StoreError::Unavailable(error.to_string()))?;
    let result = transaction(&mut conn, begin, &mut f);
    Ok((f, result))
}

pub(crate) fn transaction<T, E: TransactionError>(
    conn: &mut Conn,
    begin: &str,
    f: &mut impl FnMut(&mut Conn) -> Result<T, E>,
) -> Result<T, E> {
    each!(conn, c => AnsiTransactionManager::begin_transaction_sql(c, begin)).map_err(StoreError::from)?;
    match f(conn) {
        Ok(value) => {
            <Conn as TransactionManager<Conn>>::commit_transaction(conn).map_err(StoreError::from)?;
            Ok(value)
        }
        Err(error) => {
            // A rollback that fails leaves the connection marked broken; it is dropped, and the server rolls back.
            let _ = <Conn as TransactionManager<Conn>>::rollback_transaction(conn);
            Err(error)
        }
    }
}

/// Runs one step of a transaction so that its failure takes back only the step. The error comes back as it is:
/// when `as_store()` shows an infrastructure error, the caller must fail the whole transaction.
pub fn savepoint<T, E: TransactionError>(conn: &mut Conn, f: impl FnOnce(&mut Conn) -> Result<T, E>) -> Result<T, E> {
    <Conn as TransactionManager<Conn>>::begin_transaction(conn).map_err(StoreError::from)?;
    match f(conn) {
        Ok(value) => {
            <Conn as TransactionManager<Conn>>::commit_transaction(conn).map_err(StoreError::from)?;
            Ok(value)
        }
        Err(error) if error.as_store().is_some_and(StoreError::is_infrastructure) => {
            let _ = <Conn as TransactionManager<Conn>>::rollback_transaction(conn);
            Err(error)
        }
        Err(error) => {
            <Conn as TransactionManager<Conn>>::rollback_transaction(conn).map_err(StoreError::from)?;
            Err(error)
        }
    }
}

/// A growing pause with a random part, so that two that met do not meet again.
fn pause(attempt: u32) -> Duration {
    let most = (PAUSE_MS << attempt.min(7)).min(PAUSE_MAX_MS);
    let mut random = [0_u8; 1];
    let part = getrandom::getrandom(&mut random).map_or(1, |()| u64::from(random[0]));
    Duration::from_micros(500 + most * 1000 * part / 255)
}

/// Makes SQLite's file, which nobody but its owner may read; SQLite gives its side files the same rights.
fn make_private(path: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

pub(crate) fn is_broken(conn: &mut Conn) -> bool {
    <Conn as TransactionManager<Conn>>::is_broken_transaction_manager(conn)
}

/// Makes connections with the settings that the rest relies on.
#[derive(Clone)]
pub(crate) struct Opener {
    url: DbUrl,
    options: DbOptions,
    access: Access,
}

/// What a connection is for; SQLite holds it to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Write,
    Read,
    /// As `Read`, of a database that is left as it is.
    Look,
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.url.fmt(f)
    }
}

impl ManageConnection for Opener {
    type Connection = Conn;
    type Error = StoreError;

    fn connect(&self) -> Result<Conn, StoreError> {
        let unavailable = |error: diesel::ConnectionError| StoreError::Unavailable(error.to_string());
        match &self.url {
            DbUrl::Sqlite(path) => {
                if self.access != Access::Look {
                    make_private(path).map_err(|error| StoreError::Unavailable(error.to_string()))?;
                }
                let mut c = SqliteConnection::establish(path).map_err(unavailable)?;
                c.batch_execute(&format!("PRAGMA busy_timeout = {}", self.options.busy_timeout_ms))?;
                match self.access {
                    // The version is read so that a file which is no database shows at once.
                    Access::Look => c.batch_execute("PRAGMA query_only = ON; PRAGMA schema_version")?,
                    // page_size acts on a new file only, and before WAL.
                    access => c.batch_execute(&format!(
                        "PRAGMA page_size = 8192;
                         PRAGMA journal_mode = WAL;
                         PRAGMA synchronous = FULL;
                         PRAGMA foreign_keys = ON;
                         PRAGMA temp_store = MEMORY;
                         PRAGMA wal_autocheckpoint = 20000;
                         PRAGMA query_only = {};",
                        if access == Access::Read { "ON" } else { "OFF" },
                    ))?,
                }
                Ok(Conn::Sqlite(c))
            }
            DbUrl::Postgres(url) => {
                let mut c = PgConnection::establish(url).map_err(unavailable)?;
                c.batch_execute("SET TIME ZONE 'UTC'; SET client_min_messages = warning")?;
                Ok(Conn::Postgres(c))
            }
        }
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), StoreError> {
        match conn {
            Conn::Sqlite(_) => Ok(()),
            Conn::Postgres(c) => Ok(diesel::sql_query("SELECT 1").execute(c).map(drop)?),
        }
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking() || is_broken(conn)
    }
}
