//! What travels between a phone and the server (docs/SYNC.md).

pub mod carry;
pub mod conflict;
pub mod cursor;
pub mod held;
pub mod merge;
pub mod operation;
pub mod parking;
pub mod twice;
