//! One visit against its household: the file it began with, the file now, and what becomes of each change.

use crate::app::error::AppError;
use crate::app::{App, AppResult};
use ruhu_domain::form::{self, Change, Definitions, File};
use ruhu_domain::household::Household;
use ruhu_domain::ids::{ConflictId, UserId, VisitId};
use ruhu_domain::sync::carry::{Answer, carry_out};
use ruhu_domain::sync::conflict::{Conflict, ConflictState, Side};
use ruhu_domain::sync::merge::{Clash, ClashKind, Merged, Rebase, merge};
use ruhu_domain::time::Time;
use ruhu_domain::visit::{Proposal, Visit};
use ruhu_store::household::HouseholdRow;
use ruhu_store::household_file::Written;
use ruhu_store::{Conn, StoreError, conflict, household_file, visit};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A visit's changes against the file it began with and the file now, all in clear.
pub struct Case {
    pub household: Household,
    /// What the accepted changes are applied to.
    pub now: File,
    /// Real values: what was masked on the phone is put back from the file at the visit's base.
    pub changes: Vec<Change>,
    /// What becomes of all of them, after the decisions that there are.
    pub merged: Merged,
    /// The visit's conflicts, whatever their state.
    pub conflicts: Vec<Conflict>,
    /// The visits against which something was decided and that are reviewed before this one.
    pub first: BTreeSet<VisitId>,
    rev: i64,
    base: File,
    ended_at: Time,
    /// Who wrote the paths that changed since the base.
    written: BTreeMap<String, Written>,
}

/// The file as it would be with a visit that waits and came earlier.
pub struct Ahead {
    /// Who would have written, when and by which visit.
    pub side: Side,
    pub file: File,
    written: BTreeSet<String>,
}

impl Case {
    /// Loads the base and works out the changes.
    pub fn open(app: &App, c: &mut Conn, row: HouseholdRow, proposal: &Proposal) -> AppResult<Self> {
        // What a visitor found and nobody approved yet counts as nothing: the reviewer sees its first facts as changes.
        let is_found = row.status.is_found(row.rev);
        let household = row.into_clear(&app.vault)?;
        let now = if is_found { File::new() } else { household.file.clone() };
        let base = if is_found || household.rev == proposal.base_rev {
            now.clone()
        } else {
            let missing = || StoreError::Broken("a file lost a revision".to_owned());
            let (dictionary, rev) = (app.definitions.dictionary(), proposal.base_rev);
            household_file::find_base(c, &app.vault, dictionary, household.id, rev)?.ok_or_else(missing)?
        };
        let dictionary = app.definitions.dictionary();
        let broken = |error: form::ApplyError| AppError::Broken(format!("a kept proposal: {}", error.code()));
        let begun = if is_found { &household.file } else { &base };
        let proposed = form::apply(dictionary, Some(begun), &proposal.changes).map_err(broken)?;
        let proposed = form::normalise_file(dictionary, Some(&base), &proposed);
        let changes = form::changes(dictionary, Some(&base), &proposed);
        let (since, until) = (proposal.base_rev, household.rev);
        let written =
            if since < until { household_file::list_written(c, household.id, since, until)? } else { BTreeMap::new() };
        let (merged, ended_at) = (Merged::default(), proposal.ended_at_corrected());
        let conflicts = conflict::list_for_visit(c, &app.vault, proposal.id)?;
        let first = find_first(c, proposal.id, &conflicts)?;
        let rev = proposal.rev;
        let mut case = Self { household, now, changes, merged, conflicts, first, rev, base, ended_at, written };
        case.merged = case.merge(&app.definitions, &case.changes);
        Ok(case)
    }

    /// Rebases some of the changes on the file now, and carries out what was decided about them.
    pub fn merge(&self, definitions: &Definitions, mine: &[Change]) -> Merged {
        let theirs_at = |path: &str| self.written.get(path)?.ended_at;
        self.merge_with(definitions, mine, &self.now, &theirs_at)
    }

