//! No change goes into the file that would make it name a row that is not there.

use std::collections::BTreeSet;

use serde_json::Value;

use super::groups::membership;
use super::sides::{Sides, row, rows};
use super::{Clash, Merged};
use crate::form::{Change, Dictionary, File, Kind, apply};

/// A value that names a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    pub path: String,
    pub table: String,
    pub id: String,
}

/// Every reference of a file, by path.
pub(super) fn references(dictionary: &Dictionary, file: &File) -> BTreeSet<Reference> {
    let scalars = file.iter().map(|(name, value)| (name.clone(), dictionary.scalar(name), value));
    let cells = rows(dictionary, file).flat_map(|(table, id, row)| {
        row.iter()
            .map(move |(column, value)| (format!("{table}/{id}/{column}"), dictionary.column(table, column), value))
    });
    let reference = |(path, field, value): (String, Option<&std::sync::Arc<crate::form::Field>>, &Value)| {
        let table = field.filter(|field| field.kind == Kind::Ref)?.rows.clone()?;
        Some(Reference { path, table, id: value.as_str()?.to_owned() })
    };
    scalars.chain(cells).filter_map(reference).collect()
}

fn missing(dictionary: &Dictionary, file: &File) -> BTreeSet<Reference> {
    let is_missing = |reference: &Reference| row(file, &reference.table, &reference.id).is_none();
    references(dictionary, file).into_iter().filter(is_missing).collect()
}

/// Paths that name a missing row in `after` and did not name it in vain in `before`.
pub fn newly_dangling(dictionary: &Dictionary, before: &File, after: &File) -> Vec<String> {
    let broken = &missing(dictionary, after) - &missing(dictionary, before);
    broken.into_iter().map(|reference| reference.path).collect()
}

/// Takes out of `accepted` what would leave a reference dangling that the file does not have yet: it waits for the
/// clash that the row waits for, or is refused when the visit contradicts itself.
pub(super) fn hold_back(sides: &Sides<'_>, merged: &mut Merged) {
    keep_groups_whole(sides, merged);
    let known = missing(sides.dictionary(), &sides.current);
    loop {
        let Ok(file) = apply(sides.dictionary(), Some(&sides.current), &merged.accepted) else { return };
        let broken = missing(sides.dictionary(), &file);
        let Some(broken) = broken.difference(&known).next() else { return };
        if !take_back(sides, merged, broken) {
            return;
        }
    }
}

/// When something of a group waits for a row that is gone, the rest of what I wrote in the group waits, too.
fn keep_groups_whole(sides: &Sides<'_>, merged: &mut Merged) {
    for clash in &mut merged.clashes {
        let units: BTreeSet<String> = clash.waiting.iter().map(|change| unit(sides, &change.path)).collect();
        let accepted = std::mem::take(&mut merged.accepted).into_iter();
        let (taken, kept) = accepted.partition::<Vec<_>, _>(|change| units.contains(&unit(sides, &change.path)));
        merged.accepted = kept;
        clash.waiting.extend(taken);
    }
}

/// Holds back one unit; false when there is none.
fn take_back(sides: &Sides<'_>, merged: &mut Merged, broken: &Reference) -> bool {
    let row_path = format!("{}/{}", broken.table, broken.id);
    let is_written = merged.accepted.iter().any(|change| change.path == broken.path);
    // Either I named a row that waits, or I took a row away while what names it stays.
    let (at_fault, cause) = if is_written { (&broken.path, &row_path) } else { (&row_path, &broken.path) };
    let concerned: Vec<&Change> = merged.accepted.iter().filter(|change| is_within(&change.path, at_fault)).collect();
    let clash = merged.clashes.iter().position(|clash| holds(clash, cause));
    let units: BTreeSet<String> = concerned.iter().map(|change| unit(sides, &change.path)).collect();
    let is_taken = |path: &str| match clash {
        Some(_) => units.contains(&unit(sides, path)),
        None => is_within(path, at_fault),
    };
    let (taken, kept): (Vec<Change>, Vec<Change>) =
        std::mem::take(&mut merged.accepted).into_iter().partition(|change| is_taken(&change.path));
    merged.accepted = kept;
    merged.settled.retain(|settled| !taken.iter().any(|change| change.path == settled.path));
    let is_progress = !taken.is_empty();
    match clash.and_then(|at| merged.clashes.get_mut(at)) {
        Some(clash) => clash.waiting.extend(taken),
        None => taken.iter().for_each(|change| merged.refuse(change, "ref.unknown")),
    }
    is_progress
}

/// The same path, or one inside that row.
fn is_within(path: &str, of: &str) -> bool {
    path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a clash decides about a path, or about its row.
fn holds(clash: &Clash, path: &str) -> bool {
    let mut paths = clash.paths.iter().chain(clash.waiting.iter().map(|change| &change.path));
    paths.any(|of| is_within(path, of) || is_within(of, path))
}

/// What goes into the file together or not at all.
fn unit(sides: &Sides<'_>, path: &str) -> String {
    let member = membership(sides, path);
    member.rows.or(member.field).unwrap_or_else(|| sides.new_row(path).to_owned())
}
