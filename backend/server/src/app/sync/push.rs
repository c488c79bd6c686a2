//! Push: operations in the phone's order, each in its own savepoint, all in one commit with their receipts.
//! Only an infrastructure failure fails the request; then nothing of it happened.

use crate::app::error::{AppError, Detail};
use crate::app::sync::operations::{Effect, apply};
use crate::app::{App, AppResult};
use crate::views::sync::{PushRequest, PushView, receipt_text};
use ruhu_domain::actor::Actor;
use ruhu_domain::form::canonical_hash;
use ruhu_domain::sync::operation::{
    BATCH_MAX_OPS, Operation, Outcome, Place, Position, Receipt, ReceiptError, SequenceRefusal, Subject,
};
use ruhu_domain::time::Time;
use ruhu_store::operation::{self, OperationRow};
use ruhu_store::{Conn, StoreError, device, savepoint};
use serde_json::value::RawValue;
use std::sync::Arc;

const PROTOCOL: u32 = 1;

impl App {
    /// Takes what a phone hands over and answers each operation.
    pub async fn push(&self, actor: &Actor, request: PushRequest) -> AppResult<PushView> {
        if request.protocol != PROTOCOL {
            return Err(AppError::invalid("sync.protocol", "This protocol is not spoken here"));
        }
        if request.device != actor.device {
            return Err(AppError::forbidden("sync.device", "This is another device than the one that signed in"));
        }
        if request.ops.len() > BATCH_MAX_OPS {
            return Err(AppError::TooLarge("sync.batch_too_large"));
        }
        let (app, actor, request, now) = (self.clone(), actor.clone(), Arc::new(request), self.now());
        let (receipts, next_seq) = self.db.write(move |c: &mut Conn| receive(&app, c, &actor, &request, now)).await?;
        Ok(PushView { receipts, next_seq, server_time: now, history_id: self.history_id.clone() })
    }
}

fn receive(
    app: &App,
    c: &mut Conn,
    actor: &Actor,
    request: &PushRequest,
    now: Time,
) -> AppResult<(Vec<Box<RawValue>>, i64)> {
    let from = device::lock_position(c, actor.device, actor.user)?.ok_or_else(AppError::not_found)?;
    let mut at = from;
    if request.epoch < at.epoch || request.epoch < 1 {
        return Err(fork());
    }
    if request.epoch > at.epoch {
        at = Position { epoch: request.epoch, next_seq: 1, ..at };
    }
    let mut receipts = Vec::with_capacity(request.ops.len());
    for op in &request.ops {
        let hash = canonical_hash(&serde_json::to_value(op)?)?;
        match at.place(request.epoch, op.seq) {
            Err(SequenceRefusal::Fork) => return Err(fork()),
            Err(SequenceRefusal::Gap) => {
                let gap = AppError::conflict("sync.gap", "Operations are missing before this one");
                return Err(gap.with_detail(Detail::Gap { next_seq: at.next_seq }));
            }
            Ok(Place::Seen) => {
                let known = operation::find(c, actor.device, request.epoch, op.seq)?;
                let known = known.filter(|row| row.content_hash == hash).ok_or_else(fork)?;
                receipts.push(RawValue::from_string(known.receipt)?);
            }
            Ok(Place::Next) => {
                receipts.push(take(app, c, actor, op, &Arrival { epoch: request.epoch, hash, now })?);
                at.next_seq += 1;
            }
        }
    }
    device::advance(c, from, at.epoch, at.next_seq, &request.manifest, &request.app_build, now)?;
    Ok((receipts, at.next_seq))
}

fn fork() -> AppError {
    AppError::conflict("sync.fork", "This device went on elsewhere; take the next epoch and offer again")
}

/// How an operation came.
struct Arrival {
    epoch: i64,
    hash: String,
    now: Time,
}

/// Applies one operation, or keeps it with the reason why not.
fn take(app: &App, c: &mut Conn, actor: &Actor, op: &Operation, arrival: &Arrival) -> AppResult<Box<RawValue>> {
    let receipt = match answered_before(c, actor, op)? {
        Some(receipt) => receipt,
        None => decide(app, c, actor, op, arrival.now)?,
    };
    let text = receipt_text(&receipt)?;
    let row = OperationRow {
        device: actor.device,
        epoch: arrival.epoch,
        seq: op.seq,
        op_id: op.id,
        kind: op.kind.clone(),
        version: i64::from(op.version),
        content_hash: arrival.hash.clone(),
        outcome: receipt.outcome,
        receipt: text.get().to_owned(),
        recorded_at: op.recorded_at,
        received_at: arrival.now,
    };
    let is_kept = matches!(receipt.outcome, Outcome::Refused | Outcome::Parked);
    operation::insert(c, &app.vault, &row, is_kept.then(|| op.body.get()))?;
    Ok(text)
}

/// The same operation under another number: its first answer, if it is this user's own.
fn answered_before(c: &mut Conn, actor: &Actor, op: &Operation) -> AppResult<Option<Receipt>> {
    let Some(first) = operation::find_by_op_id(c, op.id)? else { return Ok(None) };
    let is_own = device::find(c, first.device)?.is_some_and(|device| device.user_id == actor.user);
    if !is_own {
        return Ok(Some(Receipt { code: Some("op.id_taken".to_owned()), ..blank(op, Outcome::Refused) }));
    }
    let first: Receipt = serde_json::from_str(&first.receipt)?;
    Ok(Some(Receipt { first: Some(Box::new(first)), ..blank(op, Outcome::Duplicate) }))
}

fn decide(app: &App, c: &mut Conn, actor: &Actor, op: &Operation, now: Time) -> AppResult<Receipt> {
    if let Some(after) = op.after {
        let before = operation::find_by_op_id(c, after)?;
        if !before.is_some_and(|row| matches!(row.outcome, Outcome::Applied | Outcome::Merged)) {
            return Ok(Receipt { code: Some("op.after".to_owned()), ..blank(op, Outcome::Parked) });
        }
    }
    match savepoint(c, |c| apply(app, c, actor, op, now)) {
        Ok(Some(Effect { rev, state, household })) => Ok(Receipt {
            rev: Some(rev),
            state: Some(state.code().to_owned()),
            household_id: Some(household.uuid()),
            ..blank(op, Outcome::Applied)
        }),
        Ok(None) => Ok(Receipt { code: Some("op.unknown".to_owned()), ..blank(op, Outcome::Parked) }),
        Err(AppError::Refused(refused)) => Ok(Receipt {
            code: Some(refused.code.to_owned()),
            errors: refused.errors.into_iter().map(ReceiptError::from).collect(),
            ..blank(op, Outcome::Refused)
        }),
        Err(AppError::Store(StoreError::Stale | StoreError::Duplicate(_))) => {
            Ok(Receipt { code: Some("state.moved".to_owned()), ..blank(op, Outcome::Refused) })
        }
        // A bug in one operation must not hold back the others: it is kept whole, and the log says why.
        Err(AppError::Broken(cause)) => {
            tracing::error!(op.id = %op.id, cause, "operation {} could not be decided", op.id);
            Ok(Receipt { code: Some("op.failed".to_owned()), ..blank(op, Outcome::Parked) })
        }
        Err(other) => Err(other),
    }
}

fn blank(op: &Operation, outcome: Outcome) -> Receipt {
    let kind = op.kind.split('.').next().unwrap_or_default().to_owned();
    Receipt {
        seq: op.seq,
        op_id: op.id,
        outcome,
        code: None,
        errors: Vec::new(),
        subject: Subject { kind, id: op.subject },
        rev: None,
        state: None,
        household_id: None,
        first: None,
    }
}
