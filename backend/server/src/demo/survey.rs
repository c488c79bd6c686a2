//! One synthetic survey at a time: its plan, its answers settled by the form, its arrival and its decision.

use super::edge::Extra;
use super::history::{People, Story};
use super::random::Random;
use super::settle::settle;
use super::{SeedError, file, people, visits};
use chrono::Duration;
use ruhu_domain::form::{Definitions, File, Meta, canonical_hash, changes};
use ruhu_domain::ids::HouseholdId;
use ruhu_domain::time::Time;
use ruhu_domain::visit::{Decision, Proposal, Reason, Review, Visit, VisitType};
use ruhu_store::household_file::Origin;
use serde_json::{Map, Value, json};

/// Milliseconds of a day.
pub const DAY_MS: i64 = 86_400_000;

/// A complete first survey of a household that nobody knew.
pub fn found(
    definitions: &Definitions,
    random: &mut Random,
    community: &str,
    started_at: Time,
) -> Result<Proposal, SeedError> {
    let cut = |digits: usize| community.get(..digits).unwrap_or_default();
    let place = file::Place { banner: cut(6), town: cut(9), community };
    let house = random.range(0, 999);
    let mut body = file::body(random, started_at.date(), started_at.micros(), place, house);
    body.remove("hardship_type");
    let id = HouseholdId(random.uuid(started_at.micros()));
    let plan = plan(id, 0, VisitType::FirstSurvey, started_at, random);
    propose(definitions, random, plan, None, &mut body)
}

pub fn plan(
    household: HouseholdId,
    base_rev: i64,
    visit_type: VisitType,
    started_at: Time,
    random: &mut Random,
) -> visits::Plan {
    let median = if visit_type == VisitType::FirstSurvey { 28.0 } else { 12.0 };
    visits::Plan {
        household,
        base_rev,
        visit_type,
        outcome: "done",
        started_at,
        minutes: (random.log_normal(median, 0.3) as i64).max(6),
        clock_offset_ms: 0,
        changes: Vec::new(),
        declared: Vec::new(),
        consent: true,
        warnings: Vec::new(),
    }
}

/// Settles the body with the form and writes down what differs from `base`.
pub fn propose(
    definitions: &Definitions,
    random: &mut Random,
    plan: visits::Plan,
    base: Option<&File>,
    body: &mut File,
) -> Result<Proposal, SeedError> {
    let Some(form) = definitions.form(plan.visit_type.code(), 1) else {
        return Err(SeedError::Form(format!("no form {}", plan.visit_type.code())));
    };
    let mut proposal = visits::proposal(random, plan);
    let meta: Meta = Meta {
        today: proposal.started_at.date(),
        started_at: Some(proposal.started_at.naive_utc().and_utc()),
        ended_at: Some(proposal.ended_at.naive_utc().and_utc()),
    };
    let (warnings, found) = settle(definitions, form, base, body, &mut proposal.visit, &meta);
    if !found.is_sendable() {
        let problems: Vec<String> = found.problems.iter().map(|p| format!("{} {}", p.code, p.path)).collect();
        return Err(SeedError::Form(problems.join(", ")));
    }
    // As on a phone: answers that the form does not ask at this door are not sent.
    let shown: Vec<&str> =
        found.visible.iter().filter_map(|path| path.strip_prefix("visit/")).chain(form.none_answers()).collect();
    proposal.visit.retain(|name, _| shown.contains(&name.as_str()));
    proposal.warnings = warnings;
    proposal.changes = changes(definitions.dictionary(), base, body);
    Ok(proposal)
}

/// What is known of a lead: where, and a name.
pub fn lead_file(body: &File) -> File {
    let mut file = Map::new();
    for key in ["banner_code", "town_code", "community_code", "residence_address", "residence_note"] {
        if let Some(value) = body.get(key) {
            file.insert(key.to_owned(), value.clone());
        }
    }
    let persons = body.get("persons").and_then(Value::as_object);
    let worker = persons.and_then(|all| all.iter().find(|(_, person)| person.get("is_worker") == Some(&json!(true))));
    if let Some((id, worker)) = worker {
        let known = json!({"name": worker.get("name"), "is_worker": true, "phone": worker.get("phone")});
        file.insert("persons".to_owned(), json!({ id.as_str(): known }));
    }
    file.insert("origin".to_owned(), json!("reported"));
    file
}

