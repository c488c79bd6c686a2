//! Reads one form: every path known, every label there, every condition compiled.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::codes::Codes;
use super::condition::{Condition, Conditions, Scope};
use super::definition::{Ask, Check, Form, Item, Least, Required, Rows, Section, Target};
use super::derive::FIGURES;
use super::dictionary::{Dictionary, Field, Kind};
use super::load::{Faults, unknown_keys};
use super::problem::Severity;

/// What a form is read against, and where its faults go.
pub(super) struct FormReader<'a, 'f> {
    pub dictionary: &'a Dictionary,
    pub codes: &'a Codes,
    pub conditions: &'a Conditions,
    pub faults: &'a mut Faults<'f>,
}

/// Reads the form of the file `name` (`V01.1`).
pub(super) fn load_form(name: &str, json: &Value, reader: &mut FormReader<'_, '_>) -> Option<Form> {
    let text = |key: &str| json.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let version = json.get("version").and_then(Value::as_u64).and_then(|version| u32::try_from(version).ok());
    let (id, visit_type) = (text("id"), text("visit_type"));
    let version = version.unwrap_or_default();
    if name != format!("{id}.{version}") {
        reader.faults.add("id", format!("id and version make \"{id}.{version}\", the file is called \"{name}\""));
    }
    if reader.codes.has_table("visit_type") && reader.codes.find("visit_type", &visit_type).is_none() {
        reader.faults.add("visit_type", format!("unknown visit type \"{visit_type}\""));
    }
    let (zh, en) = reader.faults.labels("", json);
    let object = json.as_object()?;
    reader.refuse_unknown("", object, &["id", "version", "visit_type", "zh", "en", "sections", "checks"]);
    let sections = reader.list("sections", json.get("sections"), |reader, _, section| reader.section(section));
    let checks = match json.get("checks") {
        None => Vec::new(),
        checks => reader.list("checks", checks, |reader, key, check| reader.check(key, check)),
    };
    Some(Form { id, version, visit_type, zh, en, sections, checks })
}

impl FormReader<'_, '_> {
    fn refuse_unknown(&mut self, key: &str, object: &Map<String, Value>, known: &[&str]) {
        for unknown in unknown_keys(object, known) {
            self.faults.add(key, format!("unknown key \"{unknown}\""));
        }
    }

    fn list<T>(
        &mut self,
        key: &str,
        list: Option<&Value>,
        mut read: impl FnMut(&mut Self, &str, &Map<String, Value>) -> Option<T>,
    ) -> Vec<T> {
        let Some(list) = list.and_then(Value::as_array) else {
            self.faults.add(key, "a list is missing here");
            return Vec::new();
        };
        let mut all = Vec::with_capacity(list.len());
        for (at, entry) in list.iter().enumerate() {
            let key = format!("{key}.{at}");
            match entry.as_object() {
                Some(entry) => all.extend(read(self, &key, entry)),
                None => self.faults.add(key, "an object is missing here"),
            }
        }
        all
    }

    fn section(&mut self, section: &Map<String, Value>) -> Option<Section> {
        let name = section.get("key").and_then(Value::as_str).unwrap_or_default();
        let key = format!("sections.{name}");
        self.refuse_unknown(&key, section, &["key", "zh", "en", "show", "unchanged", "items"]);
        self.labels(&key, section);
        if name.is_empty() {
            self.faults.add(&key, "\"key\" is missing");
        }
        let show = self.condition(&key, "show", section, None);
        let items =
            self.list(&format!("{key}.items"), section.get("items"), |reader, key, item| Some(reader.item(key, item)));
        Some(Section { key: name.to_owned(), show, items: items.into_iter().flatten().collect() })
    }

    fn labels(&mut self, key: &str, entry: &Map<String, Value>) {
        self.faults.labels(key, &Value::Object(entry.clone()));
    }

    fn condition(&mut self, key: &str, name: &str, entry: &Map<String, Value>, row: Option<&str>) -> Option<Condition> {
        let rule = entry.get(name)?;
        self.compile(&format!("{key}.{name}"), rule, row)
    }

    fn compile(&mut self, key: &str, rule: &Value, row: Option<&str>) -> Option<Condition> {
        let scope = Scope::Form { dictionary: self.dictionary, row };
        self.conditions.compile(rule, scope).map_err(|what| self.faults.add(key, what)).ok()
    }

    /// An item outside rows; `None` for what asks nothing.
    fn item(&mut self, key: &str, item: &Map<String, Value>) -> Option<Item> {
        if item.contains_key("rows") {
            return self.rows(key, item).map(Item::Rows);
        }
        if item.contains_key("path") {
            return self.ask(key, item, None).map(Item::Ask);
        }
        self.shown(key, item, None);
        None
    }

    /// A figure, a paragraph or the place of another feature: checked, and otherwise left to the screens.
    fn shown(&mut self, key: &str, item: &Map<String, Value>, row: Option<&str>) {
        self.refuse_unknown(key, item, &["figure", "words", "place", "show"]);
        self.condition(key, "show", item, row);
        match (item.get("figure"), item.get("words"), item.get("place")) {
            (Some(figure), None, None) => {
                if !figure.as_str().is_some_and(|figure| FIGURES.contains(&figure)) {
                    self.faults.add(format!("{key}.figure"), "unknown figure");
                }
            }
            (None, Some(words), None) => {
                self.faults.labels(&format!("{key}.words"), words);
            }
            (None, None, Some(place)) if place.as_str().is_some_and(|place| !place.is_empty()) => {}
            _ => self.faults.add(key, "an item has one of path, rows, figure, words, place"),
        }
    }

