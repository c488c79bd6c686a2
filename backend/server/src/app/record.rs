//! The review queue, and one record as a reviewer sees it.

use crate::app::audience::People;
use crate::app::case::Case;
use crate::app::conflict::bodies;
use crate::app::error::AppError;
use crate::app::household::{Phones, body, page, read_code, shown_name};
use crate::app::submission::meta_of;
use crate::app::{App, AppResult, tenure, twice};
use crate::views::review::{Figures, PreviousRevision, RecordChange, RecordMay, RecordView};
use crate::views::visit::{VisitList, VisitQuery, VisitSummary};
use ruhu_domain::actor::Actor;
use ruhu_domain::form::{self, Change, Dictionary, Path, derive, mask_value};
use ruhu_domain::ids::{HouseholdId, UserId, VisitId};
use ruhu_domain::policy::{self, Action, Target, Verdict};
use ruhu_domain::sync::conflict::{Conflict, ConflictState};
use ruhu_domain::sync::twice::Answered;
use ruhu_domain::visit::{Proposal, VisitState, VisitType};
use ruhu_store::household::{self, HouseholdRow};
use ruhu_store::household_list::{self, HouseholdLine};
use ruhu_store::visit::{self, VisitRow};
use ruhu_store::visit_list::{self, VisitFilter};
use ruhu_store::{Conn, StoreError};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// `state=all` in a query asks for every state.
const ALL_STATES: &str = "all";

impl App {
    /// Visits in the actor's scope, the oldest first.
    pub async fn list_visits(&self, actor: &Actor, query: VisitQuery) -> AppResult<VisitList> {
        let state = match query.state.as_deref() {
            Some(ALL_STATES) => None,
            text => read_code(text, VisitState::from_code, "state")?.or(Some(VisitState::InReview)),
        };
        let visit_type = read_code(query.visit_type.as_deref(), VisitType::from_code, "visit_type")?;
        let VisitQuery { region, visitor, has_warnings, q, limit, cursor, .. } = query;
        let visitor = visitor.map(UserId);
        let filter = VisitFilter { state, region, visit_type, visitor, has_warnings, q };
        let (actor, page) = (actor.clone(), page(cursor, limit));
        self.db
            .read(move |c: &mut Conn| -> AppResult<VisitList> {
                let found = visit_list::list(c, &actor.row_scope(), &filter, &page)?;
                let mut titles = Titles::new(actor.user);
                // A visit whose household cannot be read waits without a name.
                let homes: BTreeSet<HouseholdId> = found.items.iter().map(|visit| visit.household_id).collect();
                household_list::list_lines(c, homes)?.iter().for_each(|line| titles.add_line(line));
                let items = summaries(c, &titles, found.items)?;
                Ok(VisitList { items, next_cursor: found.next_cursor, total: found.total })
            })
            .await
    }

    /// Everything a reviewer looks at.
    pub async fn find_visit(&self, actor: &Actor, id: VisitId) -> AppResult<RecordView> {
        let (app, actor) = (self.clone(), actor.clone());
        self.db.read(move |c: &mut Conn| record(&app, c, &actor, id)).await
    }
}

