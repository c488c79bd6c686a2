//! What each kind of operation does.

use crate::app::App;
use crate::app::AppResult;
use crate::app::conflict::{Decided, decide};
use crate::app::error::AppError;
use crate::app::submission::Submission;
use crate::app::sync::prepare::Prepared;
use crate::app::tenure;
use crate::app::visit::{submit_visit, withdraw_visit};
use crate::views::conflict::DecideConflictBody;
use ruhu_domain::actor::Actor;
use ruhu_domain::ids::{HouseholdId, VisitId};
use ruhu_domain::policy::Action;
use ruhu_domain::refusal::Finding;
use ruhu_domain::sync::conflict::ConflictState;
use ruhu_domain::sync::operation::{Operation, Outcome};
use ruhu_domain::time::Time;
use ruhu_store::Conn;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The kind of a visit that is sent.
pub const SUBMIT: &str = "visit.submit";

/// What an operation did, for its receipt.
#[derive(Debug)]
pub struct Effect {
    pub outcome: Outcome,
    /// A code of what else its author should know, though it had its effect.
    pub note: Option<&'static str>,
    pub rev: i64,
    /// The state of what it was about: a visit's or a conflict's.
    pub state: &'static str,
    pub household: HouseholdId,
    /// What of it could not be taken in, while the rest was.
    pub errors: Vec<Finding>,
}

/// Body of `visit.submit`, version 1. The proposal stays as it was sent until its hash is known to be right.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubmitVisit {
    visit: Value,
    hash: String,
}

/// Body of `visit.withdraw`, version 1.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithdrawVisit {
    visit_id: VisitId,
    rev: i64,
    reason: String,
}

/// Applies one operation; `None` when its kind or version is not known here.
/// Every version ever shipped stays in this list.
pub fn apply(app: &App, c: &mut Conn, actor: &Actor, prepared: &Prepared, now: Time) -> AppResult<Option<Effect>> {
    let op = &prepared.op;
    match (op.kind.as_str(), op.version) {
        (SUBMIT, 1) => {
            attempt(c, actor, Action::SubmitVisit)?;
            match &prepared.submission {
                Some(submission) => submit_visit(app, c, actor, submission, now).map(Some),
                None => submit_visit(app, c, actor, &read_submission(app, op)?, now).map(Some),
            }
        }
        ("visit.withdraw", 1) => {
            attempt(c, actor, Action::WithdrawVisit)?;
            let body: WithdrawVisit = read(op)?;
            if body.visit_id.uuid() != op.subject {
                return Err(AppError::invalid("op.subject", "The operation is about another thing than it says"));
            }
            withdraw_visit(app, c, actor, body.visit_id, body.rev, &body.reason, now).map(Some)
        }
        ("conflict.decide", 1) => {
            attempt(c, actor, Action::AnswerConflict)?;
            let body: DecideConflictBody = read(op)?;
            if body.conflict_id.uuid() != op.subject {
                return Err(AppError::invalid("op.subject", "The operation is about another thing than it says"));
            }
            let Decided { household, visit_rev } = decide(app, c, actor, &body, now)?;
            let (outcome, state) = (Outcome::Applied, ConflictState::Decided.code());
            Ok(Some(Effect { outcome, note: None, rev: visit_rev, state, household, errors: Vec::new() }))
        }
        _ => Ok(None),
    }
}

/// Reads the body of a `visit.submit`, version 1.
pub fn read_submission(app: &App, op: &Operation) -> AppResult<Submission> {
    let SubmitVisit { visit, hash } = read(op)?;
    Submission::read(app, op.id, op.subject, &visit, &hash)
}

/// What somebody recorded in another role is still theirs to hand in.
fn attempt(c: &mut Conn, actor: &Actor, action: Action) -> AppResult<()> {
    if tenure::may_hand_in(c, actor, action)? {
        return Ok(());
    }
    Err(AppError::forbidden("auth.not_allowed", "Your role does not do this"))
}

fn read<T: DeserializeOwned>(op: &Operation) -> AppResult<T> {
    serde_json::from_str(op.body.get())
        .map_err(|_| AppError::invalid("op.body", "The body is not of its kind and version"))
}