    fn ask(&mut self, key: &str, item: &Map<String, Value>, table: Option<&str>) -> Option<Ask> {
        self.refuse_unknown(key, item, &["path", "required", "show", "help"]);
        if let Some(help) = item.get("help") {
            self.faults.labels(&format!("{key}.help"), help);
        }
        let show = self.condition(key, "show", item, table);
        let required = match item.get("required") {
            None | Some(Value::Bool(false)) => Required::No,
            Some(Value::Bool(true)) => Required::Always,
            Some(rule) => self.compile(&format!("{key}.required"), rule, table).map_or(Required::No, Required::When),
        };
        let path = item.get("path").and_then(Value::as_str).unwrap_or_default();
        let Some((target, field)) = self.target(path, table) else {
            self.faults.add(format!("{key}.path"), format!("unknown path \"{path}\""));
            return None;
        };
        Some(Ask { target, field, required, show })
    }

    fn target(&self, path: &str, table: Option<&str>) -> Option<(Target, Arc<Field>)> {
        if let Some(table) = table {
            let column = path.strip_prefix(table)?.strip_prefix("/*/")?;
            return Some((Target::Column(column.to_owned()), self.dictionary.column(table, column)?.clone()));
        }
        if let Some(name) = path.strip_prefix("visit/") {
            return Some((Target::Visit(name.to_owned()), self.dictionary.visit_field(name)?.clone()));
        }
        Some((Target::Scalar(path.to_owned()), self.dictionary.scalar(path)?.clone()))
    }

    fn rows(&mut self, key: &str, item: &Map<String, Value>) -> Option<Rows> {
        self.refuse_unknown(key, item, &["rows", "fixed", "min", "none", "show", "items"]);
        let table = item.get("rows").and_then(Value::as_str).unwrap_or_default();
        let Some(known) = self.dictionary.tables.get(table) else {
            self.faults.add(format!("{key}.rows"), format!("unknown table of rows \"{table}\""));
            return None;
        };
        let show = self.condition(key, "show", item, None);
        let min = match item.get("min") {
            None => Least::Count(0),
            Some(Value::Number(least)) => match least.as_u64().and_then(|least| usize::try_from(least).ok()) {
                Some(least) => Least::Count(least),
                None => {
                    self.faults.add(format!("{key}.min"), "not a number of rows");
                    return None;
                }
            },
            Some(rule) => Least::When(self.compile(&format!("{key}.min"), rule, None)?),
        };
        let none =
            item.get("none").map(|none| none.as_str().and_then(|none| none.strip_prefix("visit/")).unwrap_or_default());
        if none.is_some_and(|none| self.dictionary.visit_field(none).is_none_or(|field| field.kind != Kind::Bool)) {
            self.faults.add(format!("{key}.none"), "not a visit/ path of type bool");
        }
        let asks = self.list(&format!("{key}.items"), item.get("items"), |reader, key, item| {
            if item.contains_key("path") {
                return reader.ask(key, item, Some(table));
            }
            reader.shown(key, item, Some(table));
            None
        });
        let fixed = item.get("fixed").and_then(Value::as_bool).unwrap_or(false);
        let none = none.map(str::to_owned);
        Some(Rows { table: table.to_owned(), fixed, min, max: known.max, none, show, asks })
    }

    fn check(&mut self, key: &str, check: &Map<String, Value>) -> Option<Check> {
        self.refuse_unknown(key, check, &["code", "severity", "each", "at", "when", "zh", "en"]);
        self.labels(key, check);
        let text = |name: &str| check.get(name).and_then(Value::as_str);
        let code = text("code").unwrap_or_default().to_owned();
        let severity = match text("severity") {
            Some("E") => Some(Severity::E),
            Some("W") => Some(Severity::W),
            _ => None,
        };
        if code.is_empty() || severity.is_none() {
            self.faults.add(key, "\"code\" or \"severity\" (E or W) is missing");
        }
        let each = text("each");
        if each.is_some_and(|table| !self.dictionary.is_table(table)) {
            self.faults.add(format!("{key}.each"), "unknown table of rows");
        }
        let at = text("at").unwrap_or_default();
        let is_place = match (at.split_once("/*"), each) {
            (Some((table, _)), each) => {
                each == Some(table) && (at.ends_with("/*") || self.dictionary.field(at).is_some())
            }
            (None, _) => at == "visit" || self.dictionary.is_table(at) || self.dictionary.field(at).is_some(),
        };
        if !is_place {
            self.faults.add(format!("{key}.at"), format!("unknown path \"{at}\""));
        }
        let Some(rule) = check.get("when") else {
            self.faults.add(key, "\"when\" is missing");
            return None;
        };
        let when = self.compile(&format!("{key}.when"), rule, each)?;
        Some(Check { code, severity: severity?, each: each.map(str::to_owned), at: at.to_owned(), when })
    }
}
