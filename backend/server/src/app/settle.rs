//! Conflicts begin and end: what the waiting visits of a household disagree about, with the file and with one another.
//!
//! A visit is held against the file and, one by one, against the visits that wait and came before it. It belongs in
//! the transaction of whatever moved the file or a visit, after `household::hold`.

use crate::app::audience::audience;
use crate::app::case::{Ahead, Case};
use crate::app::visit::event;
use crate::app::{App, AppResult, tenure, twice};
use ruhu_domain::actor::Actor;
use ruhu_domain::ids::{HouseholdId, UserId, VisitId};
use ruhu_domain::refusal::Finding;
use ruhu_domain::sync::conflict::{Conflict, ConflictState, Side, VISITOR_FIRST_MS};
use ruhu_domain::sync::merge::Clash;
use ruhu_domain::sync::operation::Outcome;
use ruhu_domain::sync::twice::counts;
use ruhu_domain::time::Time;
use ruhu_domain::visit::{Visit, VisitState};
use ruhu_store::change::{self, ChangeKind};
use ruhu_store::household::{self, HouseholdRow};
use ruhu_store::visit::VisitRow;
use ruhu_store::{Conn, StoreError, audit, conflict, visit, visit_list};
use serde_json::json;
use std::collections::VecDeque;

/// Visits that one is held against at most; the latest of those that wait.
const OTHERS_MAX: usize = 16;

/// What an arriving visit met.
pub struct Arrival {
    pub outcome: Outcome,
    pub state: VisitState,
    /// Changes that no visit may make; the rest of the visit is there.
    pub refused: Vec<Finding>,
}

/// A change of what is open, with whom to tell.
struct Desk<'a> {
    app: &'a App,
    actor: &'a Actor,
    household: HouseholdRow,
    now: Time,
}

/// Holds a visit that has just come in against the file and against every other visit that waits.
/// `meets`: another household holds a number that it brings.
pub fn arrive(app: &App, c: &mut Conn, actor: &Actor, id: VisitId, meets: bool, now: Time) -> AppResult<Arrival> {
    let missing = || StoreError::Broken("a visit that has just come in is not there".to_owned());
    let row = &visit::find_unscoped(c, id)?.ok_or_else(missing)?;
    let desk = Desk::open(app, c, actor, row.household_id, now)?;
    let mut others = visit_list::list_waiting(c, row.household_id)?;
    others.retain(|other| other.id != row.id);
    if others.is_empty() && desk.household.rev == row.base_rev && !meets {
        return Ok(Arrival { outcome: Outcome::Applied, state: row.state, refused: Vec::new() });
    }
    let mut ahead = Vec::new();
    for other in &others[others.len().saturating_sub(OTHERS_MAX)..] {
        ahead.push(desk.open_case(c, other)?.1);
    }
    let (case, _) = desk.open_case(c, row)?;
    let state = desk.settle(c, row, &case, &ahead)?;
    let outcome = if state == VisitState::Conflict { Outcome::Conflict } else { case.merged.outcome() };
    let refusal = |path: &str, code: &str| Finding { code: code.to_owned(), path: path.to_owned(), params: None };
    let refused = case.merged.refused.iter().map(|refused| refusal(&refused.path, refused.code)).collect();
    Ok(Arrival { outcome, state, refused })
}

/// Looks at all waiting visits of a household again, after the file or one of them moved.
pub fn settle_all(app: &App, c: &mut Conn, actor: &Actor, id: HouseholdId, now: Time) -> AppResult<()> {
    let waiting = visit_list::list_waiting(c, id)?;
    if waiting.is_empty() {
        return Ok(());
    }
    let desk = Desk::open(app, c, actor, id, now)?;
    let mut ahead: VecDeque<Ahead> = VecDeque::with_capacity(OTHERS_MAX);
    for row in &waiting {
        let (case, as_ahead) = desk.open_case(c, row)?;
        desk.settle(c, row, &case, ahead.make_contiguous())?;
        if ahead.len() == OTHERS_MAX {
            ahead.pop_front();
        }
        ahead.push_back(as_ahead);
    }
    Ok(())
}

/// A visit waits no more: what is open about it is void, and the others are looked at again.
pub fn leave(app: &App, c: &mut Conn, actor: &Actor, visit: &Visit, now: Time) -> AppResult<()> {
    let open = conflict::list_for_visit(c, &app.vault, visit.id)?.into_iter();
    let open: Vec<Conflict> = open.filter(|conflict| conflict.state == ConflictState::Open).collect();
    if !open.is_empty() {
        let desk = Desk::open(app, c, actor, visit.household_id, now)?;
        open.into_iter().try_for_each(|conflict| desk.make_void(c, conflict))?;
    }
    settle_all(app, c, actor, visit.household_id, now)?;
    twice::settle_asking(app, c, actor, visit.household_id, now)?;
    if visit.state == VisitState::Approved { tell_against(app, c, visit, now) } else { Ok(()) }
}

/// The file holds now what waited until here: the cards of those who must decide against it say so.
fn tell_against(app: &App, c: &mut Conn, visit: &Visit, now: Time) -> AppResult<()> {
    let missing = || StoreError::Broken("a visit without its household".to_owned());
    let household = household::find_unscoped(c, visit.household_id)?.ok_or_else(missing)?;
    for id in conflict::list_open_ids(c, visit.household_id)? {
        let open = conflict::find_unscoped(c, &app.vault, id)?;
        let is_against = |of: &Conflict| of.theirs.and_then(|side| side.visit).is_some_and(|(id, _)| id == visit.id);
        if let Some(open) = open.filter(is_against) {
            tell(c, &household, &open, now)?;
        }
    }
    Ok(())
}

