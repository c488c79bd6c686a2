//! What `Db::write`, `Db::read` and `savepoint` promise.

use crate::fixtures::{Done, at, user};
use diesel::prelude::*;
use diesel::sql_types::Text;
use ruhu_domain::actor::Role;
use ruhu_store::{Conn, Db, DbOptions, StoreError, TransactionError, meta, savepoint, user as users};
use ruhu_tests::backends::{Backend, TestDb};
use ruhu_tests::on_both_backends;

/// A caller's error: a rule's no, or the store's.
#[derive(Debug)]
enum AppError {
    Refused,
    Store(StoreError),
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl TransactionError for AppError {
    fn as_store(&self) -> Option<&StoreError> {
        match self {
            Self::Refused => None,
            Self::Store(error) => Some(error),
        }
    }
}

async fn value(db: &Db, key: &'static str) -> Option<String> {
    db.read(move |c: &mut Conn| meta::find(c, key)).await.unwrap()
}

on_both_backends! {
    async fn a_savepoint_takes_back_its_own_step_only(db: TestDb) {
        db.write(|c: &mut Conn| -> Result<(), AppError> {
            meta::upsert(c, "before", "1", at(1))?;
            let refused = savepoint(c, |c| {
                meta::upsert(c, "inside", "1", at(1))?;
                Err::<(), _>(AppError::Refused)
            });
            assert!(matches!(refused, Err(AppError::Refused)));
            // A broken rule of the database, too, costs the step and not the transaction.
            let duplicate = savepoint(c, |c| {
                users::insert(c, &user(1, Role::Auditor, "1506"))?;
                users::insert(c, &user(1, Role::Auditor, "1506")).map_err(AppError::from)
            });
            assert!(matches!(duplicate, Err(AppError::Store(StoreError::Duplicate(_)))));
            savepoint(c, |c| meta::upsert(c, "after", "1", at(1)).map_err(AppError::from))
        }).await.unwrap();
        assert_eq!(value(&db, "before").await.as_deref(), Some("1"));
        assert_eq!(value(&db, "inside").await, None);
        assert_eq!(value(&db, "after").await.as_deref(), Some("1"));
    }

    async fn an_error_takes_everything_back(db: TestDb) {
        let refused = db.write(|c: &mut Conn| -> Result<(), AppError> {
            meta::upsert(c, "k", "1", at(1))?;
            savepoint(c, |c| meta::upsert(c, "l", "1", at(1)).map_err(AppError::from))?;
            Err(AppError::Refused)
        }).await;
        assert!(matches!(refused, Err(AppError::Refused)));
        assert_eq!((value(&db, "k").await, value(&db, "l").await), (None, None));
    }

    async fn rivals_neither_fail_nor_lose_an_update(db: TestDb) {
        db.write(|c: &mut Conn| meta::upsert(c, "count", "0", at(1))).await.unwrap();
        let rivals: Vec<_> = (0..8).map(|_| {
            let db = db.db().clone();
            tokio::spawn(async move {
                for _ in 0..25 {
                    db.write(|c: &mut Conn| -> Done {
                        let seen: i64 = meta::find(c, "count")?.unwrap().parse().unwrap();
                        meta::upsert(c, "count", &(seen + 1).to_string(), at(1))
                    }).await?;
                }
                Ok::<(), StoreError>(())
            })
        }).collect();
        for rival in rivals {
            rival.await.unwrap().unwrap();
        }
        assert_eq!(value(&db, "count").await.as_deref(), Some("200"));
    }

    async fn a_reader_cannot_write(db: TestDb) {
        let wrote: Done = db.read(|c: &mut Conn| meta::upsert(c, "k", "1", at(1))).await;
        assert!(wrote.is_err());
        assert_eq!(value(&db, "k").await, None);
    }

    async fn a_reader_sees_one_moment(db: TestDb) {
        let (start, started) = std::sync::mpsc::channel();
        let (go, may_go) = std::sync::mpsc::channel();
        let reader = tokio::spawn({
            let db = db.db().clone();
            async move {
                db.read(move |c: &mut Conn| -> Result<_, StoreError> {
                    let before = meta::find(c, "k")?;
                    start.send(()).unwrap();
                    may_go.recv().unwrap();
                    Ok((before, meta::find(c, "k")?))
                }).await
            }
        });
        tokio::task::spawn_blocking(move || started.recv().unwrap()).await.unwrap();
        db.write(|c: &mut Conn| meta::upsert(c, "k", "1", at(1))).await.unwrap();
        go.send(()).unwrap();
        assert_eq!(reader.await.unwrap().unwrap(), (None, None));
    }

    async fn a_panic_costs_its_own_transaction_only(db: TestDb) {
        let ended: Done = db.write(|c: &mut Conn| {
            meta::upsert(c, "k", "1", at(1))?;
            let nothing: Option<()> = std::hint::black_box(None);
            nothing.expect("a planted bug");
            Ok(())
        }).await;
        assert!(matches!(ended, Err(StoreError::Broken(_))));
        assert_eq!(value(&db, "k").await, None);
        db.write(|c: &mut Conn| meta::upsert(c, "k", "2", at(1))).await.unwrap();
        assert_eq!(value(&db, "k").await.as_deref(), Some("2"));
    }
}

/// Durable, checked, and with the page size that the design measured.
#[tokio::test]
async fn sqlite_has_its_settings_on_writer_and_readers() {
    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = Text)]
        text: String,
    }
    let db = TestDb::new(Backend::Sqlite).await.unwrap();
    let sql = "SELECT page_size || ' ' || journal_mode || ' ' || synchronous || ' ' || foreign_keys AS text
        FROM pragma_page_size, pragma_journal_mode, pragma_synchronous, pragma_foreign_keys";
    let look = move |c: &mut Conn| -> Result<Setting, StoreError> { Ok(diesel::sql_query(sql).get_result(c)?) };
    assert_eq!(db.write(look).await.unwrap().text, "8192 wal 2 1");
    assert_eq!(db.read(look).await.unwrap().text, "8192 wal 2 1");
}

#[test]
fn a_server_that_is_not_there_is_an_outage_and_makes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = "postgres://nobody@127.0.0.1:1/none?connect_timeout=1";
    assert!(matches!(Db::open(nowhere, DbOptions::default()), Err(StoreError::Unavailable(_))));
    assert!(matches!(Db::open("postgre://h/d", DbOptions::default()), Err(StoreError::BadUrl(_))));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
