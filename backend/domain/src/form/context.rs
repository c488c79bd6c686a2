//! The data that conditions run over (docs/FORMS.md, Conditions), built once per validation in an arena.

use datalogic_rs::DataValue;
use datalogic_rs::bumpalo::Bump;
use serde_json::{Map, Number, Value};

use super::File;
use super::derive::{Derived, Figure, PersonFigures};
use super::dictionary::Dictionary;

/// Everything a condition may look at. Strings are borrowed, not copied.
pub(super) struct Context<'a> {
    arena: &'a Bump,
    /// The context without a row.
    top: &'a DataValue<'a>,
    parts: [(&'a str, DataValue<'a>); 7],
    tables: Vec<Table<'a>>,
}

/// A table with its rows by id.
struct Table<'a> {
    name: &'a str,
    rows: &'a [DataValue<'a>],
    ids: Vec<&'a str>,
}

/// The facts beside the file and the answers.
pub(super) struct Facts<'a> {
    pub today: &'a str,
    pub is_new: bool,
    pub is_partial: bool,
}

const ROW: usize = 2;

impl<'a> Context<'a> {
    pub fn new(
        arena: &'a Bump,
        dictionary: &'a Dictionary,
        file: &'a File,
        visit: &'a Map<String, Value>,
        derived: &'a Derived,
        facts: &Facts<'a>,
    ) -> Context<'a> {
        let mut tables = Vec::with_capacity(dictionary.tables.len());
        let mut values: Vec<(&'a str, DataValue<'a>)> = Vec::with_capacity(file.len() + dictionary.tables.len());
        values.extend(
            file.iter()
                .filter(|(name, _)| !dictionary.is_table(name))
                .map(|(name, value)| (name.as_str(), borrow(value, arena))),
        );
        for name in dictionary.tables.keys() {
            let table = table(arena, name, file.get(name), derived);
            values.push((name.as_str(), DataValue::Array(table.rows)));
            tables.push(table);
        }
        let figures = derived.figures.iter().map(|(name, figure)| (*name, borrow_figure(figure, arena)));
        let parts = [
            ("file", object(values, arena)),
            ("visit", borrow_object(visit, arena)),
            ("row", DataValue::Null),
            ("derived", object(figures.collect(), arena)),
            ("today", DataValue::String(facts.today)),
            ("is_new", DataValue::Bool(facts.is_new)),
            ("is_partial", DataValue::Bool(facts.is_partial)),
        ];
        let top = arena.alloc(DataValue::Object(arena.alloc_slice_copy(&parts)));
        Context { arena, top, parts, tables }
    }

    pub fn arena(&self) -> &'a Bump {
        self.arena
    }

    pub fn top(&self) -> &'a DataValue<'a> {
        self.top
    }

    /// The rows of a table by id: the id and the context in which `row` is that row.
    pub fn rows(&self, table: &str) -> Vec<(&'a str, &'a DataValue<'a>)> {
        let Some(table) = self.tables.iter().find(|known| known.name == table) else { return Vec::new() };
        let with_row = |(id, row): (&&'a str, &DataValue<'a>)| {
            let mut parts = self.parts;
            parts[ROW].1 = *row;
            let context: &'a DataValue<'a> = self.arena.alloc(DataValue::Object(self.arena.alloc_slice_copy(&parts)));
            (*id, context)
        };
        table.ids.iter().zip(table.rows).map(with_row).collect()
    }
}

fn table<'a>(arena: &'a Bump, name: &'a str, rows: Option<&'a Value>, derived: &'a Derived) -> Table<'a> {
    let mut rows: Vec<(&'a String, &'a Map<String, Value>)> = rows
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(id, row)| Some((id, row.as_object()?)))
        .collect();
    rows.sort_unstable_by_key(|(id, _)| *id);
    let ids = rows.iter().map(|(id, _)| id.as_str()).collect();
    let values: Vec<DataValue<'a>> = rows
        .iter()
        .map(|(id, row)| {
            let mut cells: Vec<(&'a str, DataValue<'a>)> = Vec::with_capacity(row.len() + 2);
            cells.push(("id", DataValue::String(id.as_str())));
            cells.extend(row.iter().map(|(column, value)| (column.as_str(), borrow(value, arena))));
            if let (true, Some(person)) = (name == "persons", derived.persons.get(*id)) {
                cells.push(("d", borrow_person(person, arena)));
            }
            object(cells, arena)
        })
        .collect();
    Table { name, rows: arena.alloc_slice_copy(&values), ids }
}

fn borrow_person<'a>(person: &'a PersonFigures, arena: &'a Bump) -> DataValue<'a> {
    let text = |text: &'a Option<String>| text.as_deref().map_or(DataValue::Null, DataValue::String);
    let number = |number: Option<i64>| number.map_or(DataValue::Null, DataValue::from_i64);
    let parts = [
        ("age", number(person.age)),
        ("income_monthly", number(person.income_monthly)),
        ("id_sex", text(&person.id_sex)),
        ("id_birth_date", text(&person.id_birth_date)),
    ];
    DataValue::Object(arena.alloc_slice_copy(&parts))
}

fn borrow_figure<'a>(figure: &'a Figure, arena: &'a Bump) -> DataValue<'a> {
    match figure {
        Figure::Number(number) => number.map_or(DataValue::Null, DataValue::from_i64),
        Figure::Flag(flag) => DataValue::Bool(*flag),
        Figure::Ids(ids) => {
            DataValue::Array(arena.alloc_slice_fill_iter(ids.iter().map(|id| DataValue::String(id.as_str()))))
        }
    }
}

fn object<'a>(parts: Vec<(&'a str, DataValue<'a>)>, arena: &'a Bump) -> DataValue<'a> {
    DataValue::Object(arena.alloc_slice_copy(&parts))
}

fn borrow_object<'a>(parts: &'a Map<String, Value>, arena: &'a Bump) -> DataValue<'a> {
    object(parts.iter().map(|(key, value)| (key.as_str(), borrow(value, arena))).collect(), arena)
}

fn borrow<'a>(value: &'a Value, arena: &'a Bump) -> DataValue<'a> {
    match value {
        Value::Null => DataValue::Null,
        Value::Bool(flag) => DataValue::Bool(*flag),
        Value::Number(number) => borrow_number(number),
        Value::String(text) => DataValue::String(text),
        Value::Array(items) => {
            let items: Vec<DataValue<'a>> = items.iter().map(|item| borrow(item, arena)).collect();
            DataValue::Array(arena.alloc_slice_copy(&items))
        }
        Value::Object(parts) => borrow_object(parts, arena),
    }
}

fn borrow_number<'a>(number: &Number) -> DataValue<'a> {
    match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => DataValue::from_i64(whole),
        (None, Some(float)) => DataValue::from_f64(float),
        (None, None) => DataValue::Null,
    }
}
