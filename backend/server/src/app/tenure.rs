//! What an account was, and which households it had: for work that a phone recorded before its user was relieved.
//!
//! Nothing is kept for this alone. A household left somebody's hands when their phone was told to drop it (the feed),
//! and the audit knows every role and area that an account had. Both are asked only when the present does not answer.

use crate::app::AppResult;
use crate::app::error::AppError;
use ruhu_domain::actor::{Actor, Role};
use ruhu_domain::ids::UserId;
use ruhu_domain::policy::{self, Action, Target};
use ruhu_domain::region::RegionCode;
use ruhu_domain::tenure::{Holding, Past, Posting, Stay, holds};
use ruhu_domain::time::Time;
use ruhu_store::audit::{self, AuditRow};
use ruhu_store::household::HouseholdRow;
use ruhu_store::user::{self, User};
use ruhu_store::{Conn, change, device, household_file};
use serde::Deserialize;
use serde_json::{Value, json};

/// The detail of a `user.update` that gave an account another role or area.
#[derive(Deserialize)]
struct Update {
    before: Before,
}

#[derive(Deserialize)]
struct Before {
    role: Role,
    scope: RegionCode,
}

/// What an account was before it got another role or area, for the audit.
pub fn before(user: &User) -> Value {
    json!({ "role": user.role, "scope": user.scope })
}

fn posting(row: &AuditRow, since: Time) -> Option<Posting> {
    let Update { before: Before { role, scope } } = serde_json::from_str(&row.detail).ok()?;
    Some(Posting { role, scope, since, until: Time::from_naive_utc(row.at) })
}

/// The actor's past, as far as a phone of theirs can have been there.
pub fn past(c: &mut Conn, actor: &Actor) -> AppResult<Past> {
    let phone_since = device::find_first_known(c, actor.user)?.ok_or_else(AppError::not_found)?;
    let rows = audit::list_for_subject(c, "user", actor.user.uuid())?;
    let mut postings: Vec<Posting> = Vec::new();
    for row in rows.iter().filter(|row| row.action == "user.update") {
        // Each began where the one before it ended; before there was a phone it does not matter.
        let since = postings.last().map_or(phone_since, |before| before.until);
        postings.extend(posting(row, since));
    }
    Ok(Past { phone_since, postings })
}

/// Whether the actor may do this, or could before they got another role.
pub fn may_hand_in(c: &mut Conn, actor: &Actor, action: Action) -> AppResult<bool> {
    Ok(policy::may_attempt(actor.role, action) || past(c, actor)?.may_hand_in(actor.role, action))
}

/// How the actor stands to a household.
pub fn holding(c: &mut Conn, actor: &Actor, row: &HouseholdRow) -> AppResult<Holding> {
    let target = target(row);
    if holds(actor.user, actor.role, &actor.scope, &target) {
        return Ok(Holding::Now);
    }
    let left_at = change::find_evicted_at(c, actor.user, row.id)?;
    let past = past(c, actor)?;
    let stays = if past.kept_files() { stays(c, row)? } else { Vec::new() };
    Ok(past.holding(actor, &target, left_at, &stays))
}

/// Where a household lay, as the revisions of its file say; each approval moves it when the file says another region.
fn stays(c: &mut Conn, row: &HouseholdRow) -> AppResult<Vec<Stay>> {
    let mut stays: Vec<Stay> = Vec::new();
    for (since, region) in household_file::list_regions(c, row.id)? {
        if stays.last().is_none_or(|last| last.region != region) {
            stays.push(Stay { region, since });
        }
    }
    // Before its first revision it lay where that says, or where a household found on the spot was found.
    match stays.first_mut() {
        Some(first) => first.since = Time::from_micros(0),
        None => stays.push(Stay { region: row.region.clone(), since: Time::from_micros(0) }),
    }
    Ok(stays)
}

/// Whether a household is in somebody's hands now, and they can sign in.
pub fn is_held_by(c: &mut Conn, id: UserId, row: &HouseholdRow) -> AppResult<bool> {
    let user = user::find(c, id)?.filter(|user| user.disabled_at.is_none());
    Ok(user.is_some_and(|user| holds(user.id, user.role, &user.scope, &target(row))))
}

fn target(row: &HouseholdRow) -> Target<'_> {
    Target { region: &row.region, contact: row.contact, responsible: row.responsible, author: None }
}
