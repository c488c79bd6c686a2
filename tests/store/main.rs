//! The store on both databases: every noun there and back, and what must hold under rivals and faults.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails loudly")]

mod accounts;
mod audit;
mod conflicts;
mod feed;
mod fixtures;
mod group_commit;
mod households;
mod operations;
mod parking;
mod schema;
mod secrets;
mod transactions;
mod visits;
