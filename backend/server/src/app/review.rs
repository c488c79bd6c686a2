//! A reviewer's three answers. Each counts only for exactly what was seen, and never for one's own visit.

use crate::app::audience::{People, audience};
use crate::app::case::Case;
use crate::app::error::{AppError, Detail};
use crate::app::record::{Titles, cover_change, summaries, target};
use crate::app::settle::{leave, settle_all};
use crate::app::submission::meta_of;
use crate::app::visit::tell;
use crate::app::{App, AppResult, tenure, twice};
use crate::views::problem::{Decided, MovedPath, Since};
use crate::views::review::{ApproveRequest, PathDecision, RejectRequest, ReturnRequest};
use crate::views::visit::VisitSummary;
use ruhu_domain::actor::Actor;
use ruhu_domain::form::{self, Change};
use ruhu_domain::household::{FileStatus, Household, region_of, visit_rhythm_days};
use ruhu_domain::ids::{UserId, VisitId};
use ruhu_domain::policy::{self, Action, Verdict};
use ruhu_domain::region::RegionCode;
use ruhu_domain::sync::merge::{Choice, newly_dangling};
use ruhu_domain::sync::twice::Answered;
use ruhu_domain::time::{Date, Time};
use ruhu_domain::visit::{Decision, Proposal, Reason, Review, Seen, Standing, Visit, VisitRefusal, VisitType};
use ruhu_store::change::{self, ChangeKind};
use ruhu_store::household::{self, HouseholdRow};
use ruhu_store::household_file::{self, Origin};
use ruhu_store::visit::{self, VisitRow};
use ruhu_store::{Conn, conflict, visit_list};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The code tables of reasons.
const RETURN_REASONS: &str = "return_reason";
const REJECT_REASONS: &str = "reject_reason";
/// The reason code of a rejection: the household has a file already.
const DUPLICATE: &str = "duplicate";
/// The reason code of a declined path.
const DECLINED: &str = "declined";

impl App {
    /// Approves: the accepted paths enter the file as its next revision.
    pub async fn approve_visit(&self, actor: &Actor, id: VisitId, wanted: ApproveRequest) -> AppResult<VisitSummary> {
        let (app, actor, now) = (self.clone(), actor.clone(), self.now());
        // A question that the approval found is kept, though the approval is refused.
        let approved = self.db.write(move |c: &mut Conn| approve(&app, c, &actor, id, &wanted, now)).await?;
        approved.ok_or_else(|| AppError::rule(&VisitRefusal::ConflictOpen))
    }

    /// Sends the visit back to its visitor.
    pub async fn return_visit(&self, actor: &Actor, id: VisitId, wanted: ReturnRequest) -> AppResult<VisitSummary> {
        let ReturnRequest { visit_rev, visit_hash, reasons, text } = wanted;
        self.turn_down(actor, id, Decision::Returned, (visit_rev, visit_hash), reasons, text).await
    }

    /// Rejects the visit for good.
    pub async fn reject_visit(&self, actor: &Actor, id: VisitId, wanted: RejectRequest) -> AppResult<VisitSummary> {
        let RejectRequest { visit_rev, visit_hash, code, text } = wanted;
        let reasons = vec![Reason { path: String::new(), code, text: text.clone() }];
        self.turn_down(actor, id, Decision::Rejected, (visit_rev, visit_hash), reasons, text).await
    }

    async fn turn_down(
        &self,
        actor: &Actor,
        id: VisitId,
        decision: Decision,
        seen: (i64, String),
        reasons: Vec<Reason>,
        text: String,
    ) -> AppResult<VisitSummary> {
        let codes = self.definitions.codes();
        let table = if decision == Decision::Rejected { REJECT_REASONS } else { RETURN_REASONS };
        if reasons.iter().any(|reason| codes.find(table, &reason.code).is_none()) {
            return Err(AppError::invalid_field("reasons", "code.unknown", "A reason has an unknown code"));
        }
        let (app, actor, now) = (self.clone(), actor.clone(), self.now());
        self.db
            .write(move |c: &mut Conn| -> AppResult<VisitSummary> {
                let file = Opened::find(c, &actor, id)?;
                let seen = Seen { visit_rev: seen.0, visit_hash: &seen.1, file_rev: None };
                file.check(&app, c, &actor, seen)?;
                // Nobody mends a household that they cannot see.
                if decision == Decision::Returned && !tenure::is_held_by(c, file.visit.visitor, &file.household)? {
                    return Err(AppError::rule(&VisitRefusal::VisitorGone));
                }
                let (reasons, text) = (reasons.clone(), text.clone());
                let review = Review { by: actor.user, at: now, decision, reasons, text };
                let household = match decision {
                    Decision::Rejected => {
                        let is_duplicate = review.reasons.iter().any(|reason| reason.code == DUPLICATE);
                        twice::close_if_same(&app, c, &actor, &file.visit, file.household, is_duplicate, now)?
                    }
                    Decision::Approved | Decision::Returned => file.household.into_clear(&app.vault)?,
                };
                let review = Outcome { review, file_rev: None };
                save(&app, c, &actor, file.visit, review, &household, now)
            })
            .await
    }
}

