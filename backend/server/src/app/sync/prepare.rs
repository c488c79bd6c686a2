//! What of a push can be done before it takes its turn at writing: hashing, reading, covering and judging.
//!
//! With SQLite every writer waits for the one before, so what is done here is done on every processor instead of one.
//! Nothing decided here is final: `apply` repeats what could not be prepared, and judges again when the household
//! is not as it was found here.

use crate::app::error::AppError;
use crate::app::submission::{Base, Submission};
use crate::app::sync::operations::{SUBMIT, read_submission};
use crate::app::visit::is_filed;
use crate::app::{App, AppResult};
use ruhu_domain::actor::Actor;
use ruhu_domain::form::canonical_hash;
use ruhu_domain::ids::HouseholdId;
use ruhu_domain::sync::operation::Operation;
use ruhu_store::household::{self, HouseholdRow};
use ruhu_store::{Conn, StoreError};
use serde_json::value::to_raw_value;

/// An operation and what was found out about it.
pub struct Prepared {
    pub op: Operation,
    /// The hash of what the phone sent.
    pub hash: String,
    /// For a `visit.submit` that can be read.
    pub submission: Option<Submission>,
}

/// Prepares the operations of a push, in their order.
pub async fn prepare(app: &App, actor: &Actor, ops: Vec<Operation>) -> AppResult<Vec<Prepared>> {
    let reader = app.clone();
    let mut prepared = aside(app, move || read_all(&reader, ops)).await??;
    let ids: Vec<HouseholdId> =
        prepared.iter().filter_map(|one| Some(one.submission.as_ref()?.proposal.household_id)).collect();
    if ids.is_empty() {
        return Ok(prepared);
    }
    let rows = match app.db.read(move |c: &mut Conn| household::list_unscoped(c, &ids)).await {
        Ok(rows) => rows,
        Err(error) if error.is_infrastructure() => return Err(error.into()),
        // A damaged row is the affair of the operation that needs it: there it is found again, and parked.
        Err(_) => return Ok(prepared),
    };
    let (judge_of, actor) = (app.clone(), actor.clone());
    aside(app, move || {
        let submissions = prepared.iter_mut().filter_map(|one| one.submission.as_mut());
        submissions.for_each(|one| judge(&judge_of, &actor, &rows, one));
        prepared
    })
    .await
}

fn read_all(app: &App, ops: Vec<Operation>) -> AppResult<Vec<Prepared>> {
    let read = |op: Operation| {
        let is_submission = op.kind == SUBMIT && op.version == 1;
        // What cannot be read is read again where it is refused.
        let submission = if is_submission { read_submission(app, &op).ok() } else { None };
        Ok(Prepared { hash: content_hash(&op)?, submission, op })
    };
    ops.into_iter().map(read).collect()
}

/// The hash of what the phone sent. A body that is JSON but not to be read (a half surrogate, a number
/// beyond every float, too many brackets) counts by its letters, so that it can be answered like any other.
fn content_hash(op: &Operation) -> AppResult<String> {
    if let Ok(hash) = serde_json::to_value(op).and_then(|op| canonical_hash(&op)) {
        return Ok(hash);
    }
    let op = Operation { body: to_raw_value(op.body.get())?, ..op.clone() };
    Ok(canonical_hash(&serde_json::to_value(op)?)?)
}

fn judge(app: &App, actor: &Actor, rows: &[HouseholdRow], submission: &mut Submission) {
    let proposal = &submission.proposal;
    let base = match rows.iter().find(|row| row.id == proposal.household_id) {
        None if proposal.base_rev == 0 && proposal.rev == 1 => Base::default(),
        Some(row) if row.rev == proposal.base_rev => {
            let (is_filed, hash) = (is_filed(row, actor), Some(row.hash.clone()));
            // A damaged row is found again, and reported, where it is needed.
            let Ok(household) = row.clone().into_clear(&app.vault) else { return };
            Base { file: household.file, hash, is_filed }
        }
        _ => return,
    };
    submission.judge(app, &base);
}

/// Runs work that takes its time beside the threads that answer; as many at once as there are processors, because
/// more would only take more memory.
async fn aside<T: Send + 'static>(app: &App, work: impl FnOnce() -> T + Send + 'static) -> AppResult<T> {
    let closed = |_| AppError::Broken("nothing is prepared any more".to_owned());
    let _turn = app.preparing.acquire().await.map_err(closed)?;
    let stopped = |_| AppError::Store(StoreError::Broken("the preparation of a push ended".to_owned()));
    tokio::task::spawn_blocking(work).await.map_err(stopped)
}
