//! Conflicts are shown, and decided: by the visitor first, by a reviewer after 72 hours.

use crate::app::audience::People;
use crate::app::case::Case;
use crate::app::error::{AppError, Refused};
use crate::app::household::{page, read_code, shown_name};
use crate::app::record::{cover_change, target};
use crate::app::settle::{settle_all, tell};
use crate::app::twice::{covered_people, settle_other};
use crate::app::visit::event;
use crate::app::{App, AppResult, tenure};
use crate::views::conflict::{
    ConflictBody, ConflictDecision, ConflictList, ConflictQuery, DecideConflictBody, DecideRequest, DecideResult,
    DecideView, MySide, TheirSide, WaitingChange,
};
use ruhu_domain::actor::Actor;
use ruhu_domain::form::{self, Change, Dictionary, File};
use ruhu_domain::ids::{ConflictId, HouseholdId, VisitId};
use ruhu_domain::policy::{self, Action, Target, Verdict};
use ruhu_domain::refusal::{Finding, Refusal};
use ruhu_domain::sync::conflict::{Conflict, ConflictRefusal, ConflictState, Decider, Decision, Wanted};
use ruhu_domain::sync::merge::{Choice, ClashKind, ResolveRefusal, resolve};
use ruhu_domain::sync::twice;
use ruhu_domain::time::Time;
use ruhu_domain::visit::{Visit, VisitState};
use ruhu_store::conflict::{self, ConflictFilter};
use ruhu_store::household::{self, HouseholdRow};
use ruhu_store::household_list::{self, HouseholdLine};
use ruhu_store::visit::{self, VisitRow};
use ruhu_store::{Conn, StoreError, audit, savepoint, visit_list};
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap, HashSet};

/// `state=all` in a query asks for every state.
const ALL_STATES: &str = "all";
/// `due=supervisor`: those that are not the visitor's alone any more.
const DUE: &str = "supervisor";
/// Decisions of one request at most.
const DECISIONS_MAX: usize = 100;

impl App {
    /// Conflicts in the actor's scope, the oldest first.
    pub async fn list_conflicts(&self, actor: &Actor, query: ConflictQuery) -> AppResult<ConflictList> {
        let state = match query.state.as_deref() {
            Some(ALL_STATES) => None,
            text => read_code(text, ConflictState::from_code, "state")?.or(Some(ConflictState::Open)),
        };
        let due = read_code(query.due.as_deref(), |text| (text == DUE).then_some(()), "due")?;
        let ConflictQuery { region, visit, limit, cursor, .. } = query;
        let filter = ConflictFilter { state, due_at: due.map(|()| self.now()), region, visit: visit.map(VisitId) };
        let (app, actor, page) = (self.clone(), actor.clone(), page(cursor, limit));
        self.db
            .read(move |c: &mut Conn| -> AppResult<ConflictList> {
                let found = conflict::list(c, &app.vault, &actor.row_scope(), &filter, &page)?;
                let items = bodies(&app, c, &actor, found.items)?;
                Ok(ConflictList { items, next_cursor: found.next_cursor, total: found.total })
            })
            .await
    }

    /// Decides conflicts at the desk; each in its own savepoint.
    pub async fn decide_conflicts(&self, actor: &Actor, wanted: DecideRequest) -> AppResult<DecideView> {
        if wanted.decisions.is_empty() || wanted.decisions.len() > DECISIONS_MAX {
            let title = "Between 1 and 100 decisions at once";
            return Err(AppError::invalid_field("decisions", "conflict.count", title));
        }
        let (app, actor, now) = (self.clone(), actor.clone(), self.now());
        self.db
            .write(move |c: &mut Conn| -> AppResult<DecideView> {
                let mut results = Vec::with_capacity(wanted.decisions.len());
                for one in &wanted.decisions {
                    let answer = savepoint(c, |c| decide(&app, c, &actor, one, now));
                    results.push(result(one.conflict_id, answer)?);
                }
                Ok(DecideView { results })
            })
            .await
    }
}

