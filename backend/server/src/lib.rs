//! The shell of Ruhu: HTTP, files, clock, command line. The rules are in `ruhu-domain`, the memory in `ruhu-store`.
//!
//! Invariants: a handler takes a signed-in person as a parameter or is `Public` in the route table;
//! a use case is one transaction; nothing personal is logged; only `config/` reads the environment.
//! Start at `routes/mod.rs`; a request then goes through `app/`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails loudly"))]

pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
pub mod env;
pub mod extract;
pub mod middleware;
pub mod openapi;
pub mod problem;
pub mod routes;
pub mod startup;
pub mod telemetry;
pub mod views;
