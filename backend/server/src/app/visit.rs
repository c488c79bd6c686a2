//! A visit arrives, or is taken back by its visitor.

use crate::app::audience::audience;
use crate::app::error::AppError;
use crate::app::sync::operations::Effect;
use crate::app::{App, AppResult};
use ruhu_domain::actor::{Actor, RowScope};
use ruhu_domain::form::{self, Draft, File, Form, Meta, Problem, Severity, canonical_hash};
use ruhu_domain::household::{FileStatus, Household, region_of};
use ruhu_domain::ids::{OpId, VisitId};
use ruhu_domain::policy::{self, Target};
use ruhu_domain::refusal::Finding;
use ruhu_domain::time::Time;
use ruhu_domain::visit::{Proposal, Visit, is_nonce};
use ruhu_store::audit::{self, Event};
use ruhu_store::change::{self, ChangeKind};
use ruhu_store::household::{self, HouseholdRow, Made};
use ruhu_store::visit::VisitRow;
use ruhu_store::{Conn, household_file, user, visit};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashSet;
use uuid::Uuid;

/// What a `visit.submit` brings.
pub struct Submission {
    pub op: OpId,
    pub visit: Value,
    pub hash: String,
    pub subject: Uuid,
}

/// What a visit holds at most; the largest file that a form can make stays far below.
const CHANGES_MAX: usize = 2000;
const LISTED_MAX: usize = 200;
const PATH_MAX_BYTES: usize = 200;
const REASON_MAX_CHARS: usize = 1000;
/// Findings of one receipt at most; more help nobody at a phone.
const ERRORS_MAX: usize = 100;
/// Two centuries: more than any phone's clock can be wrong.
const CLOCK_OFFSET_MAX_MS: u64 = 200 * 366 * 86_400_000;

/// What of a new household's proposal lists need before an approval: where it is and whom to ask for.
const FIRST_FACTS: [&str; 4] = ["banner_code", "town_code", "community_code", "residence_address"];

/// Takes in a visit revision: all checks, then the visit, the household if it is new, audit and feed.
pub fn submit_visit(app: &App, c: &mut Conn, actor: &Actor, sent: Submission, now: Time) -> AppResult<Effect> {
    let proposal = read_proposal(&sent)?;
    check_limits(&proposal)?;
    if let Some(path) = form::unkeepable(app.definitions.dictionary(), &sent.visit) {
        let finding = Finding { code: "value.type".to_owned(), path, params: None };
        return Err(AppError::invalid("visit.invalid", "The visit has errors").with_errors(vec![finding]));
    }
    let form = app.definitions.form(&proposal.form.id, proposal.form.version);
    let form = form.filter(|form| form.visit_type == proposal.visit_type.code());
    let form = form.ok_or_else(|| AppError::invalid("form.unknown", "This form version is not known"))?;
    let earlier = visit::find_unscoped(c, proposal.id)?;
    let known = household::find_unscoped(c, proposal.household_id)?;
    let before = match known {
        Some(row) => Before::known(app, c, actor, row, earlier.as_ref(), &proposal)?,
        None if proposal.base_rev == 0 && proposal.rev == 1 => Before::default(),
        None => return Err(unknown_household()),
    };
    let dictionary = app.definitions.dictionary();
    let file = form::apply(dictionary, Some(&before.file), &proposal.changes).map_err(|error| {
        let finding = Finding { code: error.code().to_owned(), path: error.path().to_owned(), params: None };
        AppError::invalid("visit.invalid", "The visit has errors").with_errors(vec![finding])
    })?;
    check_answers(app, form, &before, &file, &proposal)?;
    let visit = match earlier {
        None => Visit::received(&proposal, sent.hash, actor.user, actor.device, now),
        Some(row) => Visit::from(row).mended(&proposal, sent.hash, actor.user, actor.device, now),
    };
    let visit = visit.map_err(|refusal| AppError::rule(&refusal))?;
    let household = match before.household {
        Some(household) => household,
        None => found_household(app, c, actor, &proposal, &file, now)?,
    };
    visit::insert_revision(c, &app.vault, &visit, &household.region, &sent.visit, sent.op)?;
    tell(c, actor, &visit, &household, now, "visit.submit", json!({ "rev": visit.rev, "base_rev": visit.base_rev }))?;
    Ok(Effect { rev: visit.rev, state: visit.state, household: household.id })
}