/// Whoever hears of a conflict: the people of the household, and the visitor whom it asks. Whoever wrote the other
/// side hears of it only while the household is theirs, too.
pub fn tell(c: &mut Conn, household: &HouseholdRow, conflict: &Conflict, now: Time) -> AppResult<()> {
    let people = [household.contact, household.responsible, Some(conflict.visitor)];
    let users: Vec<UserId> = audience(c, &household.region, people)?;
    Ok(change::record(c, &users, ChangeKind::Conflict, conflict.id.uuid(), now)?)
}

impl<'a> Desk<'a> {
    fn open(app: &'a App, c: &mut Conn, actor: &'a Actor, id: HouseholdId, now: Time) -> AppResult<Self> {
        let missing = || StoreError::Broken("a visit without its household".to_owned());
        let household = household::find_unscoped(c, id)?.ok_or_else(missing)?;
        Ok(Self { app, actor, household, now })
    }

    fn open_case(&self, c: &mut Conn, row: &VisitRow) -> AppResult<(Case, Ahead)> {
        let missing = || StoreError::Broken("a visit without its proposal".to_owned());
        let proposal = visit::find_proposal(c, &self.app.vault, row.id)?.ok_or_else(missing)?;
        let case = Case::open(self.app, c, self.household.clone(), &proposal)?;
        let ahead = case.ahead(self.app, row.visitor, &proposal)?;
        Ok((case, ahead))
    }

    /// Opens what is new, makes void what is not so any more, and says how the visit waits now.
    fn settle(&self, c: &mut Conn, row: &VisitRow, case: &Case, ahead: &[Ahead]) -> AppResult<VisitState> {
        let found = self.find(c, row, case, ahead)?;
        let mut has_open = false;
        for known in case.conflicts.iter().filter(|conflict| conflict.state == ConflictState::Open) {
            if found.iter().any(|(clash, _)| known.is_of(clash)) {
                has_open = true;
            } else {
                self.make_void(c, known.clone())?;
            }
        }
        let is_known =
            |clash: &Clash| case.conflicts.iter().any(|conflict| counts(conflict, row.rev) && conflict.is_of(clash));
        for (clash, theirs) in found.into_iter().filter(|(clash, _)| !is_known(clash)) {
            self.open_conflict(c, row, case, clash, theirs)?;
            has_open = true;
        }
        self.set_waiting(c, row, has_open)
    }

    /// Every clash about which nobody decided, each once, with who wrote the other side.
    fn find(
        &self,
        c: &mut Conn,
        row: &VisitRow,
        case: &Case,
        ahead: &[Ahead],
    ) -> AppResult<Vec<(Clash, Option<Side>)>> {
        let mut found: Vec<(Clash, Option<Side>)> = Vec::new();
        for clash in &case.merged.clashes {
            found.push((clash.clone(), case.writer(c, clash)?));
        }
        for other in ahead {
            for clash in case.merge_behind(&self.app.definitions, other).clashes {
                if found.iter().any(|(known, _)| known.is_same(&clash)) {
                    continue;
                }
                found.push((clash, Some(other.side)));
            }
        }
        found.extend(twice::meet(self.app, c, row, case)?);
        Ok(found)
    }

    fn open_conflict(
        &self,
        c: &mut Conn,
        row: &VisitRow,
        case: &Case,
        clash: Clash,
        theirs: Option<Side>,
    ) -> AppResult<()> {
        // Whoever has the household no more is not asked: it would show them what became of it.
        let is_asked = tenure::is_held_by(c, row.visitor, &self.household)?;
        let conflict = Conflict {
            id: self.app.env.id()?.into(),
            household: self.household.id,
            clash,
            visit: row.id,
            visit_rev: row.rev,
            visitor: row.visitor,
            mine_at: case.ended_at(),
            theirs,
            state: ConflictState::Open,
            visitor_until: if is_asked { self.now.plus_ms(VISITOR_FIRST_MS) } else { self.now },
            decision: None,
            created_at: self.now,
        };
        conflict::insert(c, &self.app.vault, &conflict)?;
        self.note(c, &conflict, "conflict.open")
    }

    fn make_void(&self, c: &mut Conn, conflict: Conflict) -> AppResult<()> {
        let conflict = Conflict { state: ConflictState::Void, ..conflict };
        conflict::update_end(c, &self.app.vault, &conflict)?;
        self.note(c, &conflict, "conflict.void")
    }

    fn note(&self, c: &mut Conn, conflict: &Conflict, action: &str) -> AppResult<()> {
        let other = conflict.theirs.and_then(|side| side.visit).map(|(id, _)| id);
        let detail = json!({ "visit": conflict.visit, "rev": conflict.visit_rev, "other": other });
        audit::append(c, &event(self.now, self.actor, action, "conflict", conflict.id.uuid(), detail))?;
        tell(c, &self.household, conflict, self.now)
    }

    fn set_waiting(&self, c: &mut Conn, row: &VisitRow, has_open: bool) -> AppResult<VisitState> {
        let visit = Visit::from(row.clone()).waiting(has_open);
        if visit.state != row.state {
            visit::update_state(c, &visit, row.state, self.now)?;
            let people = [self.household.contact, self.household.responsible, Some(visit.visitor)];
            let users = audience(c, &self.household.region, people)?;
            change::record(c, &users, ChangeKind::Visit, visit.id.uuid(), self.now)?;
        }
        Ok(visit.state)
    }
}