fn result(conflict_id: ConflictId, answer: AppResult<Decided>) -> AppResult<DecideResult> {
    let blank = DecideResult { conflict_id, state: None, code: None, errors: Vec::new() };
    match answer {
        Ok(_) => Ok(DecideResult { state: Some(ConflictState::Decided.code()), ..blank }),
        Err(AppError::Refused(refused)) => {
            let Refused { code, errors, .. } = *refused;
            Ok(DecideResult { code: Some(code), errors: errors.into_iter().map(Into::into).collect(), ..blank })
        }
        Err(AppError::Store(StoreError::Stale | StoreError::Duplicate(_))) => {
            Ok(DecideResult { code: Some("state.moved"), ..blank })
        }
        // A damaged row in the way of one decision takes nothing with it; the log says why.
        Err(AppError::Store(error)) if !error.is_infrastructure() => Ok(failed(blank, &error.to_string())),
        Err(AppError::Broken(cause)) => Ok(failed(blank, &cause)),
        Err(other) => Err(other),
    }
}

fn failed(blank: DecideResult, cause: &str) -> DecideResult {
    tracing::error!(conflict.id = %blank.conflict_id, cause, "a conflict could not be decided");
    DecideResult { code: Some("op.failed"), ..blank }
}

/// A conflict after its decision.
pub struct Decided {
    pub household: HouseholdId,
    /// The revision of the visit that it belongs to.
    pub visit_rev: i64,
}

/// Takes in one decision, from a phone or from the desk.
pub fn decide(app: &App, c: &mut Conn, actor: &Actor, wanted: &DecideConflictBody, now: Time) -> AppResult<Decided> {
    let unknown = || AppError::rule(&ConflictRefusal::Unknown);
    let found = conflict::find_unscoped(c, &app.vault, wanted.conflict_id)?.ok_or_else(unknown)?;
    household::hold(c, found.household)?;
    let household = household::find_unscoped(c, found.household)?.ok_or_else(unknown)?;
    let row = visit::find_unscoped(c, found.visit)?.ok_or_else(unknown)?;
    let target = target(&row, &household);
    // Whoever was at the door has decided about their own visit, also when the household left them meanwhile.
    if found.visitor != actor.user && !policy::sees(actor, &target) {
        return Err(unknown());
    }
    let is_visitor_gone = !tenure::is_held_by(c, found.visitor, &household)?;
    let who = decider(actor, &target, is_visitor_gone);
    let DecideConflictBody { choice, value, reason, .. } = wanted.clone();
    let decided = found.decided(Wanted { choice, value, reason }, who, now).map_err(|no| AppError::rule(&no))?;
    check(app, c, &household, &row, &decided, now)?;
    conflict::update_end(c, &app.vault, &decided)?;
    let detail = json!({ "visit": decided.visit, "rev": decided.visit_rev, "choice": choice.code() });
    audit::append(c, &event(now, actor, "conflict.decide", "conflict", decided.id.uuid(), detail))?;
    tell(c, &household, &decided, now)?;
    // What is decided changes what others are held against.
    settle_all(app, c, actor, household.id, now)?;
    // The other household may have asked the same from its side.
    if let Some(other) = twice::other(&decided.clash) {
        settle_other(app, c, actor, other, now)?;
    }
    Ok(Decided { household: household.id, visit_rev: row.rev })
}

fn decider(actor: &Actor, target: &Target<'_>, is_visitor_gone: bool) -> Decider {
    let is_reviewer = policy::may(actor, Action::DecideConflict, target) == Verdict::Yes;
    Decider { user: actor.user, is_reviewer, is_visitor_gone }
}

