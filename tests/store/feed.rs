//! The change feed: nothing is missed, whatever the order of commits.

use crate::fixtures::{Done, at, caseworker};
use ruhu_domain::ids::UserId;
use ruhu_domain::sync::cursor::FeedPosition;
use ruhu_store::change::{self, Change, ChangeKind};
use ruhu_store::{Conn, Db, StoreError};
use ruhu_tests::backends::{Backend, TestDb};
use ruhu_tests::on_both_backends;
use std::sync::mpsc;
use std::time::Duration;
use uuid::Uuid;

const START: FeedPosition = FeedPosition { tx: 0, seq: 0 };

async fn users(db: &Db) -> (UserId, UserId) {
    db.write(|c: &mut Conn| -> Result<_, StoreError> { Ok((caseworker(c, 1)?.0, caseworker(c, 2)?.0)) }).await.unwrap()
}

async fn record(db: &Db, to: UserId, n: u128) {
    let kind = ChangeKind::Household;
    db.write(move |c: &mut Conn| -> Done { change::record(c, &[to], kind, Uuid::from_u128(n), at(1)) }).await.unwrap();
}

async fn read(db: &Db, to: UserId, after: FeedPosition) -> Vec<Change> {
    db.read(move |c: &mut Conn| change::read_after(c, to, after, 100)).await.unwrap()
}

/// Reads until so many rows are served. In PostgreSQL a transaction of anybody on the same server, such as another
/// test's, holds the feed back for as long as it runs; it never loses a row.
async fn read_until(db: &Db, to: UserId, after: FeedPosition, rows: usize) -> Vec<Change> {
    let reading = async {
        loop {
            let changes = read(db, to, after).await;
            if changes.len() >= rows {
                return changes;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), reading).await.expect("the feed serves what was committed")
}

async fn head(db: &Db) -> FeedPosition {
    db.read(change::head).await.unwrap()
}

fn ids(changes: &[Change]) -> Vec<u128> {
    changes.iter().map(|change| change.id.as_u128()).collect()
}

on_both_backends! {
    async fn a_feed_is_read_in_order_from_a_position(db: TestDb) {
        let (ana, ben) = users(&db).await;
        db.write(move |c: &mut Conn| -> Done {
            change::record(c, &[ana, ben, ana], ChangeKind::Visit, Uuid::from_u128(1), at(1))?;
            change::record(c, &[ana], ChangeKind::Evict, Uuid::from_u128(2), at(2))
        }).await.unwrap();
        record(&db, ana, 3).await;
        let all = read_until(&db, ana, START, 3).await;
        assert_eq!(ids(&all), [1, 2, 3], "named twice, told once");
        assert_eq!((all[0].kind, all[1].kind, all[1].at), (ChangeKind::Visit, ChangeKind::Evict, at(2)));
        assert_eq!(ids(&read(&db, ana, all[0].position).await), [2, 3], "also inside one transaction");
        assert_eq!(ids(&read(&db, ana, all[2].position).await), Vec::<u128>::new());
        assert_eq!(ids(&read_until(&db, ben, START, 1).await), [1]);
        let few = db.read(move |c: &mut Conn| change::read_after(c, ana, START, 2)).await.unwrap();
        assert_eq!(ids(&few), [1, 2]);
    }

    async fn the_head_is_behind_everything_seen_and_before_everything_to_come(db: TestDb) {
        let (ana, _) = users(&db).await;
        assert_eq!(ids(&read(&db, ana, head(&db).await).await), Vec::<u128>::new());
        record(&db, ana, 1).await;
        read_until(&db, ana, START, 1).await;
        let position = head(&db).await;
        assert_eq!(ids(&read(&db, ana, position).await), Vec::<u128>::new());
        record(&db, ana, 2).await;
        assert_eq!(ids(&read_until(&db, ana, position, 1).await), [2]);
    }
}

/// A lower number commits after a higher one; SQLite's single writer cannot do this.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_commit_with_a_lower_number_is_not_lost() {
    let Some(db) = TestDb::new(Backend::Postgres).await else { return };
    let (ana, _) = users(&db).await;
    let (wrote, has_written) = mpsc::channel::<()>();
    let (go, may_commit) = mpsc::channel::<()>();
    let slow = tokio::spawn({
        let db = db.db().clone();
        async move {
            db.write(move |c: &mut Conn| -> Done {
                change::record(c, &[ana], ChangeKind::Household, Uuid::from_u128(1), at(1))?;
                wrote.send(()).unwrap();
                may_commit.recv().unwrap();
                Ok(())
            })
            .await
        }
    });
    tokio::task::spawn_blocking(move || has_written.recv().unwrap()).await.unwrap();
    record(&db, ana, 2).await;
    // The second one is committed, but a reader who took it now would step past the first.
    let position = head(&db).await;
    assert_eq!(ids(&read(&db, ana, START).await), Vec::<u128>::new());
    go.send(()).unwrap();
    slow.await.unwrap().unwrap();
    assert_eq!(ids(&read_until(&db, ana, START, 2).await), [1, 2]);
    assert_eq!(
        ids(&read_until(&db, ana, position, 2).await),
        [1, 2],
        "a first sync that began meanwhile misses nothing"
    );
}

/// Readers that follow while writers commit in any order see every row once, in a growing order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follower_sees_every_row_once() {
    let Some(db) = TestDb::new(Backend::Postgres).await else { return };
    let (ana, _) = users(&db).await;
    let writers: Vec<_> = (0..6_u128)
        .map(|writer| {
            let db = db.db().clone();
            tokio::spawn(async move {
                for n in 0..20 {
                    record(&db, ana, writer * 100 + n).await;
                }
            })
        })
        .collect();
    let (mut seen, mut position) = (Vec::new(), START);
    while seen.len() < 120 {
        for change in read(&db, ana, position).await {
            assert!(change.position > position);
            position = change.position;
            seen.push(change.id);
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(read(&db, ana, position).await.is_empty());
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 120);
}