fn record(app: &App, c: &mut Conn, actor: &Actor, id: VisitId) -> AppResult<RecordView> {
    let scope = actor.row_scope();
    let row = visit::find(c, &scope, id)?.ok_or_else(AppError::not_found)?;
    // A visit stays its visitor's, but the file of today is for those in whose hands it is today.
    let household = household::find_masked(c, &scope, row.household_id)?.ok_or_else(AppError::not_found)?;
    let mut may = may_review(c, actor, &row, &household)?;
    let proposal = visit::find_proposal(c, &app.vault, id)?.ok_or_else(AppError::not_found)?;
    let case = Case::open(app, c, household.clone(), &proposal)?;
    may.approve = household.rev > 0 || !matches!(twice::answer(app, c, &row, &case)?, Answered::Same(_));
    let dictionary = app.definitions.dictionary();
    let changes = case.changes.iter().map(|change| record_change(dictionary, change, &case)).collect();
    let figures = figures(app, &case, &proposal)?;
    let mut earlier = visit_list::list_for_households(c, &scope, &[row.household_id])?;
    earlier.retain(|other| other.id != id);
    earlier.reverse();
    let previous = previous(app, c, &row)?;
    let mut titles = Titles::new(actor.user);
    titles.add_row(&household);
    let earlier = summaries(c, &titles, earlier)?;
    let visit = summaries(c, &titles, vec![row])?.pop().ok_or_else(AppError::not_found)?;
    let people = People::load(c, [household.contact, household.responsible])?;
    let is_live = |of: &Conflict| of.state != ConflictState::Void;
    let conflicts = bodies(app, c, actor, case.conflicts.iter().filter(|of| is_live(of)).cloned().collect())?;
    Ok(RecordView {
        visit,
        form: proposal.form,
        household: body(app, household, &people, Phones::Masked)?,
        answers: cover_answers(dictionary, proposal.visit),
        changes,
        unchanged: proposal.unchanged,
        later: proposal.later,
        warnings: proposal.warnings,
        figures,
        clock_offset_ms: proposal.clock_offset_ms,
        conflicts,
        previous,
        earlier,
        may,
    })
}

/// What the returned revision proposed, while the mended one waits.
fn previous(app: &App, c: &mut Conn, row: &VisitRow) -> AppResult<Option<PreviousRevision>> {
    if !row.state.is_waiting() || row.rev < 2 {
        return Ok(None);
    }
    let rev = row.rev - 1;
    let Some(proposal) = visit::find_proposal_at(c, &app.vault, row.id, rev)? else { return Ok(None) };
    let dictionary = app.definitions.dictionary();
    let cover = |change: Change| Change {
        from: cover_change(dictionary, &change.path, change.from),
        to: cover_change(dictionary, &change.path, change.to),
        path: change.path,
    };
    Ok(Some(PreviousRevision { rev, changes: proposal.changes.into_iter().map(cover).collect() }))
}

fn record_change(dictionary: &Dictionary, change: &Change, case: &Case) -> RecordChange {
    let standing = case.merged.standing(&change.path);
    let cover = |value: &Value| cover_change(dictionary, &change.path, value.clone());
    RecordChange {
        path: change.path.clone(),
        from: cover(&change.from),
        to: cover(&change.to),
        current: cover(case.current(&change.path)),
        kept: kept(case, &change.path).map(|kept| cover(&kept)),
        standing,
        moved: standing.needs_word(),
        masked: dictionary.field(&change.path).is_some_and(|field| field.mask().is_some()),
    }
}

/// The value that stays where a policy or a person decided.
fn kept(case: &Case, path: &str) -> Option<Value> {
    if let Some(decided) = case.merged.decided(path) {
        let written = decided.written.iter().find(|change| change.path == path).map(|change| &change.to);
        let stays = written.or_else(|| decided.clash.theirs_at(path)).unwrap_or_else(|| case.current(path));
        return Some(stays.clone());
    }
    case.merged.settled(path).map(|settled| settled.kept.clone())
}

/// A value as whoever may not see it whole sees it; inside a whole row, too.
pub fn cover_change(dictionary: &Dictionary, path: &str, value: Value) -> Value {
    match (Path::parse(path), value) {
        (Some(Path::Row { table, .. }), Value::Object(row)) => {
            let cover = |(column, value): (String, Value)| {
                let mask = dictionary.column(table, &column).and_then(|field| field.mask());
                (column, cover_value(mask, value))
            };
            Value::Object(row.into_iter().map(cover).collect())
        }
        (_, value) => cover_value(dictionary.field(path).and_then(|field| field.mask()), value),
    }
}

fn cover_value(mask: Option<form::Mask>, value: Value) -> Value {
    match (mask, value) {
        (Some(mask), Value::String(text)) => Value::String(mask_value(mask, &text)),
        (_, value) => value,
    }
}

fn cover_answers(dictionary: &Dictionary, answers: Map<String, Value>) -> Map<String, Value> {
    let mask = |name: &str| dictionary.visit_field(name).and_then(|field| field.mask());
    answers.into_iter().map(|(name, value)| (name.clone(), cover_value(mask(&name), value))).collect()
}

