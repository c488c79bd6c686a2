//! Decisions about visits: state, review, file revision and audit say the same, and nobody judged themselves.

use super::visit::{Case, Revision};
use super::{Invariant, Run};
use crate::audit::AuditRow;
use ruhu_domain::time::Time;
use ruhu_domain::visit::{Decision, Review, VisitState};
use serde_json::Value;

/// The audit rows of one action on one revision of a visit.
pub(super) fn audited<'a>(audit: &'a [AuditRow], action: &'a str, rev: i64) -> impl Iterator<Item = &'a AuditRow> {
    audit.iter().filter(move |row| row.action == action && detail(row)["rev"] == rev)
}

fn detail(row: &AuditRow) -> Value {
    serde_json::from_str(&row.detail).unwrap_or_default()
}

pub(super) fn check(run: &mut Run<'_>, case: &Case<'_>) {
    let id = case.row.id.as_str();
    run.looked_at(Invariant::I8, "visit states", 1);
    let (Some(state), Ok(review)) = (VisitState::from_code(&case.row.state), read(case.row.review.as_deref())) else {
        return run.broke(Invariant::I8, "visit", id, "has a state or a review that cannot be read");
    };
    let decisions = ["visit.approve", "visit.return", "visit.reject"];
    let is_decided_here = case.audit.iter().any(|row| decisions.contains(&row.action.as_str()));
    let is_made_up = case.may_be_made_up && !is_decided_here;
    for fault in faults(case, state, review.as_ref(), is_made_up) {
        run.broke(Invariant::I8, "visit", id, fault);
    }
    if state == VisitState::Approved {
        check_file(run, case, review.as_ref());
    }
    for revision in case.revisions {
        check_decision(run, case, revision, review.as_ref(), state, is_made_up);
    }
    if state == VisitState::Withdrawn && audited(case.audit, "visit.withdraw", case.row.rev).count() != 1 {
        run.broke(Invariant::I14, "visit", id, "is withdrawn, and the audit does not have one row of that");
    }
    check_eyes(run, case, review.as_ref());
}

fn read(review: Option<&str>) -> Result<Option<Review>, serde_json::Error> {
    review.map(serde_json::from_str).transpose()
}

/// State and reviews against one another, each fault as a sentence.
fn faults(case: &Case<'_>, state: VisitState, review: Option<&Review>, is_made_up: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let decision = review.map(|review| review.decision);
    let expected = match state {
        VisitState::Approved => [Some(Decision::Approved)].as_slice(),
        VisitState::Returned => &[Some(Decision::Returned)],
        VisitState::Rejected => &[Some(Decision::Rejected)],
        VisitState::Submitted | VisitState::Conflict | VisitState::InReview if case.row.rev > 1 => {
            &[Some(Decision::Returned)]
        }
        VisitState::Submitted | VisitState::Conflict | VisitState::InReview => &[None],
        VisitState::Withdrawn => &[None, Some(Decision::Returned)],
    };
    if !expected.contains(&decision) {
        let decided = decision.map_or("none", Decision::code);
        faults.push(format!("is {}, and its review says {decided}", state.code()));
    }
    // A demo lets visits that found nobody at home pass without a revision of the file.
    let is_let_off = is_made_up && case.row.file_rev.is_none();
    if (state == VisitState::Approved) != case.row.file_rev.is_some() && !is_let_off {
        let (state, rev) = (state.code(), case.row.file_rev);
        faults.push(match rev {
            Some(rev) => format!("is {state}, and names file revision {rev}"),
            None => format!("is {state}, and names no file revision"),
        });
    }
    for revision in case.revisions.iter().filter(|_| !is_made_up) {
        let Ok(own) = read(revision.review.as_deref()) else {
            faults.push(format!("has a review of revision {} that cannot be read", revision.rev));
            continue;
        };
        let is_last = revision.rev == case.row.rev;
        let fits = match (is_last, state) {
            (false, _) => own.as_ref().is_some_and(|own| own.decision == Decision::Returned),
            (true, VisitState::Approved | VisitState::Returned | VisitState::Rejected) => own.as_ref() == review,
            (true, VisitState::Withdrawn) => own.is_none() || own.as_ref() == review,
            (true, VisitState::Submitted | VisitState::Conflict | VisitState::InReview) => own.is_none(),
        };
        if !fits {
            faults.push(format!("is {}, and the review of revision {} does not fit that", state.code(), revision.rev));
        }
    }
    faults
}

