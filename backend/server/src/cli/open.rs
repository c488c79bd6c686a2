//! Opens what a command works on: data folder, keys, database, app.

use super::{Failure, say};
use crate::app::{App, Ingredients};
use crate::config::Config;
use crate::config::keys::Keys;
use crate::env::Env;
use ruhu_domain::form::Definitions;
use ruhu_store::{Conn, Db, DbOptions, meta};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// An open and current database with what belongs to it.
pub struct Opened {
    pub db: Db,
    pub keys: Keys,
    pub definitions: Arc<Definitions>,
    pub env: Env,
    /// Migrations that were applied just now.
    pub migrated: Vec<String>,
}

/// Makes the data folder when it is missing, opens the database, brings it up to date, reads or makes the keys.
pub async fn database(config: &Config) -> Result<Opened, Failure> {
    let env = Env::system();
    let definitions =
        Definitions::embedded().map_err(|error| Failure(format!("the definitions are wrong: {error}")))?;
    let folder = config.data.display();
    make_private(&config.data).map_err(|error| Failure(format!("the data folder {folder} cannot be made: {error}")))?;
    let cannot = |error| Failure(format!("the database {} cannot be used: {error}", config.database_url));
    let defaults = DbOptions::default();
    let options = DbOptions { group_commit: config.group_commit.unwrap_or(defaults.group_commit), ..defaults };
    let db = Db::open(config.database_url.expose(), options).map_err(cannot)?;
    let migrated = db.migrate().await.map_err(cannot)?;
    let is_used = db.read(|c: &mut Conn| meta::find(c, meta::HISTORY_ID)).await.map_err(cannot)?.is_some();
    let keys = keys(config, is_used, &env)?;
    Ok(Opened { db, keys, definitions: Arc::new(definitions), env, migrated })
}

/// The keys. They are made only for a database that was never used: new ones beside an old database open nothing.
fn keys(config: &Config, is_used: bool, env: &Env) -> Result<Keys, Failure> {
    if is_used {
        return Keys::load(&config.keys).map_err(Failure::of);
    }
    let (keys, is_new) = Keys::load_or_create(&config.keys, env).map_err(Failure::of)?;
    if is_new {
        let path = config.keys.display();
        say(&format!("Made the key file {path}. Back it up: without it the database cannot be read."))?;
    }
    Ok(keys)
}

/// A folder that only this user can enter: what is in it is private. One that is there stays as it is.
fn make_private(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The app over an open database.
pub async fn app(opened: Opened, config: &Config) -> Result<App, Failure> {
    let Opened { db, keys, definitions, env, .. } = opened;
    let ingredients = Ingredients { db, keys, definitions, env, auth: config.auth.clone() };
    App::open(ingredients).await.map_err(Failure::of)
}