/// Takes a visit back on behalf of its visitor.
pub fn withdraw_visit(
    c: &mut Conn,
    actor: &Actor,
    id: VisitId,
    rev: i64,
    reason: &str,
    now: Time,
) -> AppResult<Effect> {
    if reason.chars().count() > REASON_MAX_CHARS {
        return Err(too_large());
    }
    let unknown = || AppError::not_found();
    let row = visit::find_unscoped(c, id)?.filter(|row| row.visitor == actor.user).ok_or_else(unknown)?;
    let household = household::find_unscoped(c, row.household_id)?.ok_or_else(unknown)?;
    let expected = row.state;
    let visit = Visit::from(row).withdrawn(actor.user, rev).map_err(|refusal| AppError::rule(&refusal))?;
    visit::update_state(c, &visit, expected, now)?;
    let users = audience(c, &household.region, [household.contact, household.responsible, Some(actor.user)])?;
    change::record(c, &users, ChangeKind::Visit, id.uuid(), now)?;
    let detail = json!({ "rev": rev, "reason_chars": reason.chars().count() });
    audit::append(c, &event(now, actor, "visit.withdraw", "visit", id.uuid(), detail))?;
    Ok(Effect { rev, state: visit.state, household: household.id })
}

/// The file that the caseworker began with.
#[derive(Default)]
struct Before {
    household: Option<Household>,
    file: File,
    /// Whether anybody had filed the household before this visitor found it.
    is_filed: bool,
}

impl Before {
    fn known(
        app: &App,
        c: &mut Conn,
        actor: &Actor,
        row: HouseholdRow,
        earlier: Option<&VisitRow>,
        proposal: &Proposal,
    ) -> AppResult<Self> {
        // A returned visit is its visitor's to mend, into whoever's hands the household came meanwhile.
        let author = earlier.filter(|visit| visit.household_id == row.id).map(|visit| visit.visitor);
        let target = Target { region: &row.region, contact: row.contact, responsible: row.responsible, author };
        if !policy::sees(actor, &target) || matches!(actor.row_scope(), RowScope::Nothing) {
            return Err(unknown_household());
        }
        if !row.status.is_open() {
            return Err(AppError::conflict("household.closed", "This file is closed"));
        }
        let is_filed = row.rev > 0 || row.status != FileStatus::Draft || row.author != actor.user;
        let household = row.into_clear(&app.vault)?;
        let file = if household.rev == proposal.base_rev {
            household.file.clone()
        } else {
            let file = household_file::find_file_at(c, &app.vault, household.id, proposal.base_rev)?;
            let unknown = || AppError::invalid("visit.base_rev", "The file never had this revision");
            file.filter(|_| proposal.base_rev < household.rev).ok_or_else(unknown)?
        };
        Ok(Self { household: Some(household), file, is_filed })
    }
}

fn unknown_household() -> AppError {
    let title = "This household is not known, or not in your hands any more";
    AppError::conflict("household.unknown", title)
}

fn read_proposal(sent: &Submission) -> AppResult<Proposal> {
    if canonical_hash(&sent.visit)? != sent.hash {
        return Err(AppError::invalid("visit.hash_mismatch", "The hash is not the visit's"));
    }
    let malformed = || AppError::invalid("op.body", "The body is not of its kind and version");
    let proposal: Proposal = Proposal::deserialize(&sent.visit).map_err(|_| malformed())?;
    // No signature is taken before there is a place for it; evidence names photos by their SHA-256.
    let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let is_whole = is_nonce(&proposal.nonce) && proposal.signatures.is_empty() && proposal.evidence.iter().all(is_hash);
    if !is_whole || holds_nul(&sent.visit) {
        return Err(malformed());
    }
    if proposal.id.uuid() != sent.subject {
        return Err(AppError::invalid("op.subject", "The operation is about another thing than it says"));
    }
    if proposal.clock_offset_ms.unsigned_abs() > CLOCK_OFFSET_MAX_MS {
        return Err(AppError::invalid_field("visit", "visit.times", "No clock is wrong by centuries"));
    }
    if proposal.ended_at < proposal.started_at {
        return Err(AppError::invalid_field("visit", "visit.times", "The visit ends before it begins"));
    }
    Ok(proposal)
}

/// Whether a text anywhere in it holds U+0000, which PostgreSQL keeps in no column.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(entries) => entries.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether it is of a size that a visit can have, before the checks run while every other writer waits.
fn check_limits(proposal: &Proposal) -> AppResult<()> {
    let Proposal { changes, later, unchanged, warnings, evidence, .. } = proposal;
    let paths = changes.iter().map(|change| &change.path).chain(later).chain(unchanged);
    let mut paths = paths.chain(warnings.iter().flat_map(|warning| [&warning.code, &warning.path]));
    let is_short = |reason: &str| reason.chars().count() <= REASON_MAX_CHARS;
    let fits = changes.len() <= CHANGES_MAX
        && later.len() <= CHANGES_MAX
        && unchanged.len() <= LISTED_MAX
        && warnings.len() <= LISTED_MAX
        && evidence.len() <= LISTED_MAX
        && proposal.app_version.len() <= PATH_MAX_BYTES
        && paths.all(|path| path.len() <= PATH_MAX_BYTES)
        && warnings.iter().all(|warning| is_short(&warning.reason));
    if fits { Ok(()) } else { Err(too_large()) }
}

fn too_large() -> AppError {
    AppError::invalid("visit.too_large", "The visit holds more than is allowed")
}

