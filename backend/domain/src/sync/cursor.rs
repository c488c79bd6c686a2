//! The pull cursor: opaque to phones, versioned for us.
//!
//! A first sync walks every household in scope by id (`Snapshot`) while remembering the feed position at its
//! start; afterwards the feed is read from there (`Feed`), so nothing that happened meanwhile is missed.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A place in the change feed: transaction id, then sequence. SQLite has one writer and uses `tx` 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FeedPosition {
    pub tx: i64,
    pub seq: i64,
}

/// Where a device's pull continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The server's history; another one means a restored backup and a fresh start.
    pub history: String,
    /// Changes when the user's scope was rebuilt and everything must be sent anew.
    pub scope_version: i64,
    pub at: CursorAt,
}

/// The phase of a pull.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CursorAt {
    /// Sending everything: households after `after`, then the feed from `feed`.
    Snapshot { after: Option<Uuid>, feed: FeedPosition },
    /// Sending what became of parked work before the first sync began, from behind this time (microseconds) and
    /// operation, then the feed from `feed`.
    Ended { after: (i64, Uuid), feed: FeedPosition },
    /// Sending what happened after this position.
    Feed(FeedPosition),
}
