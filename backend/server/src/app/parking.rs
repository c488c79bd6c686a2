//! Parked operations at the desk: who sees them, plays them again, gives them up.

use crate::app::audience::People;
use crate::app::error::AppError;
use crate::app::household::{page, read_code, shown_name};
use crate::app::sync::parking::{Cause, DISMISSED, Turns, end, play, play_behind};
use crate::app::{App, AppResult};
use crate::views::parking::{ParkedAfter, ParkedEnd, ParkedEvent, ParkedItem, ParkedList, ParkedQuery, ParkedView};
use ruhu_domain::actor::Actor;
use ruhu_domain::ids::{HouseholdId, OpId, UserId};
use ruhu_domain::policy::{self, Action, Target, Verdict};
use ruhu_domain::sync::operation::{Outcome, Receipt, ReceiptError, Subject};
use ruhu_domain::sync::parking::{Dependency, ParkOwner, ParkReason, ParkState, dismissal_reason, owner};
use ruhu_domain::time::Time;
use ruhu_store::audit::{self, AuditRow};
use ruhu_store::household_list::{self, HouseholdLine};
use ruhu_store::parking::{self, ParkedFilter, ParkedRow};
use ruhu_store::{Conn, StoreError};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// `state=all` in a query asks for every state.
const ALL_STATES: &str = "all";
/// What of the queue behind an operation is shown.
const BEHIND_MAX: i64 = 50;
/// The finding of a dismissal that carries its reason.
const BECAUSE: &str = "op.dismissed_because";
/// The kind of a parked operation in the audit.
const OPERATION: &str = "operation";

impl App {
    /// Parked operations of the actor's district, the oldest first.
    pub async fn list_parked(&self, actor: &Actor, query: ParkedQuery) -> AppResult<ParkedList> {
        let state = match query.state.as_deref() {
            Some(ALL_STATES) => None,
            text => read_code(text, ParkState::from_code, "state")?.or(Some(ParkState::Waiting)),
        };
        let reason = read_code(query.reason.as_deref(), ParkReason::from_code, "reason")?;
        let (actor, page) = (actor.clone(), page(query.cursor, query.limit));
        self.db
            .read(move |c: &mut Conn| -> AppResult<ParkedList> {
                let found = parking::list(c, &actor.scope, &ParkedFilter { state, reason }, &page)?;
                let items = items(c, &actor, found.items)?;
                Ok(ParkedList { items, next_cursor: found.next_cursor, total: found.total })
            })
            .await
    }

    /// One parked operation with what happened to it.
    pub async fn find_parked(&self, actor: &Actor, op: OpId) -> AppResult<ParkedView> {
        let actor = actor.clone();
        self.db
            .read(move |c: &mut Conn| -> AppResult<ParkedView> {
                let row = seen(c, &actor, op, Action::ListParked)?;
                view(c, &actor, row)
            })
            .await
    }

    /// Decides a parked operation again, in its author's name.
    pub async fn replay_operation(&self, actor: &Actor, op: OpId) -> AppResult<ParkedView> {
        let (app, actor, now) = (self.clone(), actor.clone(), self.now());
        self.db
            .write(move |c: &mut Conn| -> AppResult<ParkedView> {
                let row = held(c, &actor, op, Action::ReplayParked)?;
                let row = play(&app, c, row, Cause::Person(&actor), now)?;
                if row.state == ParkState::Played {
                    play_behind(&app, c, row.author, op, now, &mut Turns::begin())?;
                }
                view(c, &actor, row)
            })
            .await
    }

    /// Ends a parked operation with a reason. Body and receipts stay; what hangs on it waits for a person.
    pub async fn dismiss_operation(&self, actor: &Actor, op: OpId, reason: &str) -> AppResult<ParkedView> {
        let (actor, reason, now) = (actor.clone(), reason.to_owned(), self.now());
        self.db
            .write(move |c: &mut Conn| -> AppResult<ParkedView> {
                let row = held(c, &actor, op, Action::DismissParked)?;
                let reason = dismissal_reason(&reason).map_err(|refusal| AppError::rule(&refusal))?;
                let receipt = dismissal(&row, &reason);
                let row = end(c, row, &receipt, Cause::Person(&actor), now)?;
                view(c, &actor, row)
            })
            .await
    }
}

fn target(row: &ParkedRow) -> Target<'_> {
    Target { region: &row.region, contact: None, responsible: None, author: Some(row.author) }
}

fn seen(c: &mut Conn, actor: &Actor, op: OpId, action: Action) -> AppResult<ParkedRow> {
    let row = parking::find(c, op)?.ok_or_else(AppError::not_found)?;
    match policy::may(actor, action, &target(&row)) {
        Verdict::Yes => Ok(row),
        Verdict::No => Err(AppError::forbidden("auth.not_allowed", "Your role does not do this")),
        Verdict::Unseen => Err(AppError::not_found()),
    }
}

/// One that waits, and that nobody else decides meanwhile.
fn held(c: &mut Conn, actor: &Actor, op: OpId, action: Action) -> AppResult<ParkedRow> {
    parking::hold(c, op)?;
    let row = seen(c, actor, op, action)?;
    row.state.check_waiting().map_err(|refusal| AppError::rule(&refusal))?;
    Ok(row)
}

fn subject_kind(row: &ParkedRow) -> String {
    row.kind.split('.').next().unwrap_or_default().to_owned()
}

/// The answer that tells a phone that somebody gave its work up, and why.
fn dismissal(row: &ParkedRow, reason: &str) -> Receipt {
    let params = Some(json!({ "reason": reason }));
    Receipt {
        seq: row.seq,
        op_id: row.op_id,
        outcome: Outcome::Refused,
        code: Some(DISMISSED.to_owned()),
        errors: vec![ReceiptError { code: BECAUSE.to_owned(), path: String::new(), params }],
        subject: Subject { kind: subject_kind(row), id: row.subject },
        rev: None,
        state: None,
        household_id: None,
        first: None,
    }
}