/// The same validation as on the phone; the day is the phone's, corrected by its offset.
fn check_answers(app: &App, form: &Form, before: &Before, file: &File, proposal: &Proposal) -> AppResult<()> {
    let base = before.is_filed.then_some(&before.file);
    let draft = Draft { file: file.clone(), visit: proposal.visit.clone(), later: proposal.later.clone() };
    let validation = form::validate(&app.definitions, form, base, &draft, &meta_of(proposal));
    let problems = |severity| validation.problems.iter().filter(move |problem| problem.severity == severity);
    let hidden = hidden_answers(form, &validation.visible, proposal);
    let errors: Vec<Finding> = problems(Severity::E).map(finding).chain(hidden).take(ERRORS_MAX).collect();
    if !errors.is_empty() {
        return Err(AppError::invalid("visit.invalid", "The visit has errors").with_errors(errors));
    }
    let is_explained = |problem: &&Problem| {
        let same =
            |known: &&ruhu_domain::visit::ExplainedWarning| known.code == problem.code && known.path == problem.path;
        proposal.warnings.iter().find(same).is_some_and(|known| !known.reason.trim().is_empty())
    };
    let open = problems(Severity::W).filter(|problem| !is_explained(problem));
    let open: Vec<Finding> = open.take(ERRORS_MAX).map(finding).collect();
    if open.is_empty() {
        return Ok(());
    }
    Err(AppError::invalid("visit.warning_unexplained", "A warning has no reason").with_errors(open))
}

/// Answers about the visit that the form did not ask: phones leave them out, and nobody would ever see them.
fn hidden_answers(form: &Form, visible: &[String], proposal: &Proposal) -> Vec<Finding> {
    let shown: HashSet<&str> =
        visible.iter().filter_map(|path| path.strip_prefix("visit/")).chain(form.none_answers()).collect();
    let given = proposal.visit.iter().filter(|(_, value)| !form::is_absent(value));
    let hidden = given.filter(|(name, _)| !shown.contains(name.as_str()));
    hidden
        .map(|(name, _)| Finding { code: "value.not_asked".to_owned(), path: format!("visit/{name}"), params: None })
        .collect()
}

/// What a visit is judged by beside its answers.
pub fn meta_of(proposal: &Proposal) -> Meta {
    Meta {
        today: proposal.ended_at.corrected_by_ms(proposal.clock_offset_ms).date(),
        started_at: Some(proposal.started_at.naive_utc().and_utc()),
        ended_at: Some(proposal.ended_at.naive_utc().and_utc()),
    }
}

fn finding(problem: &Problem) -> Finding {
    let params = (!problem.params.is_empty()).then(|| Value::Object(problem.params.clone()));
    Finding { code: problem.code.clone(), path: problem.path.clone(), params }
}

/// A household that the visitor found: a draft in their hands, with what lists need to show.
fn found_household(
    app: &App,
    c: &mut Conn,
    actor: &Actor,
    proposal: &Proposal,
    proposed: &File,
    now: Time,
) -> AppResult<Household> {
    let region = region_of(proposed).filter(|region| actor.scope.contains(region));
    let outside = || AppError::forbidden("household.out_of_area", "The household lies outside of your area");
    let region = region.ok_or_else(outside)?;
    let mut file = File::new();
    for key in FIRST_FACTS {
        if let Some(value) = proposed.get(key) {
            file.insert(key.to_owned(), value.clone());
        }
    }
    let persons = proposed.get("persons").and_then(Value::as_object);
    let named = persons.into_iter().flatten().filter_map(|(id, person)| {
        let facts = ["name", "is_worker"].iter().filter_map(|key| Some(((*key).to_owned(), person.get(*key)?.clone())));
        person.get("name").map(|_| (id.clone(), Value::Object(facts.collect())))
    });
    let named: serde_json::Map<String, Value> = named.collect();
    if !named.is_empty() {
        file.insert("persons".to_owned(), Value::Object(named));
    }
    let file = form::normalise_file(app.definitions.dictionary(), None, &file);
    let household = Household {
        id: proposal.household_id,
        rev: 0,
        status: FileStatus::Draft,
        file_no: None,
        region,
        contact: Some(actor.user),
        responsible: None,
        hash: app.vault.file_hash(&file)?,
        file,
        next_visit_due_on: None,
        last_visit_on: None,
    };
    let is_synthetic = user::find(c, actor.user)?.is_some_and(|user| user.is_synthetic);
    household::insert(c, &app.vault, &household, Made { author: actor.user, at: now, is_synthetic })?;
    audit::append(c, &event(now, actor, "household.create", "household", household.id.uuid(), json!({})))?;
    Ok(household)
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
    let people = [household.contact, household.responsible, Some(visit.visitor)];
    let users = audience(c, &household.region, people)?;
    change::record(c, &users, ChangeKind::Household, household.id.uuid(), now)?;
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