/// Whether what was chosen can be written into the file that the decision is about.
fn check(
    app: &App,
    c: &mut Conn,
    household: &HouseholdRow,
    row: &VisitRow,
    decided: &Conflict,
    now: Time,
) -> AppResult<()> {
    let writes = |of: &&Decision| matches!(of.choice, Choice::Mine | Choice::Other);
    let asks_file = decided.clash.kind != ClashKind::Twice;
    let Some(decision) = decided.decision.as_ref().filter(writes).filter(|_| asks_file) else { return Ok(()) };
    let file = file_of(app, c, household, row, decided)?;
    let (clash, value) = (&decided.clash, decision.value.as_ref());
    resolve(&app.definitions, clash, decision.choice, value, &file, now.date()).map(drop).map_err(|refusal| {
        let path = match &refusal {
            ResolveRefusal::NoValue => String::new(),
            ResolveRefusal::NotAsked(path) | ResolveRefusal::Covered(path) => path.clone(),
            ResolveRefusal::Value { path, .. } => path.clone(),
            ResolveRefusal::Breaks(paths) => paths.first().cloned().unwrap_or_default(),
        };
        let finding = Finding { code: refusal.code().to_owned(), path, params: None };
        AppError::rule(&refusal).with_errors(vec![finding])
    })
}

/// The file as it will be when the visit is approved, without this conflict: with the other visit when that still
/// waits, and with everything of this one that needs no decision.
fn file_of(app: &App, c: &mut Conn, household: &HouseholdRow, row: &VisitRow, of: &Conflict) -> AppResult<File> {
    let missing = || StoreError::Broken("a visit without its proposal".to_owned());
    let proposal = visit::find_proposal(c, &app.vault, row.id)?.ok_or_else(missing)?;
    let case = Case::open(app, c, household.clone(), &proposal)?;
    let other = match of.theirs.and_then(|side| side.visit) {
        Some((id, _)) => visit::find_unscoped(c, id)?.filter(|other| Visit::from(other.clone()).state.is_waiting()),
        None => None,
    };
    let (current, accepted) = match other {
        Some(other) => {
            let proposal = visit::find_proposal(c, &app.vault, other.id)?.ok_or_else(missing)?;
            let ahead = Case::open(app, c, household.clone(), &proposal)?.ahead(app, other.visitor, &proposal)?;
            let merged = case.merge_behind(&app.definitions, &ahead);
            (ahead.file, merged.accepted)
        }
        None => (case.now, case.merged.accepted),
    };
    let broken = |error: form::ApplyError| AppError::Broken(format!("a kept proposal: {}", error.code()));
    form::apply(app.definitions.dictionary(), Some(&current), &accepted).map_err(broken)
}

/// Conflicts as one reader sees them.
pub fn bodies(app: &App, c: &mut Conn, actor: &Actor, conflicts: Vec<Conflict>) -> AppResult<Vec<ConflictBody>> {
    if conflicts.is_empty() {
        return Ok(Vec::new());
    }
    let others = conflicts.iter().filter_map(|conflict| twice::other(&conflict.clash));
    let homes: BTreeSet<HouseholdId> = conflicts.iter().map(|conflict| conflict.household).chain(others).collect();
    let lines = household_list::list_lines(c, homes)?;
    let lines: HashMap<HouseholdId, HouseholdLine> = lines.into_iter().map(|line| (line.id, line)).collect();
    let others: BTreeSet<VisitId> = conflicts.iter().filter_map(|of| Some(of.theirs?.visit?.0)).collect();
    let states = visit_list::list_states(c, others)?;
    let of_conflicts = conflicts.iter().flat_map(|of| {
        let decider = of.decision.as_ref().map(|decision| decision.by);
        [Some(of.visitor), of.theirs.map(|side| side.by), decider]
    });
    let contacts = lines.values().map(|line| line.contact);
    let people = People::load(c, of_conflicts.chain(contacts).collect::<Vec<_>>())?;
    let left = conflict::list_left(c, conflicts.iter().map(|of| of.id))?;
    let dictionary = app.definitions.dictionary();
    let view = View { dictionary, lines: &lines, states: &states, people: &people, left: &left };
    let now = app.now();
    Ok(conflicts.into_iter().map(|conflict| view.body(actor, conflict, now)).collect())
}

struct View<'a> {
    dictionary: &'a Dictionary,
    lines: &'a HashMap<HouseholdId, HouseholdLine>,
    states: &'a HashMap<VisitId, VisitState>,
    people: &'a People,
    /// Those whose visitor does not have the household any more.
    left: &'a HashSet<ConflictId>,
}

