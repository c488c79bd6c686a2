//! Parked operations get their row in the transaction that parked them, and are decided again when their turn comes:
//! with the operation that they hang on, at the start of a server, or because a person wants it.
//!
//! A replay acts as its author did: with the role and scope of the moment in which the phone handed it over, so that
//! an account that was shut or moved since takes no work with it. What a phone was told stays as it is; the new answer
//! reaches it as an outcome (docs/SYNC.md, "Parking").

use crate::app::error::AppError;
use crate::app::sync::prepare::Prepared;
use crate::app::sync::push::{decide, failed};
use crate::app::{App, AppResult};
use crate::views::sync::receipt_text;
use ruhu_domain::actor::Actor;
use ruhu_domain::ids::{HouseholdId, OpId, SessionId, UserId};
use ruhu_domain::sync::operation::{Clock, Operation, Outcome, Receipt};
use ruhu_domain::sync::parking::{Dependency, ParkReason, ParkState, goes_alone, ready};
use ruhu_domain::time::Time;
use ruhu_store::audit::{self, Event};
use ruhu_store::change::{self, ChangeKind};
use ruhu_store::parking::{self, ParkedRow};
use ruhu_store::{Conn, StoreError, operation, savepoint};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use uuid::Uuid;

/// Waiting operations that one transaction decides at most; the next one goes on.
const PLAYED_MAX: usize = 200;

/// How many waiting operations a transaction may still decide.
pub struct Turns(usize);

impl Turns {
    /// Those of a transaction that begins.
    pub fn begin() -> Self {
        Self(PLAYED_MAX)
    }
}

/// Who or what has an operation decided again.
#[derive(Debug, Clone, Copy)]
pub enum Cause<'a> {
    /// The phone offered it.
    Offer,
    /// The operation it waited for had its effect.
    Dependency,
    /// A server started, or somebody ran `ruhu replay`.
    Server,
    Person(&'a Actor),
}

impl Cause<'_> {
    fn code(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Dependency => "dependency",
            Self::Server => "server",
            Self::Person(_) => "person",
        }
    }

    fn person(self) -> Option<UserId> {
        match self {
            Self::Person(actor) => Some(actor.user),
            Self::Offer | Self::Dependency | Self::Server => None,
        }
    }
}

/// Decides the author's operations again that wait for one that is done, then those that wait for them; whether anything
/// of theirs waited. What the transaction's bound leaves comes with their next push, or the next run over everything.
pub fn play_ready(app: &App, c: &mut Conn, author: UserId, now: Time, turns: &mut Turns) -> AppResult<bool> {
    let waiting = parking::list_waits(c, author)?;
    let on: Vec<OpId> = waiting.iter().map(|(_, after)| *after).collect();
    let turn = ready(&waiting, &parking::list_done(c, &on)?, turns.0);
    play_in_turn(app, c, author, turn, now, turns)?;
    Ok(!waiting.is_empty())
}

/// The same after one operation had its effect: only what waits for it is looked for.
pub fn play_behind(app: &App, c: &mut Conn, author: UserId, op: OpId, now: Time, turns: &mut Turns) -> AppResult<()> {
    if turns.0 == 0 {
        return Ok(());
    }
    let turn = parking::list_waits_for(c, author, &[op])?;
    play_in_turn(app, c, author, turn, now, turns)
}

/// Plays these in their order, then those behind them in theirs, and so on.
fn play_in_turn(
    app: &App,
    c: &mut Conn,
    author: UserId,
    mut turn: Vec<OpId>,
    now: Time,
    turns: &mut Turns,
) -> AppResult<()> {
    while !turn.is_empty() && turns.0 > 0 {
        turn.truncate(turns.0);
        turns.0 -= turn.len();
        let mut done = Vec::with_capacity(turn.len());
        for op in turn {
            let played = savepoint(c, |c| -> AppResult<bool> {
                parking::hold(c, op)?;
                match parking::find(c, op)?.filter(|row| row.state == ParkState::Waiting) {
                    Some(row) => Ok(play(app, c, row, Cause::Dependency, now)?.state == ParkState::Played),
                    None => Ok(false),
                }
            });
            if tolerate(op, played)? {
                done.push(op);
            }
        }
        turn = parking::list_waits_for(c, author, &done)?;
    }
    Ok(())
}

/// A damaged row in the way of one operation takes nothing with it; the log says why.
fn tolerate<T: Default>(op: OpId, result: AppResult<T>) -> AppResult<T> {
    match result {
        Err(AppError::Store(error)) if error.is_infrastructure() => Err(error.into()),
        Err(cause) => {
            tracing::error!(op.id = %op, %cause, "operation {op} could not be parked or played");
            Ok(T::default())
        }
        Ok(done) => Ok(done),
    }
}

