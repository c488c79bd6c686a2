//! What handlers take as parameters. Whatever cannot be read is refused here, before any use case runs.

pub mod access;
pub mod client;
pub mod json;
pub mod params;
pub mod signed;

pub use access::{Access, Operation, Table};
pub use client::Client;
pub use json::ValidJson;
pub use params::{Params, PathId};
pub use signed::Signed;