fn view(c: &mut Conn, actor: &Actor, row: ParkedRow) -> AppResult<ParkedView> {
    let log = log(c, &row)?;
    let behind = parking::list_behind(c, row.op_id, BEHIND_MAX)?;
    let behind = items(c, actor, behind)?;
    let gone = || AppError::Store(StoreError::Stale);
    let parked = items(c, actor, vec![row])?.pop().ok_or_else(gone)?;
    Ok(ParkedView { parked, log, behind })
}

/// What happened to it, as the audit tells.
fn log(c: &mut Conn, row: &ParkedRow) -> AppResult<Vec<ParkedEvent>> {
    let rows = audit::list_for_subject(c, OPERATION, row.op_id.uuid())?;
    let by = |row: &AuditRow| row.actor_id.as_ref().and_then(|id| id.parse::<UserId>().ok());
    let people = People::load(c, rows.iter().map(by).collect::<Vec<_>>())?;
    let event = |row: AuditRow| {
        let detail: Value = serde_json::from_str(&row.detail).unwrap_or_default();
        let text = |key: &str| detail[key].as_str().map(str::to_owned);
        ParkedEvent {
            at: Time::from_naive_utc(row.at),
            by: by(&row).map(|id| people.person(id)),
            action: row.action.split('.').next_back().unwrap_or_default().to_owned(),
            cause: text("cause"),
            outcome: text("outcome"),
            code: text("code"),
        }
    };
    Ok(rows.into_iter().map(event).collect())
}

/// Rows as one reader sees them.
fn items(c: &mut Conn, actor: &Actor, rows: Vec<ParkedRow>) -> AppResult<Vec<ParkedItem>> {
    let homes: BTreeSet<HouseholdId> = rows.iter().filter_map(|row| row.household).collect();
    // A household that cannot be read is what some of the rows wait for: it has no name here.
    let lines = household_list::list_lines(c, homes)?;
    let ops: Vec<OpId> = rows.iter().map(|row| row.op_id).collect();
    let befores: Vec<OpId> = rows.iter().filter_map(|row| row.after).collect();
    let shown = Shown {
        actor,
        lines: lines.into_iter().map(|line| (line.id, line)).collect(),
        behind: parking::count_behind(c, &ops)?,
        standings: parking::list_standings(c, &befores)?,
        people: People::load(c, rows.iter().flat_map(|row| [Some(row.author), row.ended_by]).collect::<Vec<_>>())?,
    };
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        let receipt = match (&row.receipt, row.state) {
            (_, ParkState::Waiting) => None,
            (Some(receipt), _) => Some(receipt.clone()),
            (None, _) => parking::find_receipt(c, row.op_id)?,
        };
        items.push(shown.item(row, receipt.as_deref())?);
    }
    Ok(items)
}

/// What stands around the rows of one answer.
struct Shown<'a> {
    actor: &'a Actor,
    lines: HashMap<HouseholdId, HouseholdLine>,
    behind: HashMap<OpId, i64>,
    standings: HashMap<OpId, Dependency>,
    people: People,
}

impl Shown<'_> {
    fn item(&self, row: ParkedRow, receipt: Option<&str>) -> AppResult<ParkedItem> {
        let is_waiting = row.state == ParkState::Waiting;
        let standing = row.after.map(|after| self.standings.get(&after).copied().unwrap_or(Dependency::Missing));
        let may = |action| is_waiting && policy::may(self.actor, action, &target(&row)) == Verdict::Yes;
        let end = receipt.map(|receipt| self.end(&row, receipt)).transpose()?;
        Ok(ParkedItem {
            op_id: row.op_id,
            version: row.version,
            subject_kind: subject_kind(&row),
            subject_id: row.subject,
            household_id: row.household,
            household_name: self.household_name(&row),
            author: self.people.person(row.author),
            recorded_at: row.recorded_at,
            parked_at: row.parked_at,
            reason: row.reason.code(),
            state: row.state.code(),
            owner: if is_waiting { owner(row.reason, standing) } else { ParkOwner::Nobody }.code(),
            tries: row.tries,
            tried_at: row.tried_at,
            after: row.after.zip(standing).map(|(op_id, of)| ParkedAfter { op_id, standing: of.code() }),
            behind: self.behind.get(&row.op_id).copied().unwrap_or_default(),
            end,
            may_replay: may(Action::ReplayParked),
            may_dismiss: may(Action::DismissParked),
            kind: row.kind,
            region_code: row.region,
        })
    }

    fn household_name(&self, row: &ParkedRow) -> Option<String> {
        let line = self.lines.get(&row.household?)?;
        let people = [line.contact, line.responsible];
        let target = Target { region: &line.region, contact: people[0], responsible: people[1], author: None };
        if policy::may(self.actor, Action::ViewHousehold, &target) != Verdict::Yes {
            return None;
        }
        shown_name(&line.name, people, self.actor.user)
    }

    fn end(&self, row: &ParkedRow, receipt: &str) -> AppResult<ParkedEnd> {
        let receipt: Receipt = serde_json::from_str(receipt)?;
        let words = receipt.errors.first().filter(|error| error.code == BECAUSE).and_then(|e| e.params.as_ref());
        Ok(ParkedEnd {
            at: row.ended_at.unwrap_or(row.tried_at),
            by: row.ended_by.map(|id| self.people.person(id)),
            outcome: receipt.outcome,
            code: receipt.code,
            reason: words.and_then(|params| params["reason"].as_str()).map(str::to_owned),
        })
    }
}
