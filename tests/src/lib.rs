//! The test kit: a real server over a fresh database, people who use it, and what they would send.
//!
//! `TestApp` is the server, `Actor` somebody signed in, `Draft` a visit that a phone would send, `Reply` an answer.
//! Tests go through HTTP; the kit reaches behind it only to hire people, to turn the clock and to read the log.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test kit fails loudly")]

pub mod actors;
pub mod app;
pub mod backends;
pub mod factories;
pub mod log;
pub mod matchers;
pub mod mix;

pub use actors::Actor;
pub use app::TestApp;
pub use factories::{Draft, a_first_survey, a_revisit, a_visit};
pub use matchers::{Approval, Receipt, Reply, Visit};
