//! People who sign in.

use crate::columns::{At, AtOption, Stored};
use crate::error::StoreError;
use crate::page::{Page, PageRequest};
use crate::schema::users;
use crate::{Conn, Result, scope};
use diesel::prelude::*;
use ruhu_domain::actor::Role;
use ruhu_domain::ids::UserId;
use ruhu_domain::region::RegionCode;
use ruhu_domain::time::Time;

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct User {
    #[diesel(deserialize_as = Stored<UserId>)]
    pub id: UserId,
    /// Lower case.
    pub login: String,
    pub name: String,
    pub work_phone: Option<String>,
    /// PHC string.
    pub password_hash: String,
    #[diesel(deserialize_as = Stored<Role>)]
    pub role: Role,
    #[diesel(deserialize_as = Stored<RegionCode>)]
    pub scope: RegionCode,
    #[diesel(deserialize_as = AtOption)]
    pub disabled_at: Option<Time>,
    /// Grows when everything must be sent anew to this user's phones.
    pub scope_version: i64,
    /// Grows with each change of password, role or access; what was issued before is void.
    pub stamp: i64,
    /// A made-up person of the demo.
    pub is_synthetic: bool,
    #[diesel(deserialize_as = At)]
    pub created_at: Time,
}

/// Name and work phone, as shown to others.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct Person {
    #[diesel(deserialize_as = Stored<UserId>)]
    pub id: UserId,
    pub name: String,
    pub work_phone: Option<String>,
}

/// The account, by id.
pub fn find(c: &mut Conn, id: UserId) -> Result<Option<User>> {
    Ok(users::table.find(id.to_string()).select(User::as_select()).get_result(c).optional()?)
}

/// The account, by its login in any case.
pub fn find_by_login(c: &mut Conn, login: &str) -> Result<Option<User>> {
    let login = login.trim().to_lowercase();
    Ok(users::table.filter(users::login.eq(login)).select(User::as_select()).get_result(c).optional()?)
}

/// The names of several people, in no particular order; unknown ids are left out.
pub fn list_persons(c: &mut Conn, ids: &[UserId]) -> Result<Vec<Person>> {
    let ids = ids.iter().map(ToString::to_string);
    Ok(users::table.filter(users::id.eq_any(ids)).select(Person::as_select()).load(c)?)
}

/// Adds an account; `Duplicate` when the login is taken.
pub fn insert(c: &mut Conn, user: &User) -> Result<()> {
    diesel::insert_into(users::table)
        .values((
            users::id.eq(user.id.to_string()),
            users::login.eq(user.login.trim().to_lowercase()),
            users::name.eq(&user.name),
            users::work_phone.eq(&user.work_phone),
            users::password_hash.eq(&user.password_hash),
            users::role.eq(user.role.code()),
            users::scope.eq(user.scope.as_str()),
            users::disabled_at.eq(user.disabled_at.map(Time::naive_utc)),
            users::scope_version.eq(user.scope_version),
            users::stamp.eq(user.stamp),
            users::is_synthetic.eq(user.is_synthetic),
            users::created_at.eq(user.created_at.naive_utc()),
        ))
        .execute(c)?;
    Ok(())
}

/// The accounts of a region, by id.
pub fn list(c: &mut Conn, region: &RegionCode, page: &PageRequest) -> Result<Page<User>> {
    let within = users::scope.ge(region.as_str().to_owned()).and(users::scope.lt(scope::after(region)));
    let total = users::table.filter(within.clone()).count().get_result(c)?;
    let mut query = users::table.filter(within).into_boxed();
    if let Some([id]) = page.key()? {
        query = query.filter(users::id.gt(id.to_owned()));
    }
    let rows = query.order(users::id).limit(page.rows() + 1).select(User::as_select()).load(c)?;
    Ok(Page::cut(rows, page.rows(), total, |user: &User| user.id.to_string()))
}

/// The people of one role whose scope touches a region: their scope lies in it, or it lies in theirs.
pub fn list_by_role(c: &mut Conn, role: Role, region: &RegionCode) -> Result<Vec<User>> {
    let rows = users::table.filter(users::role.eq(role.code())).order(users::id).select(User::as_select()).load(c)?;
    Ok(rows.into_iter().filter(|user: &User| user.scope.contains(region) || region.contains(&user.scope)).collect())
}

/// A new password; everything issued before is void.
pub fn update_password(c: &mut Conn, id: UserId, password_hash: &str, seen_stamp: i64) -> Result<()> {
    let hit = diesel::update(users::table.find(id.to_string()).filter(users::stamp.eq(seen_stamp)))
        .set((users::password_hash.eq(password_hash), users::stamp.eq(seen_stamp + 1)))
        .execute(c)?;
    expect_one(hit)
}

/// Disables an account (`Some`) or lets it in again (`None`).
pub fn set_disabled(c: &mut Conn, id: UserId, disabled_at: Option<Time>, seen_stamp: i64) -> Result<()> {
    let hit = diesel::update(users::table.find(id.to_string()).filter(users::stamp.eq(seen_stamp)))
        .set((users::disabled_at.eq(disabled_at.map(Time::naive_utc)), users::stamp.eq(seen_stamp + 1)))
        .execute(c)?;
    expect_one(hit)
}

/// Another role or scope: the phones get everything anew.
pub fn update_role(c: &mut Conn, id: UserId, role: Role, scope: &RegionCode, seen_stamp: i64) -> Result<()> {
    let hit = diesel::update(users::table.find(id.to_string()).filter(users::stamp.eq(seen_stamp)))
        .set((
            users::role.eq(role.code()),
            users::scope.eq(scope.as_str()),
            users::stamp.eq(seen_stamp + 1),
            users::scope_version.eq(users::scope_version + 1),
        ))
        .execute(c)?;
    expect_one(hit)
}

/// Another name or work phone.
pub fn update_name(c: &mut Conn, id: UserId, name: &str, work_phone: Option<&str>, seen_stamp: i64) -> Result<()> {
    let hit = diesel::update(users::table.find(id.to_string()).filter(users::stamp.eq(seen_stamp)))
        .set((users::name.eq(name), users::work_phone.eq(work_phone)))
        .execute(c)?;
    expect_one(hit)
}

/// Whether a city administrator exists, so that the first one need not be made.
pub fn any_admin_exists(c: &mut Conn) -> Result<bool> {
    let admins = users::table.filter(users::role.eq(Role::CityAdmin.code()));
    Ok(diesel::select(diesel::dsl::exists(admins)).get_result(c)?)
}

fn expect_one(hit: usize) -> Result<()> {
    if hit == 1 { Ok(()) } else { Err(StoreError::Stale) }
}
