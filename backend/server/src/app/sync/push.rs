//! Push: operations in the phone's order, each in its own savepoint, all in one commit with their receipts.
//! Only an infrastructure failure fails the request; then nothing of it happened.

use crate::app::error::{AppError, Detail};
use crate::app::sync::operations::{Effect, apply};
use crate::app::sync::parking::{Turns, note, play_behind, play_ready};
#[cfg(feature = "failpoints")]
use crate::app::sync::planted::{self, Bug};
use crate::app::sync::prepare::{Prepared, prepare};
use crate::app::{App, AppResult, tenure};
use crate::views::sync::{PushRequest, PushView, receipt_text};
use ruhu_domain::actor::Actor;
use ruhu_domain::policy::{self, Action};
use ruhu_domain::sync::operation::{
    BATCH_MAX_OPS, Manifest, Operation, Outcome, Place, Position, Receipt, ReceiptError, SequenceRefusal, Subject,
};
use ruhu_domain::time::Time;
use ruhu_store::operation::{self, OperationRow};
use ruhu_store::{Conn, StoreError, device, failpoint, parking, savepoint};
use serde_json::value::RawValue;

const PROTOCOL: u32 = 1;
/// No word of a phone about itself is longer: kinds, builds, heads.
const WORD_MAX_BYTES: usize = 200;
/// A phone takes the next epoch after a fork; none gets this far.
const EPOCH_MAX: i64 = 1_000_000;
/// Kinds whose effect does not hold all of their body: the reason of a withdrawal.
const KEPT_KINDS: [&str; 1] = ["visit.withdraw"];

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
        check_words(&request)?;
        self.check_field(actor).await?;
        failpoint!("push.read");
        let PushRequest { epoch, app_build, manifest, ops, .. } = request;
        let batch = Batch { epoch, app_build, manifest, ops: prepare(self, actor, ops).await? };
        failpoint!("push.prepared");
        let (app, actor, now) = (self.clone(), actor.clone(), self.now());
        let transaction = move |c: &mut Conn| receive(&app, c, &actor, &batch, now);
        #[cfg(feature = "failpoints")]
        let (receipts, next_seq) = planted::write(self, transaction).await?;
        #[cfg(not(feature = "failpoints"))]
        let (receipts, next_seq) = self.db.write(transaction).await?;
        failpoint!("push.after_commit");
        Ok(PushView { receipts, next_seq, server_time: now, history_id: self.history_id.clone() })
    }

    /// Whoever never was in the field has nothing to hand in.
    pub(super) async fn check_field(&self, actor: &Actor) -> AppResult<()> {
        if policy::may_attempt(actor.role, Action::SyncDevice) {
            return Ok(());
        }
        let actor = actor.clone();
        let may = self.db.read(move |c: &mut Conn| tenure::may_hand_in(c, &actor, Action::SyncDevice)).await?;
        if may { Ok(()) } else { Err(AppError::forbidden("auth.not_allowed", "Your role does not do this")) }
    }
}

/// What stands in columns of its own must be text that both databases take, and numbers that can be counted on.
fn check_words(request: &PushRequest) -> AppResult<()> {
    let kinds = request.ops.iter().map(|op| &op.kind);
    let mut words = kinds.chain([&request.app_build, &request.manifest.head]);
    let is_word = |text: &String| text.len() <= WORD_MAX_BYTES && !text.contains('\0');
    if words.all(is_word) && request.epoch <= EPOCH_MAX {
        return Ok(());
    }
    Err(AppError::invalid("request.shape", "A word or a number of the push is none"))
}

/// A push whose operations are prepared.
struct Batch {
    epoch: i64,
    app_build: String,
    manifest: Manifest,
    ops: Vec<Prepared>,
}

fn receive(app: &App, c: &mut Conn, actor: &Actor, request: &Batch, now: Time) -> AppResult<(Vec<Box<RawValue>>, i64)> {
    let from = device::lock_position(c, actor.device, actor.user)?.ok_or_else(AppError::not_found)?;
    failpoint!("push.locked");
    let mut at = from;
    if request.epoch < at.epoch || request.epoch < 1 {
        return Err(fork());
    }
    if request.epoch > at.epoch {
        at = Position { epoch: request.epoch, next_seq: 1, ..at };
    }
    let mut receipts = Vec::with_capacity(request.ops.len());
    // Usually nothing of an author waits, and then none of it is looked for.
    let mut turns = Turns::begin();
    let mut has_waiting = play_ready(app, c, actor.user, now, &mut turns)?;
    for prepared in &request.ops {
        let Prepared { op, hash, .. } = prepared;
        match at.place(request.epoch, op.seq) {
            Err(SequenceRefusal::Fork) => return Err(fork()),
            Err(SequenceRefusal::Gap) => {
                let gap = AppError::conflict("sync.gap", "Operations are missing before this one");
                return Err(gap.with_detail(Detail::Gap { next_seq: at.next_seq }));
            }
            #[cfg(feature = "failpoints")]
            Ok(Place::Seen) if planted::is(Bug::NoReceiptLookup) => {
                receipts.push(receipt_text(&decide(app, c, actor, prepared, now)?)?);
            }
            Ok(Place::Seen) => {
                let known = operation::find(c, actor.device, request.epoch, op.seq)?;
                let known = known.filter(|row| row.content_hash == *hash).ok_or_else(fork)?;
                receipts.push(RawValue::from_string(known.receipt)?);
            }
            Ok(Place::Next) => {
                let receipt = take(app, c, actor, prepared, request.epoch, now)?;
                has_waiting |= receipt.outcome == Outcome::Parked;
                if has_waiting && has_effect(receipt.outcome) {
                    play_behind(app, c, actor.user, op.id, now, &mut turns)?;
                }
                receipts.push(receipt_text(&receipt)?);
                at.next_seq += 1;
            }
        }
    }
    device::advance(c, from, at.epoch, at.next_seq, &request.manifest, &request.app_build, now)?;
    failpoint!("push.before_commit");
    Ok((receipts, at.next_seq))
}