/// A visit under review with its household.
struct Opened {
    visit: VisitRow,
    household: HouseholdRow,
}

impl Opened {
    fn find(c: &mut Conn, actor: &Actor, id: VisitId) -> AppResult<Self> {
        let visit = visit::find(c, &actor.row_scope(), id)?.ok_or_else(AppError::not_found)?;
        household::hold(c, visit.household_id)?;
        let household = household::find_unscoped(c, visit.household_id)?.ok_or_else(AppError::not_found)?;
        match policy::may(actor, Action::ReviewVisit, &target(&visit, &household)) {
            Verdict::Yes => Ok(Self { visit, household }),
            Verdict::Unseen => Err(AppError::not_found()),
            Verdict::No if visit.visitor == actor.user => Err(AppError::rule(&VisitRefusal::Own)),
            Verdict::No => Err(AppError::forbidden("auth.not_allowed", "Your role does not do this")),
        }
    }

    /// Whether exactly what was seen is still there; says what moved if not.
    fn check(&self, app: &App, c: &mut Conn, actor: &Actor, seen: Seen<'_>) -> AppResult<()> {
        let visit = Visit::from(self.visit.clone());
        let Err(refusal) = visit.check_review(actor.user, seen, self.household.rev) else { return Ok(()) };
        let detail = match (refusal, &visit.review) {
            (VisitRefusal::AlreadyDecided, Some(review)) => {
                let people = People::load(c, [Some(review.by)])?;
                let (by, decision) = (people.person(review.by), review.decision.code());
                Detail::Decided(Decided { by, at: review.at, decision })
            }
            (VisitRefusal::StaleReview, _) => Detail::Stale(self.since(app, c)?),
            _ => Detail::Nothing,
        };
        Err(AppError::rule(&refusal).with_detail(detail))
    }

    fn since(&self, app: &App, c: &mut Conn) -> AppResult<Since> {
        let proposal = self.proposal(app, c)?;
        let case = Case::open(app, c, self.household.clone(), &proposal)?;
        let dictionary = app.definitions.dictionary();
        let cover = |path: &str, value: &Value| cover_change(dictionary, path, value.clone());
        let is_moved = |path: &str| !matches!(case.merged.standing(path), Standing::Clean | Standing::Refused);
        let moved = case.changes.iter().filter(|change| is_moved(&change.path));
        let moved = moved.map(|change| MovedPath {
            path: change.path.clone(),
            before: cover(&change.path, &change.from),
            now: cover(&change.path, case.current(&change.path)),
        });
        Ok(Since {
            visit_rev: self.visit.rev,
            visit_hash: self.visit.hash.clone(),
            file_rev: self.household.rev,
            state: self.visit.state.code(),
            decided: case.decided(),
            moved: moved.collect(),
        })
    }

    fn proposal(&self, app: &App, c: &mut Conn) -> AppResult<Proposal> {
        visit::find_proposal(c, &app.vault, self.visit.id)?.ok_or_else(AppError::not_found)
    }
}

