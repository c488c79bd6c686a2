//! The change feed: who must hear of what. Phones read it after a cursor.
//!
//! In PostgreSQL a transaction that began earlier may commit later with a lower number. Rows are therefore served
//! in the order of transaction ids, and only those of transactions that are all over: a reader can never step
//! past a row that appears afterwards. A transaction that runs long, even in another database of the same server,
//! holds the feed back until it ends. SQLite has one writer, whose order is the order.

use crate::columns::{At, Stored};
use crate::error::StoreError;
use crate::schema::changes;
use crate::{Conn, Result};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use ruhu_domain::ids::{HouseholdId, UserId};
use ruhu_domain::sync::cursor::FeedPosition;
use ruhu_domain::time::Time;
use uuid::Uuid;

/// What a feed row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChangeKind {
    Household,
    Visit,
    Conflict,
    /// The answer to an operation that was parked or in conflict.
    Outcome,
    /// A household left this user's scope.
    Evict,
}

impl ChangeKind {
    /// The code kept in the database.
    pub fn code(self) -> &'static str {
        match self {
            Self::Household => "household",
            Self::Visit => "visit",
            Self::Conflict => "conflict",
            Self::Outcome => "outcome",
            Self::Evict => "evict",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        let all = [Self::Household, Self::Visit, Self::Conflict, Self::Outcome, Self::Evict];
        all.into_iter().find(|kind| kind.code() == code)
    }
}

/// One row of a user's feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub position: FeedPosition,
    pub kind: ChangeKind,
    pub id: Uuid,
    pub at: Time,
}

/// Tells each of these users (named twice or not) that something changed.
pub fn record(c: &mut Conn, users: &[UserId], kind: ChangeKind, id: Uuid, at: Time) -> Result<()> {
    let mut audience = users.to_vec();
    audience.sort_unstable();
    audience.dedup();
    for user in audience {
        diesel::insert_into(changes::table)
            .values((
                changes::user_id.eq(user.to_string()),
                changes::kind.eq(kind.code()),
                changes::entity_id.eq(id.to_string()),
                changes::at.eq(at.naive_utc()),
            ))
            .execute(c)?;
    }
    Ok(())
}

/// A user's feed after a position, oldest first.
pub fn read_after(c: &mut Conn, user: UserId, after: FeedPosition, limit: i64) -> Result<Vec<Change>> {
    let mine = changes::table.filter(changes::user_id.eq(user.to_string())).into_boxed();
    // In SQLite every row has tx 0; saying so keeps the search a range of the index (user_id, tx, seq).
    let mine = if c.is_postgres() {
        let horizon = horizon(c)?;
        mine.filter(changes::tx.ge(after.tx).and(changes::tx.lt(horizon)))
            .filter(changes::tx.gt(after.tx).or(changes::seq.gt(after.seq)))
    } else {
        mine.filter(changes::tx.eq(0).and(changes::seq.gt(after.seq)))
    };
    let rows: Vec<(i64, i64, String, Stored<Uuid>, At)> = mine
        .order((changes::tx, changes::seq))
        .limit(limit)
        .select((changes::tx, changes::seq, changes::kind, changes::entity_id, changes::at))
        .load(c)?;
    rows.into_iter()
        .map(|(tx, seq, kind, id, at)| {
            let kind = ChangeKind::from_code(&kind).ok_or_else(|| StoreError::Broken(format!("feed kind {kind}")))?;
            Ok(Change { position: FeedPosition { tx, seq }, kind, id: id.into(), at: at.into() })
        })
        .collect()
}

/// When somebody was last told to drop a household: that is when it left their hands.
pub fn find_evicted_at(c: &mut Conn, user: UserId, household: HouseholdId) -> Result<Option<Time>> {
    // Written out, because a partial index is only used when the condition is there word for word.
    let is_evict = diesel::dsl::sql::<Bool>("kind = 'evict'");
    let told: Option<At> = changes::table
        .filter(is_evict)
        .filter(changes::user_id.eq(user.to_string()))
        .filter(changes::entity_id.eq(household.to_string()))
        .order(changes::at.desc())
        .select(changes::at)
        .first(c)
        .optional()?;
    Ok(told.map(Time::from))
}

/// The position from which nothing can be missed: everything at or before it is visible to this transaction,
/// everything after it will be served by `read_after`. Call it in the transaction that starts a snapshot.
pub fn head(c: &mut Conn) -> Result<FeedPosition> {
    if c.is_postgres() {
        return Ok(FeedPosition { tx: horizon(c)? - 1, seq: i64::MAX });
    }
    let seq: Option<i64> = changes::table.select(diesel::dsl::max(changes::seq)).get_result(c)?;
    Ok(FeedPosition { tx: 0, seq: seq.unwrap_or(0) })
}

/// The first transaction id that may still be running (PostgreSQL).
fn horizon(c: &mut Conn) -> Result<i64> {
    let xmin = diesel::dsl::sql::<BigInt>("pg_snapshot_xmin(pg_current_snapshot())::text::bigint");
    Ok(diesel::select(xmin).get_result(c)?)
}
