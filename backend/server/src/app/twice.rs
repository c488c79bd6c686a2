//! A household filed twice: what a visit meets in other files and other visits, and what follows from the answer.

use crate::app::audience::audience;
use crate::app::case::Case;
use crate::app::error::AppError;
use crate::app::settle::{settle_all, tell};
use crate::app::visit::event;
use crate::app::{App, AppResult};
use ruhu_domain::actor::Actor;
use ruhu_domain::form::{Mask, mask_name, mask_value};
use ruhu_domain::household::{FileStatus, Household};
use ruhu_domain::ids::{HouseholdId, VisitId};
use ruhu_domain::sync::conflict::Side;
use ruhu_domain::sync::merge::Clash;
use ruhu_domain::sync::twice::{Answered, Numbered, answered, clash, numbers, said_same};
use ruhu_domain::time::Time;
use ruhu_store::change::{self, ChangeKind};
use ruhu_store::household::HouseholdRow;
use ruhu_store::twice::Holder;
use ruhu_store::visit::VisitRow;
use ruhu_store::{Conn, StoreError, audit, conflict, household, savepoint, twice, visit, visit_list};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Display;

/// Households about which one visit asks at most; a number that stands in more of them is none.
const ASKED_MAX: usize = 16;

/// The households that a visit meets by what of it is to enter the file, each as the question whether it is this one:
/// those with a file first. Who said that one of them is this household is not overruled by who says elsewhere that
/// they are two.
pub fn meet(app: &App, c: &mut Conn, row: &VisitRow, case: &Case) -> AppResult<Vec<(Clash, Option<Side>)>> {
    let brought = numbers(app.definitions.dictionary(), &case.merged.accepted);
    let own = case.household.id;
    let mut by_household: BTreeMap<HouseholdId, Vec<Holder>> = BTreeMap::new();
    for holder in twice::list_holders(c, &app.vault, &brought, own, (row.received_at, row.id))? {
        by_household.entry(holder.household).or_default().push(holder);
    }
    let is_filed = |holders: &[Holder]| holders.iter().any(|holder| holder.visit.is_none());
    let mut found: Vec<(HouseholdId, Vec<Holder>)> = by_household.into_iter().collect();
    let same = said_same(&case.conflicts, row.rev);
    found.sort_by_key(|(id, holders)| (!same.contains(id), !is_filed(holders), *id));
    let mut met = Vec::new();
    for (other, holders) in found {
        if met.len() == ASKED_MAX {
            break;
        }
        if !same.contains(&other) && twice::is_known_apart(c, own, other)? {
            continue;
        }
        let matches = |one: &&Numbered| holders.iter().any(|holder| holder.number == one.number);
        let people = brought.iter().filter(matches).map(|one| (one.person.clone(), person(case, one)));
        // What stands in the file counts before what a visit brings to it.
        let visit = if is_filed(&holders) { None } else { holders.first().and_then(|holder| holder.visit) };
        met.push((clash(own, other, people.collect()), side(c, visit)?));
    }
    Ok(met)
}

/// A person whose number both hold, as evidence: what the visit calls them, the number covered.
fn person(case: &Case, one: &Numbered) -> Value {
    let path = format!("persons/{}/name", one.person);
    let written = case.merged.accepted.iter().find(|change| change.path == path).map(|change| &change.to);
    let name = written.unwrap_or_else(|| case.current(&path));
    json!({ "name": name, "id_no": mask_value(Mask::IdNo, &one.number) })
}

/// Whoever was at the other door; nobody when that visit cannot be read.
fn side(c: &mut Conn, id: Option<VisitId>) -> AppResult<Option<Side>> {
    let Some(id) = id else { return Ok(None) };
    let found = savepoint(c, |c| -> AppResult<Option<Side>> {
        let Some(row) = visit::find_unscoped(c, id)? else { return Ok(None) };
        let at = visit::find_end(c, id, row.rev)?.unwrap_or(row.ended_at);
        Ok(Some(Side { by: row.visitor, at, visit: Some((id, row.rev)) }))
    });
    tolerate(id, found).map(Option::flatten)
}

/// Damage in one household takes nothing of another one with it; the log says where it is.
fn tolerate<T>(of: impl Display, result: AppResult<T>) -> AppResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(AppError::Store(error)) if error.is_infrastructure() => Err(error.into()),
        Err(cause) => {
            tracing::error!(%of, %cause, "another household, or a visit to it, cannot be read");
            Ok(None)
        }
    }
}

