//! Pull: everything in scope once, then what changed since; each page with the cursor that follows it.

use crate::app::audience::People;
use crate::app::conflict::bodies;
use crate::app::error::AppError;
use crate::app::household::{Phones, body};
use crate::app::{App, AppResult};
use crate::views::conflict::ConflictBody;
use crate::views::sync::{ChangeRow, EvictRow, OutcomeRow, PullRequest, PullView};
use crate::views::visit::VisitBody;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ruhu_domain::actor::Actor;
use ruhu_domain::ids::{ConflictId, HouseholdId, OpId, UserId, VisitId};
use ruhu_domain::policy::{self, Action};
use ruhu_domain::sync::conflict::{Conflict, ConflictState};
use ruhu_domain::sync::cursor::{Cursor, CursorAt, FeedPosition};
use ruhu_domain::time::Time;
use ruhu_domain::visit::VisitState;
use ruhu_store::change::{self, ChangeKind};
use ruhu_store::household::HouseholdRow;
use ruhu_store::visit::{self, VisitRow};
use ruhu_store::{Conn, Found, StoreError, conflict, household_list, operation, parking, user, visit_list};
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeSet;
use uuid::Uuid;

const PAGE: i64 = 200;
const PAGE_MAX: i64 = 500;
const HOUSEHOLD: &str = "household";
const VISIT: &str = "visit";
const CONFLICT: &str = "conflict";
const OUTCOME: &str = "outcome";
/// No cursor of ours is longer.
const CURSOR_MAX_BYTES: usize = 512;

impl App {
    /// One page for a phone. Whoever works in the field no more hears what became of their parked work, and nothing else.
    pub async fn pull(&self, actor: &Actor, request: PullRequest) -> AppResult<PullView> {
        self.check_field(actor).await?;
        let cursor = request.cursor.as_deref().map(read_cursor).transpose()?;
        let limit = request.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
        let (app, actor) = (self.clone(), actor.clone());
        self.db
            .read(move |c: &mut Conn| -> AppResult<PullView> {
                let account = user::find(c, actor.user)?.ok_or_else(AppError::not_found)?;
                // Another history or scope: what the phone holds may be wrong, so everything is sent anew.
                let fits =
                    |known: &Cursor| known.history == app.history_id && known.scope_version == account.scope_version;
                let at = match cursor.clone().filter(fits) {
                    Some(known) => known.at,
                    None => CursorAt::Snapshot { after: None, feed: change::head(c)? },
                };
                let is_in_field = policy::may_attempt(actor.role, Action::SyncDevice);
                let page = Page { app: &app, actor: &actor, limit, is_in_field };
                let mut pulled = match at {
                    CursorAt::Snapshot { feed, .. } if !is_in_field => page.ended(c, None, feed)?,
                    CursorAt::Snapshot { after, feed } => page.snapshot(c, after, feed)?,
                    CursorAt::Ended { after: (micros, op), feed } => {
                        page.ended(c, Some((Time::from_micros(micros), OpId(op))), feed)?
                    }
                    CursorAt::Feed(position) => page.feed(c, position)?,
                };
                let next =
                    Cursor { history: app.history_id.clone(), scope_version: account.scope_version, at: pulled.next };
                pulled.view.cursor = BASE64.encode(serde_json::to_vec(&next)?);
                Ok(pulled.view)
            })
            .await
    }
}

fn read_cursor(text: &str) -> AppResult<Cursor> {
    let bad = || AppError::Store(StoreError::BadCursor);
    let bytes = Some(text).filter(|text| text.len() <= CURSOR_MAX_BYTES).and_then(|text| BASE64.decode(text).ok());
    serde_json::from_slice(&bytes.ok_or_else(bad)?).map_err(|_| bad())
}

/// The answer that stands for an operation now.
fn outcome(c: &mut Conn, op: OpId) -> AppResult<Option<OutcomeRow>> {
    let receipt = match parking::find_receipt(c, op)? {
        Some(receipt) => Some(receipt),
        None => operation::find_by_op_id(c, op)?.map(|row| row.receipt),
    };
    let row = |receipt| Ok(OutcomeRow { op_id: op.uuid(), receipt: RawValue::from_string(receipt)? });
    receipt.map(row).transpose()
}

/// What of a page can be read. A damaged row takes nothing with it: the page goes on without it, the log names it, and
/// whoever mends it has the phones told (`mended.rs`).
fn sound<T>(kind: &'static str, id: Uuid, made: AppResult<T>) -> AppResult<Option<T>> {
    match made {
        Ok(made) => Ok(Some(made)),
        Err(AppError::Store(error)) if error.is_infrastructure() => Err(error.into()),
        Err(cause) => {
            tracing::error!(row.kind = kind, row.id = %id, %cause, "a damaged {kind} was left out of a pull: {id}");
            Ok(None)
        }
    }
}

