//! What goes over the wire, one file per noun. The names here are the names in `openapi.json`.
//!
//! A request refuses unknown keys; an answer always carries all of its keys, absent values as `null`.

pub mod auth;
pub mod conflict;
pub mod device;
pub mod household;
pub mod meta;
pub mod problem;
pub mod review;
pub mod schema;
pub mod sync;
pub mod user;
pub mod visit;
