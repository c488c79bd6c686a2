//! The API from outside, one file per routes file, on SQLite and PostgreSQL where the database has a say.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails loudly")]

mod access;
mod auth;
mod conflicts;
mod damage;
mod decisions;
mod devices;
mod handover;
mod headers;
mod health;
mod households;
mod kit;
mod logs;
mod long_away;
mod merging;
mod meta;
mod mix;
mod openapi;
mod outstanding;
mod parking;
mod parking_desk;
mod parking_queue;
mod problems;
mod races;
mod reviews;
mod setup;
mod start;
mod sync_pull;
mod sync_push;
mod sync_visit;
mod tokens;
mod twice;
mod users;
mod verify;
mod verify_command;
mod visits;