fn approve(
    app: &App,
    c: &mut Conn,
    actor: &Actor,
    id: VisitId,
    wanted: &ApproveRequest,
    now: Time,
) -> AppResult<Option<VisitSummary>> {
    let opened = Opened::find(c, actor, id)?;
    let seen = Seen { visit_rev: wanted.visit_rev, visit_hash: &wanted.visit_hash, file_rev: Some(wanted.file_rev) };
    opened.check(app, c, actor, seen)?;
    let proposal = opened.proposal(app, c)?;
    let case = Case::open(app, c, opened.household.clone(), &proposal)?;
    if case.decided() != wanted.decided {
        return Err(AppError::rule(&VisitRefusal::StaleReview).with_detail(Detail::Stale(opened.since(app, c)?)));
    }
    if let Some(first) = case.first.first() {
        return Err(AppError::rule(&VisitRefusal::OtherFirst).with_detail(Detail::Visit(*first)));
    }
    let (accepted, declined, asks_again) = sort_out(app, &case, &wanted.decisions)?;
    match twice::answer(app, c, &opened.visit, &case)? {
        Answered::Apart => {}
        // Two that arrived at the same moment did not see each other.
        Answered::Unasked => {
            settle_all(app, c, actor, case.household.id, now)?;
            return Ok(None);
        }
        Answered::Same(_) if case.household.rev == 0 => return Err(AppError::rule(&VisitRefusal::FiledTwice)),
        // Of a household with a file, the person is declined who belongs into the other one.
        Answered::Same(numbers) => {
            let kept = numbers.into_iter().filter(|path| accepted.iter().any(|change| change.path == *path));
            let kept: Vec<String> = kept.collect();
            if !kept.is_empty() {
                return Err(AppError::rule(&VisitRefusal::Clash).with_detail(Detail::Clash(kept)));
            }
        }
    }
    let dictionary = app.definitions.dictionary();
    let broken = |error: form::ApplyError| AppError::Broken(format!("a kept proposal: {}", error.code()));
    let file = form::apply(dictionary, Some(&case.now), &accepted).map_err(broken)?;
    let file = form::normalise_file(dictionary, None, &file);
    let broken = newly_dangling(dictionary, &case.now, &file);
    if !broken.is_empty() {
        return Err(AppError::rule(&VisitRefusal::Breaks).with_detail(Detail::Clash(broken)));
    }
    let mut household = Household { file, ..case.household };
    advance(app, actor, &mut household, &opened.visit, &proposal)?;
    if asks_again {
        household.next_visit_due_on = Some(now.date());
    }
    let changed = accepted.into_iter().map(|change| change.path).collect::<Vec<_>>();
    let detail = json!({ "accepted": changed.len(), "declined": declined.len() });
    let origin = Origin { visit: Some((id, opened.visit.rev)), by: actor.user, at: now, changed };
    household_file::update_file(c, &app.vault, &household, household.rev - 1, &origin)?;
    if household.region != opened.household.region {
        move_house(c, actor, &opened.household.region, &household, now)?;
    }
    tracing::info!(visit.id = %id, detail = %detail, "a visit was approved");
    let review =
        Review { by: actor.user, at: now, decision: Decision::Approved, reasons: declined, text: String::new() };
    save(app, c, actor, opened.visit, Outcome { review, file_rev: Some(household.rev) }, &household, now).map(Some)
}

/// Splits the changes by the reviewer's word on each; what is not named is accepted, and enters the file as the merge
/// says. A change that nobody else's wording can stand beside needs a word; one that a conflict was about is accepted
/// as it was decided, or declined. Last comes whether a decision asks for another visit.
fn sort_out(app: &App, case: &Case, decisions: &[PathDecision]) -> AppResult<(Vec<Change>, Vec<Reason>, bool)> {
    let mut words: BTreeMap<&str, &PathDecision> = BTreeMap::new();
    for decision in decisions {
        let is_known = case.changes.iter().any(|change| change.path == decision.path);
        if !is_known || words.insert(&decision.path, decision).is_some() {
            let title = "A decision is about no change of this visit, or there twice";
            return Err(AppError::invalid_field("decisions", "visit.decision_unknown", title));
        }
    }
    let (mut wanted, mut declined) = (Vec::new(), Vec::new());
    for change in &case.changes {
        match words.get(change.path.as_str()) {
            Some(word) if !word.accept => {
                let text = word.reason.as_deref().map(str::trim).unwrap_or_default().to_owned();
                if text.is_empty() {
                    let title = "What is declined needs a reason";
                    return Err(AppError::invalid_field("decisions", "visit.decision_reason", title));
                }
                declined.push(Reason { path: change.path.clone(), code: DECLINED.to_owned(), text });
            }
            _ => wanted.push(change.clone()),
        }
    }
    let merged = case.merge(&app.definitions, &wanted);
    let open = wanted.iter().map(|change| &change.path).filter(|path| merged.standing(path).needs_word());
    let open: Vec<String> = open.cloned().collect();
    if open.is_empty() {
        let asks_again = merged.decided.iter().any(|decided| decided.choice == Choice::Revisit);
        return Ok((merged.accepted, declined, asks_again));
    }
    // What names a row that was declined is nobody else's doing.
    let is_orphan = |path: &&String| merged.refused.iter().any(|of| of.path == **path && of.code == "ref.unknown");
    let refusal = if open.iter().all(|path| is_orphan(&path)) { VisitRefusal::Breaks } else { VisitRefusal::Clash };
    Err(AppError::rule(&refusal).with_detail(Detail::Clash(open)))
}

