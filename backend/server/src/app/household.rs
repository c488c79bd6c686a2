//! Household files at the desk, and their bodies for phones.

use crate::app::audience::{People, audience};
use crate::app::error::AppError;
use crate::app::record::{Titles, cover_change, summaries};
use crate::app::visit::event;
use crate::app::{App, AppResult, twice};
use crate::views::household::{
    AssignRequest, HouseholdBody, HouseholdItem, HouseholdList, HouseholdQuery, HouseholdView, PageQuery,
    RevisionChange, RevisionList, RevisionView,
};
use crate::views::user::PersonRef;
use ruhu_domain::actor::Actor;
use ruhu_domain::form::{self, mask_name};
use ruhu_domain::household::FileStatus;
use ruhu_domain::ids::{HouseholdId, UserId};
use ruhu_domain::policy::{self, Action, Target, Verdict};
use ruhu_domain::region::RegionCode;
use ruhu_store::change::{self, ChangeKind};
use ruhu_store::household::{self, HouseholdRow};
use ruhu_store::household_list::{self, HouseholdFilter, HouseholdLine, PersonKey};
use ruhu_store::{Conn, PageRequest, StoreError, audit, conflict, household_file, user, visit, visit_list};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

const PAGE: i64 = 50;
const PAGE_MAX: i64 = 200;

/// A page as a client asks for it.
pub fn page(cursor: Option<String>, limit: Option<i64>) -> PageRequest {
    PageRequest { cursor, limit: limit.unwrap_or(PAGE).clamp(1, PAGE_MAX) }
}

/// Whose phone numbers go out in clear.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phones {
    Clear,
    Masked,
}

impl App {
    /// Households in the actor's scope.
    pub async fn list_households(&self, actor: &Actor, query: HouseholdQuery) -> AppResult<HouseholdList> {
        let status = read_code(query.status.as_deref(), FileStatus::from_code, "status")?;
        let HouseholdQuery { q, region, due: due_by, limit, cursor, .. } = query;
        let (filter, page) =
            (HouseholdFilter { person: self.person_key(q.as_deref()), q, region, status, due_by }, page(cursor, limit));
        let (scope, me) = (actor.row_scope(), actor.user);
        self.db
            .read(move |c: &mut Conn| -> AppResult<HouseholdList> {
                let found = household_list::list(c, &scope, &filter, &page)?;
                let people = People::load(c, found.items.iter().flat_map(|line| [line.contact, line.responsible]))?;
                let items = found.items.into_iter().map(|line| item(line, me, &people)).collect();
                Ok(HouseholdList { items, next_cursor: found.next_cursor, total: found.total })
            })
            .await
    }

    /// What to look a person up by, when the text is a whole ID number or mobile number.
    fn person_key(&self, q: Option<&str>) -> Option<PersonKey> {
        let typed = Value::String(q?.trim().to_owned());
        let read = |column| {
            let field = self.definitions.dictionary().column("persons", column)?;
            form::normalise(field, &typed).as_str().map(str::to_owned)
        };
        let today = self.now().date();
        let id_no = read("id_no").filter(|number| form::read_id_no(number, today).is_ok());
        if let Some(number) = id_no {
            return Some(PersonKey::of_id_no(&self.vault, &number));
        }
        let is_mobile = |number: &String| {
            number.len() == 11 && number.starts_with('1') && number.bytes().all(|byte| byte.is_ascii_digit())
        };
        read("phone").filter(is_mobile).map(|number| PersonKey::of_phone(&self.vault, &number))
    }

    /// The file, masked, with its visits.
    pub async fn find_household(&self, actor: &Actor, id: HouseholdId) -> AppResult<HouseholdView> {
        let (app, actor) = (self.clone(), actor.clone());
        self.db
            .read(move |c: &mut Conn| -> AppResult<HouseholdView> {
                let scope = actor.row_scope();
                let row = household::find_masked(c, &scope, id)?.ok_or_else(AppError::not_found)?;
                let may_assign = may_assign(&actor, &row) == Verdict::Yes;
                let mut visits = visit_list::list_for_households(c, &scope, &[id])?;
                visits.reverse();
                let mut titles = Titles::new(actor.user);
                titles.add_row(&row);
                let visits = summaries(c, &titles, visits)?;
                let people = People::load(c, [row.contact, row.responsible])?;
                let household = body(&app, row, &people, Phones::Masked)?;
                Ok(HouseholdView { household, visits, may_assign })
            })
            .await
    }