/// Decides one held operation that waits, and keeps what came out.
pub fn play(app: &App, c: &mut Conn, row: ParkedRow, cause: Cause<'_>, now: Time) -> AppResult<ParkedRow> {
    let mut op = Operation {
        seq: row.seq,
        id: row.op_id,
        kind: row.kind.clone(),
        version: u32::try_from(row.version).unwrap_or(u32::MAX),
        subject: row.subject,
        after: row.after,
        recorded_at: row.recorded_at,
        clock: Clock { offset_ms: row.clock_offset_ms, monotonic_ms: row.monotonic_ms },
        body: RawValue::NULL.to_owned(),
    };
    if let Cause::Person(_) = cause {
        op.after = still_needed(c, &row)?;
    }
    let receipt = match open(app, c, &row) {
        Ok((body, hash)) => {
            op.body = body;
            decide(app, c, &author(&row), &Prepared { op, hash, submission: None }, now)?
        }
        Err(AppError::Store(error)) if error.is_infrastructure() => return Err(error.into()),
        Err(cause) => failed(&op, &cause.to_string()),
    };
    end(c, row, &receipt, cause, now)
}

/// The operation that must be done before: a person may let go of one that never will be.
fn still_needed(c: &mut Conn, row: &ParkedRow) -> AppResult<Option<OpId>> {
    let Some(after) = row.after else { return Ok(None) };
    let standing = dependency(c, row)?;
    Ok(Some(after).filter(|_| !goes_alone(standing)))
}

/// How the operation stands that this one hangs on; `None` when nobody noted which it is.
fn dependency(c: &mut Conn, row: &ParkedRow) -> AppResult<Option<Dependency>> {
    let Some(after) = row.after else { return Ok(None) };
    Ok(Some(parking::list_standings(c, &[after])?.get(&after).copied().unwrap_or(Dependency::Missing)))
}

/// The author as they handed it over.
fn author(row: &ParkedRow) -> Actor {
    Actor {
        user: row.author,
        role: row.author_role,
        scope: row.region.clone(),
        session: SessionId(Uuid::nil()),
        device: row.device,
    }
}

/// The body as the phone sent it, and the hash of it all.
fn open(app: &App, c: &mut Conn, row: &ParkedRow) -> AppResult<(Box<RawValue>, String)> {
    let gone = || StoreError::Broken("a parked operation without its body".to_owned());
    let kept = operation::find(c, row.device, row.epoch, row.seq)?.ok_or_else(gone)?;
    let body = operation::find_body(c, &app.vault, &kept)?.ok_or_else(gone)?;
    Ok((RawValue::from_string(body)?, kept.content_hash))
}

/// Keeps what a further decision, or a dismissal, made of an operation that waited; its author's phones hear of an end.
pub fn end(c: &mut Conn, row: ParkedRow, receipt: &Receipt, cause: Cause<'_>, now: Time) -> AppResult<ParkedRow> {
    let state = match receipt.code.as_deref() {
        Some(DISMISSED) => ParkState::Dismissed,
        _ => ParkState::after(receipt.outcome),
    };
    let is_over = state != ParkState::Waiting;
    let reason = if is_over { row.reason } else { reason_of(receipt)? };
    let row = ParkedRow {
        state,
        reason,
        tries: row.tries + i64::from(state != ParkState::Dismissed),
        tried_at: if state == ParkState::Dismissed { row.tried_at } else { now },
        ended_at: is_over.then_some(now),
        ended_by: cause.person().filter(|_| is_over),
        receipt: if is_over { Some(receipt_text(receipt)?.get().to_owned()) } else { None },
        ..row
    };
    parking::update(c, &row)?;
    if is_over {
        change::record(c, &[row.author], ChangeKind::Outcome, row.op_id.uuid(), now)?;
    }
    // What the server tries by itself, and tries again, is no event until something comes of it.
    if is_over || cause.person().is_some() {
        let detail = json!({ "cause": cause.code(), "outcome": receipt.outcome, "code": receipt.code });
        let action = if state == ParkState::Dismissed { "operation.dismiss" } else { "operation.play" };
        note_event(c, &row, cause, action, detail, now)?;
    }
    Ok(row)
}

/// The code of the answer to what a person dismissed.
pub const DISMISSED: &str = "op.dismissed";

fn reason_of(receipt: &Receipt) -> AppResult<ParkReason> {
    let reason = receipt.code.as_deref().and_then(ParkReason::from_code);
    reason.ok_or_else(|| AppError::Broken("an operation was parked without a reason".to_owned()))
}