/// What is answered about the households that a visit meets now, for its approval.
pub fn answer(app: &App, c: &mut Conn, row: &VisitRow, case: &Case) -> AppResult<Answered> {
    let met: Vec<Clash> = meet(app, c, row, case)?.into_iter().map(|(clash, _)| clash).collect();
    Ok(answered(&met, &case.conflicts, row.rev))
}

/// A visit or a file of this household moved: whoever is asked whether it is theirs is asked about what is there now.
pub fn settle_asking(app: &App, c: &mut Conn, actor: &Actor, own: HouseholdId, now: Time) -> AppResult<()> {
    for asking in twice::list_asking(c, own)? {
        settle_other(app, c, actor, asking, now)?;
    }
    Ok(())
}

/// The visits to another household are looked at again. What is damaged there waits for its own approval, which looks
/// by itself.
pub fn settle_other(app: &App, c: &mut Conn, actor: &Actor, other: HouseholdId, now: Time) -> AppResult<()> {
    let settled = savepoint(c, |c| -> AppResult<()> {
        household::hold(c, other)?;
        settle_all(app, c, actor, other, now)
    });
    tolerate(other, settled).map(drop)
}

/// What lists say of a household moved: the cards that show it as one of two come anew.
pub fn tell_showing(app: &App, c: &mut Conn, shown: HouseholdId, now: Time) -> AppResult<()> {
    for id in twice::list_open_about(c, shown)? {
        let told = savepoint(c, |c| -> AppResult<()> {
            let Some(open) = conflict::find_unscoped(c, &app.vault, id)? else { return Ok(()) };
            let Some(household) = household::find_unscoped(c, open.household)? else { return Ok(()) };
            tell(c, &household, &open, now)
        });
        tolerate(id, told)?;
    }
    Ok(())
}

/// A household that only this visit found, and that is another file's, is closed when the visit ends without an
/// approval. A reviewer who rejects it as a duplicate needs nobody's answer, where there is such a file.
pub fn close_if_same(
    app: &App,
    c: &mut Conn,
    actor: &Actor,
    row: &VisitRow,
    found: HouseholdRow,
    is_duplicate: bool,
    now: Time,
) -> AppResult<Household> {
    if found.rev > 0 || found.status != FileStatus::Draft || visit_list::has_others_under_way(c, found.id, row.id)? {
        return Ok(found.into_clear(&app.vault)?);
    }
    let missing = || StoreError::Broken("a visit without its proposal".to_owned());
    let proposal = visit::find_proposal(c, &app.vault, row.id)?.ok_or_else(missing)?;
    let case = Case::open(app, c, found, &proposal)?;
    let is_same = matches!(answer(app, c, row, &case)?, Answered::Same(_))
        || (is_duplicate && is_held_elsewhere(app, c, row, &case)?);
    let mut household = case.household;
    if is_same {
        household.status = FileStatus::ClosedLead;
        household.next_visit_due_on = None;
        household::close(c, household.id, household.status, now)?;
        let users = audience(c, &household.region, [household.contact, household.responsible])?;
        change::record(c, &users, ChangeKind::Household, household.id.uuid(), now)?;
        let detail = json!({ "reason": "filed_twice", "visit": row.id });
        audit::append(c, &event(now, actor, "household.close", "household", household.id.uuid(), detail))?;
    }
    Ok(household)
}

fn is_held_elsewhere(app: &App, c: &mut Conn, row: &VisitRow, case: &Case) -> AppResult<bool> {
    let brought = numbers(app.definitions.dictionary(), &case.merged.accepted);
    let holders = twice::list_holders(c, &app.vault, &brought, case.household.id, (row.received_at, row.id))?;
    Ok(!holders.is_empty())
}

/// The names of the people in a question's evidence, covered for whoever does not knock at their door.
pub fn covered_people(people: &Value, is_at_door: bool) -> Value {
    let cover = |(id, person): (&String, &Value)| {
        let mut person = person.clone();
        if let (false, Some(name)) = (is_at_door, person.get("name").and_then(Value::as_str)) {
            person["name"] = Value::String(mask_name(name));
        }
        (id.clone(), person)
    };
    people.as_object().map(|people| people.iter().map(cover).collect::<Map<_, _>>()).unwrap_or_default().into()
}
