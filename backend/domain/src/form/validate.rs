//! A visit's answers against its form: what shows, what is wrong, what follows (docs/FORMS.md, Validation).

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use datalogic_rs::DataValue;
use datalogic_rs::bumpalo::Bump;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::File;
use super::changes::{Change, EmptyRows, changes, settle};
use super::check::{Surroundings, check_value};
use super::condition::Condition;
use super::context::{Context, Facts};
use super::definition::{Ask, Check, Definitions, Form, Item, Least, Required, Rows, Target};
use super::derive::{Derived, derive};
use super::mask::is_masked;
use super::path::Path;
use super::problem::{Problem, Severity};
use super::value::{is_absent, normalise, same_value};

/// The answers of a visit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The whole file as it would be after the visit.
    #[serde(default)]
    pub file: File,
    /// The answers about the visit, named without `visit/`.
    #[serde(default)]
    pub visit: Map<String, Value>,
    /// Paths put off with "稍后".
    #[serde(default)]
    pub later: Vec<String>,
}

/// What a visit is judged by beside its answers. No clock: the caller says what day it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// The local date in Asia/Shanghai.
    pub today: NaiveDate,
    #[serde(default)]
    pub started_at: Option<DateTime<Utc>>,
    /// Absent while the visit goes on.
    #[serde(default)]
    pub ended_at: Option<DateTime<Utc>>,
}

/// The answer of [`validate`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Validation {
    /// In the order of the form's items, then rows by id, then changes that were not asked, then checks.
    pub problems: Vec<Problem>,
    pub derived: Derived,
    /// The concrete paths that show, in the form's order.
    pub visible: Vec<String>,
}

impl Validation {
    /// Whether nothing blocks sending.
    pub fn is_sendable(&self) -> bool {
        !self.problems.iter().any(|problem| problem.severity == Severity::E)
    }

    /// The warnings, each of which wants a reason.
    pub fn warnings(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.severity == Severity::W)
    }
}

/// Validates a visit. `base` is the file that the visit began with; `None` for a household that is not filed yet.
pub fn validate(definitions: &Definitions, form: &Form, base: Option<&File>, draft: &Draft, meta: &Meta) -> Validation {
    let dictionary = definitions.dictionary();
    let file = settle(dictionary, base, &draft.file, EmptyRows::Keep);
    let visit = normalise_visit(definitions, &draft.visit);
    let changes = changes(dictionary, base, &file);
    let derived = derive(definitions, &file, &visit, meta, &changes);
    let is_partial = visit.get("outcome").and_then(Value::as_str) == Some("partial");
    let today = meta.today.to_string();
    let arena = Bump::with_capacity(16 * 1024);
    let facts = Facts { today: &today, is_new: base.is_none(), is_partial };
    let context = Context::new(&arena, dictionary, &file, &visit, &derived, &facts);

    let mut walk = Walk {
        definitions,
        context: &context,
        around: Surroundings {
            codes: definitions.codes(),
            regions: definitions.regions(),
            file: &file,
            today: meta.today,
        },
        visit: &visit,
        draft,
        base,
        is_partial,
        open_tables: HashSet::new(),
        asked: HashSet::new(),
        visible: Vec::new(),
        problems: Vec::new(),
    };
    for section in &form.sections {
        if walk.shows(section.show.as_ref(), context.top()) {
            section.items.iter().for_each(|item| walk.item(item));
        }
    }
    walk.not_asked(&changes);
    form.checks.iter().for_each(|check| walk.check(check));
    let Walk { problems, visible, .. } = walk;
    Validation { problems, derived, visible }
}

fn normalise_visit(definitions: &Definitions, visit: &Map<String, Value>) -> Map<String, Value> {
    let normal = |(name, value): (&String, &Value)| {
        let field = definitions.dictionary().visit_field(name);
        let value = field.map_or_else(|| value.clone(), |field| normalise(field, value));
        (!is_absent(&value)).then(|| (name.clone(), value))
    };
    visit.iter().filter_map(normal).collect()
}

struct Walk<'a, 'c> {
    definitions: &'a Definitions,
    context: &'c Context<'c>,
    around: Surroundings<'a>,
    visit: &'a Map<String, Value>,
    draft: &'a Draft,
    base: Option<&'a File>,
    is_partial: bool,
    /// Tables whose cards may be added and removed now.
    open_tables: HashSet<&'a str>,
    asked: HashSet<String>,
    visible: Vec<String>,
    problems: Vec<Problem>,
}

