//! What a start refuses: demo data served for real, lost or wrong keys, a published form that changed.

use diesel::prelude::*;
use ruhu_domain::actor::Role;
use ruhu_domain::region::RegionCode;
use ruhu_server::app::account::NewAccount;
use ruhu_server::app::{App, Ingredients};
use ruhu_server::cli::{open, serve};
use ruhu_server::config::Config;
use ruhu_server::config::keys::Keys;
use ruhu_store::schema::definitions;
use ruhu_store::{Conn, StoreError, meta};
use ruhu_tests::actors::PASSWORD;
use ruhu_tests::on_both_databases;
use std::fs;
use std::path::Path;

fn config(folder: &Path) -> Config {
    let data = folder.join("data").display().to_string();
    let vars = [("RUHU_DATA", data.as_str()), ("RUHU_LISTEN", "127.0.0.1:0")];
    Config::from_vars(vars.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))).unwrap()
}

async fn open_app(config: &Config) -> Result<App, String> {
    let opened = open::database(config).await.map_err(|failure| failure.to_string())?;
    open::app(opened, config).await.map_err(|failure| failure.to_string())
}

#[tokio::test]
async fn parked_work_is_looked_through_by_a_command() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").display().to_string();
    let run = |word: &str| {
        let vars = [("RUHU_DATA".to_owned(), data.clone())].into_iter();
        ruhu_server::cli::run(["ruhu", word].map(Into::into), vars)
    };
    assert_eq!(format!("{:?}", run("replay").await), format!("{:?}", std::process::ExitCode::SUCCESS));
    // The keys belong to the database: without them nothing is tried.
    fs::remove_file(folder.path().join("data/keys.json")).unwrap();
    assert_eq!(format!("{:?}", run("replay").await), format!("{:?}", std::process::ExitCode::FAILURE));
}

async fn mark(app: &App, value: &'static str) {
    let now = app.now();
    let noted: Result<(), StoreError> = app.db.write(move |c: &mut Conn| meta::upsert(c, meta::DEMO, value, now)).await;
    noted.unwrap();
}

#[tokio::test]
async fn demo_data_is_never_served_for_real() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let app = open_app(&config).await.unwrap();
    for value in [meta::DEMO_FILLING, meta::DEMO_READY] {
        mark(&app, value).await;
        let said = serve::serve(&config).await.unwrap_err().to_string();
        assert!(said.contains("holds demo data"), "{said}");
    }
}

#[tokio::test]
async fn a_demo_that_was_broken_off_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let app = open_app(&config).await.unwrap();
    let (scope, password) = (RegionCode::parse("1506").unwrap(), Some(PASSWORD.to_owned()));
    let (login, name) = ("admin".to_owned(), "示例主任".to_owned());
    let account = NewAccount { login, name, role: Role::CityAdmin, scope, work_phone: None, password };
    app.add_account(account, None).await.unwrap();
    let said = serve::demo(&config).await.unwrap_err().to_string();
    assert!(said.contains("holds real accounts"), "{said}");
    mark(&app, meta::DEMO_FILLING).await;
    let said = serve::demo(&config).await.unwrap_err().to_string();
    assert!(said.contains("not finished"), "{said}");
}

#[tokio::test]
async fn keys_are_made_for_a_new_database_only() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    open_app(&config).await.unwrap();
    open_app(&config).await.unwrap();
    let aside = folder.path().join("aside.json");
    fs::rename(&config.keys, &aside).unwrap();
    let said = open_app(&config).await.err().unwrap();
    assert!(said.contains("is missing") && !config.keys.exists(), "{said}");
    fs::rename(&aside, &config.keys).unwrap();
    open_app(&config).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_database_or_the_keys() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    fs::create_dir(&config.data).unwrap();
    let _app = open_app(&config).await.unwrap();
    for entry in fs::read_dir(&config.data).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
    }
}

on_both_databases! {
    async fn other_keys_do_not_open_a_database(app: &TestApp) {
        let with = |keys: Keys| {
            let (db, definitions, env) = (app.app.db.clone(), app.app.definitions.clone(), app.app.env.clone());
            App::open(Ingredients { db, keys, definitions, env, auth: app.app.auth.clone() })
        };
        with(app.keys.clone()).await.unwrap();
        let other = Keys::generate(&app.app.env).unwrap();
        for keys in [
            Keys { field: other.field.clone(), ..app.keys.clone() },
            Keys { index: other.index.clone(), ..app.keys.clone() },
        ] {
            let said = with(keys).await.err().unwrap().to_string();
            assert!(said.contains("not the one that this database was written with"), "{said}");
        }
    }

    async fn a_published_form_that_changed_stops_the_start(app: &TestApp) {
        let changed: Result<usize, StoreError> = app
            .app
            .db
            .write(|c: &mut Conn| {
                let form = definitions::table.filter(definitions::key.eq("V01"));
                Ok(diesel::update(form).set(definitions::hash.eq("another")).execute(c)?)
            })
            .await;
        assert_eq!(changed.unwrap(), 1);
        let (db, definitions, env) = (app.app.db.clone(), app.app.definitions.clone(), app.app.env.clone());
        let (keys, auth) = (app.keys.clone(), app.app.auth.clone());
        let said = App::open(Ingredients { db, keys, definitions, env, auth }).await.err().unwrap().to_string();
        assert!(said.contains("form V01 version 1 is published"), "{said}");
    }
}
