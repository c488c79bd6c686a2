//! The rules of Ruhu: what a household file, a visit, a review and a synced operation may do.
//!
//! Invariant: nothing here reads a clock, a database, the network or a source of randomness;
//! time, ids and data come in as arguments.
//! Start at `visit.rs`; `form/` is the engine behind every question and every check.

pub mod actor;
pub mod form;
pub mod household;
pub mod ids;
pub mod nonce;
pub mod policy;
pub mod refusal;
pub mod region;
pub mod sync;
pub mod tenure;
pub mod time;
pub mod visit;