/// The file revision that an approval names is the one it made.
fn check_file(run: &mut Run<'_>, case: &Case<'_>, review: Option<&Review>) {
    let Some(rev) = case.row.file_rev else { return };
    let (row, id) = (case.row, case.row.id.as_str());
    run.looked_at(Invariant::I8, "approvals", 1);
    let Some(made) = case.made else {
        return run.broke(Invariant::I3, "visit", id, format!("made file revision {rev}, which is not there"));
    };
    if (made.visit_id.as_deref(), made.visit_rev) != (Some(id), Some(row.rev)) {
        run.broke(
            Invariant::I8,
            "visit",
            id,
            format!("made file revision {rev}, which names another visit or revision"),
        );
    }
    let decided = review.map(|review| (review.by.to_string(), review.at));
    if decided != Some((made.by.clone(), Time::from_naive_utc(made.at))) {
        run.broke(
            Invariant::I8,
            "visit",
            id,
            format!("made file revision {rev}, which names another reviewer or time"),
        );
    }
}

/// What the audit says of the decision about one revision.
fn check_decision(
    run: &mut Run<'_>,
    case: &Case<'_>,
    revision: &Revision,
    review: Option<&Review>,
    state: VisitState,
    is_made_up: bool,
) {
    let is_last = revision.rev == case.row.rev;
    let own = read(revision.review.as_deref()).ok().flatten();
    let Some(decided) = own.as_ref().or(review.filter(|_| is_last && !state.is_waiting())) else { return };
    let is_of_this = is_last || decided.decision == Decision::Returned;
    if is_made_up || !is_of_this || (state == VisitState::Withdrawn && own.is_none()) {
        return;
    }
    let name = format!("{}/{}", case.row.id, revision.rev);
    let action = match decided.decision {
        Decision::Approved => "visit.approve",
        Decision::Returned => "visit.return",
        Decision::Rejected => "visit.reject",
    };
    run.looked_at(Invariant::I14, "decisions", 1);
    let rows: Vec<&AuditRow> = audited(case.audit, action, revision.rev).collect();
    let [row] = rows.as_slice() else {
        let says = format!("has {} audit rows of being {} instead of one", rows.len(), decided.decision.code());
        return run.broke(Invariant::I14, "visit", &name, says);
    };
    let detail = detail(row);
    let file_rev = case.row.file_rev.filter(|_| is_last);
    let is_same = detail["hash"] == revision.hash.as_str()
        && detail["file_rev"].as_i64() == file_rev
        && row.actor_id == Some(decided.by.to_string())
        && Time::from_naive_utc(row.at) == decided.at;
    if !is_same {
        let says = format!(
            "was {}, as the audit has it, with another hash, file revision, reviewer or time",
            decided.decision.code()
        );
        run.broke(Invariant::I8, "visit", &name, says);
    }
}

/// Whoever visited never decided.
fn check_eyes(run: &mut Run<'_>, case: &Case<'_>, review: Option<&Review>) {
    let row = case.row;
    let of_revisions = case.revisions.iter().filter_map(|revision| read(revision.review.as_deref()).ok().flatten());
    let of_row = review.cloned();
    let reviewers = of_revisions.chain(of_row).map(|review| review.by.to_string());
    let of_audit = case
        .audit
        .iter()
        .filter(|row| ["visit.approve", "visit.return", "visit.reject"].contains(&row.action.as_str()));
    let of_file = case.made.filter(|made| made.visit_id.as_ref() == Some(&row.id)).map(|made| made.by.clone());
    let deciders: Vec<String> =
        reviewers.chain(of_audit.filter_map(|row| row.actor_id.clone())).chain(of_file).collect();
    run.looked_at(Invariant::I9, "decisions", deciders.len());
    if deciders.contains(&row.visitor_id) {
        run.broke(Invariant::I9, "visit", &row.id, format!("was decided by its own visitor {}", row.visitor_id));
    }
}