    /// The revisions of a file, newest first, each with what it changed.
    pub async fn list_revisions(&self, actor: &Actor, id: HouseholdId, query: PageQuery) -> AppResult<RevisionList> {
        let (app, scope) = (self.clone(), actor.row_scope());
        let page = page(query.cursor, query.limit);
        self.db
            .read(move |c: &mut Conn| -> AppResult<RevisionList> {
                household::find_masked(c, &scope, id)?.ok_or_else(AppError::not_found)?;
                let found = household_file::list_revisions(c, id, &page)?;
                let mut items = Vec::with_capacity(found.items.len());
                for row in found.items {
                    let visit = match row.visit_id {
                        Some(visit) => visit::find_unscoped(c, visit)?,
                        None => None,
                    };
                    let people = People::load(c, [Some(row.by), visit.as_ref().map(|visit| visit.visitor)])?;
                    items.push(RevisionView {
                        rev: row.rev,
                        at: row.at,
                        by: Some(people.person(row.by)),
                        visit_id: row.visit_id,
                        visit_type: visit.as_ref().map(|visit| visit.visit_type.code()),
                        visitor: visit.as_ref().map(|visit| people.person(visit.visitor)),
                        hash: row.hash,
                        changes: revision_changes(&app, c, id, row.rev)?,
                    });
                }
                Ok(RevisionList { items, next_cursor: found.next_cursor })
            })
            .await
    }

    /// Says who visits the household and who answers for it; the phones of both sides hear of it.
    pub async fn assign_household(
        &self,
        actor: &Actor,
        id: HouseholdId,
        wanted: AssignRequest,
    ) -> AppResult<HouseholdBody> {
        let (app, actor, now) = (self.clone(), actor.clone(), self.now());
        self.db
            .write(move |c: &mut Conn| -> AppResult<HouseholdBody> {
                let row = household::find_masked(c, &actor.row_scope(), id)?.ok_or_else(AppError::not_found)?;
                if may_assign(&actor, &row) != Verdict::Yes {
                    return Err(AppError::forbidden("auth.not_allowed", "Your role does not do this"));
                }
                check_fit(c, wanted.contact_id, &row.region, "contact_id")?;
                check_fit(c, wanted.responsible_id, &row.region, "responsible_id")?;
                let before = audience(c, &row.region, [row.contact, row.responsible])?;
                let after = audience(c, &row.region, [wanted.contact_id, wanted.responsible_id])?;
                household::assign(c, id, row.rev, wanted.contact_id, wanted.responsible_id, now)?;
                let gone: Vec<UserId> = before.iter().filter(|user| !after.contains(user)).copied().collect();
                let come: Vec<UserId> = after.iter().filter(|user| !before.contains(user)).copied().collect();
                change::record(c, &gone, ChangeKind::Evict, id.uuid(), now)?;
                change::record(c, &after, ChangeKind::Household, id.uuid(), now)?;
                // What enters the scope comes whole, however old.
                for visit in visit_list::list_for_households(c, &actor.row_scope(), &[id])? {
                    change::record(c, &come, ChangeKind::Visit, visit.id.uuid(), now)?;
                }
                // What clashes is shown to those who have the household now, and no more asked of who had it.
                conflict::release(c, id, &gone, now)?;
                let told: Vec<UserId> = come.iter().chain(&gone).copied().collect();
                for conflict in conflict::list_open_ids(c, id)? {
                    change::record(c, &told, ChangeKind::Conflict, conflict.uuid(), now)?;
                }
                twice::tell_showing(&app, c, id, now)?;
                let detail = serde_json::json!({
                    "contact": wanted.contact_id, "responsible": wanted.responsible_id,
                });
                audit::append(c, &event(now, &actor, "household.assign", "household", id.uuid(), detail))?;
                let row = household::find_unscoped(c, id)?.ok_or_else(AppError::not_found)?;
                let people = People::load(c, [row.contact, row.responsible])?;
                body(&app, row, &people, Phones::Masked)
            })
            .await
    }
}

