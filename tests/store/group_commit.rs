//! SQLite's shared commits: who waits together is flushed together, and nobody pays for another's fault.

use crate::fixtures::at;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use ruhu_store::{Conn, Db, DbOptions, StoreError, meta};
use std::future::Future;
use std::sync::mpsc;
use tempfile::TempDir;
use tokio::task::JoinHandle;

type Outcome = Result<i64, StoreError>;

struct Bench {
    _folder: TempDir,
    path: String,
    db: Db,
}

async fn bench(group_commit: usize) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ruhu.db").display().to_string();
    let db = Db::open(&format!("sqlite:{path}"), DbOptions { group_commit, ..DbOptions::default() }).unwrap();
    db.migrate().await.unwrap();
    Bench { _folder: folder, path, db }
}

impl Bench {
    /// Holds the writer until the sender is told; whoever is polled meanwhile stands in the line.
    async fn hold(&self) -> (mpsc::Sender<()>, JoinHandle<Result<(), StoreError>>) {
        let (release, wait) = mpsc::channel();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (db, mut begun) = (self.db.clone(), Some(begun));
        let held = tokio::spawn(async move {
            db.write(move |_: &mut Conn| {
                if let Some(begun) = begun.take() {
                    begun.send(()).unwrap();
                    wait.recv().unwrap();
                }
                Ok::<_, StoreError>(())
            })
            .await
        });
        has_begun.await.unwrap();
        (release, held)
    }

    /// A transaction that writes a key and answers how many of the test's keys another connection sees meanwhile.
    fn put(&self, key: &'static str) -> impl Future<Output = Outcome> + use<> {
        let (db, path) = (self.db.clone(), self.path.clone());
        async move {
            db.write(move |c: &mut Conn| {
                meta::upsert(c, key, "there", at(1))?;
                Ok(count(&path))
            })
            .await
        }
    }
}

fn count(path: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let mut c = SqliteConnection::establish(path).unwrap();
    let sql = "SELECT count(*) AS n FROM meta WHERE value = 'there'";
    diesel::sql_query(sql).get_result::<Row>(&mut c).unwrap().n
}

/// Puts these in the line, in this order.
async fn line_up<T: Send + 'static>(all: Vec<impl Future<Output = T> + Send + 'static>) -> Vec<JoinHandle<T>> {
    let mut handles = Vec::new();
    for one in all {
        handles.push(tokio::spawn(one));
        // The test has one thread, so the spawned task gets as far as its first wait.
        tokio::task::yield_now().await;
    }
    handles
}

async fn results<T>(handles: Vec<JoinHandle<T>>) -> Vec<T> {
    let mut all = Vec::new();
    for handle in handles {
        all.push(handle.await.unwrap());
    }
    all
}

#[tokio::test]
async fn who_waits_together_shares_a_commit() {
    let bench = bench(32).await;
    let (release, held) = bench.hold().await;
    let waiting = line_up(vec![bench.put("a"), bench.put("b"), bench.put("c")]).await;
    release.send(()).unwrap();
    let seen: Vec<i64> = results(waiting).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(seen, [0, 0, 0], "nothing is visible before the one commit");
    assert_eq!(count(&bench.path), 3, "everything is after it");
    held.await.unwrap().unwrap();
}

#[tokio::test]
async fn each_has_its_own_commit_when_sharing_is_off() {
    let bench = bench(1).await;
    let (release, _held) = bench.hold().await;
    let waiting = line_up(vec![bench.put("a"), bench.put("b"), bench.put("c")]).await;
    release.send(()).unwrap();
    let seen: Vec<i64> = results(waiting).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(seen, [0, 1, 2]);
}

#[tokio::test]
async fn a_refused_transaction_takes_back_its_own_writing_only() {
    let bench = bench(32).await;
    let (release, _held) = bench.hold().await;
    let db = bench.db.clone();
    let refused = async move {
        db.write(|c: &mut Conn| -> Outcome {
            meta::upsert(c, "refused", "there", at(1))?;
            Err(StoreError::Stale)
        })
        .await
    };
    let mut waiting = line_up(vec![bench.put("a")]).await;
    let refused = line_up(vec![refused]).await;
    waiting.extend(line_up(vec![bench.put("b")]).await);
    release.send(()).unwrap();
    assert!(results(waiting).await.iter().all(|one| matches!(one, Ok(0))), "the others share their commit");
    assert!(matches!(results(refused).await[..], [Err(StoreError::Stale)]));
    assert_eq!(count(&bench.path), 2);
}

#[tokio::test]
async fn a_panic_or_an_outage_in_one_costs_the_others_nothing() {
    for panics in [true, false] {
        let bench = bench(32).await;
        let (release, _held) = bench.hold().await;
        let db = bench.db.clone();
        let guilty = async move {
            db.write(move |c: &mut Conn| -> Outcome {
                meta::upsert(c, "guilty", "there", at(1))?;
                assert!(!panics, "a planted bug");
                Err(StoreError::Unavailable("a planted outage".into()))
            })
            .await
        };
        let mut waiting = line_up(vec![bench.put("a")]).await;
        let guilty = line_up(vec![guilty]).await;
        waiting.extend(line_up(vec![bench.put("b")]).await);
        release.send(()).unwrap();
        assert!(results(waiting).await.iter().all(Result::is_ok));
        match &results(guilty).await[..] {
            [Err(StoreError::Broken(_))] if panics => {}
            [Err(StoreError::Unavailable(_))] if !panics => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(count(&bench.path), 2);
        assert!(bench.put("c").await.is_ok(), "and the writer goes on");
    }
}

#[tokio::test]
async fn who_leaves_the_line_is_not_served() {
    let bench = bench(32).await;
    let (release, held) = bench.hold().await;
    let gone = line_up(vec![bench.put("gone")]).await;
    let stays = line_up(vec![bench.put("stays")]).await;
    gone.iter().for_each(JoinHandle::abort);
    for handle in gone {
        assert!(handle.await.unwrap_err().is_cancelled());
    }
    release.send(()).unwrap();
    held.await.unwrap().unwrap();
    assert!(results(stays).await.iter().all(Result::is_ok));
    assert_eq!(count(&bench.path), 1);
}

#[tokio::test]
async fn who_waits_too_long_is_told_and_not_served_later() {
    let bench = bench(32).await;
    let impatient = Db::open(
        &format!("sqlite:{}", bench.path),
        DbOptions { wait_ms: 1, busy_timeout_ms: 10_000, ..DbOptions::default() },
    );
    let bench = Bench { db: impatient.unwrap(), ..bench };
    let (release, held) = bench.hold().await;
    assert!(matches!(bench.put("late").await, Err(StoreError::Unavailable(_))));
    release.send(()).unwrap();
    held.await.unwrap().unwrap();
    assert_eq!(count(&bench.path), 0);
}
