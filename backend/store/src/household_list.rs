//! Many households at once: the desk's list, the pages of a first sync, and look-ups by person.

use crate::columns::{At, Stored, StoredOption};
use crate::dialect::MultiBackend;
use crate::household::{HouseholdRow, Query, in_scope};
use crate::page::{Page, PageRequest};
use crate::schema::{households, person_keys};
use crate::sound::{Found, load_sound};
use crate::vault::Vault;
use crate::{Conn, Result, scope};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use ruhu_domain::actor::RowScope;
use ruhu_domain::household::FileStatus;
use ruhu_domain::ids::{HouseholdId, UserId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::time::{Date, Time};
use uuid::Uuid;

/// A household in a list: no body.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = households)]
pub struct HouseholdLine {
    #[diesel(deserialize_as = Stored<HouseholdId>)]
    pub id: HouseholdId,
    pub rev: i64,
    #[diesel(deserialize_as = Stored<FileStatus>)]
    pub status: FileStatus,
    pub file_no: Option<String>,
    /// The worker's whole name; masking it is the view's affair.
    pub name: String,
    #[diesel(deserialize_as = Stored<RegionCode>, column_name = region_code)]
    pub region: RegionCode,
    pub address: String,
    #[diesel(deserialize_as = StoredOption<UserId>, column_name = contact_id)]
    pub contact: Option<UserId>,
    #[diesel(deserialize_as = StoredOption<UserId>, column_name = responsible_id)]
    pub responsible: Option<UserId>,
    #[diesel(deserialize_as = StoredOption<Date>)]
    pub next_visit_due_on: Option<Date>,
    #[diesel(deserialize_as = StoredOption<Date>)]
    pub last_visit_on: Option<Date>,
    #[diesel(deserialize_as = At)]
    pub updated_at: Time,
}

/// These households as lists show them, whatever the scope: names for things that a reader may see.
pub fn list_lines(c: &mut Conn, ids: impl IntoIterator<Item = HouseholdId>) -> Result<Vec<HouseholdLine>> {
    let ids = ids.into_iter().map(|id| id.to_string());
    let ids: Vec<String> = ids.collect();
    let all = || households::table.filter(households::id.eq_any(ids.clone()));
    Ok(load_sound!(c, households, HouseholdLine, all)?.rows)
}

/// The blind index of something that only one person has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonKey {
    IdNo(String),
    Phone(String),
}

impl PersonKey {
    /// Of a normalised ID number.
    pub fn of_id_no(vault: &Vault, id_no: &str) -> Self {
        Self::IdNo(vault.keys().index("id_no", id_no))
    }

    /// Of a normalised phone number.
    pub fn of_phone(vault: &Vault, phone: &str) -> Self {
        Self::Phone(vault.keys().index("phone", phone))
    }
}

/// What a list is narrowed to; the scope comes on top.
#[derive(Debug, Clone, Default)]
pub struct HouseholdFilter {
    /// Part of the name, the address or the file number.
    pub q: Option<String>,
    /// The household of this person; instead of `q`.
    pub person: Option<PersonKey>,
    pub region: Option<RegionCode>,
    pub status: Option<FileStatus>,
    /// Due on this day or before; the list is then in the order of the due days.
    pub due_by: Option<Date>,
}

