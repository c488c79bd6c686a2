//! Derived figures (docs/FORMS.md, table of figures): integers, money in 分, `None` when an input is missing.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::File;
use super::calendar::{full_years, parse_date};
use super::changes::Change;
use super::codes::Codes;
use super::definition::Definitions;
use super::id_no::{IdNoFacts, facts};
use super::mask::is_masked;
use super::path::Path;
use super::validate::Meta;
use super::value::{integer, is_absent};

/// Every figure of a household that conditions and forms may name.
pub const FIGURES: [&str; 18] = [
    "persons_count",
    "workers_count",
    "household_size",
    "annual_income_total",
    "annual_income_counted",
    "annual_relief",
    "annual_nonwage_income",
    "worker_monthly_income",
    "pci",
    "pci_after_relief",
    "rigid_annual",
    "medical_oop_annual",
    "shock_12m",
    "npci",
    "duplicate_id_persons",
    "visit_minutes",
    "has_student",
    "has_sensitive",
];

/// Every figure of a person, under `d`.
pub const PERSON_FIGURES: [&str; 4] = ["age", "income_monthly", "id_sex", "id_birth_date"];

/// Sums larger than this are no amounts of money any more: JavaScript cannot hold them exactly.
const GREATEST: i128 = 9_007_199_254_740_991;

/// One derived figure.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Figure {
    Number(Option<i64>),
    Flag(bool),
    Ids(Vec<String>),
}

/// What is derived for one person.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct PersonFigures {
    /// Full years.
    pub age: Option<i64>,
    /// 分 per month.
    pub income_monthly: Option<i64>,
    pub id_sex: Option<String>,
    /// `yyyy-mm-dd`
    pub id_birth_date: Option<String>,
}

/// All derived figures of a file as it would be after a visit. Serialises as one object of [`FIGURES`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Derived {
    pub figures: BTreeMap<&'static str, Figure>,
    /// By the id of the person.
    pub persons: BTreeMap<String, PersonFigures>,
}

impl Derived {
    /// A figure that is a number and is known.
    pub fn number(&self, name: &str) -> Option<i64> {
        match self.figures.get(name) {
            Some(Figure::Number(number)) => *number,
            _ => None,
        }
    }
}

impl Serialize for Derived {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.figures.len()))?;
        for (name, figure) in &self.figures {
            map.serialize_entry(name, figure)?;
        }
        map.end()
    }
}

/// Derives all figures. `changes` are what the visit changes, for `has_sensitive`.
pub fn derive(
    definitions: &Definitions,
    file: &File,
    visit: &Map<String, Value>,
    meta: &Meta,
    changes: &[Change],
) -> Derived {
    let codes = definitions.codes();
    let persons: Vec<(&String, &Map<String, Value>)> = rows(file, "persons").collect();
    let has_income =
        visit.get("no_income").and_then(Value::as_bool) == Some(true) || rows(file, "income_items").next().is_some();
    let incomes: Option<Vec<Item<'_>>> = if has_income { items(file, "income_items") } else { None };
    let expenses: Option<Vec<Item<'_>>> = items(file, "expense_items");
    let sum = |items: &Option<Vec<Item<'_>>>, keep: &dyn Fn(&Item<'_>) -> bool| {
        let total = items.as_ref()?.iter().filter(|item| keep(item)).map(|item| item.yearly).sum::<i128>();
        (total.abs() <= GREATEST).then_some(total)
    };

    let is_worker = |row: &Map<String, Value>| row.get("is_worker").and_then(Value::as_bool) == Some(true);
    let workers: Vec<&str> = persons.iter().filter(|(_, row)| is_worker(row)).map(|(id, _)| id.as_str()).collect();
    let size = i128::try_from(persons.iter().filter(|(_, row)| is_counted(row)).count()).unwrap_or(0);
    let counted = sum(&incomes, &|item| item.counts(codes));
    let relief = sum(&incomes, &|item| item.is_relief(codes));
    let rigid = sum(&expenses, &|item| item.is_rigid(codes));
    let after_relief = counted.zip(relief).map(|(counted, relief)| counted + relief);
    let net = counted.zip(rigid).map(|(counted, rigid)| counted - rigid);
    let worker_income = sum(&incomes, &|item| item.person.is_some_and(|person| workers.contains(&person)));
    let is_shock = |item: &Item<'_>| matches!(item.category, "accident_loss" | "disaster_loss" | "medical_oop");

    let ids: Vec<KnownId<'_>> = persons.iter().map(|(id, row)| read_id(id, row)).collect();
    let mut figures = BTreeMap::new();
    let mut number =
        |name: &'static str, value: Option<i128>| figures.insert(name, Figure::Number(value.and_then(fitting)));
    number("persons_count", i128::try_from(persons.len()).ok());
    number("workers_count", i128::try_from(workers.len()).ok());
    number("household_size", Some(size));
    number("annual_income_total", sum(&incomes, &|_| true));
    number("annual_income_counted", counted);
    number("annual_relief", relief);
    number("annual_nonwage_income", sum(&incomes, &|item| item.category != "wage"));
    number("worker_monthly_income", worker_income.and_then(|yearly| round_div(yearly, 12)));
    number("pci", counted.and_then(|yearly| round_div(yearly, 12 * size)));
    number("pci_after_relief", after_relief.and_then(|yearly| round_div(yearly, 12 * size)));
    number("rigid_annual", rigid);
    number("medical_oop_annual", sum(&expenses, &|item| item.category == "medical_oop"));
    number("shock_12m", sum(&expenses, &is_shock));
    number("npci", net.and_then(|yearly| round_div(yearly, 12 * size)));
    number("visit_minutes", visit_minutes(meta).map(i128::from));
    figures.insert("duplicate_id_persons", Figure::Ids(duplicates(&ids)));
    figures.insert("has_student", Figure::Flag(persons.iter().any(|(_, row)| is_student(row))));
    figures.insert("has_sensitive", Figure::Flag(changes.iter().any(|change| is_sensitive(definitions, change))));

    let mut by_person = BTreeMap::new();
    for ((id, row), known) in persons.iter().zip(&ids) {
        let income = sum(&incomes, &|item| item.person == Some(id.as_str()));
        by_person.insert((*id).clone(), person_figures(row, known.facts, income, meta.today));
    }
    Derived { figures, persons: by_person }
}

