//! A visit arrives, or is taken back by its visitor.

use crate::app::audience::audience;
use crate::app::error::AppError;
use crate::app::settle::{Arrival, arrive, leave};
use crate::app::submission::{self, Base, Submission};
use crate::app::sync::operations::Effect;
use crate::app::{App, AppResult, tenure, twice};
use ruhu_domain::actor::Actor;
use ruhu_domain::form::{self, File};
use ruhu_domain::household::{FileStatus, Household, first_facts, region_of};
use ruhu_domain::ids::{HouseholdId, VisitId};
use ruhu_domain::policy::{self, Action};
use ruhu_domain::region::RegionCode;
use ruhu_domain::sync::operation::Outcome;
use ruhu_domain::sync::twice::{numbers, said_same};
use ruhu_domain::tenure::Holding;
use ruhu_domain::time::Time;
use ruhu_domain::visit::{Proposal, Visit};
use ruhu_store::audit::{self, Event};
use ruhu_store::change::{self, ChangeKind};
use ruhu_store::household::{self, HouseholdRow, Made};
use ruhu_store::visit::VisitRow;
use ruhu_store::{Conn, conflict, household_file, user, visit, visit_list};
use serde_json::{Value, json};
use uuid::Uuid;

/// Notes of a receipt: what the visit met, though it was taken in.
const HANDED_OVER: &str = "household.handed_over";
const CLOSED: &str = "household.closed";

/// Takes in a visit revision: all checks, then the visit, the household if it is new, audit and feed.
pub fn submit_visit(app: &App, c: &mut Conn, actor: &Actor, sent: &Submission, now: Time) -> AppResult<Effect> {
    let proposal = &sent.proposal;
    let form = sent.form(app)?;
    let earlier = visit::find_unscoped(c, proposal.id)?;
    household::hold(c, proposal.household_id)?;
    let known = household::find_unscoped(c, proposal.household_id)?;
    let is_known = known.is_some();
    let mut note = None;
    let (household, base) = match known {
        Some(row) => {
            let opened = open_known(app, c, actor, row, earlier.as_ref(), proposal)?;
            note = opened.note;
            (Some(opened.household), opened.base)
        }
        None if proposal.base_rev == 0 && proposal.rev == 1 => (None, Base::default()),
        None => return Err(unknown_household()),
    };
    let file = sent.judged(app, form, &base)?;
    let now = arrival_at(c, proposal.household_id, now)?;
    let visit = match earlier {
        None => Visit::received(proposal, sent.hash.clone(), actor.user, actor.device, now),
        Some(row) => Visit::from(row).mended(proposal, sent.hash.clone(), actor.user, actor.device, now),
    };
    let visit = visit.map_err(|refusal| AppError::rule(&refusal))?;
    let household = match household {
        Some(household) => household,
        None => {
            let found = found_household(app, c, actor, proposal, &file, now)?;
            note = found.contact.is_none().then_some(HANDED_OVER);
            found
        }
    };
    visit::insert_revision(c, &app.vault, &visit, &household.region, &sent.covered, sent.op)?;
    let numbers = numbers(app.definitions.dictionary(), &proposal.changes);
    ruhu_store::twice::write(c, &app.vault, visit.id, &numbers)?;
    let before = (visit.received_at, visit.id);
    let meets = !ruhu_store::twice::list_holders(c, &app.vault, &numbers, household.id, before)?.is_empty();
    tell(c, actor, &visit, &household, now, "visit.submit", json!({ "rev": visit.rev, "base_rev": visit.base_rev }))?;
    let fresh = Arrival { outcome: Outcome::Applied, state: visit.state, refused: Vec::new() };
    // Nobody else can have been at a household that came with this visit, unless it has a file under another id.
    let arrival = if is_known || meets { arrive(app, c, actor, visit.id, meets, now)? } else { fresh };
    let Arrival { outcome, state, refused } = arrival;
    Ok(Effect { outcome, note, rev: visit.rev, state: state.code(), household: household.id, errors: refused })
}

/// When the visit counts as arrived: after every other one that waits, since it is held against them. The request was
/// read earlier, so its own time says nothing about who came first.
fn arrival_at(c: &mut Conn, id: HouseholdId, now: Time) -> AppResult<Time> {
    let last = visit_list::find_last_arrival(c, id)?;
    Ok(last.map_or(now, |last| now.max(Time::from_micros(last.micros() + 1))))
}

/// Takes a visit back on behalf of its visitor.
pub fn withdraw_visit(
    app: &App,
    c: &mut Conn,
    actor: &Actor,
    id: VisitId,
    rev: i64,
    reason: &str,
    now: Time,
) -> AppResult<Effect> {
    submission::check_reason(reason)?;
    let unknown = || AppError::not_found();
    let row = visit::find_unscoped(c, id)?.filter(|row| row.visitor == actor.user).ok_or_else(unknown)?;
    household::hold(c, row.household_id)?;
    let household = household::find_unscoped(c, row.household_id)?.ok_or_else(unknown)?;
    let expected = row.state;
    let visit = Visit::from(row.clone()).withdrawn(actor.user, rev).map_err(|refusal| AppError::rule(&refusal))?;
    visit::update_state(c, &visit, expected, now)?;
    let users = audience(c, &household.region, [household.contact, household.responsible, Some(actor.user)])?;
    change::record(c, &users, ChangeKind::Visit, id.uuid(), now)?;
    let detail = json!({ "rev": rev, "reason_chars": reason.chars().count() });
    audit::append(c, &event(now, actor, "visit.withdraw", "visit", id.uuid(), detail))?;
    let household_id = household.id;
    let conflicts = conflict::list_for_visit(c, &app.vault, id)?;
    if !said_same(&conflicts, rev).is_empty() {
        twice::close_if_same(app, c, actor, &row, household, false, now)?;
    }
    leave(app, c, actor, &visit, now)?;
    let (outcome, state) = (Outcome::Applied, visit.state.code());
    Ok(Effect { outcome, note: None, rev, state, household: household_id, errors: Vec::new() })
}