/// One page of the households of a scope, by id, or by due day when the filter asks for due ones. The total counts
/// those that cannot be read, too.
pub fn list(
    c: &mut Conn,
    scope: &RowScope,
    filter: &HouseholdFilter,
    page: &PageRequest,
) -> Result<Page<HouseholdLine>> {
    let total = filtered(scope, filter).count().get_result(c)?;
    let mut query = filtered(scope, filter);
    let keys: Vec<(String, Option<String>)> = if filter.due_by.is_some() {
        if let Some([day, id]) = page.key()? {
            let (day, id) = (day.to_owned(), id.to_owned());
            let later = households::next_visit_due_on.gt(day.clone());
            query = query.filter(later.or(households::next_visit_due_on.eq(day).and(households::id.gt(id).nullable())));
        }
        let query = query.order((households::next_visit_due_on, households::id));
        query.limit(page.rows() + 1).select((households::id, households::next_visit_due_on)).load(c)?
    } else {
        if let Some([id]) = page.key()? {
            query = query.filter(households::id.gt(id.to_owned()));
        }
        let query = query.order(households::id).limit(page.rows() + 1);
        query.select((households::id, households::next_visit_due_on)).load(c)?
    };
    let by_due = filter.due_by.is_some();
    let Page { items, next_cursor, total } = Page::cut(keys, page.rows(), total, |(id, day)| match day {
        Some(day) if by_due => format!("{day}~{id}"),
        _ => id.clone(),
    });
    let ids: Vec<String> = items.into_iter().map(|(id, _)| id).collect();
    let all = || households::table.filter(households::id.eq_any(ids.clone()));
    let mut items = load_sound!(c, households, HouseholdLine, all)?.rows;
    items.sort_by_key(|line| (line.next_visit_due_on.filter(|_| by_due), line.id));
    Ok(Page { items, next_cursor, total })
}

fn filtered<'a>(scope: &RowScope, filter: &HouseholdFilter) -> Query<'a> {
    let mut query = in_scope(households::table.into_boxed(), scope);
    if let Some(region) = &filter.region {
        query = in_scope(query, &RowScope::Region(region.clone()));
    }
    if let Some(status) = filter.status {
        query = query.filter(households::status.eq(status.code()));
    }
    if let Some(day) = filter.due_by {
        query = query.filter(households::next_visit_due_on.le(day.to_string()));
    }
    if let Some(key) = &filter.person {
        let homes = person_keys::table.select(person_keys::household_id);
        query = match key {
            PersonKey::IdNo(index) => {
                query.filter(households::id.eq_any(homes.filter(person_keys::id_no_index.eq(index.clone()))))
            }
            PersonKey::Phone(index) => {
                query.filter(households::id.eq_any(homes.filter(person_keys::phone_index.eq(index.clone()))))
            }
        };
    } else if let Some(q) = filter.q.as_deref().filter(|q| !q.trim().is_empty()) {
        query = query.filter(mentions(q));
    }
    query
}

diesel::define_sql_function! {
    /// Lower case. `LIKE` alone ignores case on SQLite only.
    fn lower(text: Text) -> Text;
}
diesel::define_sql_function! {
    #[sql_name = "lower"]
    fn lower_or_null(text: Nullable<Text>) -> Nullable<Text>;
}

/// A condition on a household: the text is part of its name, address or file number, in any case.
pub(crate) fn mentions<'a>(
    q: &str,
) -> Box<dyn BoxableExpression<households::table, MultiBackend, SqlType = Nullable<Bool>> + 'a> {
    let pattern = scope::anywhere(q);
    let in_name = lower(households::name).like(lower(pattern.clone())).escape('\\');
    let in_address = lower(households::address).like(lower(pattern.clone())).escape('\\');
    let in_file_no = lower_or_null(households::file_no).like(lower_or_null(pattern)).escape('\\');
    Box::new(in_name.or(in_address).nullable().or(in_file_no))
}

/// How many households a scope holds: the total of a first sync.
pub fn count(c: &mut Conn, scope: &RowScope) -> Result<i64> {
    Ok(in_scope(households::table.into_boxed(), scope).count().get_result(c)?)
}

/// The households of a scope after an id, by id: one page of a first sync, with those that cannot be read.
pub fn list_ids_after(c: &mut Conn, scope: &RowScope, after: Option<Uuid>, limit: i64) -> Result<Vec<HouseholdId>> {
    let mut query = in_scope(households::table.into_boxed(), scope);
    if let Some(after) = after {
        query = query.filter(households::id.gt(after.to_string()));
    }
    let rows: Vec<Stored<HouseholdId>> = query.order(households::id).limit(limit).select(households::id).load(c)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Those of the households that are in scope, in no particular order.
pub fn list_by_ids(c: &mut Conn, scope: &RowScope, ids: &[HouseholdId]) -> Result<Found<HouseholdRow>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let all = || in_scope(households::table.into_boxed(), scope).filter(households::id.eq_any(ids.clone()));
    load_sound!(c, households, HouseholdRow, all)
}
