//! Household files: the approved state, one row each. `household_file.rs` writes its revisions,
//! `household_list.rs` finds many at once.

use crate::cipher::Keys;
use crate::columns::{At, Stored, StoredOption};
use crate::dialect::MultiBackend;
use crate::error::StoreError;
use crate::schema::{households, person_keys};
use crate::scope;
use crate::vault::{Home, Vault};
use crate::{Conn, Result};
use diesel::prelude::*;
use ruhu_domain::actor::RowScope;
use ruhu_domain::form::{File, Kind};
use ruhu_domain::household::{FileStatus, Household, display_name};
use ruhu_domain::ids::{HouseholdId, UserId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::time::{Date, Time};
use serde_json::Value;
use std::collections::BTreeMap;

pub(crate) const TABLE: &str = "households";

/// A household as it is kept: the body masked, its sealed values closed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = households)]
pub struct HouseholdRow {
    #[diesel(deserialize_as = Stored<HouseholdId>)]
    pub id: HouseholdId,
    pub rev: i64,
    #[diesel(deserialize_as = Stored<FileStatus>)]
    pub status: FileStatus,
    pub file_no: Option<String>,
    pub name: String,
    #[diesel(deserialize_as = Stored<RegionCode>, column_name = region_code)]
    pub region: RegionCode,
    pub address: String,
    #[diesel(deserialize_as = StoredOption<UserId>, column_name = contact_id)]
    pub contact: Option<UserId>,
    #[diesel(deserialize_as = StoredOption<UserId>, column_name = responsible_id)]
    pub responsible: Option<UserId>,
    #[diesel(deserialize_as = Stored<UserId>, column_name = author_id)]
    pub author: UserId,
    /// Over the whole unmasked file.
    pub hash: String,
    #[diesel(deserialize_as = StoredOption<Date>)]
    pub next_visit_due_on: Option<Date>,
    #[diesel(deserialize_as = StoredOption<Date>)]
    pub last_visit_on: Option<Date>,
    pub is_synthetic: bool,
    #[diesel(deserialize_as = At)]
    pub created_at: Time,
    #[diesel(deserialize_as = At)]
    pub updated_at: Time,
    /// JSON text of the file, sealed values covered; goes over the wire as it is.
    #[diesel(column_name = body)]
    pub masked: String,
    pub(crate) sealed: String,
}

impl HouseholdRow {
    /// The phone numbers in clear, by path, for calling at the door.
    pub fn phones(&self, vault: &Vault) -> Result<BTreeMap<String, Value>> {
        let row = self.id.to_string();
        vault.open_kinds(Home { table: TABLE, row: &row }, &self.sealed, &[Kind::Phone, Kind::PhoneAny])
    }

    /// The household with its whole file in clear, for the rules.
    pub fn into_clear(self, vault: &Vault) -> Result<Household> {
        let row = self.id.to_string();
        let file = into_file(vault.open(Home { table: TABLE, row: &row }, &self.masked, &self.sealed)?)?;
        Ok(Household {
            id: self.id,
            rev: self.rev,
            status: self.status,
            file_no: self.file_no,
            region: self.region,
            contact: self.contact,
            responsible: self.responsible,
            file,
            hash: self.hash,
            next_visit_due_on: self.next_visit_due_on,
            last_visit_on: self.last_visit_on,
        })
    }
}

/// Who made a household file, when, and whether it is part of the demo.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    pub author: UserId,
    pub at: Time,
    pub is_synthetic: bool,
}

/// A query over households, built step by step.
pub(crate) type Query<'a> = households::BoxedQuery<'a, MultiBackend>;

/// Narrows a query to what a scope shows.
pub(crate) fn in_scope<'a>(query: Query<'a>, scope: &RowScope) -> Query<'a> {
    match scope {
        RowScope::Own(user) => {
            let user = user.to_string();
            query.filter(households::contact_id.eq(user.clone()).or(households::responsible_id.eq(user)))
        }
        RowScope::Region(region) => query
            .filter(households::region_code.ge(region.as_str().to_owned()))
            .filter(households::region_code.lt(scope::after(region))),
        RowScope::Nothing => query.filter(households::id.eq(String::new())),
    }
}

/// A household of the scope, masked.
pub fn find_masked(c: &mut Conn, scope: &RowScope, id: HouseholdId) -> Result<Option<HouseholdRow>> {
    let query = in_scope(households::table.into_boxed(), scope).filter(households::id.eq(id.to_string()));
    Ok(query.select(HouseholdRow::as_select()).get_result(c).optional()?)
}

/// A household of the scope, in clear.
pub fn find_clear(c: &mut Conn, vault: &Vault, scope: &RowScope, id: HouseholdId) -> Result<Option<Household>> {
    find_masked(c, scope, id)?.map(|row| row.into_clear(vault)).transpose()
}

/// A household whatever the scope, for decisions of the rules; never for an answer to somebody.
pub fn find_unscoped(c: &mut Conn, id: HouseholdId) -> Result<Option<HouseholdRow>> {
    Ok(households::table.find(id.to_string()).select(HouseholdRow::as_select()).get_result(c).optional()?)
}

