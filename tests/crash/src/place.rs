//! A fresh database of one campaign, with its keys and its people; gone at the end.

use crate::Result;
use crate::world::PASSWORD;
use diesel::PgConnection;
use diesel::connection::{Connection, SimpleConnection};
use ruhu_domain::actor::Role;
use ruhu_domain::region::RegionCode;
use ruhu_server::app::account::NewAccount;
use ruhu_server::cli::open;
use ruhu_server::config::Config;
use ruhu_server::config::keys::Keys;
use ruhu_server::env::Env;
use ruhu_store::{Db, DbOptions};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Which of the two databases that the server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    /// Its name in figures and options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// Where a campaign happens.
pub struct Place {
    folder: TempDir,
    pub url: String,
    /// Administrative address and name of PostgreSQL's database.
    postgres: Option<(String, String)>,
}

impl Place {
    /// Makes it; `admin` is the address of PostgreSQL's administrator.
    pub fn new(kind: Kind, admin: Option<&str>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("ruhu-crash-").tempdir()?;
        if kind == Kind::Sqlite {
            let url = format!("sqlite:{}", folder.path().join("data/ruhu.db").display());
            return Ok(Self { folder, url, postgres: None });
        }
        let admin = admin.ok_or("RUHU_TEST_POSTGRES_URL is not set; use tests/run crash, or --postgres 0")?;
        let name = format!("ruhu_crash_{}", uuid::Uuid::now_v7().simple());
        PgConnection::establish(admin)?.batch_execute(&format!("CREATE DATABASE {name}"))?;
        let server = admin.rsplit_once('/').map_or(admin, |(server, _)| server);
        Ok(Self { url: format!("{server}/{name}"), folder, postgres: Some((admin.to_owned(), name)) })
    }

    /// Folder of the server's own files.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Folder of the rig's files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Keeps the folder for whoever looks for the cause; where it is.
    pub fn keep(&mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.folder.path().to_owned()
    }

    /// Settings of every process on this database.
    pub fn settings(&self) -> Vec<(String, String)> {
        let data = self.data().display().to_string();
        [("RUHU_DATA", data), ("RUHU_DATABASE_URL", self.url.clone())]
            .map(|(key, value)| (key.to_owned(), value))
            .into()
    }

    /// Makes the tables, the keys, and caseworkers of one banner; their logins.
    pub async fn people(&self, count: usize) -> Result<Vec<String>> {
        let config = Config::from_vars(self.settings().into_iter())?;
        // Made here, because the command that makes them speaks to a person.
        std::fs::create_dir_all(&config.data)?;
        Keys::load_or_create(&config.keys, &Env::system())?;
        let app = open::app(open::database(&config).await?, &config).await?;
        let mut logins = Vec::with_capacity(count);
        for number in 1..=count {
            let account = NewAccount {
                login: format!("caseworker.{number}"),
                name: "演示员".to_owned(),
                role: Role::Caseworker,
                scope: RegionCode::parse("150602")?,
                work_phone: None,
                password: Some(PASSWORD.to_owned()),
            };
            let (user, _) = app.add_account(account, None).await.map_err(|error| format!("no account: {error:?}"))?;
            logins.push(user.login);
        }
        Ok(logins)
    }

    /// The database, for looking at it.
    pub fn look(&self) -> Result<Db> {
        Ok(Db::open_to_look(&self.url, DbOptions { pool_size: 2, ..DbOptions::default() })?)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((admin, name)) = &self.postgres else { return };
        // A database that stays behind has the rig's name and is in nobody's way.
        if let Ok(mut c) = PgConnection::establish(admin) {
            let _ = c.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}