/// A row of `income_items` or `expense_items` that can be counted.
struct Item<'a> {
    row: &'a Map<String, Value>,
    category: &'a str,
    person: Option<&'a str>,
    /// 分 per year.
    yearly: i128,
}

impl Item<'_> {
    fn flag(&self, column: &str, codes: &Codes, table: &str, property: &str, default: bool) -> bool {
        let own = self.row.get(column).and_then(Value::as_bool);
        own.unwrap_or_else(|| codes.flag(table, self.category, property, default))
    }

    fn is_relief(&self, codes: &Codes) -> bool {
        codes.flag("income_category", self.category, "relief", false)
    }

    fn counts(&self, codes: &Codes) -> bool {
        self.flag("counts_as_income", codes, "income_category", "counts", true) && !self.is_relief(codes)
    }

    fn is_rigid(&self, codes: &Codes) -> bool {
        self.flag("is_rigid", codes, "expense_category", "rigid", false)
    }
}

/// The rows of a table that are objects.
fn rows<'a>(file: &'a File, table: &str) -> impl Iterator<Item = (&'a String, &'a Map<String, Value>)> {
    let rows = file.get(table).and_then(Value::as_object).into_iter().flatten();
    rows.filter_map(|(id, row)| Some((id, row.as_object()?)))
}

fn text<'a>(row: &'a Map<String, Value>, column: &str) -> Option<&'a str> {
    row.get(column).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The countable rows of a table; `None` when one of them has no category, amount or period yet.
fn items<'a>(file: &'a File, table: &str) -> Option<Vec<Item<'a>>> {
    let item = |row: &'a Map<String, Value>| {
        let times = match text(row, "period")? {
            "month" => 12,
            "quarter" => 4,
            "year" => 1,
            _ => return None,
        };
        let amount = integer(row.get("amount")?)?;
        let category = text(row, "category")?;
        Some(Item { row, category, person: text(row, "person_id"), yearly: i128::from(amount) * times })
    };
    rows(file, table).map(|(_, row)| item(row)).collect()
}

fn is_counted(row: &Map<String, Value>) -> bool {
    let counted = row.get("counted_in_household").and_then(Value::as_bool).unwrap_or(true);
    counted && text(row, "vital_status") != Some("deceased")
}

fn is_student(row: &Map<String, Value>) -> bool {
    text(row, "person_identity") == Some("student")
        || text(row, "work_status") == Some("student")
        || text(row, "school_stage").is_some()
}

/// A person's ID number where it is not covered, and what it tells where it is valid.
struct KnownId<'a> {
    person: &'a str,
    number: Option<&'a str>,
    facts: Option<IdNoFacts>,
}

fn read_id<'a>(person: &'a str, row: &'a Map<String, Value>) -> KnownId<'a> {
    let number = text(row, "id_no").filter(|number| !is_masked(number));
    KnownId { person, number, facts: number.and_then(|number| facts(number).ok()) }
}

fn duplicates(ids: &[KnownId<'_>]) -> Vec<String> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for number in ids.iter().filter_map(|known| known.number) {
        *seen.entry(number).or_default() += 1;
    }
    let is_double =
        |known: &&KnownId<'_>| known.number.and_then(|number| seen.get(number)).is_some_and(|count| *count > 1);
    let mut doubles: Vec<String> = ids.iter().filter(is_double).map(|known| known.person.to_owned()).collect();
    doubles.sort_unstable();
    doubles
}

fn person_figures(
    row: &Map<String, Value>,
    facts: Option<IdNoFacts>,
    income: Option<i128>,
    today: NaiveDate,
) -> PersonFigures {
    let birth = text(row, "birth_date").and_then(parse_date).or(facts.map(|facts| facts.birth_date));
    PersonFigures {
        age: birth.and_then(|birth| full_years(birth, today)),
        income_monthly: income.and_then(|yearly| round_div(yearly, 12)).and_then(fitting),
        id_sex: facts.map(|facts| facts.sex.to_owned()),
        id_birth_date: facts.map(|facts| facts.birth_date.to_string()),
    }
}

/// Whole minutes; a clock that ran backwards gives 0.
fn visit_minutes(meta: &Meta) -> Option<i64> {
    let (start, end) = meta.started_at.zip(meta.ended_at)?;
    Some((end - start).num_minutes().max(0))
}

/// Whether a change brings a value of PII level 3 or 4 into the file.
fn is_sensitive(definitions: &Definitions, change: &Change) -> bool {
    if is_absent(&change.to) || matches!(Path::parse(&change.path), Some(Path::Row { .. })) {
        return false;
    }
    definitions.dictionary().field(&change.path).is_some_and(|field| field.pii >= 3)
}

fn fitting(value: i128) -> Option<i64> {
    if value.abs() <= GREATEST { i64::try_from(value).ok() } else { None }
}

/// Division that rounds half away from zero; `None` by zero.
fn round_div(value: i128, by: i128) -> Option<i128> {
    if by <= 0 {
        return None;
    }
    let (whole, rest) = (value / by, value % by);
    Some(if rest.abs() * 2 >= by { whole + value.signum() } else { whole })
}
