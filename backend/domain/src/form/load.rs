//! Reads the definitions and checks all of them; a fault names its file and its key.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::canonical::{canonical_hash, canonical_json};
use super::codes::{Code, Codes, RegionList};
use super::condition::Conditions;
use super::definition::Definitions;
use super::dictionary::{Dictionary, Field, Group, Kind, RowTable};
use super::load_form::{FormReader, load_form};

/// One fault in the definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `dictionary.json`, `codes.json`, `regions.json` or the name of a form's file.
    pub file: String,
    /// Where in the file: `fields.persons/*/name`, `sections.income.items.2.show`.
    pub key: String,
    pub what: String,
}

/// Every fault that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    pub faults: Vec<Fault>,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.faults.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{}: {}: {}", fault.file, fault.key, fault.what)?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

/// Collects the faults of one file.
pub(super) struct Faults<'a> {
    file: &'a str,
    all: &'a mut Vec<Fault>,
}

impl Faults<'_> {
    pub fn add(&mut self, key: impl Into<String>, what: impl Into<String>) {
        self.all.push(Fault { file: self.file.to_owned(), key: key.into(), what: what.into() });
    }

    /// Both labels, which must not be empty.
    pub fn labels(&mut self, key: &str, entry: &Value) -> (String, String) {
        let mut label = |language: &str| match entry.get(language).and_then(Value::as_str) {
            Some(text) if !text.trim().is_empty() => text.to_owned(),
            _ => {
                self.add(key, format!("label \"{language}\" is missing"));
                String::new()
            }
        };
        (label("zh"), label("en"))
    }

    fn read<T: DeserializeOwned>(&mut self, key: &str, value: &Value) -> Option<T> {
        serde_json::from_value(value.clone()).map_err(|error| self.add(key, error.to_string())).ok()
    }

    fn object<'v>(
        &mut self,
        key: &str,
        value: Option<&'v Value>,
    ) -> impl Iterator<Item = (&'v String, &'v Value)> + use<'v> {
        let object = value.and_then(Value::as_object);
        if object.is_none() {
            self.add(key, "an object is missing here");
        }
        object.into_iter().flatten()
    }

    fn version(&mut self, value: &Value) -> u32 {
        let version = value.get("version").and_then(Value::as_u64).and_then(|version| u32::try_from(version).ok());
        version.unwrap_or_else(|| {
            self.add("version", "a version number is missing");
            0
        })
    }
}

impl Definitions {
    /// Loads and checks everything. `forms` are pairs of file name without `.json` (`V01.1`) and text.
    pub fn load(
        dictionary: &str,
        codes: &str,
        forms: &[(&str, &str)],
        regions: &str,
    ) -> Result<Definitions, LoadError> {
        let mut all = Vec::new();
        let codes_json = parse("codes.json", codes, &mut all);
        let codes = load_codes(&codes_json, Faults { file: "codes.json", all: &mut all });
        let dictionary_json = parse("dictionary.json", dictionary, &mut all);
        let dictionary = load_dictionary(&dictionary_json, &codes, Faults { file: "dictionary.json", all: &mut all });
        let regions_json = parse("regions.json", regions, &mut all);
        let regions = load_regions(&regions_json, Faults { file: "regions.json", all: &mut all });

        let conditions = Conditions::default();
        let mut loaded = BTreeMap::new();
        let mut forms_json = Vec::new();
        for (name, text) in forms {
            let file = format!("{name}.json");
            let form_json = parse(&file, text, &mut all);
            let mut faults = Faults { file: &file, all: &mut all };
            let mut reader =
                FormReader { dictionary: &dictionary, codes: &codes, conditions: &conditions, faults: &mut faults };
            if let Some(form) = load_form(name, &form_json, &mut reader)
                && loaded.insert((form.id.clone(), form.version), form).is_some()
            {
                faults.add("id", "this form version is there twice");
            }
            forms_json.push(form_json);
        }
        if !all.is_empty() {
            return Err(LoadError { faults: all });
        }
        let served = json!({ "dictionary": dictionary_json, "codes": codes_json, "forms": forms_json });
        let (version, definitions_json) = with_version(served)?;
        let (regions_version, regions_json) = with_version(regions_json)?;
        Ok(Definitions {
            dictionary,
            codes,
            regions,
            forms: loaded,
            conditions,
            version,
            definitions_json,
            regions_version,
            regions_json,
        })
    }
}