fn fork() -> AppError {
    AppError::conflict("sync.fork", "This device went on elsewhere; take the next epoch and offer again")
}

/// Applies one operation, or keeps it with the reason why not.
fn take(app: &App, c: &mut Conn, actor: &Actor, prepared: &Prepared, epoch: i64, now: Time) -> AppResult<Receipt> {
    let op = &prepared.op;
    failpoint!("push.operation");
    let Earlier { answer, was_parked } = answered_before(c, actor, op)?;
    #[cfg(feature = "failpoints")]
    let answer = answer.filter(|_| !planted::is(Bug::NoIdLookup));
    let receipt = match answer {
        Some(receipt) => receipt,
        None => decide(app, c, actor, prepared, now)?,
    };
    #[cfg(feature = "failpoints")]
    if planted::is(Bug::EffectBeforeReceipt) {
        ruhu_store::failpoint::commit_halfway(c)?;
    }
    failpoint!("push.applied");
    let text = receipt_text(&receipt)?;
    let row = OperationRow {
        device: actor.device,
        epoch,
        seq: op.seq,
        op_id: op.id,
        kind: op.kind.clone(),
        version: i64::from(op.version),
        content_hash: prepared.hash.clone(),
        outcome: receipt.outcome,
        receipt: text.get().to_owned(),
        recorded_at: op.recorded_at,
        received_at: now,
    };
    let is_kept = match receipt.outcome {
        Outcome::Refused | Outcome::Parked => true,
        Outcome::Duplicate => false,
        Outcome::Applied | Outcome::Merged | Outcome::Conflict => KEPT_KINDS.contains(&op.kind.as_str()),
    };
    operation::insert(c, &app.vault, &row, is_kept.then(|| op.body.get()))?;
    note(c, actor, (prepared, epoch), &receipt, was_parked, now)?;
    failpoint!("push.receipt");
    Ok(receipt)
}

/// What is known of an operation from other numbers.
struct Earlier {
    /// The answer to give; `None` when it is to be decided.
    answer: Option<Receipt>,
    was_parked: bool,
}

/// The same operation under another number: the answer that decided it, if it is this user's own.
/// What was parked did nothing, so under a new number it is decided anew, unless it was played meanwhile.
fn answered_before(c: &mut Conn, actor: &Actor, op: &Operation) -> AppResult<Earlier> {
    let mut was_parked = false;
    for (at, row) in operation::list_by_op_id(c, op.id)?.into_iter().enumerate() {
        let is_own = device::find(c, row.device)?.is_some_and(|device| device.user_id == actor.user);
        if !is_own && at == 0 {
            let taken = Receipt { code: Some("op.id_taken".to_owned()), ..blank(op, Outcome::Refused) };
            return Ok(Earlier { answer: Some(taken), was_parked });
        }
        if is_own && row.outcome != Outcome::Parked {
            return Ok(Earlier { answer: Some(duplicate(op, &row.receipt)?), was_parked });
        }
        was_parked |= is_own;
    }
    if was_parked {
        parking::hold(c, op.id)?;
    }
    let played = if was_parked { parking::find_receipt(c, op.id)? } else { None };
    Ok(Earlier { answer: played.map(|first| duplicate(op, &first)).transpose()?, was_parked })
}

fn duplicate(op: &Operation, first: &str) -> AppResult<Receipt> {
    let first: Receipt = serde_json::from_str(first)?;
    Ok(Receipt { first: Some(Box::new(first)), ..blank(op, Outcome::Duplicate) })
}

fn has_effect(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Applied | Outcome::Merged | Outcome::Conflict)
}

/// Decides an operation, in a savepoint of its own.
pub fn decide(app: &App, c: &mut Conn, actor: &Actor, prepared: &Prepared, now: Time) -> AppResult<Receipt> {
    let op = &prepared.op;
    if let Some(after) = op.after
        && parking::list_done(c, &[after])?.is_empty()
    {
        return Ok(Receipt { code: Some("op.after".to_owned()), ..blank(op, Outcome::Parked) });
    }
    match savepoint(c, |c| apply(app, c, actor, prepared, now)) {
        Ok(Some(Effect { outcome, note, rev, state, household, errors })) => Ok(Receipt {
            code: note.map(str::to_owned),
            rev: Some(rev),
            state: Some(state.to_owned()),
            household_id: Some(household.uuid()),
            errors: errors.into_iter().map(ReceiptError::from).collect(),
            ..blank(op, outcome)
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
        Err(AppError::Store(error)) if !error.is_infrastructure() => Ok(failed(op, &error.to_string())),
        Err(AppError::Broken(cause)) => Ok(failed(op, &cause)),
        Err(other) => Err(other),
    }
}

/// A bug, or a damaged row, in the way of one operation must not hold back the others: it is kept whole,
/// and the log says why.
pub fn failed(op: &Operation, cause: &str) -> Receipt {
    tracing::error!(op.id = %op.id, cause, "operation {} could not be decided", op.id);
    Receipt { code: Some("op.failed".to_owned()), ..blank(op, Outcome::Parked) }
}

pub fn blank(op: &Operation, outcome: Outcome) -> Receipt {
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