pub fn share_member(body: &mut File, before: Option<&Story>) {
    let shared = before.and_then(|story| {
        let persons = story.household.file.get("persons")?.as_object()?;
        persons.iter().find(|(_, person)| person.get("is_worker") != Some(&json!(true)))
    });
    if let (Some((id, person)), Some(persons)) = (shared, body.get_mut("persons").and_then(Value::as_object_mut)) {
        persons.insert(id.clone(), person.clone());
        let size = persons.len();
        body.insert("declared_size".to_owned(), json!(size));
    }
}

/// A later state of the same household: wages moved, for one case somebody was born and somebody died.
pub fn changed(random: &mut Random, file: &File, at: Time, extra: Extra) -> File {
    let mut next = file.clone();
    if let Some(items) = next.get_mut("income_items").and_then(Value::as_object_mut) {
        for item in items.values_mut() {
            let amount = item.get("amount").and_then(Value::as_i64).unwrap_or(0);
            item["amount"] = json!((amount as f64 * (0.85 + random.unit() * 0.4)) as i64 / 1_000 * 1_000);
        }
    }
    if let Some(persons) = next.get_mut("persons").and_then(Value::as_object_mut) {
        for person in persons.values_mut().filter_map(Value::as_object_mut) {
            person.remove("monthly_income");
        }
        if extra == Extra::SizeChanged {
            let day = at.date();
            let last = persons
                .values_mut()
                .filter_map(Value::as_object_mut)
                .find(|p| p.get("is_worker") != Some(&json!(true)));
            if let Some(person) = last {
                person.insert("vital_status".into(), json!("deceased"));
                person.insert("deceased_on".into(), json!((day - Duration::days(30)).to_string()));
            }
            let baby = json!({"relation": "30", "name": people::name(random), "is_worker": false, "sex": "2",
                "birth_date": (day - Duration::days(20)).to_string(), "counted_in_household": true, "lives_here": true,
                "id_type": "hukou", "id_missing_reason": "newborn"});
            persons.insert(random.uuid(at.micros()).to_string(), baby);
        }
    }
    next
}

pub fn midnight_before(at: Time) -> Time {
    let ms_of_day = (at.micros() / 1_000 + 8 * 3_600_000).rem_euclid(DAY_MS);
    at.plus_ms(-ms_of_day)
}

pub fn arrived(proposal: &Proposal, team: &People<'_>, at: Time) -> Result<Visit, SeedError> {
    let hash = canonical_hash(proposal).map_err(|error| SeedError::Form(error.to_string()))?;
    Visit::received(proposal, hash, team.contact.id, team.device, at)
        .map_err(|error| SeedError::Form(error.to_string()))
}

pub fn decided(visit: Visit, team: &People<'_>, at: Time, file_rev: Option<i64>) -> Result<Visit, SeedError> {
    let review = Review { by: team.supervisor, at, decision: Decision::Approved, reasons: vec![], text: String::new() };
    visit.decided(review, file_rev).map_err(|error| SeedError::Form(error.to_string()))
}

pub fn returned(visit: Visit, team: &People<'_>, proposal: &Proposal, at: Time) -> Result<Visit, SeedError> {
    let path = proposal.changes.first().map(|change| change.path.clone()).unwrap_or_default();
    let text = "演示数据：与上次相差较大，请核对后补充说明。".to_owned();
    let reasons = vec![Reason { path, code: "income_unclear".to_owned(), text: text.clone() }];
    let review = Review { by: team.supervisor, at, decision: Decision::Returned, reasons, text };
    visit.decided(review, None).map_err(|error| SeedError::Form(error.to_string()))
}

pub fn origin(proposal: &Proposal, team: &People<'_>, at: Time) -> Origin {
    let changed = proposal.changes.iter().map(|change| change.path.clone()).collect();
    Origin { visit: Some((proposal.id, proposal.rev)), by: team.supervisor, at, changed }
}
