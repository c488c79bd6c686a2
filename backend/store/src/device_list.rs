//! Phones as the office sees them: which of them hold what has not arrived.

use crate::columns::Stored;
use crate::device::Device;
use crate::dialect::MultiBackend;
use crate::household::expect_one;
use crate::page::{Page, PageRequest};
use crate::schema::{devices, users};
use crate::{Conn, Result, StoreError, scope};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Timestamp;
use ruhu_domain::actor::Role;
use ruhu_domain::ids::{DeviceId, UserId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::time::Time;

/// A phone and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBy {
    pub device: Device,
    pub user: UserId,
    pub name: String,
    pub role: Role,
    pub scope: RegionCode,
    /// The account is shut.
    pub is_disabled: bool,
}

/// Since when something is amiss. Rows of before this was noted have only the last contact.
fn since() -> SqlLiteral<Timestamp> {
    diesel::dsl::sql("COALESCE(held_since, lost_at, last_seen_at)")
}

fn since_of(device: &Device) -> Time {
    device.held_since.or(device.lost_at).unwrap_or(device.last_seen_at)
}

type Query<'a> = devices::BoxedQuery<'a, MultiBackend>;

/// The phones of an area's people that hold what has not arrived, as far as nobody has looked into it, or came back
/// with less than they held.
fn outstanding<'a>(region: &RegionCode) -> Query<'a> {
    let within = users::scope.ge(region.as_str().to_owned()).and(users::scope.lt(scope::after(region)));
    let people = users::table.filter(within).select(users::id);
    let holds = devices::held_last_seq.ge(devices::next_seq.nullable()).and(devices::asked_at.is_null());
    devices::table
        .into_boxed()
        .filter(devices::user_id.eq_any(people))
        .filter(holds.or(devices::lost_count.gt(0).nullable()))
}

/// One page of them, the longest waiting first.
pub fn list_outstanding(c: &mut Conn, region: &RegionCode, page: &PageRequest) -> Result<Page<HeldBy>> {
    let total = outstanding(region).count().get_result(c)?;
    let mut query = outstanding(region);
    if let Some([micros, id]) = page.key()? {
        let micros: i64 = micros.parse().map_err(|_| StoreError::BadCursor)?;
        let at = Time::from_micros(micros).naive_utc();
        query = query.filter(since().gt(at).or(since().eq(at).and(devices::id.gt(id.to_owned()))));
    }
    let rows: Vec<Device> =
        query.order((since(), devices::id)).limit(page.rows() + 1).select(Device::as_select()).load(c)?;
    let page = Page::cut(rows, page.rows(), total, |row| format!("{}~{}", since_of(row).micros(), row.id));
    with_people(c, page)
}

type Owner = (Stored<UserId>, String, Stored<Role>, Stored<RegionCode>, Option<chrono::NaiveDateTime>);

fn with_people(c: &mut Conn, page: Page<Device>) -> Result<Page<HeldBy>> {
    let ids = page.items.iter().map(|device| device.user_id.to_string());
    let rows: Vec<Owner> = users::table
        .filter(users::id.eq_any(ids))
        .select((users::id, users::name, users::role, users::scope, users::disabled_at))
        .load(c)?;
    let owners: Vec<(UserId, String, Role, RegionCode, bool)> = rows
        .into_iter()
        .map(|(id, name, role, scope, gone)| (id.into(), name, role.into(), scope.into(), gone.is_some()))
        .collect();
    let missing = || StoreError::Broken("a device of nobody".to_owned());
    let Page { items, next_cursor, total } = page;
    let held = |device: Device| {
        let owner = owners.iter().find(|(id, ..)| *id == device.user_id).ok_or_else(missing)?;
        let (user, name, role, scope, is_disabled) = owner.clone();
        Ok(HeldBy { device, user, name, role, scope, is_disabled })
    };
    Ok(Page { items: items.into_iter().map(held).collect::<Result<_>>()?, next_cursor, total })
}

/// The phones of these people, the one seen last first.
pub fn list_for_users(c: &mut Conn, users: &[UserId]) -> Result<Vec<Device>> {
    let ids = users.iter().map(ToString::to_string);
    Ok(devices::table
        .filter(devices::user_id.eq_any(ids))
        .order((devices::last_seen_at.desc(), devices::id))
        .select(Device::as_select())
        .load(c)?)
}

/// Whose phone it is, and the area of their account.
pub fn find_owner(c: &mut Conn, id: DeviceId) -> Result<Option<(UserId, RegionCode)>> {
    let owner: Option<(Stored<UserId>, Stored<RegionCode>)> = devices::table
        .inner_join(users::table)
        .filter(devices::id.eq(id.to_string()))
        .select((users::id, users::scope))
        .first(c)
        .optional()?;
    Ok(owner.map(|(user, scope)| (user.into(), scope.into())))
}

/// Somebody has looked into what went missing on a phone, as it was seen here.
/// `Stale` when it has told of something else since.
pub fn clear_loss(c: &mut Conn, seen: &Device) -> Result<()> {
    let cleared = (devices::lost_count.eq(0), devices::lost_at.eq(None::<chrono::NaiveDateTime>));
    expect_one(diesel::update(as_seen(seen)).set(cleared).execute(c)?)
}

/// Somebody has looked into what a phone holds and that never came. What it said last stays, for when it reports again.
/// `Stale` when it has told of something else since.
pub fn note_asked(c: &mut Conn, seen: &Device, at: Time) -> Result<()> {
    expect_one(diesel::update(as_seen(seen)).set(devices::asked_at.eq(at.naive_utc())).execute(c)?)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn as_seen(seen: &Device) -> _ {
    let (id, epoch, next_seq): (String, i64, i64) = (seen.id.to_string(), seen.epoch, seen.next_seq);
    let told_at: chrono::NaiveDateTime = seen.last_seen_at.naive_utc();
    devices::table
        .filter(devices::id.eq(id))
        .filter(devices::epoch.eq(epoch))
        .filter(devices::next_seq.eq(next_seq))
        .filter(devices::last_seen_at.eq(told_at))
}
