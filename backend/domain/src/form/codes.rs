//! Code tables and the list of regions.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::dictionary::Level;

/// One choice of a code table.
#[derive(Debug, Clone, Deserialize)]
pub struct Code {
    pub code: String,
    pub zh: String,
    pub en: String,
    /// Shown first.
    #[serde(default)]
    pub top: bool,
    /// Its place in the table: what `MAX` and `MIN` compare.
    #[serde(skip)]
    pub rank: usize,
    /// Accepted from old files, not offered any more.
    #[serde(default)]
    pub retired: bool,
    /// Properties that rules use: `counts`, `relief`, `rigid`.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Code {
    /// A yes-or-no property that rules use.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        self.more.get(name).and_then(Value::as_bool).unwrap_or(default)
    }
}

/// All code tables.
#[derive(Debug, Clone, Default)]
pub struct Codes {
    pub version: u32,
    pub(super) tables: HashMap<String, HashMap<String, Code>>,
}

impl Codes {
    pub fn has_table(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    pub fn find(&self, table: &str, code: &str) -> Option<&Code> {
        self.tables.get(table)?.get(code)
    }

    /// A yes-or-no property of a code; the default when the code is not in the table.
    pub(super) fn flag(&self, table: &str, code: &str, name: &str, default: bool) -> bool {
        self.find(table, code).map_or(default, |entry| entry.flag(name, default))
    }
}

/// A community that is not in the list yet is filed under its town with this ending and resolved later.
const TEMPORARY: &str = "999";

/// The regions that are known: the city itself, its counties (banners) and towns.
#[derive(Debug, Clone, Default)]
pub struct RegionList {
    cities: Vec<String>,
    codes: HashSet<String>,
    has_communities: bool,
}

impl RegionList {
    pub(super) fn new(codes: HashSet<String>) -> RegionList {
        let is_city = |code: &&String| code.len() == 4 || (code.len() == 6 && code.ends_with("00"));
        let cities = codes.iter().filter(is_city).filter_map(|code| code.get(..4)).map(str::to_owned).collect();
        let has_communities = codes.iter().any(|code| code.len() == 12);
        RegionList { cities, codes, has_communities }
    }

    /// Outside the city every code of the right length is taken as it is, because former counties stay valid there.
    /// A community is looked up by its town where no list of communities was imported.
    pub fn knows(&self, level: Level, code: &str) -> bool {
        if code.len() != level.digits() || !code.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
        if !self.cities.iter().any(|city| code.starts_with(city.as_str())) {
            return true;
        }
        match level {
            Level::County => !code.ends_with("00") && self.codes.contains(code),
            Level::Town => self.codes.contains(code),
            Level::Community if self.has_communities && !code.ends_with(TEMPORARY) => self.codes.contains(code),
            Level::Community => code.get(..9).is_some_and(|town| self.codes.contains(town)),
        }
    }
}