fn figures(app: &App, case: &Case, proposal: &Proposal) -> AppResult<Figures> {
    let meta = meta_of(proposal);
    let accepted = &case.merged.accepted;
    let broken = |error: form::ApplyError| AppError::Broken(format!("a kept proposal: {}", error.code()));
    let merged = form::apply(app.definitions.dictionary(), Some(&case.now), accepted).map_err(broken)?;
    let before = derive(&app.definitions, &case.now, &Map::new(), &meta, &[]);
    let after = derive(&app.definitions, &merged, &proposal.visit, &meta, accepted);
    Ok(Figures { before: serde_json::to_value(before)?, after: serde_json::to_value(after)? })
}

/// What a decision about a visit needs to know of it.
pub fn target<'a>(row: &'a VisitRow, household: &HouseholdRow) -> Target<'a> {
    Target {
        region: &row.region,
        contact: household.contact,
        responsible: household.responsible,
        author: Some(row.visitor),
    }
}

fn may_review(c: &mut Conn, actor: &Actor, row: &VisitRow, household: &HouseholdRow) -> AppResult<RecordMay> {
    let verdict = policy::may(actor, Action::ReviewVisit, &target(row, household));
    let why_not = match (verdict, row.state) {
        (Verdict::Yes, VisitState::InReview) => None,
        (Verdict::Yes, VisitState::Submitted) => Some("visit.not_ready"),
        (Verdict::Yes, VisitState::Conflict) => Some("visit.conflict_open"),
        (Verdict::Yes, _) => Some("visit.already_decided"),
        _ if row.visitor == actor.user => Some("visit.own"),
        _ => Some("auth.not_allowed"),
    };
    let send_back = tenure::is_held_by(c, row.visitor, household)?;
    Ok(RecordMay { review: why_not.is_none(), send_back, approve: true, why_not })
}

/// What households are called in a list, for one reader.
pub struct Titles {
    reader: UserId,
    names: HashMap<HouseholdId, Option<String>>,
}

impl Titles {
    /// Nothing known yet.
    pub fn new(reader: UserId) -> Self {
        Self { reader, names: HashMap::new() }
    }

    /// A household of a list.
    pub fn add_line(&mut self, line: &HouseholdLine) {
        let name = shown_name(&line.name, [line.contact, line.responsible], self.reader);
        self.names.insert(line.id, name);
    }

    /// A household with its body.
    pub fn add_row(&mut self, row: &HouseholdRow) {
        let name = shown_name(&row.name, [row.contact, row.responsible], self.reader);
        self.names.insert(row.id, name);
    }
}

/// Visits as lists show them.
pub fn summaries(c: &mut Conn, titles: &Titles, visits: Vec<VisitRow>) -> Result<Vec<VisitSummary>, StoreError> {
    let reviewers = visits.iter().map(|visit| visit.review.as_ref().map(|review| review.by));
    let ids: Vec<Option<UserId>> = visits.iter().map(|visit| Some(visit.visitor)).chain(reviewers).collect();
    let people = People::load(c, ids)?;
    let name = |visit: &VisitRow| titles.names.get(&visit.household_id).cloned().flatten();
    Ok(visits.into_iter().map(|visit| summary(name(&visit), visit, &people)).collect())
}

fn summary(name: Option<String>, visit: VisitRow, people: &People) -> VisitSummary {
    VisitSummary {
        id: visit.id,
        household_id: visit.household_id,
        rev: visit.rev,
        state: visit.state.code(),
        visit_type: visit.visit_type.code(),
        outcome: visit.outcome,
        visitor: people.person(visit.visitor),
        name,
        region_code: visit.region,
        started_at: visit.started_at,
        ended_at: visit.ended_at,
        received_at: visit.received_at,
        hash: visit.hash,
        base_rev: visit.base_rev,
        warnings: visit.warnings,
        review: visit.review.as_ref().map(|review| people.review(review)),
        file_rev: visit.file_rev,
    }
}