/// A household that is there, and what the visit to it began with.
struct Opened {
    household: Household,
    base: Base,
    note: Option<&'static str>,
}

/// A household that is there, and the file that the caseworker began with.
fn open_known(
    app: &App,
    c: &mut Conn,
    actor: &Actor,
    row: HouseholdRow,
    earlier: Option<&VisitRow>,
    proposal: &Proposal,
) -> AppResult<Opened> {
    // A returned visit is its visitor's to mend, into whoever's hands the household came meanwhile.
    let is_author = earlier.is_some_and(|visit| visit.household_id == row.id && visit.visitor == actor.user);
    let note = match tenure::holding(c, actor, &row)? {
        Holding::Never if !is_author => return Err(unknown_household()),
        Holding::Now => (!row.status.is_open()).then_some(CLOSED),
        Holding::Then | Holding::Never => Some(HANDED_OVER),
    };
    let is_filed = is_filed(&row, actor);
    let household = row.into_clear(&app.vault)?;
    if household.rev == proposal.base_rev {
        let base = Base { hash: Some(household.hash.clone()), is_filed, file: household.file.clone() };
        return Ok(Opened { household, base, note });
    }
    let file = household_file::find_base(c, &app.vault, app.definitions.dictionary(), household.id, proposal.base_rev)?;
    let unknown = || AppError::invalid("visit.base_rev", "The file never had this revision");
    let file = file.filter(|_| proposal.base_rev < household.rev).ok_or_else(unknown)?;
    Ok(Opened { household, base: Base { hash: None, is_filed, file }, note })
}

/// Whether anybody had filed the household before this visitor found it.
pub fn is_filed(row: &HouseholdRow, actor: &Actor) -> bool {
    !row.status.is_found(row.rev) || row.author != actor.user
}

fn unknown_household() -> AppError {
    let title = "This household is not known, or not in your hands any more";
    AppError::conflict("household.unknown", title)
}

/// A household that the visitor found: a draft in their hands, with what lists need to show. Whoever works elsewhere by
/// now found it for others: nobody has it in hands until a supervisor says who.
fn found_household(
    app: &App,
    c: &mut Conn,
    actor: &Actor,
    proposal: &Proposal,
    proposed: &File,
    now: Time,
) -> AppResult<Household> {
    let outside = || AppError::forbidden("household.out_of_area", "The household lies outside of your area");
    let region = region_of(proposed).ok_or_else(outside)?;
    let is_in_area = policy::may_attempt(actor.role, Action::SubmitVisit) && actor.scope.contains(&region);
    if !is_in_area && !tenure::past(c, actor)?.worked_in(&region) {
        return Err(outside());
    }
    // Taken in late, it may come from somebody who works elsewhere by now.
    let account = user::find(c, actor.user)?;
    let is_still_here = is_in_area && account.as_ref().is_some_and(|user| is_field_worker_in(user, &region));
    let file = first_facts(proposed);
    let file = form::normalise_file(app.definitions.dictionary(), None, &file);
    let household = Household {
        id: proposal.household_id,
        rev: 0,
        status: FileStatus::Draft,
        file_no: None,
        region,
        contact: is_still_here.then_some(actor.user),
        responsible: None,
        hash: app.vault.file_hash(&file)?,
        file,
        next_visit_due_on: None,
        last_visit_on: None,
    };
    let is_synthetic = account.is_some_and(|user| user.is_synthetic);
    household::insert(c, &app.vault, &household, Made { author: actor.user, at: now, is_synthetic })?;
    audit::append(c, &event(now, actor, "household.create", "household", household.id.uuid(), json!({})))?;
    if !is_still_here {
        change::record(c, &[actor.user], ChangeKind::Evict, household.id.uuid(), now)?;
    }
    Ok(household)
}

/// Whether somebody, as their account is now, works at doors of a region.
fn is_field_worker_in(user: &user::User, region: &RegionCode) -> bool {
    user.disabled_at.is_none() && policy::may_attempt(user.role, Action::SubmitVisit) && user.scope.contains(region)
}

/// Audit and feed of something that happened to a visit.
pub fn tell(
    c: &mut Conn,
    actor: &Actor,
    visit: &Visit,
    household: &Household,
    now: Time,
    action: &str,
    detail: Value,
) -> AppResult<()> {
    audit::append(c, &event(now, actor, action, "visit", visit.id.uuid(), detail))?;
    // A former caseworker hears of their visit, and nothing more of the household.
    let mut users = audience(c, &household.region, [household.contact, household.responsible])?;
    change::record(c, &users, ChangeKind::Household, household.id.uuid(), now)?;
    users.push(visit.visitor);
    change::record(c, &users, ChangeKind::Visit, visit.id.uuid(), now)?;
    Ok(())
}

/// An event by a signed-in person.
pub fn event(at: Time, actor: &Actor, action: &str, kind: &str, id: Uuid, detail: Value) -> Event {
    Event {
        at,
        actor: Some(actor.user),
        device: Some(actor.device),
        action: action.to_owned(),
        subject_kind: kind.to_owned(),
        subject_id: id,
        detail,
    }
}