/// The row of an operation that was just answered under a position: a new one when it was parked; when it was parked
/// before, what became of it now.
pub fn note(
    c: &mut Conn,
    actor: &Actor,
    (prepared, epoch): (&Prepared, i64),
    receipt: &Receipt,
    was_parked: bool,
    now: Time,
) -> AppResult<()> {
    let op = &prepared.op;
    let is_parked = receipt.outcome == Outcome::Parked;
    if receipt.outcome == Outcome::Duplicate || !(is_parked || was_parked) {
        return Ok(());
    }
    let noted = savepoint(c, |c| note_try(c, actor, (prepared, epoch), receipt, now));
    tolerate(op.id, noted)
}

fn note_try(
    c: &mut Conn,
    actor: &Actor,
    (prepared, epoch): (&Prepared, i64),
    receipt: &Receipt,
    now: Time,
) -> AppResult<()> {
    let op = &prepared.op;
    let is_parked = receipt.outcome == Outcome::Parked;
    let known = parking::find(c, op.id)?.filter(|row| row.state == ParkState::Waiting);
    let Some(known) = known else {
        return if is_parked { park(c, actor, (prepared, epoch), receipt, now) } else { Ok(()) };
    };
    // While it waits, the body that was parked counts, with the rights it came with: no other one takes its place.
    let place = if is_parked { (known.device, known.epoch, known.seq) } else { (actor.device, epoch, op.seq) };
    let row = ParkedRow {
        device: place.0,
        epoch: place.1,
        seq: place.2,
        after: known.after.or(op.after),
        household: known.household.or(household_of(c, prepared)?),
        reason: if is_parked { reason_of(receipt)? } else { known.reason },
        state: ParkState::after(receipt.outcome),
        tries: known.tries + 1,
        tried_at: now,
        ended_at: (!is_parked).then_some(now),
        ..known
    };
    parking::update(c, &row)?;
    if !is_parked {
        change::record(c, &[row.author], ChangeKind::Outcome, op.id.uuid(), now)?;
        let detail = json!({ "cause": Cause::Offer.code(), "outcome": receipt.outcome, "code": receipt.code });
        note_event(c, &row, Cause::Offer, "operation.play", detail, now)?;
    }
    Ok(())
}

fn park(
    c: &mut Conn,
    actor: &Actor,
    (prepared, epoch): (&Prepared, i64),
    receipt: &Receipt,
    now: Time,
) -> AppResult<()> {
    let op = &prepared.op;
    let row = ParkedRow {
        op_id: op.id,
        device: actor.device,
        epoch,
        seq: op.seq,
        author: actor.user,
        author_role: actor.role,
        region: actor.scope.clone(),
        kind: op.kind.clone(),
        version: i64::from(op.version),
        subject: op.subject,
        household: household_of(c, prepared)?,
        after: op.after,
        clock_offset_ms: op.clock.offset_ms,
        monotonic_ms: op.clock.monotonic_ms,
        reason: reason_of(receipt)?,
        state: ParkState::Waiting,
        tries: 1,
        recorded_at: op.recorded_at,
        parked_at: now,
        tried_at: now,
        ended_at: None,
        ended_by: None,
        receipt: None,
    };
    parking::insert(c, &row)?;
    let detail = json!({ "version": row.version, "code": row.reason.code() });
    note_event(c, &row, Cause::Offer, "operation.park", detail, now)
}

/// The household that an operation is about, as far as it can be read.
fn household_of(c: &mut Conn, prepared: &Prepared) -> AppResult<Option<HouseholdId>> {
    if let Some(submission) = &prepared.submission {
        return Ok(Some(submission.proposal.household_id));
    }
    match parking::find_household(c, prepared.op.subject) {
        Err(error) if error.is_infrastructure() => Err(error.into()),
        found => Ok(found.unwrap_or(None)),
    }
}

/// A person's deed stands in their name, what came of the work in its author's.
fn note_event(
    c: &mut Conn,
    row: &ParkedRow,
    cause: Cause<'_>,
    action: &str,
    detail: Value,
    now: Time,
) -> AppResult<()> {
    let (actor, device) = match cause {
        Cause::Person(actor) => (Some(actor.user), Some(actor.device)),
        Cause::Offer | Cause::Dependency => (Some(row.author), Some(row.device)),
        Cause::Server => (None, None),
    };
    let action = action.to_owned();
    let (subject_kind, subject_id) = ("operation".to_owned(), row.op_id.uuid());
    Ok(audit::append(c, &Event { at: now, actor, device, action, subject_kind, subject_id, detail })?)
}