impl<'a: 'c, 'c> Walk<'a, 'c> {
    fn holds(&self, condition: &'c Condition, data: &'c DataValue<'c>) -> bool {
        self.definitions.conditions.holds(condition, data, self.context.arena())
    }

    fn shows(&self, show: Option<&'c Condition>, data: &'c DataValue<'c>) -> bool {
        show.is_none_or(|condition| self.holds(condition, data))
    }

    fn item(&mut self, item: &'a Item) {
        match item {
            Item::Rows(rows) => self.rows(rows),
            Item::Ask(ask) => {
                let (path, value, typed, before) = match &ask.target {
                    Target::Visit(name) => {
                        (format!("visit/{name}"), self.visit.get(name), self.draft.visit.get(name), None)
                    }
                    Target::Scalar(name) | Target::Column(name) => (
                        name.clone(),
                        self.around.file.get(name),
                        self.draft.file.get(name),
                        self.base.and_then(|base| base.get(name)),
                    ),
                };
                self.ask(ask, path, Answer { value, typed, before }, self.context.top());
            }
        }
    }

    fn rows(&mut self, rows: &'a Rows) {
        let table = rows.table.as_str();
        if !self.shows(rows.show.as_ref(), self.context.top()) {
            return;
        }
        if !rows.fixed {
            self.open_tables.insert(table);
        }
        let entries = self.context.rows(table);
        self.count_rows(rows, entries.len());
        for (id, data) in entries {
            let row = self.around.file.get(table).and_then(|rows| rows.get(id));
            let typed = self.draft.file.get(table).and_then(|rows| rows.get(id));
            let before = self.base.and_then(|base| base.get(table)).and_then(|rows| rows.get(id));
            for ask in &rows.asks {
                let (Target::Column(column) | Target::Scalar(column) | Target::Visit(column)) = &ask.target;
                let cell = |row: Option<&'a Value>| row.and_then(|row| row.get(column));
                let answer = Answer { value: cell(row), typed: cell(typed), before: cell(before) };
                self.ask(ask, format!("{table}/{id}/{column}"), answer, data);
            }
        }
    }

    fn count_rows(&mut self, rows: &'a Rows, count: usize) {
        let least = match &rows.min {
            Least::Count(least) => *least,
            Least::When(condition) => usize::from(self.holds(condition, self.context.top())),
        };
        let has_none = rows.none.as_ref().is_some_and(|name| self.visit.get(name) == Some(&Value::Bool(true)));
        if count < least && !has_none {
            if self.is_put_off(&rows.table) {
                self.report(Problem::new("value.later", Severity::W, &rows.table));
            } else {
                self.report(count_problem("rows.too_few", &rows.table, "min", least));
            }
        }
        if let Some(most) = rows.max.filter(|most| count > *most) {
            self.report(count_problem("rows.too_many", &rows.table, "max", most));
        }
    }

    fn ask(&mut self, ask: &'a Ask, path: String, answer: Answer<'a>, data: &'c DataValue<'c>) {
        if !self.shows(ask.show.as_ref(), data) {
            return;
        }
        match answer.value {
            Some(value) => {
                let finding = if answer.is_covered(ask) { None } else { check_value(&ask.field, value, &self.around) };
                if let Some(finding) = finding {
                    let problem =
                        Problem { params: finding.params, ..Problem::new(finding.code, finding.severity, &path) };
                    self.report(problem);
                }
            }
            None => {
                let is_required = match &ask.required {
                    Required::No => false,
                    Required::Always => true,
                    Required::When(condition) => self.holds(condition, data),
                };
                if is_required && self.is_put_off(&path) {
                    self.report(Problem::new("value.later", Severity::W, &path));
                } else if is_required {
                    self.report(Problem::new("value.required", Severity::E, &path));
                }
            }
        }
        if self.asked.insert(path.clone()) {
            self.visible.push(path);
        }
    }

    fn is_put_off(&self, path: &str) -> bool {
        self.is_partial && self.draft.later.iter().any(|later| later == path)
    }

    /// A path that stands in the form twice is reported once.
    fn report(&mut self, problem: Problem) {
        let is_second = self.asked.contains(&problem.path)
            && self.problems.iter().any(|known| known.path == problem.path && known.code == problem.code);
        if !is_second {
            self.problems.push(problem);
        }
    }

    fn not_asked(&mut self, changes: &[Change]) {
        for change in changes {
            let is_asked = match Path::parse(&change.path) {
                Some(Path::Row { table, .. }) => self.open_tables.contains(table),
                _ => self.asked.contains(&change.path),
            };
            if !is_asked {
                self.problems.push(Problem::new("value.not_asked", Severity::E, &change.path));
            }
        }
    }

    fn check(&mut self, check: &'a Check) {
        let Some(table) = &check.each else {
            if self.holds(&check.when, self.context.top()) {
                self.problems.push(Problem::new(&check.code, check.severity, &check.at));
            }
            return;
        };
        for (id, data) in self.context.rows(table) {
            if self.holds(&check.when, data) {
                let at = check.at.replacen('*', id, 1);
                self.problems.push(Problem::new(&check.code, check.severity, &at));
            }
        }
    }
}

fn count_problem(code: &str, table: &str, key: &str, limit: usize) -> Problem {
    let params = Map::from_iter([(key.to_owned(), Value::from(limit))]);
    Problem { params, ..Problem::new(code, Severity::E, table) }
}

/// One answer: as it would be kept, as it was typed, as it was before the visit.
struct Answer<'a> {
    value: Option<&'a Value>,
    typed: Option<&'a Value>,
    before: Option<&'a Value>,
}

impl Answer<'_> {
    /// Whether the covered form of the value in the file was left as it was.
    fn is_covered(&self, ask: &Ask) -> bool {
        let is_mask = self.typed.and_then(Value::as_str).is_some_and(is_masked) && ask.field.mask().is_some();
        match (self.typed, self.before) {
            (Some(typed), Some(before)) => is_mask && same_value(&ask.field, typed, before),
            _ => false,
        }
    }
}
