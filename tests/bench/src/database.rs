//! A fresh database for the server, and its twin for bare SQL. Both are gone when they are no longer needed.

use crate::Result;
use postgres::NoTls;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// Which of the two databases that the server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    /// Its name in figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// The server's database, its twin, and the folder of the server's other files.
pub struct Databases {
    folder: TempDir,
    /// Administrative address, and the two names.
    postgres: Option<(String, String, String)>,
}

impl Databases {
    /// Makes them; `admin_url` is for PostgreSQL.
    pub fn create(kind: Kind, admin_url: Option<&str>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("ruhu-bench-").tempdir()?;
        if kind == Kind::Sqlite {
            return Ok(Self { folder, postgres: None });
        }
        let admin = admin_url.ok_or("RUHU_TEST_POSTGRES_URL is not set; use tests/run bench, or --db sqlite")?;
        let name = format!("ruhu_bench_{}", std::process::id());
        let databases = Self { folder, postgres: Some((admin.to_owned(), name.clone(), format!("{name}_bare"))) };
        execute(admin, &format!("CREATE DATABASE {name}"))?;
        Ok(databases)
    }

    /// Folder for keys and logs.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Where the server keeps its data, as it takes it.
    pub fn server_url(&self) -> String {
        match &self.postgres {
            Some((admin, name, _)) => with_database(admin, name),
            None => format!("sqlite:{}", self.file("server").display()),
        }
    }

    /// The server's database as bare SQL reaches it: a file's path or an address.
    pub fn server_place(&self) -> String {
        match &self.postgres {
            Some(_) => self.server_url(),
            None => self.file("server").display().to_string(),
        }
    }

    /// The twin, as bare SQL reaches it.
    pub fn bare_place(&self) -> String {
        match &self.postgres {
            Some((admin, _, bare)) => with_database(admin, bare),
            None => self.file("bare").display().to_string(),
        }
    }

    /// Makes the twin out of what the server's database holds now. Nobody may be connected to it.
    pub fn fork(&self) -> Result<()> {
        let Some((admin, name, bare)) = &self.postgres else {
            std::fs::copy(self.file("server"), self.file("bare"))?;
            return Ok(());
        };
        let sql = format!("CREATE DATABASE {bare} TEMPLATE {name}");
        // The server side of a closed connection takes a moment to end.
        let mut attempts = 50;
        loop {
            match execute(admin, &sql) {
                Err(_) if attempts > 0 => attempts -= 1,
                done => return done,
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Does what a PostgreSQL server would do by itself sooner or later: statistics, and writing out what it still
    /// holds back, so that one measurement does not pay for the one before.
    pub fn settle(&self) -> Result<()> {
        match &self.postgres {
            Some((admin, ..)) => {
                execute(&self.server_place(), "ANALYZE")?;
                execute(&self.bare_place(), "ANALYZE")?;
                execute(admin, "CHECKPOINT")
            }
            None => Ok(()),
        }
    }

    /// How durable a commit is here, in the database's own words.
    pub fn durability(&self) -> Result<String> {
        let Some((admin, ..)) = &self.postgres else { return Ok("WAL, synchronous=FULL, page 8192".to_owned()) };
        let mut client = postgres::Client::connect(admin, NoTls)?;
        let mut show = |name: &str| -> Result<String> {
            let value: String = client.query_one(&format!("SHOW {name}"), &[])?.get(0);
            Ok(format!("{name}={value}"))
        };
        Ok([show("fsync")?, show("synchronous_commit")?, show("full_page_writes")?].join(", "))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.db"))
    }
}

impl Drop for Databases {
    fn drop(&mut self) {
        let Some((admin, name, bare)) = &self.postgres else { return };
        for name in [bare, name] {
            // A database that stays behind has the bench's name and is in nobody's way.
            let _ = execute(admin, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

fn execute(url: &str, sql: &str) -> Result<()> {
    Ok(postgres::Client::connect(url, NoTls)?.batch_execute(sql)?)
}

/// The same address with another database: what stands after the last slash, parameters kept.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, String::new()), |(a, p)| (a, format!("?{p}")));
    let server = address.rsplit_once('/').map_or(address, |(server, _)| server);
    format!("{server}/{name}{parameters}")
}