fn parse(file: &str, text: &str, all: &mut Vec<Fault>) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| {
        Faults { file, all }.add("", error.to_string());
        Value::Null
    })
}

/// The hash over the whole, and the whole with the hash as its version.
fn with_version(mut value: Value) -> Result<(String, String), LoadError> {
    let broken = |error: serde_json::Error| LoadError {
        faults: vec![Fault { file: "definitions".to_owned(), key: String::new(), what: error.to_string() }],
    };
    let version = canonical_hash(&value).map_err(broken)?;
    if let Value::Object(parts) = &mut value {
        parts.insert("version".to_owned(), Value::from(version.as_str()));
    }
    Ok((version, canonical_json(&value).map_err(broken)?))
}

fn load_codes(json: &Value, mut faults: Faults<'_>) -> Codes {
    let mut tables = HashMap::new();
    for (name, entries) in faults.object("tables", json.get("tables")) {
        let mut table = HashMap::new();
        for (at, entry) in entries.as_array().into_iter().flatten().enumerate() {
            let key = format!("tables.{name}.{at}");
            faults.labels(&key, entry);
            let Some(code) = faults.read::<Code>(&key, entry).map(|code| Code { rank: at, ..code }) else { continue };
            if let Some(double) = table.insert(code.code.clone(), code) {
                faults.add(&key, format!("code \"{}\" is there twice", double.code));
            }
        }
        if table.is_empty() {
            faults.add(format!("tables.{name}"), "no codes");
        }
        tables.insert(name.clone(), table);
    }
    Codes { version: faults.version(json), tables }
}

fn load_regions(json: &Value, mut faults: Faults<'_>) -> RegionList {
    let mut codes = HashSet::new();
    let entries = json.get("regions").and_then(Value::as_array);
    if entries.is_none() {
        faults.add("regions", "a list is missing here");
    }
    for (at, entry) in entries.into_iter().flatten().enumerate() {
        let key = format!("regions.{at}");
        faults.labels(&key, entry);
        let code = entry.get("code").and_then(Value::as_str).unwrap_or_default();
        if ![4, 6, 9, 12].contains(&code.len()) || !code.bytes().all(|b| b.is_ascii_digit()) {
            faults.add(&key, "a region code has 4, 6, 9 or 12 digits");
        } else if !codes.insert(code.to_owned()) {
            faults.add(&key, format!("region {code} is there twice"));
        }
    }
    RegionList::new(codes)
}

fn load_dictionary(json: &Value, codes: &Codes, mut faults: Faults<'_>) -> Dictionary {
    let mut dictionary = Dictionary { version: faults.version(json), ..Dictionary::default() };
    for (name, group) in faults.object("groups", json.get("groups")) {
        let key = format!("groups.{name}");
        faults.labels(&key, group);
        if let Some(group) = faults.read::<Group>(&key, group) {
            dictionary.groups.insert(name.clone(), group);
        }
    }
    for (name, table) in faults.object("rows", json.get("rows")) {
        let key = format!("rows.{name}");
        faults.labels(&key, table);
        if let Some(table) = faults.read::<RowTable>(&key, table) {
            dictionary.tables.insert(name.clone(), table);
        }
    }
    for (pattern, entry) in faults.object("fields", json.get("fields")) {
        let key = format!("fields.{pattern}");
        faults.labels(&key, entry);
        if let Some(field) = faults.read::<Field>(&key, entry) {
            check_field(pattern, &field, &dictionary, codes, |what| faults.add(&key, what));
            if !place_field(&mut dictionary, pattern, field) {
                faults.add(&key, "not a path: a name, table/*/name or visit/name of small letters, digits and _");
            }
        }
    }
    check_groups(&dictionary, &mut faults);
    for (name, table) in &dictionary.tables {
        if table.title.as_deref().is_some_and(|title| dictionary.column(name, title).is_none()) {
            faults.add(format!("rows.{name}.title"), "unknown field");
        }
    }
    dictionary
}

