//! Facts about this database: its history id, whether it is a demo.

use crate::dialect::each;
use crate::schema::meta;
use crate::{Conn, Result};
use diesel::prelude::*;
use ruhu_domain::time::Time;

/// Names this database's history; a restored backup gets a new one, and phones start afresh.
pub const HISTORY_ID: &str = "history_id";
/// `1` when the database was filled with synthetic people.
pub const DEMO: &str = "demo";

/// The fact, if it was noted.
pub fn find(c: &mut Conn, key: &str) -> Result<Option<String>> {
    Ok(meta::table.find(key).select(meta::value).first(c).optional()?)
}

/// Notes a fact, in place of an older one.
pub fn upsert(c: &mut Conn, key: &str, value: &str, at: Time) -> Result<()> {
    each!(c, c => diesel::insert_into(meta::table)
        .values((meta::key.eq(key), meta::value.eq(value), meta::created_at.eq(at.naive_utc())))
        .on_conflict(meta::key)
        .do_update()
        .set(meta::value.eq(value))
        .execute(c))?;
    Ok(())
}

/// The history id; `fresh` becomes it when there is none yet.
pub fn ensure_history_id(c: &mut Conn, fresh: &str, at: Time) -> Result<String> {
    if let Some(known) = find(c, HISTORY_ID)? {
        return Ok(known);
    }
    upsert(c, HISTORY_ID, fresh, at)?;
    Ok(fresh.to_owned())
}