/// A household's body: the stored text goes out as it is.
pub fn body(app: &App, row: HouseholdRow, people: &People, phones: Phones) -> AppResult<HouseholdBody> {
    let clear = match phones {
        Phones::Clear => row.phones(&app.vault)?,
        Phones::Masked => BTreeMap::new(),
    };
    let text = |value: Value| if let Value::String(text) = value { text } else { value.to_string() };
    Ok(HouseholdBody {
        id: row.id,
        rev: row.rev,
        status: row.status.code(),
        file_no: row.file_no,
        region_code: row.region,
        is_lead: row.status.is_before_first_survey(),
        file: RawValue::from_string(row.masked)?,
        clear: clear.into_iter().map(|(path, value)| (path, text(value))).collect(),
        hash: row.hash,
        contact: row.contact.map(|id| people.staff(id)),
        responsible: row.responsible.map(|id| people.staff(id)),
        next_visit_due_on: row.next_visit_due_on,
        last_visit_on: row.last_visit_on,
    })
}

/// The name of a household in a list: whole for whoever knocks at its door, masked for others.
pub fn shown_name(name: &str, people: [Option<UserId>; 2], reader: UserId) -> Option<String> {
    let name = if people.contains(&Some(reader)) { name.to_owned() } else { mask_name(name) };
    (!name.is_empty()).then_some(name)
}

fn item(line: HouseholdLine, me: UserId, people: &People) -> HouseholdItem {
    let person = |id: Option<UserId>| -> Option<PersonRef> { id.map(|id| people.person(id)) };
    HouseholdItem {
        name: shown_name(&line.name, [line.contact, line.responsible], me),
        id: line.id,
        rev: line.rev,
        status: line.status.code(),
        file_no: line.file_no,
        region_code: line.region,
        is_lead: line.status.is_before_first_survey(),
        contact: person(line.contact),
        responsible: person(line.responsible),
        next_visit_due_on: line.next_visit_due_on,
        last_visit_on: line.last_visit_on,
    }
}

/// Whether the actor may say whose hands a household is in.
pub fn may_assign(actor: &Actor, row: &HouseholdRow) -> Verdict {
    let target = Target { region: &row.region, contact: row.contact, responsible: row.responsible, author: None };
    policy::may(actor, Action::AssignHousehold, &target)
}

/// Whoever gets a household does field work in its region and can sign in.
fn check_fit(c: &mut Conn, id: Option<UserId>, region: &RegionCode, path: &str) -> AppResult<()> {
    let Some(id) = id else { return Ok(()) };
    let user = user::find(c, id)?.filter(|user| user.disabled_at.is_none() && user.scope.contains(region));
    if user.is_some_and(|user| policy::may_attempt(user.role, Action::SyncDevice)) {
        return Ok(());
    }
    Err(AppError::invalid_field(path, "user.unfit", "This person does no field work in the household's region"))
}

fn revision_changes(app: &App, c: &mut Conn, id: HouseholdId, rev: i64) -> AppResult<Vec<RevisionChange>> {
    let missing = || StoreError::Broken("a revision of a file is missing".to_owned());
    let before = household_file::find_file_at(c, &app.vault, id, rev - 1)?.unwrap_or_default();
    let after = household_file::find_file_at(c, &app.vault, id, rev)?.ok_or_else(missing)?;
    let dictionary = app.definitions.dictionary();
    let changes = form::changes(dictionary, Some(&before), &after);
    let view = |change: form::Change| RevisionChange {
        from: cover_change(dictionary, &change.path, change.from),
        to: cover_change(dictionary, &change.path, change.to),
        path: change.path,
    };
    Ok(changes.into_iter().map(view).collect())
}

/// Reads a code of a query; an unknown one is an error rather than an empty list.
pub fn read_code<T>(text: Option<&str>, read: impl Fn(&str) -> Option<T>, key: &str) -> AppResult<Option<T>> {
    let unknown = || AppError::invalid_field(key, "code.unknown", "The filter has an unknown code");
    text.map(|text| read(text).ok_or_else(unknown)).transpose()
}
