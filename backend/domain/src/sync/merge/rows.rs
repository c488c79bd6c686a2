//! A row that one side took away and the other side wrote in or named: always a person's decision.

use std::collections::BTreeSet;

use serde_json::Value;

use super::references::{Reference, references};
use super::sides::{Sides, at, row};
use super::{Clash, ClashKind, Merged, Open, take};
use crate::form::{Change, Path, get};

pub(super) fn find_gone(sides: &Sides<'_>, open: &mut Open, merged: &mut Merged) {
    taken_by_me(sides, open, merged);
    taken_by_them(sides, open, merged);
}

fn taken_by_me(sides: &Sides<'_>, open: &mut Open, merged: &mut Merged) {
    let named = references(sides.dictionary(), &sides.current);
    let taken = take(open, |change| {
        let Some(Path::Row { table, id }) = Path::parse(&change.path) else { return false };
        let is_new = |found: &Reference| {
            found.table == table && found.id == id && get(&sides.base, &found.path).and_then(Value::as_str) != Some(id)
        };
        change.to.is_null() && (!sides.is_untouched(&change.path) || named.iter().any(is_new))
    });
    merged.clashes.extend(taken.into_iter().map(|change| clash(sides, change.path, Vec::new())));
}

fn taken_by_them(sides: &Sides<'_>, open: &mut Open, merged: &mut Merged) {
    let taken: Vec<&Change> = sides.their.iter().filter(|change| change.to.is_null()).collect();
    for change in taken {
        let Some(Path::Row { table, id }) = Path::parse(&change.path) else { continue };
        if row(&sides.mine, table, id).is_none() {
            continue;
        }
        let names_it = |path: &str, to: &Value| {
            let field = sides.dictionary().field(path);
            to.as_str() == Some(id) && field.is_some_and(|field| field.rows.as_deref() == Some(table))
        };
        let of_row = format!("{}/", change.path);
        let naming = open.values().filter(|mine| names_it(&mine.path, &mine.to));
        let naming: BTreeSet<String> = naming.map(|mine| sides.new_row(&mine.path).to_owned()).collect();
        let mine = take(open, |mine| mine.path.starts_with(&of_row) || naming.contains(sides.new_row(&mine.path)));
        if !mine.is_empty() {
            let naming = mine.into_iter().filter(|mine| !mine.path.starts_with(&of_row));
            let naming = naming.map(|mine| sides.rebased(mine)).collect();
            merged.clashes.push(clash(sides, change.path.clone(), naming));
        }
    }
}

fn clash(sides: &Sides<'_>, path: String, waiting: Vec<Change>) -> Clash {
    Clash {
        kind: ClashKind::RowGone,
        base: at(&sides.base, &path).clone(),
        theirs: at(&sides.current, &path).clone(),
        mine: at(&sides.mine, &path).clone(),
        paths: vec![path.clone()],
        path,
        waiting,
    }
}
