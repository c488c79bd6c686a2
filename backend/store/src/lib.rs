//! The memory of Ruhu: everything that is kept in a database, and nothing about why.
//!
//! Invariants: diesel lives here and nowhere else; the same queries serve SQLite and PostgreSQL;
//! an `update` names the revision it expects; ID numbers, phones and certificate numbers are never
//! stored in clear; no function reads a clock.
//! Start at `db.rs`, then `household.rs`; every other noun looks the same.

pub mod cipher;
pub mod columns;
pub mod db;
pub mod dialect;
pub mod error;
pub mod failpoint;
pub mod migrate;
pub mod page;
pub mod schema;
mod scope;
mod sound;
pub mod url;
pub mod vault;
mod writer;

pub mod audit;
pub mod change;
pub mod conflict;
pub mod definition;
pub mod device;
pub mod device_list;
pub mod household;
pub mod household_file;
pub mod household_list;
pub mod meta;
pub mod operation;
pub mod parking;
pub mod region;
pub mod session;
#[cfg(feature = "sim")]
pub mod sim;
pub mod throttle;
pub mod twice;
pub mod user;
pub mod verify;
pub mod visit;
pub mod visit_list;

pub use cipher::{KeyId, Keys};
pub use db::{Db, DbOptions, savepoint};
pub use dialect::Conn;
pub use error::{StoreError, TransactionError};
pub use page::{Page, PageRequest};
pub use sound::Found;
pub use vault::{Covered, Vault};

/// What every function of this crate answers.
pub type Result<T> = std::result::Result<T, StoreError>;