/// A household that goes to another region takes its visits along; the unions of the region that it left drop it,
/// those of the new one get it whole. Whoever visits it keeps it.
fn move_house(c: &mut Conn, actor: &Actor, from: &RegionCode, household: &Household, now: Time) -> AppResult<()> {
    let id = household.id;
    visit::move_region(c, id, &household.region)?;
    let people = [household.contact, household.responsible];
    let before = audience(c, from, people)?;
    let after = audience(c, &household.region, people)?;
    let gone: Vec<UserId> = before.iter().filter(|user| !after.contains(user)).copied().collect();
    let come: Vec<UserId> = after.iter().filter(|user| !before.contains(user)).copied().collect();
    change::record(c, &gone, ChangeKind::Evict, id.uuid(), now)?;
    for visit in visit_list::list_for_households(c, &actor.row_scope(), &[id])? {
        change::record(c, &gone, ChangeKind::Visit, visit.id.uuid(), now)?;
        change::record(c, &come, ChangeKind::Visit, visit.id.uuid(), now)?;
    }
    conflict::release(c, id, &gone, now)?;
    for conflict in conflict::list_open_ids(c, id)? {
        change::record(c, &gone, ChangeKind::Conflict, conflict.uuid(), now)?;
        change::record(c, &come, ChangeKind::Conflict, conflict.uuid(), now)?;
    }
    Ok(())
}

/// The file's next revision: number, hash, region, state and days.
fn advance(
    app: &App,
    actor: &Actor,
    household: &mut Household,
    visit: &VisitRow,
    proposal: &Proposal,
) -> AppResult<()> {
    household.rev += 1;
    household.hash = app.vault.file_hash(&household.file)?;
    if let Some(region) = region_of(&household.file) {
        if !actor.scope.contains(&region) {
            let title = "The household would leave your area; decline the new region";
            return Err(AppError::forbidden("household.out_of_area", title));
        }
        household.region = region;
    }
    let is_seen = matches!(visit.outcome.as_str(), "done" | "partial");
    let is_first = visit.visit_type == VisitType::FirstSurvey && visit.outcome == "done";
    if is_first && household.status.is_before_first_survey() {
        household.status = FileStatus::FirstReview;
    }
    if is_seen {
        // By the server's clock: the phone's, corrected, and never after the day on which the visit was here.
        let day = meta_of(proposal).today.min(visit.received_at.date());
        household.last_visit_on = household.last_visit_on.max(Some(day));
        let text = |key: &str| household.file.get(key).and_then(Value::as_str);
        let days = visit_rhythm_days(household.status, text("hardship_type"), text("urgency"));
        household.next_visit_due_on = day.checked_add_signed(chrono::Duration::days(days));
    } else if let Some(day) = proposal.visit.get("next_try_on").and_then(Value::as_str).and_then(read_day) {
        household.next_visit_due_on = Some(day);
    }
    if !household.status.is_open() {
        // The visit counts, but nobody goes there again.
        household.next_visit_due_on = None;
    }
    Ok(())
}

fn read_day(text: &str) -> Option<Date> {
    text.parse().ok()
}

/// A review and the file revision it made.
struct Outcome {
    review: Review,
    file_rev: Option<i64>,
}

fn save(
    app: &App,
    c: &mut Conn,
    actor: &Actor,
    row: VisitRow,
    decided: Outcome,
    household: &Household,
    now: Time,
) -> AppResult<VisitSummary> {
    let expected = row.state;
    let (action, codes) = match decided.review.decision {
        Decision::Approved => ("visit.approve", 0),
        Decision::Returned => ("visit.return", decided.review.reasons.len()),
        Decision::Rejected => ("visit.reject", decided.review.reasons.len()),
    };
    let visit =
        Visit::from(row).decided(decided.review, decided.file_rev).map_err(|refusal| AppError::rule(&refusal))?;
    visit::update_state(c, &visit, expected, now)?;
    let detail = json!({ "rev": visit.rev, "hash": visit.hash, "file_rev": visit.file_rev, "reasons": codes });
    tell(c, actor, &visit, household, now, action, detail)?;
    leave(app, c, actor, &visit, now)?;
    twice::tell_showing(app, c, household.id, now)?;
    let row = visit::find_unscoped(c, visit.id)?.ok_or_else(AppError::not_found)?;
    let household = household::find_unscoped(c, household.id)?.ok_or_else(AppError::not_found)?;
    let mut titles = Titles::new(actor.user);
    titles.add_row(&household);
    summaries(c, &titles, vec![row])?.pop().ok_or_else(AppError::not_found)
}
