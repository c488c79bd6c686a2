//! What travels between a phone and the server (docs/SYNC.md).

pub mod conflict;
pub mod cursor;
pub mod merge;
pub mod operation;