/// Those of the touched rows that are not in scope any more.
fn gone<T>(touched: &BTreeSet<Uuid>, found: &Found<T>, id: impl Fn(&T) -> Uuid) -> Vec<Uuid> {
    let there: BTreeSet<Uuid> = found.rows.iter().map(id).chain(found.damaged.iter().copied()).collect();
    touched.difference(&there).copied().collect()
}

/// A page and where the next one begins; `view.cursor` is still empty.
struct Pulled {
    view: PullView,
    next: CursorAt,
}

impl Pulled {
    /// An empty page after which more comes.
    fn more(next: CursorAt) -> Self {
        let (changes, evict, outcomes) = (Vec::new(), Vec::new(), Vec::new());
        Self { view: PullView { changes, evict, outcomes, cursor: String::new(), more: true, total: None }, next }
    }
}

struct Page<'a> {
    app: &'a App,
    actor: &'a Actor,
    limit: i64,
    is_in_field: bool,
}

impl Page<'_> {
    /// Households by id, each with its visits. The feed is read from where it stood at the first page.
    fn snapshot(&self, c: &mut Conn, after: Option<Uuid>, feed: FeedPosition) -> AppResult<Pulled> {
        let scope = self.actor.row_scope();
        let total = if after.is_none() { Some(household_list::count(c, &scope)?) } else { None };
        let ids = household_list::list_ids_after(c, &scope, after, self.limit)?;
        let is_last = i64::try_from(ids.len()).is_ok_and(|count| count < self.limit);
        let households = household_list::list_by_ids(c, &scope, &ids)?.rows;
        let mut visits = visit_list::list_for_households(c, &scope, &ids)?;
        let conflicts = conflict::list_open_for(c, &self.app.vault, &scope, &ids)?;
        let mut pulled = match ids.last() {
            Some(last) if !is_last => Pulled::more(CursorAt::Snapshot { after: Some(last.uuid()), feed }),
            _ => {
                let elsewhere = visit_list::list_own_elsewhere(c, self.actor.user)?;
                visits.extend(visit_list::list_by_ids(c, &scope, &elsewhere)?.rows);
                self.ended(c, None, feed)?
            }
        };
        pulled.view.changes = self.changes(c, households, visits)?;
        pulled.view.changes.extend(self.conflicts(c, conflicts)?);
        pulled.view.total = total;
        Ok(pulled)
    }

    /// What became of parked work before this sync began: a phone that begins anew may have missed it in the feed. What
    /// ends while it reads is behind `feed`.
    fn ended(&self, c: &mut Conn, after: Option<(Time, OpId)>, feed: FeedPosition) -> AppResult<Pulled> {
        let keys = parking::list_ended(c, self.actor.user, after, self.limit)?;
        let is_last = i64::try_from(keys.len()).is_ok_and(|count| count < self.limit);
        let next = match keys.last() {
            Some((at, op)) if !is_last => CursorAt::Ended { after: (at.micros(), op.uuid()), feed },
            _ => CursorAt::Feed(feed),
        };
        let mut pulled = Pulled::more(next);
        for (_, op) in keys {
            let told = outcome(c, op);
            pulled.view.outcomes.extend(sound(OUTCOME, op.uuid(), told)?.flatten());
        }
        Ok(pulled)
    }

    /// What happened after a position, each thing once, as it is now.
    fn feed(&self, c: &mut Conn, after: FeedPosition) -> AppResult<Pulled> {
        let scope = self.actor.row_scope();
        let rows = change::read_after(c, self.actor.user, after, self.limit)?;
        let more = i64::try_from(rows.len()).is_ok_and(|count| count >= self.limit);
        let next = CursorAt::Feed(rows.last().map_or(after, |row| row.position));
        let is_told = |kind: ChangeKind| self.is_in_field || kind == ChangeKind::Outcome;
        let named = |kind: ChangeKind| -> BTreeSet<Uuid> {
            rows.iter().filter(|row| row.kind == kind && is_told(kind)).map(|row| row.id).collect()
        };
        let touched: BTreeSet<Uuid> = named(ChangeKind::Household).union(&named(ChangeKind::Evict)).copied().collect();
        let ids: Vec<HouseholdId> = touched.iter().copied().map(HouseholdId).collect();
        let households = household_list::list_by_ids(c, &scope, &ids)?;
        let out = |kind| move |id| EvictRow { kind, id };
        let mut evict: Vec<EvictRow> =
            gone(&touched, &households, |row| row.id.uuid()).into_iter().map(out(HOUSEHOLD)).collect();
        let touched = named(ChangeKind::Visit);
        let ids: Vec<VisitId> = touched.iter().copied().map(VisitId).collect();
        let visits = visit_list::list_by_ids(c, &scope, &ids)?;
        evict.extend(gone(&touched, &visits, |row| row.id.uuid()).into_iter().map(out(VISIT)));
        let mut outcomes = Vec::new();
        for op_id in named(ChangeKind::Outcome) {
            let told = outcome(c, OpId(op_id));
            outcomes.extend(sound(OUTCOME, op_id, told)?.flatten());
        }
        let touched = named(ChangeKind::Conflict);
        let ids: Vec<ConflictId> = touched.iter().copied().map(ConflictId).collect();
        let conflicts = conflict::list_by_ids(c, &self.app.vault, &scope, &ids)?;
        evict.extend(gone(&touched, &conflicts, |of| of.id.uuid()).into_iter().map(out(CONFLICT)));
        let mut changes = self.changes(c, households.rows, visits.rows)?;
        changes.extend(self.conflicts(c, conflicts.rows)?);
        let view = PullView { changes, evict, outcomes, cursor: String::new(), more, total: None };
        Ok(Pulled { view, next })
    }

    fn changes(&self, c: &mut Conn, households: Vec<HouseholdRow>, visits: Vec<VisitRow>) -> AppResult<Vec<ChangeRow>> {
        let of_households = households.iter().flat_map(|row| [row.contact, row.responsible]);
        let reviewer = |row: &VisitRow| row.review.as_ref().map(|review| review.by);
        let of_visits = visits.iter().flat_map(|row| [Some(row.visitor), reviewer(row)]);
        let ids: Vec<Option<UserId>> = of_households.chain(of_visits).collect();
        let people = People::load(c, ids)?;
        let mut changes = Vec::with_capacity(households.len() + visits.len());
        for row in households {
            let (id, rev) = (row.id.uuid(), row.rev);
            // Whoever knocks at the door calls first; a union only keeps the file.
            let is_at_the_door = [row.contact, row.responsible].contains(&Some(self.actor.user));
            let phones = if is_at_the_door { Phones::Clear } else { Phones::Masked };
            let body = body(self.app, row, &people, phones).and_then(|body| Ok(to_raw_value(&body)?));
            changes.extend(sound(HOUSEHOLD, id, body)?.map(|body| ChangeRow { kind: HOUSEHOLD, id, rev, body }));
        }
        for row in visits {
            let (id, rev) = (row.id.uuid(), row.rev);
            let body = self.visit(c, row, &people).and_then(|body| Ok(to_raw_value(&body)?));
            changes.extend(sound(VISIT, id, body)?.map(|body| ChangeRow { kind: VISIT, id, rev, body }));
        }
        Ok(changes)
    }

    /// One that is over goes out once more, so that the phone lays its card aside.
    fn conflicts(&self, c: &mut Conn, conflicts: Vec<Conflict>) -> AppResult<Vec<ChangeRow>> {
        let rev = |of: &Conflict| if of.state == ConflictState::Open { 1 } else { 2 };
        let revs: Vec<i64> = conflicts.iter().map(rev).collect();
        let bodies = bodies(self.app, c, self.actor, conflicts)?;
        let row = |(body, rev): (ConflictBody, i64)| {
            Ok(ChangeRow { kind: CONFLICT, id: body.id.uuid(), rev, body: to_raw_value(&body)? })
        };
        bodies.into_iter().zip(revs).map(row).collect()
    }

    fn visit(&self, c: &mut Conn, row: VisitRow, people: &People) -> AppResult<VisitBody> {
        // Only its visitor mends it, so only they get back what they wrote.
        let is_to_mend = row.state == VisitState::Returned && row.visitor == self.actor.user;
        let proposal = if is_to_mend { visit::find_proposal(c, &self.app.vault, row.id)? } else { None };
        Ok(VisitBody {
            id: row.id,
            household_id: row.household_id,
            rev: row.rev,
            state: row.state.code(),
            visit_type: row.visit_type.code(),
            outcome: row.outcome,
            visitor: people.person(row.visitor),
            started_at: row.started_at,
            ended_at: row.ended_at,
            received_at: row.received_at,
            hash: row.hash,
            base_rev: row.base_rev,
            review: row.review.as_ref().map(|review| people.review(review)),
            file_rev: row.file_rev,
            proposal,
        })
    }
}
