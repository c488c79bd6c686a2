//! Facts about this database: its history id, whether it is a demo.

use crate::cipher::{Keys, Place};
use crate::dialect::each;
use crate::schema::meta;
use crate::{Conn, Result};
use diesel::prelude::*;
use ruhu_domain::time::Time;

/// Names this database's history; a restored backup gets a new one, and phones start afresh.
pub const HISTORY_ID: &str = "history_id";
/// Noted when the database holds synthetic people, whose password everybody knows; see the two values.
pub const DEMO: &str = "demo";
/// The demo is being made, or its making was broken off.
pub const DEMO_FILLING: &str = "filling";
/// The demo is whole.
pub const DEMO_READY: &str = "true";
/// What only the keys of this database can have written.
const KEY_CHECK: &str = "key_check";
const KEY_CHECK_TEXT: &str = "ruhu keys v1";
const KEY_CHECK_PLACE: Place<'_> = Place { table: "meta", row: KEY_CHECK, pointer: "" };

/// The fact, if it was noted.
pub fn find(c: &mut Conn, key: &str) -> Result<Option<String>> {
    Ok(meta::table.find(key).select(meta::value).get_result(c).optional()?)
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

/// Whether these keys are the ones that this database was first opened with. The first time notes them.
pub fn are_keys_right(c: &mut Conn, keys: &Keys, at: Time) -> Result<bool> {
    if let Some(known) = check_keys(c, keys)? {
        return Ok(known);
    }
    let sealed = keys.seal(KEY_CHECK_PLACE, KEY_CHECK_TEXT)?;
    upsert(c, KEY_CHECK, &format!("{} {sealed}", keys.index(KEY_CHECK, KEY_CHECK_TEXT)), at)?;
    Ok(true)
}

/// The same without noting anything; `None` when the database was never opened with any keys.
pub fn check_keys(c: &mut Conn, keys: &Keys) -> Result<Option<bool>> {
    let Some(known) = find(c, KEY_CHECK)? else { return Ok(None) };
    let index = keys.index(KEY_CHECK, KEY_CHECK_TEXT);
    Ok(Some(known.split_once(' ').is_some_and(|(known_index, sealed)| {
        known_index == index && keys.open(KEY_CHECK_PLACE, sealed).is_ok_and(|text| text == KEY_CHECK_TEXT)
    })))
}
