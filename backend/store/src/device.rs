//! One user's installation of the app, and how far its operations have arrived.

use crate::columns::{At, AtOption, Stored};
use crate::error::{StoreError, raced};
use crate::schema::devices;
use crate::{Conn, Result};
use diesel::prelude::*;
use ruhu_domain::ids::{DeviceId, UserId};
use ruhu_domain::sync::held::{missing, outstanding};
use ruhu_domain::sync::operation::{Manifest, Position};
use ruhu_domain::time::Time;

/// A device as its owner and the office see it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = devices)]
pub struct Device {
    #[diesel(deserialize_as = Stored<DeviceId>)]
    pub id: DeviceId,
    #[diesel(deserialize_as = Stored<UserId>)]
    pub user_id: UserId,
    pub label: String,
    pub epoch: i64,
    pub next_seq: i64,
    /// Operations the phone said it still holds.
    pub held_count: i64,
    pub held_first_seq: Option<i64>,
    pub held_last_seq: Option<i64>,
    pub held_head: String,
    pub app_build: String,
    #[diesel(deserialize_as = At)]
    pub created_at: Time,
    #[diesel(deserialize_as = At)]
    pub last_seen_at: Time,
    #[diesel(deserialize_as = AtOption)]
    pub revoked_at: Option<Time>,
    /// Since when it holds something that has not arrived.
    #[diesel(deserialize_as = AtOption)]
    pub held_since: Option<Time>,
    /// Operations that it held without a receipt, and then held no more; until somebody has looked into it.
    pub lost_count: i64,
    #[diesel(deserialize_as = AtOption)]
    pub lost_at: Option<Time>,
    /// When somebody looked into what it holds; until it reports again.
    #[diesel(deserialize_as = AtOption)]
    pub asked_at: Option<Time>,
}

impl Device {
    /// Where the next operation is expected.
    pub fn position(&self) -> Position {
        Position { device: self.id, epoch: self.epoch, next_seq: self.next_seq }
    }

    /// What the phone said last.
    pub fn manifest(&self) -> Manifest {
        let Self { held_count: count, held_first_seq: first_seq, held_last_seq: last_seq, .. } = *self;
        Manifest { count, first_seq, last_seq, head: self.held_head.clone() }
    }

    /// How many operations have not arrived, as far as the phone has told.
    pub fn outstanding(&self) -> i64 {
        outstanding(self.next_seq, &self.manifest())
    }
}

/// The device, whoever owns it.
pub fn find(c: &mut Conn, id: DeviceId) -> Result<Option<Device>> {
    Ok(devices::table.find(id.to_string()).select(Device::as_select()).get_result(c).optional()?)
}

/// Registers the device at sign-in, or notes that it was seen; a revoked one is let in again by a sign-in.
/// `ForeignDevice` when the id belongs to another user.
pub fn upsert(c: &mut Conn, id: DeviceId, user: UserId, label: &str, at: Time) -> Result<Device> {
    match find(c, id)? {
        Some(known) if known.user_id != user => return Err(StoreError::ForeignDevice),
        Some(_) => {
            diesel::update(devices::table.find(id.to_string()))
                .set((
                    devices::label.eq(label),
                    devices::last_seen_at.eq(at.naive_utc()),
                    devices::revoked_at.eq(None::<chrono::NaiveDateTime>),
                ))
                .execute(c)?;
        }
        None => {
            diesel::insert_into(devices::table)
                .values((
                    devices::id.eq(id.to_string()),
                    devices::user_id.eq(user.to_string()),
                    devices::label.eq(label),
                    devices::created_at.eq(at.naive_utc()),
                    devices::last_seen_at.eq(at.naive_utc()),
                ))
                .execute(c)
                .map_err(raced)?;
        }
    }
    find(c, id)?.ok_or(StoreError::Stale)
}

/// A user's devices, the one seen last first.
pub fn list_for_user(c: &mut Conn, user: UserId) -> Result<Vec<Device>> {
    Ok(devices::table
        .filter(devices::user_id.eq(user.to_string()))
        .order((devices::last_seen_at.desc(), devices::id))
        .select(Device::as_select())
        .load(c)?)
}

/// When the first of a user's devices was known.
pub fn find_first_known(c: &mut Conn, user: UserId) -> Result<Option<Time>> {
    let of_user = devices::table.filter(devices::user_id.eq(user.to_string()));
    let first: Option<At> = of_user.order(devices::created_at).select(devices::created_at).first(c).optional()?;
    Ok(first.map(Time::from))
}

/// Revokes a user's own device; `false` when they have no such device.
pub fn revoke(c: &mut Conn, id: DeviceId, user: UserId, at: Time) -> Result<bool> {
    let own = devices::table.find(id.to_string()).filter(devices::user_id.eq(user.to_string()));
    Ok(diesel::update(own).set(devices::revoked_at.eq(at.naive_utc())).execute(c)? == 1)
}

/// The device's position, held until the transaction ends so that two pushes of one device take turns.
/// `None` when the user has no such device, or it is revoked.
pub fn lock_position(c: &mut Conn, id: DeviceId, user: UserId) -> Result<Option<Position>> {
    let query = devices::table
        .find(id.to_string())
        .filter(devices::user_id.eq(user.to_string()))
        .filter(devices::revoked_at.is_null())
        .select((devices::epoch, devices::next_seq));
    let found: Option<(i64, i64)> = match c {
        // SQLite has one writer: whoever is in a write transaction holds everything.
        Conn::Sqlite(c) => query.get_result(c).optional()?,
        Conn::Postgres(c) => query.for_update().get_result(c).optional()?,
    };
    Ok(found.map(|(epoch, next_seq)| Position { device: id, epoch, next_seq }))
}

/// Moves the device to a new position and notes what the phone still holds, and what it holds no more without a
/// receipt.
/// `Stale` unless the device still stands at `from`.
pub fn advance(
    c: &mut Conn,
    from: Position,
    epoch: i64,
    next_seq: i64,
    manifest: &Manifest,
    app_build: &str,
    at: Time,
) -> Result<()> {
    let before = find(c, from.device)?.ok_or(StoreError::Stale)?;
    let lost = missing(from, &before.manifest(), epoch, manifest);
    let held_since = (outstanding(next_seq, manifest) > 0).then(|| before.held_since.unwrap_or(at));
    let lost_at = if lost > 0 { Some(at) } else { before.lost_at };
    let seen = devices::table
        .find(from.device.to_string())
        .filter(devices::epoch.eq(from.epoch))
        .filter(devices::next_seq.eq(from.next_seq));
    let hit = diesel::update(seen)
        .set((
            devices::epoch.eq(epoch),
            devices::next_seq.eq(next_seq),
            devices::held_count.eq(manifest.count),
            devices::held_first_seq.eq(manifest.first_seq),
            devices::held_last_seq.eq(manifest.last_seq),
            devices::held_head.eq(&manifest.head),
            devices::app_build.eq(app_build),
            devices::last_seen_at.eq(at.naive_utc()),
            devices::held_since.eq(held_since.map(Time::naive_utc)),
            devices::lost_count.eq(before.lost_count.saturating_add(lost)),
            devices::lost_at.eq(lost_at.map(Time::naive_utc)),
            devices::asked_at.eq(None::<chrono::NaiveDateTime>),
        ))
        .execute(c)?;
    if hit == 1 { Ok(()) } else { Err(StoreError::Stale) }
}
