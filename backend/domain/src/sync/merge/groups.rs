//! Guarded groups: when both sides changed something in one, and the results differ, it clashes as a whole.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::sides::{Sides, at, row};
use super::{Clash, ClashKind, Merged, Open, policy, take};
use crate::form::{Change, Path};

/// The groups that a change belongs to.
#[derive(Default)]
pub(super) struct Membership {
    /// The group that knows which rows there are, for a whole row and every cell of a new one.
    pub rows: Option<String>,
    /// The group of the field: `income`, `persons/<id>#identity`.
    pub field: Option<String>,
}

pub(super) fn membership(sides: &Sides<'_>, path: &str) -> Membership {
    let dictionary = sides.dictionary();
    let parsed = Path::parse(path);
    let rows = match parsed {
        Some(Path::Row { table, .. }) => dictionary.group_of_rows(table),
        Some(Path::Cell { table, id, .. }) if row(&sides.base, table, id).is_none() => dictionary.group_of_rows(table),
        _ => None,
    };
    let field = dictionary.field(path).filter(|field| policy::is_input(field));
    let group = field.and_then(|field| field.group.as_deref());
    let field = group.map(|group| match (dictionary.groups.get(group).map(|group| group.per.is_some()), parsed) {
        (Some(true), Some(Path::Cell { table, id, .. })) => format!("{table}/{id}#{group}"),
        _ => group.to_owned(),
    });
    Membership { rows: rows.map(str::to_owned), field }
}

/// What both sides changed in one group.
#[derive(Default)]
struct Touched {
    mine: BTreeSet<String>,
    their: BTreeSet<String>,
}

pub(super) fn find_clashes(sides: &Sides<'_>, open: &mut Open, merged: &mut Merged) {
    let touched = touched(sides, open, merged);
    let clashing: BTreeMap<&str, &Touched> = touched
        .iter()
        .filter(|(_, touched)| !touched.mine.is_empty() && !touched.their.is_empty())
        .filter(|(_, touched)| touched.mine.union(&touched.their).any(|path| differs(sides, path)))
        .map(|(group, touched)| (group.as_str(), touched))
        .collect();
    let mut taken: BTreeMap<String, Vec<Change>> = BTreeMap::new();
    // Whole rows first: no cell of a row that waits may go into the file by another group's decision.
    for by_rows in [true, false] {
        for group in clashing.keys() {
            let is_of = |path: &str| {
                let member = membership(sides, path);
                (if by_rows { member.rows } else { member.field }).as_deref() == Some(*group)
            };
            let mine = take(open, |change| is_of(&change.path));
            taken.entry((*group).to_owned()).or_default().extend(mine);
        }
    }
    for (group, mine) in taken {
        if let (false, Some(touched)) = (mine.is_empty(), clashing.get(group.as_str())) {
            merged.clashes.push(clash(sides, group, &mine, &touched.their));
        }
    }
}

fn touched(sides: &Sides<'_>, open: &Open, merged: &Merged) -> BTreeMap<String, Touched> {
    let mut touched: BTreeMap<String, Touched> = BTreeMap::new();
    let already = merged.already.iter().map(|change| &change.path);
    for path in open.keys().chain(already) {
        let member = membership(sides, path);
        for group in [member.rows, member.field].into_iter().flatten() {
            touched.entry(group).or_default().mine.insert(path.clone());
        }
    }
    // A row that is gone on one side has a clash of its own.
    let is_elsewhere = |path: &str| {
        let rest = |clash: &Clash| path.strip_prefix(&clash.path).map(str::to_owned);
        merged.clashes.iter().filter_map(rest).any(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    for Change { path, .. } in sides.their.iter().filter(|change| !is_elsewhere(&change.path)) {
        let member = membership(sides, path);
        for group in [member.rows, member.field].into_iter().flatten() {
            touched.entry(group).or_default().their.insert(path.clone());
        }
    }
    touched
}

fn differs(sides: &Sides<'_>, path: &str) -> bool {
    !sides.is_same(path, at(&sides.mine, path), at(&sides.current, path))
}

fn clash(sides: &Sides<'_>, group: String, mine: &[Change], their: &BTreeSet<String>) -> Clash {
    let paths = mine.iter().map(|change| change.path.as_str()).chain(their.iter().map(String::as_str));
    let shown: BTreeSet<String> = paths.map(|path| shown(sides, &group, path)).collect();
    let shown: Vec<String> = shown.into_iter().filter(|path| differs(sides, path)).collect();
    let values = |file| -> Value {
        shown.iter().map(|path| (path.clone(), at(file, path).clone())).collect::<Map<_, _>>().into()
    };
    Clash {
        kind: ClashKind::Group,
        base: values(&sides.base),
        theirs: values(&sides.current),
        mine: values(&sides.mine),
        path: group,
        paths: shown,
        waiting: Vec::new(),
    }
}

/// A row that only one side has is decided as a whole.
fn shown(sides: &Sides<'_>, group: &str, path: &str) -> String {
    match Path::parse(path) {
        Some(Path::Cell { table, id, .. })
            if sides.dictionary().group_of_rows(table) == Some(group)
                && row(&sides.mine, table, id).is_some() != row(&sides.current, table, id).is_some() =>
        {
            format!("{table}/{id}")
        }
        _ => path.to_owned(),
    }
}
