//! What the dictionary says about a single path that both sides changed (DOMAIN §2.0).

use std::cmp::Ordering;
use std::collections::BTreeSet;

use serde_json::Value;

use super::sides::{Sides, at, row};
use super::{Clash, ClashKind, Merged, Open, Rebase, Settled, Won};
use crate::form::{Change, Field, Kind, Merge, Path, normalise};

/// Whether a visit may write the field at all.
pub(super) fn is_input(field: &Field) -> bool {
    !matches!(field.merge, Some(Merge::Srv | Merge::State | Merge::Der))
}

/// Why no visit may make this change, whatever the others did.
pub(super) fn refusal(sides: &Sides<'_>, change: &Change) -> Option<&'static str> {
    let dictionary = sides.dictionary();
    if let Some(Path::Row { table, id }) = Path::parse(&change.path) {
        let is_fixed =
            |column: &String| dictionary.column(table, column).and_then(|field| field.merge) == Some(Merge::Imm);
        let mut files = [&sides.base, &sides.current].into_iter();
        let holds_fixed = files.any(|file| row(file, table, id).is_some_and(|row| row.keys().any(is_fixed)));
        return holds_fixed.then_some("value.immutable");
    }
    match dictionary.field(&change.path)?.merge? {
        Merge::Srv => Some("value.server_only"),
        Merge::State => Some("value.by_command"),
        Merge::Der => Some("value.derived"),
        Merge::Imm => {
            let is_free = at(&sides.base, &change.path).is_null() && at(&sides.current, &change.path).is_null();
            (!is_free).then_some("value.immutable")
        }
        _ => None,
    }
}

/// Sorts what belongs to no row that is gone and to no group that clashes.
pub(super) fn decide(rebase: &Rebase<'_>, sides: &Sides<'_>, open: Open, merged: &mut Merged) {
    for change in open.into_values() {
        let path = change.path.as_str();
        let field = sides.dictionary().field(path).filter(|_| !sides.is_untouched(path));
        let Some(field) = field else {
            merged.accepted.push(sides.rebased(change));
            continue;
        };
        let three = Three {
            base: at(&sides.base, path),
            theirs: at(&sides.current, path),
            mine: &change.to,
            is_mine_later: (rebase.theirs_at)(path).is_some_and(|theirs| rebase.mine_at > theirs),
        };
        match field.merge.zip(three.kept(sides, field, path)) {
            Some((policy, kept)) => {
                let settled = three.settled(sides, path, policy, kept);
                if settled.won != Won::Theirs {
                    let (from, to) = (settled.theirs.clone(), settled.kept.clone());
                    merged.accepted.push(Change { path: path.to_owned(), from, to });
                }
                merged.settled.push(settled);
            }
            None => merged.clashes.push(Clash {
                kind: ClashKind::Path,
                path: path.to_owned(),
                paths: vec![path.to_owned()],
                base: three.base.clone(),
                theirs: three.theirs.clone(),
                mine: change.to,
                waiting: Vec::new(),
            }),
        }
    }
}

/// The three values of a path that both sides changed, and differently.
struct Three<'a> {
    base: &'a Value,
    theirs: &'a Value,
    mine: &'a Value,
    /// False also when nobody knows when theirs was written: then the file keeps what it holds.
    is_mine_later: bool,
}

impl Three<'_> {
    /// The value that stays; `None` when a person must say.
    fn kept(&self, sides: &Sides<'_>, field: &Field, path: &str) -> Option<Value> {
        match field.merge? {
            Merge::Auto => Some(self.later()),
            // A row of a list that only grows is nobody's to quarrel about; a text grows by what was added to it.
            Merge::App if field.kind == Kind::Text && matches!(Path::parse(path), Some(Path::Scalar(_))) => {
                self.appended(field)
            }
            Merge::App => Some(self.later()),
            Merge::Uni => self.united(field),
            Merge::Max => self.ranked(sides, field, Ordering::Greater),
            Merge::Min => self.ranked(sides, field, Ordering::Less),
            Merge::Rev | Merge::Imm | Merge::Srv | Merge::State | Merge::Der => None,
        }
    }

    fn later(&self) -> Value {
        if self.is_mine_later { self.mine.clone() } else { self.theirs.clone() }
    }

    /// Theirs, and below it what I added.
    fn appended(&self, field: &Field) -> Option<Value> {
        let [base, theirs, mine] = [self.base, self.theirs, self.mine].map(|value| match value {
            Value::Null => Some(""),
            value => value.as_str(),
        });
        let (base, theirs, mine) = (base?, theirs?, mine?);
        let added = normalise(field, &Value::from(mine.strip_prefix(base).unwrap_or(mine)));
        let added = added.as_str().unwrap_or_default();
        if added.is_empty() || format!("\n{theirs}\n").contains(&format!("\n{added}\n")) {
            return Some(self.theirs.clone());
        }
        let kept = if theirs.is_empty() { added.to_owned() } else { format!("{theirs}\n{added}") };
        let length = i64::try_from(kept.chars().count()).ok()?;
        field.max.is_none_or(|max| length <= max).then(|| Value::from(kept))
    }

    /// What either side added, without what either side took out.
    fn united(&self, field: &Field) -> Option<Value> {
        let (base, theirs, mine) = (members(self.base)?, members(self.theirs)?, members(self.mine)?);
        let all = theirs.union(&mine);
        let kept: Vec<&str> = all
            .filter(|code| (theirs.contains(*code) && mine.contains(*code)) || !base.contains(*code))
            .copied()
            .collect();
        let fits = field.max.is_none_or(|max| i64::try_from(kept.len()).is_ok_and(|count| count <= max));
        fits.then(|| normalise(field, &Value::from(kept)))
    }

    /// The larger or smaller of two; something is more and less than nothing.
    fn ranked(&self, sides: &Sides<'_>, field: &Field, wanted: Ordering) -> Option<Value> {
        let order = match (self.mine, self.theirs) {
            (Value::Null, _) => return Some(self.theirs.clone()),
            (_, Value::Null) => return Some(self.mine.clone()),
            (Value::Number(mine), Value::Number(theirs)) => mine.as_i64()?.cmp(&theirs.as_i64()?),
            (Value::String(mine), Value::String(theirs)) => match field.kind {
                Kind::Code => {
                    let rank = |code| Some(sides.definitions.codes().find(field.codes.as_deref()?, code)?.rank);
                    rank(mine)?.cmp(&rank(theirs)?)
                }
                Kind::Date | Kind::Month => mine.cmp(theirs),
                _ => return None,
            },
            _ => return None,
        };
        Some(if order == wanted { self.mine.clone() } else { self.theirs.clone() })
    }

    fn settled(&self, sides: &Sides<'_>, path: &str, policy: Merge, kept: Value) -> Settled {
        let won = if sides.is_same(path, &kept, self.theirs) {
            Won::Theirs
        } else if sides.is_same(path, &kept, self.mine) {
            Won::Mine
        } else {
            Won::Both
        };
        let [base, theirs, mine] = [self.base, self.theirs, self.mine].map(Clone::clone);
        Settled { path: path.to_owned(), policy, base, theirs, mine, kept, won }
    }
}

/// The codes of a set; `None` when it is none.
fn members(value: &Value) -> Option<BTreeSet<&str>> {
    match value {
        Value::Null => Some(BTreeSet::new()),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}
