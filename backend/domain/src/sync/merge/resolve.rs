//! What a person's decision about a clash writes into the file.

use serde_json::{Map, Value};

use super::policy::is_input;
use super::references::newly_dangling;
use super::sides::{at, steps};
use super::{Choice, Clash, ClashKind};
use crate::form::{
    Change, Definitions, Field, File, Path, Severity, Surroundings, apply, check_value, is_absent, is_as_seen,
    is_masked, normalise,
};
use crate::refusal::{Kind, Refusal};
use crate::time::Date;

/// A decision that cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveRefusal {
    #[error("a value of one's own is missing")]
    NoValue,
    #[error("the value is about {0:?}, which this conflict does not ask")]
    NotAsked(String),
    #[error("the value at {path:?} is not acceptable: {code}")]
    Value { path: String, code: &'static str },
    #[error("the value at {0:?} is covered and stands for neither side's")]
    Covered(String),
    #[error("the file would name rows that are not in it: {0:?}")]
    Breaks(Vec<String>),
}

impl Refusal for ResolveRefusal {
    fn code(&self) -> &'static str {
        match self {
            Self::NoValue => "conflict.value_missing",
            Self::NotAsked(_) => "conflict.value_not_asked",
            Self::Value { code, .. } => code,
            Self::Covered(_) => "conflict.value_covered",
            Self::Breaks(_) => "conflict.breaks",
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Breaks(_) => Kind::Conflict,
            _ => Kind::Invalid,
        }
    }
}

/// The changes that a decision makes to `file`, which is the current file with what was accepted and decided before.
/// Theirs and a revisit change nothing. `other` is a value of the clash's own shape: the value of the path, the row
/// or nothing, an object of path → value; what such an object does not name stays theirs.
pub fn resolve(
    definitions: &Definitions,
    clash: &Clash,
    choice: Choice,
    other: Option<&Value>,
    file: &File,
    today: Date,
) -> Result<Vec<Change>, ResolveRefusal> {
    let chosen = match choice {
        Choice::Theirs | Choice::Revisit => return Ok(Vec::new()),
        Choice::Mine => parts(clash, &clash.mine)?,
        Choice::Other => parts(clash, other.ok_or(ResolveRefusal::NoValue)?)?,
    };
    let deciding = Deciding { definitions, clash };
    let mut changes = Vec::new();
    for (path, value) in chosen {
        let value = if choice == Choice::Other { deciding.settled(path, value)? } else { value.clone() };
        changes.extend(steps(path, at(file, path), &value));
    }
    let waiting = clash.waiting.iter().filter(|waiting| !changes.iter().any(|change| change.path == waiting.path));
    let waiting = waiting.map(|change| Change { from: at(file, &change.path).clone(), ..change.clone() });
    changes.extend(waiting.collect::<Vec<_>>());
    changes.retain(|change| change.from != change.to);
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    let dictionary = definitions.dictionary();
    let after = apply(dictionary, Some(file), &changes)
        .map_err(|error| ResolveRefusal::Value { path: error.path().to_owned(), code: error.code() })?;
    let broken = newly_dangling(dictionary, file, &after);
    if !broken.is_empty() {
        return Err(ResolveRefusal::Breaks(broken));
    }
    if choice == Choice::Other {
        let around = Surroundings { codes: definitions.codes(), regions: definitions.regions(), file: &after, today };
        changes.iter().try_for_each(|change| deciding.check(change, &around))?;
    }
    Ok(changes)
}

/// The values of a side by their paths.
fn parts<'a>(clash: &'a Clash, side: &'a Value) -> Result<Vec<(&'a str, &'a Value)>, ResolveRefusal> {
    if clash.kind != ClashKind::Group {
        return Ok(vec![(clash.path.as_str(), side)]);
    }
    let named = side.as_object().filter(|named| !named.is_empty()).ok_or(ResolveRefusal::NoValue)?;
    let asked = |path: &String| clash.mine.as_object().is_some_and(|asked| asked.contains_key(path));
    match named.keys().find(|path| !asked(path)) {
        Some(path) => Err(ResolveRefusal::NotAsked(path.clone())),
        None => Ok(named.iter().map(|(path, value)| (path.as_str(), value)).collect()),
    }
}

struct Deciding<'a> {
    definitions: &'a Definitions,
    clash: &'a Clash,
}

impl Deciding<'_> {
    /// A value of one's own as the file keeps it.
    fn settled(&self, path: &str, value: &Value) -> Result<Value, ResolveRefusal> {
        let dictionary = self.definitions.dictionary();
        let Some(Path::Row { table, .. }) = Path::parse(path) else {
            let field = dictionary.field(path).ok_or_else(|| ResolveRefusal::NotAsked(path.to_owned()))?;
            return self.uncovered(field, path, value, |side| self.side(side, path).cloned());
        };
        let cells = match value {
            value if is_absent(value) => return Ok(Value::Null),
            Value::Object(cells) => cells,
            _ => return Err(ResolveRefusal::Value { path: path.to_owned(), code: "value.type" }),
        };
        let mut settled = Map::new();
        for (column, value) in cells {
            let cell = format!("{path}/{column}");
            let known = |side: &Value| self.side(side, path).and_then(|row| row.get(column)).cloned();
            let Some(field) = dictionary.column(table, column) else { return Err(ResolveRefusal::NotAsked(cell)) };
            let value = self.uncovered(field, &cell, value, known)?;
            let sides = [&self.clash.theirs, &self.clash.mine].map(known);
            if !is_input(field) && !sides.contains(&Some(value.clone())) {
                return Err(ResolveRefusal::NotAsked(cell));
            }
            if !is_absent(&value) {
                settled.insert(column.clone(), value);
            }
        }
        Ok(if settled.is_empty() { Value::Null } else { settled.into() })
    }

    /// The value of one side at a path of the clash.
    fn side<'v>(&self, side: &'v Value, path: &str) -> Option<&'v Value> {
        if self.clash.kind == ClashKind::Group { side.get(path) } else { Some(side) }
    }

    /// The normalised value; the covered form of a side's value is that value.
    fn uncovered(
        &self,
        field: &Field,
        path: &str,
        value: &Value,
        known: impl Fn(&Value) -> Option<Value>,
    ) -> Result<Value, ResolveRefusal> {
        let value = normalise(field, value);
        if field.mask().is_none() || !value.as_str().is_some_and(is_masked) {
            return Ok(value);
        }
        let sides = [&self.clash.theirs, &self.clash.mine, &self.clash.base].map(known);
        let mut meant: Vec<Value> =
            sides.into_iter().flatten().filter(|side| is_as_seen(Some(field), &value, Some(side))).collect();
        meant.dedup();
        match meant.as_slice() {
            [only] => Ok(only.clone()),
            _ => Err(ResolveRefusal::Covered(path.to_owned())),
        }
    }

    fn check(&self, change: &Change, around: &Surroundings<'_>) -> Result<(), ResolveRefusal> {
        let field = self.definitions.dictionary().field(&change.path).filter(|_| !is_absent(&change.to));
        // What a side wrote was checked when it arrived.
        let is_a_side = |side: &Value| self.side(side, &change.path) == Some(&change.to);
        if is_a_side(&self.clash.theirs) || is_a_side(&self.clash.mine) {
            return Ok(());
        }
        match field.and_then(|field| check_value(field, &change.to, around)) {
            Some(finding) if finding.severity == Severity::E => {
                Err(ResolveRefusal::Value { path: change.path.clone(), code: finding.code })
            }
            _ => Ok(()),
        }
    }
}
