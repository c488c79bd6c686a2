//! A household filed twice: what a visit meets in other files and other visits, and what follows from the answer.

use crate::app::case::Case;
use crate::app::settle::{settle_all, tell};
use crate::app::visit::event;
use crate::app::{App, AppResult};
use ruhu_domain::actor::Actor;
use ruhu_domain::form::{Mask, mask_name, mask_value};
use ruhu_domain::household::{FileStatus, Household};
use ruhu_domain::ids::{HouseholdId, VisitId};
use ruhu_domain::sync::conflict::Side;
use ruhu_domain::sync::merge::Clash;
use ruhu_domain::sync::twice::{Answered, Numbered, answered, clash, numbers};
use ruhu_domain::time::Time;
use ruhu_store::household::HouseholdRow;
use ruhu_store::twice::Holder;
use ruhu_store::visit::VisitRow;
use ruhu_store::{Conn, StoreError, audit, conflict, household, twice, visit, visit_list};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Who holds the numbers that a visit brings to a household.
pub fn holders(
    app: &App,
    c: &mut Conn,
    own: HouseholdId,
    numbers: &[Numbered],
    before: (Time, VisitId),
) -> AppResult<Vec<Holder>> {
    let holders = twice::list_holders(c, &app.vault, numbers, own, before)?;
    let mut apart: BTreeMap<HouseholdId, bool> = BTreeMap::new();
    let mut left = Vec::new();
    for holder in holders {
        let is_apart = match apart.get(&holder.household) {
            Some(known) => *known,
            None => *apart.entry(holder.household).or_insert(twice::is_known_apart(c, own, holder.household)?),
        };
        if !is_apart {
            left.push(holder);
        }
    }
    Ok(left)
}

/// The households that a visit meets by what of it is to enter the file, each as the question whether it is this one.
pub fn meet(app: &App, c: &mut Conn, row: &VisitRow, case: &Case) -> AppResult<Vec<(Clash, Option<Side>)>> {
    let brought = numbers(app.definitions.dictionary(), &case.merged.accepted);
    if brought.is_empty() {
        return Ok(Vec::new());
    }
    let own = case.household.id;
    let mut by_household: BTreeMap<HouseholdId, Vec<Holder>> = BTreeMap::new();
    for holder in holders(app, c, own, &brought, (row.received_at, row.id))? {
        by_household.entry(holder.household).or_default().push(holder);
    }
    let mut met = Vec::with_capacity(by_household.len());
    for (other, holders) in by_household {
        let matches = |one: &&Numbered| holders.iter().any(|holder| holder.number == one.number);
        let people = brought.iter().filter(matches).map(|one| (one.person.clone(), person(case, one)));
        // What stands in the file counts before what a visit brings to it.
        let visit = holders.iter().all(|holder| holder.visit.is_some()).then(|| holders.first()?.visit).flatten();
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

fn side(c: &mut Conn, id: Option<VisitId>) -> AppResult<Option<Side>> {
    let Some(id) = id else { return Ok(None) };
    let missing = || StoreError::Broken("a visit with numbers is not there".to_owned());
    let row = visit::find_unscoped(c, id)?.ok_or_else(missing)?;
    let at = visit::find_end(c, id, row.rev)?.unwrap_or(row.ended_at);
    Ok(Some(Side { by: row.visitor, at, visit: Some((id, row.rev)) }))
}

/// What is answered about the households that a visit meets now, for its approval.
pub fn answer(app: &App, c: &mut Conn, row: &VisitRow, case: &Case) -> AppResult<Answered> {
    let met: Vec<Clash> = meet(app, c, row, case)?.into_iter().map(|(clash, _)| clash).collect();
    Ok(answered(&met, &case.conflicts))
}

/// A visit or a file of this household moved: whoever is asked whether it is theirs is asked about what is there now.
pub fn settle_asking(app: &App, c: &mut Conn, actor: &Actor, own: HouseholdId, now: Time) -> AppResult<()> {
    for asking in twice::list_asking(c, own)? {
        household::hold(c, asking)?;
        settle_all(app, c, actor, asking, now)?;
    }
    Ok(())
}

/// What lists say of a household moved: the cards that show it as one of two come anew.
pub fn tell_showing(app: &App, c: &mut Conn, shown: HouseholdId, now: Time) -> AppResult<()> {
    for id in twice::list_open_about(c, shown)? {
        let Some(open) = conflict::find_unscoped(c, &app.vault, id)? else { continue };
        let missing = || StoreError::Broken("a conflict without its household".to_owned());
        let household = household::find_unscoped(c, open.household)?.ok_or_else(missing)?;
        tell(c, &household, &open, now)?;
    }
    Ok(())
}

/// A household that only this visit found, and that is another file's, is closed with the visit's rejection.
pub fn close_if_same(
    app: &App,
    c: &mut Conn,
    actor: &Actor,
    row: &VisitRow,
    found: HouseholdRow,
    now: Time,
) -> AppResult<Household> {
    if found.rev > 0 || found.status != FileStatus::Draft || visit_list::has_others_under_way(c, found.id, row.id)? {
        return Ok(found.into_clear(&app.vault)?);
    }
    let missing = || StoreError::Broken("a visit without its proposal".to_owned());
    let proposal = visit::find_proposal(c, &app.vault, row.id)?.ok_or_else(missing)?;
    let case = Case::open(app, c, found, &proposal)?;
    let is_same = matches!(answer(app, c, row, &case)?, Answered::Same(_));
    let mut household = case.household;
    if is_same {
        household.status = FileStatus::ClosedLead;
        household.next_visit_due_on = None;
        household::close(c, household.id, household.status, now)?;
        let detail = json!({ "reason": "filed_twice", "visit": row.id });
        audit::append(c, &event(now, actor, "household.close", "household", household.id.uuid(), detail))?;
    }
    Ok(household)
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
