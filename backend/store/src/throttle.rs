//! Failed sign-ins per key (a login, an address), so that guessing is slow.

use crate::columns::{At, AtOption};
use crate::dialect::each;
use crate::schema::login_throttle;
use crate::{Conn, Result};
use diesel::prelude::*;
use ruhu_domain::time::Time;

/// The state of one key.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = login_throttle)]
pub struct Throttle {
    pub key: String,
    pub failures: i64,
    #[diesel(deserialize_as = At)]
    pub window_started_at: Time,
    #[diesel(deserialize_as = AtOption)]
    pub blocked_until: Option<Time>,
}

/// The state of a key, if it has failed before.
pub fn find(c: &mut Conn, key: &str) -> Result<Option<Throttle>> {
    Ok(login_throttle::table.find(key).select(Throttle::as_select()).get_result(c).optional()?)
}

/// Writes the state of a key.
pub fn upsert(c: &mut Conn, row: &Throttle) -> Result<()> {
    let state = (
        login_throttle::failures.eq(row.failures),
        login_throttle::window_started_at.eq(row.window_started_at.naive_utc()),
        login_throttle::blocked_until.eq(row.blocked_until.map(Time::naive_utc)),
    );
    each!(c, c => diesel::insert_into(login_throttle::table)
        .values((login_throttle::key.eq(&row.key), state))
        .on_conflict(login_throttle::key)
        .do_update()
        .set(state)
        .execute(c))?;
    Ok(())
}

/// Forgets a key after a good sign-in.
pub fn clear(c: &mut Conn, key: &str) -> Result<()> {
    diesel::delete(login_throttle::table.find(key)).execute(c)?;
    Ok(())
}

/// Forgets every key whose window began before `before`; the number forgotten.
pub fn clear_before(c: &mut Conn, before: Time) -> Result<usize> {
    let old = login_throttle::table.filter(login_throttle::window_started_at.lt(before.naive_utc()));
    Ok(diesel::delete(old).execute(c)?)
}