/// Those of the households that there are, whatever the scope, for decisions of the rules.
pub fn list_unscoped(c: &mut Conn, ids: &[HouseholdId]) -> Result<Vec<HouseholdRow>> {
    let ids = ids.iter().map(ToString::to_string);
    Ok(households::table.filter(households::id.eq_any(ids)).select(HouseholdRow::as_select()).load(c)?)
}

/// Lets everything else that decides about this household in a transaction wait, or begin again, until this one ends.
/// In PostgreSQL a lock alone would leave the other on its old snapshot, so the row is written as it is.
pub fn hold(c: &mut Conn, id: HouseholdId) -> Result<()> {
    if c.is_postgres() {
        let held = diesel::update(households::table.find(id.to_string()));
        held.set(households::rev.eq(households::rev)).execute(c)?;
    }
    Ok(())
}

/// Adds a household. `Duplicate` when the id or the file number is taken.
pub fn insert(c: &mut Conn, vault: &Vault, household: &Household, made: Made) -> Result<()> {
    let id = household.id.to_string();
    let body = vault.seal_file(Home { table: TABLE, row: &id }, &household.file)?;
    diesel::insert_into(households::table)
        .values((
            households::id.eq(&id),
            households::rev.eq(household.rev),
            households::status.eq(household.status.code()),
            households::file_no.eq(&household.file_no),
            households::name.eq(name_of(&household.file)),
            households::region_code.eq(household.region.as_str()),
            households::address.eq(address_of(&household.file)),
            households::contact_id.eq(household.contact.map(|user| user.to_string())),
            households::responsible_id.eq(household.responsible.map(|user| user.to_string())),
            households::author_id.eq(made.author.to_string()),
            households::hash.eq(&household.hash),
            households::next_visit_due_on.eq(household.next_visit_due_on.map(|day| day.to_string())),
            households::last_visit_on.eq(household.last_visit_on.map(|day| day.to_string())),
            households::is_synthetic.eq(made.is_synthetic),
            households::created_at.eq(made.at.naive_utc()),
            households::updated_at.eq(made.at.naive_utc()),
            households::body.eq(body.masked),
            households::sealed.eq(body.sealed),
        ))
        .execute(c)?;
    write_person_keys(c, vault.keys(), household.id, &household.file)
}

/// Who visits a household and who answers for it. `Stale` unless the file is at `expected_rev`.
pub fn assign(
    c: &mut Conn,
    id: HouseholdId,
    expected_rev: i64,
    contact: Option<UserId>,
    responsible: Option<UserId>,
    at: Time,
) -> Result<()> {
    let seen = households::table.find(id.to_string()).filter(households::rev.eq(expected_rev));
    let hit = diesel::update(seen)
        .set((
            households::contact_id.eq(contact.map(|user| user.to_string())),
            households::responsible_id.eq(responsible.map(|user| user.to_string())),
            households::updated_at.eq(at.naive_utc()),
        ))
        .execute(c)?;
    expect_one(hit)
}

/// Closes a household that nobody approved: its state, and no further visit.
pub fn close(c: &mut Conn, id: HouseholdId, status: FileStatus, at: Time) -> Result<()> {
    let found = households::table.find(id.to_string()).filter(households::rev.eq(0));
    let hit = diesel::update(found)
        .set((
            households::status.eq(status.code()),
            households::next_visit_due_on.eq(None::<String>),
            households::updated_at.eq(at.naive_utc()),
        ))
        .execute(c)?;
    expect_one(hit)
}

/// Writes the blind indexes of the persons of a file in place of the older ones.
pub(crate) fn write_person_keys(c: &mut Conn, keys: &Keys, id: HouseholdId, file: &File) -> Result<()> {
    let id = id.to_string();
    diesel::delete(person_keys::table.filter(person_keys::household_id.eq(&id))).execute(c)?;
    for (person, fields) in file.get("persons").and_then(Value::as_object).into_iter().flatten() {
        let index = |field: &str| {
            let value = fields.get(field).and_then(Value::as_str).filter(|value| !value.is_empty());
            value.map(|value| keys.index(field, value))
        };
        let (id_no, phone) = (index("id_no"), index("phone"));
        if id_no.is_none() && phone.is_none() {
            continue;
        }
        diesel::insert_into(person_keys::table)
            .values((
                person_keys::household_id.eq(&id),
                person_keys::person_id.eq(person),
                person_keys::id_no_index.eq(id_no),
                person_keys::phone_index.eq(phone),
            ))
            .execute(c)?;
    }
    Ok(())
}

pub(crate) fn name_of(file: &File) -> String {
    display_name(file).unwrap_or_default().to_owned()
}

pub(crate) fn address_of(file: &File) -> String {
    file.get("residence_address").and_then(Value::as_str).unwrap_or_default().to_owned()
}

pub(crate) fn into_file(body: Value) -> Result<File> {
    match body {
        Value::Object(file) => Ok(file),
        _ => Err(StoreError::Broken("a file that is no object".into())),
    }
}

pub(crate) fn expect_one(hit: usize) -> Result<()> {
    if hit == 1 { Ok(()) } else { Err(StoreError::Stale) }
}
