//! The command `ruhu verify`: what it says, how it ends, and that it leaves everything as it is.

use diesel::RunQueryDsl;
use ruhu_domain::actor::Role;
use ruhu_domain::region::RegionCode;
use ruhu_server::app::account::NewAccount;
use ruhu_server::cli::{self, open, verify};
use ruhu_server::config::Config;
use ruhu_store::{Conn, Db, DbOptions, StoreError};
use ruhu_tests::actors::PASSWORD;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

fn vars(folder: &Path) -> impl Iterator<Item = (String, String)> {
    [("RUHU_DATA".to_owned(), folder.join("data").display().to_string())].into_iter()
}

fn config(folder: &Path) -> Config {
    Config::from_vars(vars(folder)).unwrap()
}

/// A database with one account, and nobody at it any more.
async fn a_database(folder: &Path) -> Config {
    let config = config(folder);
    let app = open::app(open::database(&config).await.unwrap(), &config).await.unwrap();
    let (scope, password) = (RegionCode::parse("1506").unwrap(), Some(PASSWORD.to_owned()));
    let (login, name) = ("admin".to_owned(), "示例主任".to_owned());
    let account = NewAccount { login, name, role: Role::CityAdmin, scope, work_phone: None, password };
    app.add_account(account, None).await.unwrap();
    config
}

async fn refusal(config: &Config) -> String {
    let said = verify::look(config).await.unwrap_err().to_string();
    assert!(!said.contains('\n'), "{said}");
    said
}

async fn command(folder: &Path, arguments: &[&str]) -> String {
    let arguments = ["ruhu", "verify"].iter().chain(arguments).map(OsString::from).collect::<Vec<_>>();
    format!("{:?}", cli::run(arguments, vars(folder)).await)
}

fn code(code: u8) -> String {
    format!("{:?}", ExitCode::from(code))
}

async fn damage(config: &Config) {
    let db = Db::open(config.database_url.expose(), DbOptions::default()).unwrap();
    let done: Result<usize, StoreError> =
        db.write(|c: &mut Conn| Ok(diesel::sql_query("UPDATE audit SET detail = '{}'").execute(c)?)).await;
    assert_eq!(done.unwrap(), 1);
}

/// Names and contents of a folder's files.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut files: Vec<_> = entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}

#[tokio::test]
async fn without_a_database_or_its_keys_it_says_so_and_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    assert!(refusal(&config).await.contains("does not exist"));
    assert!(!config.data.exists());
    fs::create_dir(&config.data).unwrap();
    assert!(refusal(&config).await.contains("there is no such file"));
    assert_eq!(contents(&config.data), []);
    assert_eq!(command(folder.path(), &[]).await, code(1));
    a_database(folder.path()).await;
    let aside = folder.path().join("aside.json");
    fs::rename(&config.keys, &aside).unwrap();
    assert!(refusal(&config).await.contains("keys.json is missing"));
    assert!(!config.keys.exists());
}

#[tokio::test]
async fn what_is_no_database_of_this_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    fs::create_dir(&config.data).unwrap();
    let file = config.data.join("ruhu.db");
    fs::write(&file, "").unwrap();
    assert!(refusal(&config).await.contains("run `ruhu migrate`"));
    assert_eq!(fs::read(&file).unwrap(), b"");
    fs::write(&file, "something else entirely, and long enough to be looked at as a header of a file").unwrap();
    assert!(refusal(&config).await.contains("not a database"));
}

#[tokio::test]
async fn keys_of_another_database_are_refused() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (config, stranger) = (a_database(folder.path()).await, a_database(other.path()).await);
    fs::copy(&stranger.keys, &config.keys).unwrap();
    assert!(refusal(&config).await.contains("not the one that this database was written with"));
}

#[tokio::test]
async fn it_changes_nothing_and_its_exit_code_tells_what_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let config = a_database(folder.path()).await;
    let before = contents(&config.data);
    assert_eq!(command(folder.path(), &[]).await, code(0));
    assert_eq!(command(folder.path(), &["--json"]).await, code(0));
    assert!(contents(&config.data) == before, "a file changed");
    damage(&config).await;
    assert_eq!(command(folder.path(), &[]).await, code(3));
    assert_eq!(command(folder.path(), &["--json"]).await, code(3));
    assert_eq!(command(folder.path(), &["--loud"]).await, code(2));
}

#[tokio::test]
async fn it_looks_while_the_server_works() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path());
    let opened = open::database(&config).await.unwrap();
    let app = open::app(opened, &config).await.unwrap();
    let seen = app.db.write(move |c: &mut Conn| -> Result<bool, StoreError> {
        // The write lock is held; a look from outside waits for nobody.
        diesel::sql_query("UPDATE meta SET value = value").execute(c)?;
        let look = tokio::runtime::Handle::current().block_on(verify::look(&config));
        Ok(look.is_ok_and(|report| report.broken() == 0))
    });
    assert!(seen.await.unwrap());
}

#[tokio::test]
async fn a_report_names_what_broke_for_people_and_for_machines() {
    let folder = tempfile::tempdir().unwrap();
    let config = a_database(folder.path()).await;
    damage(&config).await;
    let report = verify::look(&config).await.unwrap();
    let text = verify::as_text(&report).join("\n");
    assert!(text.contains("BROKEN, findings: 1; looked at 1 accounts, 1 audit chains, 1 audit rows"), "{text}");
    assert!(text.contains("- audit system/1 was changed after it was written"), "{text}");
    assert!(text.ends_with("BROKEN: I14; findings: 1, checks made: 4."), "{text}");
    let json = verify::as_json(&report);
    let audit = json["invariants"].as_array().unwrap().iter().find(|one| one["name"] == "I14").unwrap();
    assert_eq!((&json["broken"], &audit["broken"]), (&1.into(), &1.into()));
    assert_eq!(audit["findings"][0]["id"], "system/1");
    assert_eq!(audit["checked"]["audit rows"], 1);
    let cards = json["invariants"].as_array().unwrap().iter().find(|one| one["name"] == "I10").unwrap();
    assert!(cards["not_checked"].as_str().unwrap().contains("no contact cards yet"));
    assert_eq!(cards["is_checked"], false);
    assert!(text.contains("not checked: there are no contact cards yet"), "{text}");
}
