//! Sign-ins: each is the family of refresh tokens that descend from it. Only hashes of tokens are kept.

use crate::columns::{At, AtOption, Stored};
use crate::schema::{devices, sessions, users};
use crate::{Conn, Result};
use diesel::prelude::*;
use ruhu_domain::actor::{Actor, Role};
use ruhu_domain::ids::{DeviceId, SessionId, UserId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::time::Time;

/// One sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub struct Session {
    #[diesel(deserialize_as = Stored<SessionId>)]
    pub id: SessionId,
    #[diesel(deserialize_as = Stored<UserId>)]
    pub user_id: UserId,
    #[diesel(deserialize_as = Stored<DeviceId>)]
    pub device_id: DeviceId,
    /// Hash of the token that may be used next.
    pub refresh_hash: String,
    /// Hash of the token before it.
    pub previous_hash: Option<String>,
    #[diesel(deserialize_as = At)]
    pub created_at: Time,
    #[diesel(deserialize_as = At)]
    pub rotated_at: Time,
    #[diesel(deserialize_as = At)]
    pub expires_at: Time,
    #[diesel(deserialize_as = AtOption)]
    pub revoked_at: Option<Time>,
}

/// What a live access token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    pub actor: Actor,
    pub scope_version: i64,
    /// The user's stamp now; a token with an older one is void.
    pub stamp: i64,
}

/// Adds a sign-in.
pub fn insert(c: &mut Conn, session: &Session) -> Result<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(session.id.to_string()),
            sessions::user_id.eq(session.user_id.to_string()),
            sessions::device_id.eq(session.device_id.to_string()),
            sessions::refresh_hash.eq(&session.refresh_hash),
            sessions::previous_hash.eq(&session.previous_hash),
            sessions::created_at.eq(session.created_at.naive_utc()),
            sessions::rotated_at.eq(session.rotated_at.naive_utc()),
            sessions::expires_at.eq(session.expires_at.naive_utc()),
            sessions::revoked_at.eq(session.revoked_at.map(Time::naive_utc)),
        ))
        .execute(c)?;
    Ok(())
}

/// The sign-in, live or not.
pub fn find(c: &mut Conn, id: SessionId) -> Result<Option<Session>> {
    Ok(sessions::table.find(id.to_string()).select(Session::as_select()).get_result(c).optional()?)
}

/// Swaps the refresh token; `false` when another request was faster (the hash is no longer `seen`).
pub fn rotate(c: &mut Conn, id: SessionId, seen: &str, next: &str, at: Time, expires_at: Time) -> Result<bool> {
    let current = sessions::table
        .find(id.to_string())
        .filter(sessions::refresh_hash.eq(seen))
        .filter(sessions::revoked_at.is_null());
    let hit = diesel::update(current)
        .set((
            sessions::refresh_hash.eq(next),
            sessions::previous_hash.eq(seen),
            sessions::rotated_at.eq(at.naive_utc()),
            sessions::expires_at.eq(expires_at.naive_utc()),
        ))
        .execute(c)?;
    Ok(hit == 1)
}

/// Ends one sign-in.
pub fn revoke(c: &mut Conn, id: SessionId, at: Time) -> Result<()> {
    let open = sessions::table.find(id.to_string()).filter(sessions::revoked_at.is_null());
    diesel::update(open).set(sessions::revoked_at.eq(at.naive_utc())).execute(c)?;
    Ok(())
}

/// Ends every sign-in of a user but one; the number that ended.
pub fn revoke_for_user(c: &mut Conn, user: UserId, keep: Option<SessionId>, at: Time) -> Result<usize> {
    let mut open = diesel::update(sessions::table)
        .filter(sessions::user_id.eq(user.to_string()))
        .filter(sessions::revoked_at.is_null())
        .set(sessions::revoked_at.eq(at.naive_utc()))
        .into_boxed();
    if let Some(keep) = keep {
        open = open.filter(sessions::id.ne(keep.to_string()));
    }
    Ok(open.execute(c)?)
}

/// Ends every sign-in of a device; the number that ended.
pub fn revoke_for_device(c: &mut Conn, device: DeviceId, at: Time) -> Result<usize> {
    let open =
        sessions::table.filter(sessions::device_id.eq(device.to_string())).filter(sessions::revoked_at.is_null());
    Ok(diesel::update(open).set(sessions::revoked_at.eq(at.naive_utc())).execute(c)?)
}

/// Whether an access token of this session still stands: neither session nor device revoked, user enabled.
/// Three look-ups by primary key in one query.
pub fn find_live(c: &mut Conn, id: SessionId) -> Result<Option<Live>> {
    type Row = (Stored<UserId>, Stored<Role>, Stored<RegionCode>, Stored<DeviceId>, i64, i64);
    let row: Option<Row> = sessions::table
        .inner_join(users::table)
        .inner_join(devices::table)
        .filter(sessions::id.eq(id.to_string()))
        .filter(sessions::revoked_at.is_null())
        .filter(devices::revoked_at.is_null())
        .filter(users::disabled_at.is_null())
        .select((users::id, users::role, users::scope, devices::id, users::scope_version, users::stamp))
        .get_result(c)
        .optional()?;
    Ok(row.map(|(user, role, scope, device, scope_version, stamp)| Live {
        actor: Actor { user: user.into(), role: role.into(), scope: scope.into(), session: id, device: device.into() },
        scope_version,
        stamp,
    }))
}