    /// The same for all changes, on the file as it would be with an earlier visit.
    pub fn merge_behind(&self, definitions: &Definitions, ahead: &Ahead) -> Merged {
        let theirs_at = |path: &str| {
            if ahead.written.contains(path) { Some(ahead.side.at) } else { self.written.get(path)?.ended_at }
        };
        self.merge_with(definitions, &self.changes, &ahead.file, &theirs_at)
    }

    fn merge_with(
        &self,
        definitions: &Definitions,
        mine: &[Change],
        current: &File,
        theirs_at: &dyn Fn(&str) -> Option<Time>,
    ) -> Merged {
        let (base, mine_at) = (&self.base, self.ended_at);
        let mut merged = merge(&Rebase { definitions, base, current, mine, mine_at, theirs_at });
        let is_ahead =
            |of: &Conflict| of.theirs.and_then(|side| side.visit).is_some_and(|(id, _)| self.first.contains(&id));
        let answers: Vec<Answer<'_>> =
            self.conflicts.iter().map(|of| Answer::new(of, self.rev, is_ahead(of))).collect();
        carry_out(definitions, &mut merged, current, &answers);
        merged
    }

    /// The file with everything of this visit that needs nobody's decision any more.
    pub fn ahead(&self, app: &App, visitor: UserId, proposal: &Proposal) -> AppResult<Ahead> {
        let broken = |error: form::ApplyError| AppError::Broken(format!("a kept proposal: {}", error.code()));
        let accepted = &self.merged.accepted;
        let file = form::apply(app.definitions.dictionary(), Some(&self.now), accepted).map_err(broken)?;
        let side = Side { by: visitor, at: self.ended_at, visit: Some((proposal.id, proposal.rev)) };
        Ok(Ahead { side, file, written: accepted.iter().map(|change| change.path.clone()).collect() })
    }

    /// Who wrote what the file holds where a clash is.
    pub fn writer(&self, c: &mut Conn, clash: &Clash) -> AppResult<Option<Side>> {
        let is_above =
            |path: &str| clash.paths.iter().any(|of| of.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')));
        let about = self.written.iter().filter(|(path, _)| clash.is_about(path) || is_above(path));
        let Some(last) = about.map(|(_, written)| written).max_by_key(|written| written.rev) else { return Ok(None) };
        let at = last.ended_at.unwrap_or(last.at);
        let by = match last.visit {
            Some((id, _)) => visit::find_unscoped(c, id)?.map_or(last.by, |visit| visit.visitor),
            None => last.by,
        };
        Ok(Some(Side { by, at, visit: last.visit }))
    }

    /// The conflicts about which somebody decided.
    pub fn decided(&self) -> BTreeSet<ConflictId> {
        self.conflicts.iter().filter(|of| of.state == ConflictState::Decided).map(|of| of.id).collect()
    }

    /// When the visit ended, by its corrected clock.
    pub fn ended_at(&self) -> Time {
        self.ended_at
    }

    /// The value that the file holds now; `null` when it holds none.
    pub fn current(&self, path: &str) -> &Value {
        form::get(&self.now, path).unwrap_or(&Value::Null)
    }
}

/// The visits that must be decided before this one: it was decided against what they bring.
fn find_first(c: &mut Conn, id: VisitId, conflicts: &[Conflict]) -> AppResult<BTreeSet<VisitId>> {
    // Another household's visits are reviewed in an order of their own.
    let is_live = |of: &&Conflict| of.state != ConflictState::Void && of.clash.kind != ClashKind::Twice;
    let live = conflicts.iter().filter(is_live);
    let others: BTreeSet<VisitId> = live.filter_map(|conflict| Some(conflict.theirs?.visit?.0)).collect();
    if others.is_empty() {
        return Ok(others);
    }
    let missing = || StoreError::Broken("a visit with conflicts is not there".to_owned());
    let own = Visit::from(visit::find_unscoped(c, id)?.ok_or_else(missing)?).order();
    let mut first = BTreeSet::new();
    for other in others {
        let Some(row) = visit::find_unscoped(c, other)? else { continue };
        let other = Visit::from(row);
        if other.state.is_waiting() && other.order() < own {
            first.insert(other.id);
        }
    }
    Ok(first)
}
