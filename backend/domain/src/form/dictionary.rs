//! The field dictionary: which paths exist, what type each has, who may see it and how it merges.
//!
//! A path of a file is a scalar (`residence_address`) or a field of a row (`persons/<uuid>/name`);
//! its pattern has `*` in the place of the row's id. Paths that begin with `visit/` belong to the visit.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::mask::Mask;

/// The type of a value (docs/FORMS.md, table of types).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Text,
    Name,
    Code,
    Set,
    Bool,
    Int,
    Decimal,
    Money,
    Date,
    Month,
    Year,
    Digits,
    Phone,
    PhoneAny,
    IdNo,
    BankCard,
    Region,
    Ref,
    Geo,
}

/// What happens when two people changed the same path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Merge {
    /// Never changes after the first accepted write.
    Imm,
    /// The server's value wins.
    Srv,
    /// Only commands move it.
    State,
    /// Computed, never an input.
    Der,
    /// The later one wins, the other stays in the history.
    Auto,
    /// A person decides.
    Rev,
    /// Rows append.
    App,
    /// Union of sets.
    Uni,
    /// The larger value.
    Max,
    /// The smaller value.
    Min,
}

/// The part of the administrative tree that a region code names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// 6 digits.
    County,
    /// 9 digits.
    Town,
    /// 12 digits.
    Community,
}

impl Level {
    /// Number of digits of a code of this level.
    pub fn digits(self) -> usize {
        match self {
            Level::County => 6,
            Level::Town => 9,
            Level::Community => 12,
        }
    }
}

/// One path of the dictionary.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    #[serde(rename = "type")]
    pub kind: Kind,
    #[serde(default)]
    pub zh: String,
    #[serde(default)]
    pub en: String,
    /// 0 (none) to 4 (identifiers and images of documents).
    #[serde(default)]
    pub pii: u8,
    pub merge: Option<Merge>,
    /// The guarded group this path is merged with as one unit.
    pub group: Option<String>,
    /// Encrypted value by value in the database.
    #[serde(default)]
    pub sealed: bool,
    mask: Option<Mask>,
    pub min: Option<i64>,
    pub max: Option<i64>,
    /// The code table of `code` and `set`.
    pub codes: Option<String>,
    /// Text of several lines.
    #[serde(default)]
    pub lines: bool,
    /// Shown beside the value; never used in a rule.
    pub unit: Option<Value>,
    /// `decimal`: the value counts units of 10^-scale.
    pub scale: Option<u32>,
    /// `date` and `month`: not after today.
    #[serde(default)]
    pub past: bool,
    /// `digits`: the exact number of digits.
    pub length: Option<usize>,
    pub level: Option<Level>,
    /// `ref`: the table whose row is meant.
    pub rows: Option<String>,
}

impl Field {
    /// How the value looks to whoever may not see it. A sealed value without a mask of its own is hidden whole.
    pub fn mask(&self) -> Option<Mask> {
        self.mask.or(self.sealed.then_some(Mask::Hidden))
    }
}

/// A table of rows, `persons` for example.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowTable {
    pub zh: String,
    pub en: String,
    /// The greatest number of rows.
    pub max: Option<usize>,
    /// The field that stands for a row in a list.
    pub title: Option<String>,
}

/// A guarded group: paths that are merged as one unit, because they make sense only together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub zh: String,
    pub en: String,
    /// One unit for each row of this table instead of one for the household.
    pub per: Option<String>,
    /// Which rows of this table there are belongs to the unit, too.
    pub rows: Option<String>,
}

/// All paths, ready for look-ups without allocation.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    pub version: u32,
    pub groups: BTreeMap<String, Group>,
    pub tables: BTreeMap<String, RowTable>,
    pub(super) scalars: HashMap<String, Arc<Field>>,
    pub(super) columns: HashMap<String, HashMap<String, Arc<Field>>>,
    pub(super) visit: HashMap<String, Arc<Field>>,
}

impl Dictionary {
    /// The field of a concrete path or of a pattern.
    pub fn field(&self, path: &str) -> Option<&Arc<Field>> {
        let mut parts = path.splitn(3, '/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(name), None, None) => self.scalars.get(name),
            (Some("visit"), Some(name), None) => self.visit.get(name),
            (Some(table), Some(_), Some(column)) => self.column(table, column),
            _ => None,
        }
    }

    /// A field of the rows of a table.
    pub fn column(&self, table: &str, column: &str) -> Option<&Arc<Field>> {
        self.columns.get(table)?.get(column)
    }

    /// A field of the visit, named without `visit/`.
    pub fn visit_field(&self, name: &str) -> Option<&Arc<Field>> {
        self.visit.get(name)
    }

    /// A scalar or set of the file.
    pub fn scalar(&self, name: &str) -> Option<&Arc<Field>> {
        self.scalars.get(name)
    }

    /// Is this the name of a table of rows?
    pub fn is_table(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }

    /// The guarded group that knows which rows of a table there are.
    pub fn group_of_rows(&self, table: &str) -> Option<&str> {
        let mut groups = self.groups.iter();
        groups.find(|(_, group)| group.rows.as_deref() == Some(table)).map(|(name, _)| name.as_str())
    }

    /// Every pattern with its field, in no particular order.
    pub fn patterns(&self) -> impl Iterator<Item = (String, &Arc<Field>)> {
        let scalars = self.scalars.iter().map(|(name, field)| (name.clone(), field));
        let visit = self.visit.iter().map(|(name, field)| (format!("visit/{name}"), field));
        let columns = self
            .columns
            .iter()
            .flat_map(|(table, columns)| columns.iter().map(move |(name, field)| (format!("{table}/*/{name}"), field)));
        scalars.chain(visit).chain(columns)
    }
}