fn check_groups(dictionary: &Dictionary, faults: &mut Faults<'_>) {
    for (name, group) in &dictionary.groups {
        let key = format!("groups.{name}");
        for table in group.per.iter().chain(&group.rows) {
            if !dictionary.is_table(table) {
                faults.add(&key, format!("unknown table of rows \"{table}\""));
            }
        }
        if group.per.is_some() && group.rows.is_some() {
            faults.add(&key, "\"per\" and \"rows\" exclude each other");
        }
        if group.rows.as_ref().is_some_and(|table| dictionary.group_of_rows(table) != Some(name)) {
            faults.add(&key, "another group has the rows of this table");
        }
    }
    let mut outside: Vec<String> = dictionary
        .patterns()
        .filter(|(pattern, field)| {
            let per = field.group.as_ref().and_then(|group| dictionary.groups.get(group)?.per.as_deref());
            per.is_some_and(|table| pattern.split_once("/*/").is_none_or(|(of, _)| of != table))
        })
        .map(|(pattern, _)| pattern)
        .collect();
    outside.sort_unstable();
    for pattern in outside {
        faults.add(format!("fields.{pattern}"), "its group is of the rows of another table");
    }
}

fn place_field(dictionary: &mut Dictionary, pattern: &str, field: Field) -> bool {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let parts: Vec<&str> = pattern.split('/').collect();
    match parts.as_slice() {
        [name] if is_name(name) && !dictionary.is_table(name) => {
            dictionary.scalars.insert((*name).to_owned(), Arc::new(field))
        }
        ["visit", name] if is_name(name) => dictionary.visit.insert((*name).to_owned(), Arc::new(field)),
        [table, "*", name] if is_name(name) && dictionary.is_table(table) => {
            dictionary.columns.entry((*table).to_owned()).or_default().insert((*name).to_owned(), Arc::new(field))
        }
        _ => return false,
    };
    true
}

fn check_field(pattern: &str, field: &Field, dictionary: &Dictionary, codes: &Codes, mut fault: impl FnMut(String)) {
    let is_listed = matches!(field.kind, Kind::Code | Kind::Set);
    match &field.codes {
        Some(table) if !codes.has_table(table) => fault(format!("unknown codes table \"{table}\"")),
        None if is_listed => fault("\"codes\" is missing".to_owned()),
        Some(_) if !is_listed => fault("\"codes\" belongs to code and set only".to_owned()),
        _ => {}
    }
    match &field.rows {
        Some(table) if !dictionary.is_table(table) => fault(format!("unknown table of rows \"{table}\"")),
        None if field.kind == Kind::Ref => fault("\"rows\" is missing".to_owned()),
        _ => {}
    }
    if field.group.as_ref().is_some_and(|group| !dictionary.groups.contains_key(group)) {
        fault("unknown group".to_owned());
    }
    if field.kind == Kind::Region && field.level.is_none() {
        fault("\"level\" is missing".to_owned());
    }
    if field.kind == Kind::Decimal && field.scale.is_none() {
        fault("\"scale\" is missing".to_owned());
    }
    if field.merge.is_none() && !pattern.starts_with("visit/") {
        fault("\"merge\" is missing".to_owned());
    }
    if field.pii > 4 {
        fault("\"pii\" is 0 to 4".to_owned());
    }
    if field.min.zip(field.max).is_some_and(|(min, max)| min > max) {
        fault("\"min\" is above \"max\"".to_owned());
    }
    let is_string = !matches!(
        field.kind,
        Kind::Bool | Kind::Int | Kind::Decimal | Kind::Money | Kind::Year | Kind::Set | Kind::Geo
    );
    if field.mask().is_some() && !is_string {
        fault("only strings are sealed or masked".to_owned());
    }
}

/// The keys of an object that are not among the known ones.
pub(super) fn unknown_keys<'v>(object: &'v Map<String, Value>, known: &[&str]) -> Vec<&'v str> {
    object.keys().map(String::as_str).filter(|key| !known.contains(key)).collect()
}