impl View<'_> {
    fn body(&self, actor: &Actor, conflict: Conflict, now: Time) -> ConflictBody {
        let line = self.lines.get(&conflict.household);
        let name = line.and_then(|line| shown_name(&line.name, [line.contact, line.responsible], actor.user));
        let may_decide = line.is_some_and(|line| {
            let target = Target {
                region: &line.region,
                contact: line.contact,
                responsible: line.responsible,
                author: Some(conflict.visitor),
            };
            let is_visitor_gone = self.left.contains(&conflict.id);
            policy::sees(actor, &target) && conflict.may_decide(decider(actor, &target, is_visitor_gone), now)
        });
        let clash = &conflict.clash;
        let cover = |value: &Value| self.cover(actor, &conflict, value);
        let other = conflict.theirs.and_then(|side| side.visit);
        ConflictBody {
            id: conflict.id,
            household_id: conflict.household,
            household_name: name,
            kind: clash.kind.code(),
            path: clash.path.clone(),
            paths: clash.paths.clone(),
            base: cover(&clash.base),
            theirs: TheirSide {
                value: cover(&clash.theirs),
                by: conflict.theirs.map(|side| self.people.person(side.by)),
                at: conflict.theirs.map(|side| side.at),
                visit_id: other.map(|(id, _)| id),
                visit_rev: other.map(|(_, rev)| rev),
                in_file: other.is_none_or(|(id, _)| self.states.get(&id) == Some(&VisitState::Approved)),
            },
            mine: MySide {
                value: cover(&clash.mine),
                by: self.people.person(conflict.visitor),
                at: conflict.mine_at,
                visit_id: conflict.visit,
                visit_rev: conflict.visit_rev,
            },
            waiting: clash.waiting.iter().map(|change| self.waiting(change)).collect(),
            state: conflict.state.code(),
            visitor_until: conflict.visitor_until,
            decision: conflict.decision.as_ref().map(|decision| ConflictDecision {
                choice: decision.choice.code(),
                value: decision.value.as_ref().map(cover),
                reason: decision.reason.clone(),
                by: self.people.person(decision.by),
                at: decision.at,
            }),
            created_at: conflict.created_at,
            may_decide,
        }
    }

    /// A household of two that may be one: enough to know it by, and whom to ask.
    fn home(&self, actor: &Actor, id: Option<HouseholdId>) -> Value {
        let Some(line) = id.and_then(|id| self.lines.get(&id)) else { return Value::Null };
        let target =
            Target { region: &line.region, contact: line.contact, responsible: line.responsible, author: None };
        json!({
            "household_id": line.id,
            "name": shown_name(&line.name, [line.contact, line.responsible], actor.user),
            "region_code": line.region,
            "file_no": line.file_no,
            "status": line.status.code(),
            "contact": line.contact.map(|contact| self.people.staff(contact)),
            "may_open": policy::sees(actor, &target),
        })
    }

    fn waiting(&self, change: &Change) -> WaitingChange {
        let Change { path, to, .. } = change;
        WaitingChange { path: path.clone(), to: cover_change(self.dictionary, path, to.clone()) }
    }

    /// One side as the reader may see it; of a household filed twice, what lists say of it.
    fn cover(&self, actor: &Actor, of: &Conflict, value: &Value) -> Value {
        let path = &of.clash.path;
        match (of.clash.kind, value) {
            (ClashKind::Twice, value) if *value == of.clash.base => {
                let own = self.lines.get(&of.household);
                let is_at_door = own.is_some_and(|own| [own.contact, own.responsible].contains(&Some(actor.user)));
                covered_people(value, is_at_door || of.visitor == actor.user)
            }
            (ClashKind::Twice, value) if *value == of.clash.theirs => self.home(actor, twice::other(&of.clash)),
            (ClashKind::Twice, _) => self.home(actor, Some(of.household)),
            (ClashKind::Group, Value::Object(parts)) => {
                let cover = |(path, value): (&String, &Value)| {
                    (path.clone(), cover_change(self.dictionary, path, value.clone()))
                };
                Value::Object(parts.iter().map(cover).collect::<Map<_, _>>())
            }
            _ => cover_change(self.dictionary, path, value.clone()),
        }
    }
}
