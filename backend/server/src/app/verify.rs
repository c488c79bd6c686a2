//! Looks at the whole database on one snapshot, and says what does not hold. It writes nothing.

use crate::app::error::AppError;
use crate::app::{AppResult, WRONG_KEYS, vault};
use crate::config::keys::Keys;
use ruhu_domain::form::Definitions;
use ruhu_store::verify::{Report, verify};
use ruhu_store::{Conn, Db, meta};
use std::sync::Arc;

/// Verifies a database with its keys, also while a server works on it.
pub async fn verify_database(db: &Db, keys: &Keys, definitions: &Arc<Definitions>) -> AppResult<Report> {
    let (vault, definitions) = (vault(keys, definitions)?, definitions.clone());
    db.read(move |c: &mut Conn| -> AppResult<Report> {
        if meta::check_keys(c, vault.keys())? == Some(false) {
            return Err(AppError::Broken(WRONG_KEYS.to_owned()));
        }
        Ok(verify(c, &vault, &definitions)?)
    })
    .await
}
