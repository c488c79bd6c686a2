//! Settings, read once at the start: one struct per concern, nothing global.
//! Every setting is an environment variable `RUHU_…`; an unknown one is an error, so that a typing mistake shows.

pub mod auth;
pub mod http;
pub mod keys;
pub mod log;

use auth::Auth;
use http::Http;
use log::Log;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Settings of the process.
#[derive(Debug, Clone)]
pub struct Config {
    pub http: Http,
    pub log: Log,
    pub auth: Auth,
    /// Folder of the database and the key file.
    pub data: PathBuf,
    /// `sqlite:…` or `postgres://…`.
    pub database_url: DatabaseUrl,
    /// The key file; made on the first start.
    pub keys: PathBuf,
    /// Transactions that share one commit at most (SQLite); `None` leaves it to the store.
    pub group_commit: Option<usize>,
    /// How many synthetic households a new demo gets; `None` leaves it to the demo.
    pub demo_size: Option<usize>,
    /// Seed of the synthetic data; `None` leaves it to the demo.
    pub demo_seed: Option<u64>,
    /// What the crash rig wants of this process.
    #[cfg(feature = "failpoints")]
    pub rig: Rig,
}

/// Settings of the crash rig, which no release knows.
#[cfg(feature = "failpoints")]
#[derive(Debug, Clone, Default)]
pub struct Rig {
    /// `NAME:NTH`: where the process ends.
    pub failpoint: Option<String>,
    /// The bug that is planted.
    pub bug: Option<String>,
}

/// Where the database is. Its text may hold a password, so it prints without.
#[derive(Clone)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Any text; the store checks it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The whole text, for the store only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.rsplit_once('@') {
            Some((_, rest)) => write!(f, "***@{rest}"),
            None => f.write_str(&self.0),
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("unknown setting {0}")]
    Unknown(String),
    #[error("{key} is not usable: {why}")]
    Bad { key: &'static str, why: String },
}

/// Every error of the settings at once.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct ConfigErrors(pub Vec<ConfigError>);

/// Settings that only the build reads, but which may still be in the environment.
const BUILD_KEYS: [&str; 2] = ["RUHU_SKIP_PWA", "RUHU_PWA_DIST"];

/// A commit that more transactions share makes each of them wait too long.
const GROUP_COMMIT_MAX: usize = 256;

/// What is left of the environment while it is read.
pub struct Settings {
    left: BTreeMap<String, String>,
    pub errors: Vec<ConfigError>,
}

impl Settings {
    /// Takes the `RUHU_` variables.
    pub fn new(vars: impl Iterator<Item = (String, String)>) -> Self {
        let left = vars.filter(|(key, _)| key.starts_with("RUHU_") && !BUILD_KEYS.contains(&key.as_str())).collect();
        Self { left, errors: Vec::new() }
    }

    /// A text, if set and not empty.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        self.left.remove(key).filter(|value| !value.is_empty())
    }

    /// A value read by `read`; what is not readable is collected as an error.
    pub fn read<T, E: std::fmt::Display>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match read(&self.text(key)?) {
            Ok(value) => Some(value),
            Err(why) => {
                self.errors.push(ConfigError::Bad { key, why: why.to_string() });
                None
            }
        }
    }
}

impl Config {
    /// Reads every setting and reports every error at once.
    pub fn from_vars(vars: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigErrors> {
        let mut settings = Settings::new(vars);
        let http = Http::read(&mut settings);
        let log = Log::read(&mut settings);
        let auth = Auth::default();
        let data = settings.text("RUHU_DATA").map_or_else(|| PathBuf::from("data"), PathBuf::from);
        let database_url = settings.text("RUHU_DATABASE_URL").unwrap_or_else(|| sqlite_in(&data));
        let keys = settings.text("RUHU_KEYS").map_or_else(|| data.join("keys.json"), PathBuf::from);
        let group_commit = settings.read("RUHU_GROUP_COMMIT", |text| match text.parse() {
            Ok(most @ 1..=GROUP_COMMIT_MAX) => Ok(most),
            _ => Err(format!("it is a number from 1 to {GROUP_COMMIT_MAX}")),
        });
        let demo_size = settings.read("RUHU_DEMO_SIZE", str::parse);
        let demo_seed = settings.read("RUHU_DEMO_SEED", str::parse);
        #[cfg(feature = "failpoints")]
        let rig = Rig { failpoint: settings.text("RUHU_FAILPOINT"), bug: settings.text("RUHU_PLANTED_BUG") };
        settings.errors.extend(settings.left.into_keys().map(ConfigError::Unknown));
        if settings.errors.is_empty() {
            let database_url = DatabaseUrl(database_url);
            Ok(Self {
                http,
                log,
                auth,
                data,
                database_url,
                keys,
                group_commit,
                demo_size,
                demo_seed,
                #[cfg(feature = "failpoints")]
                rig,
            })
        } else {
            Err(ConfigErrors(settings.errors))
        }
    }
}

fn sqlite_in(data: &Path) -> String {
    format!("sqlite:{}", data.join("ruhu.db").display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(vars: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
        Config::from_vars(vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())))
    }

    #[test]
    fn an_empty_environment_gives_the_embedded_default() {
        let config = read(&[]).unwrap();
        assert_eq!(config.database_url.expose(), "sqlite:data/ruhu.db");
        assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    }

    #[test]
    fn every_error_is_reported_at_once() {
        let errors = read(&[("RUHU_LISTN", "x"), ("RUHU_LISTEN", "nowhere"), ("RUHU_DEMO_SIZE", "many")]).unwrap_err();
        assert_eq!(errors.0.len(), 3);
        assert!(errors.to_string().contains("unknown setting RUHU_LISTN"));
    }

    #[cfg(not(feature = "failpoints"))]
    #[test]
    fn a_build_that_is_no_rigs_knows_nothing_of_failpoints() {
        for key in ["RUHU_FAILPOINT", "RUHU_PLANTED_BUG"] {
            let errors = read(&[(key, "push.read:1")]).unwrap_err();
            assert_eq!(errors.0, [ConfigError::Unknown(key.to_owned())]);
        }
    }

    #[test]
    fn how_many_share_a_commit_is_a_small_number() {
        assert_eq!(read(&[]).unwrap().group_commit, None);
        assert_eq!(read(&[("RUHU_GROUP_COMMIT", "1")]).unwrap().group_commit, Some(1));
        for bad in ["0", "257", "-1", "many"] {
            assert!(read(&[("RUHU_GROUP_COMMIT", bad)]).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_database_password_is_not_printed() {
        let config = read(&[("RUHU_DATABASE_URL", "postgres://ruhu:geheim@db/ruhu")]).unwrap();
        assert!(!format!("{config:?}").contains("geheim"));
        let config = read(&[("RUHU_DATABASE_URL", "postgres://ruhu:ge@heim@db/ruhu")]).unwrap();
        assert_eq!(config.database_url.to_string(), "***@db/ruhu");
    }
}
