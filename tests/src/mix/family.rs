//! A household as the file knows it before the two visits: sizes, ages, work and causes as DOMAIN.md §11 has them.

use super::chance::Chance;
use crate::factories::{Draft, a_first_survey};
use serde_json::{Value, json};
use uuid::Uuid;

/// The year of the tests' clock.
const YEAR: i64 = 2026;

#[derive(Debug, Clone)]
pub struct Person {
    pub id: Uuid,
    pub age: i64,
    pub is_worker: bool,
    /// Empty for children.
    pub work: &'static str,
    /// The income item, and what it brings a month.
    pub income: Option<(Uuid, i64)>,
}

impl Person {
    pub fn is_adult(&self) -> bool {
        self.age >= 18
    }

    pub fn is_pupil(&self) -> bool {
        (6..=22).contains(&self.age) && !self.is_worker
    }

    pub fn at(&self, column: &str) -> String {
        format!("persons/{}/{column}", self.id)
    }
}

#[derive(Debug, Clone)]
pub struct Family {
    pub persons: Vec<Person>,
    /// Who is ill, and the expense item of it.
    pub illness: Option<(Uuid, Uuid)>,
    pub has_dibao: bool,
    pub rents: bool,
}

/// A household and the survey that put it on file.
pub fn draw(chance: &mut Chance) -> (Family, Draft) {
    let size = chance.weighted(&[(1, 8), (2, 19), (3, 38), (4, 22), (5, 9), (6, 4)]);
    let mut persons = vec![worker(chance)];
    for nth in 1..size {
        let person = match nth {
            1 if chance.yes(0.75) => spouse(chance),
            _ if nth + 1 == size && size > 3 && chance.yes(0.5) => parent(chance),
            _ => child(chance),
        };
        persons.push(person);
    }
    let mut draft = a_first_survey();
    draft.answers.file.remove("persons");
    for (nth, person) in persons.iter().enumerate() {
        draft = with_person(draft, nth, person);
    }
    let has_illness = chance.yes(0.54);
    let ill = chance.pick(&persons).id;
    let illness = has_illness.then(|| (ill, chance.id()));
    if let Some((person, item)) = illness {
        let amount = chance.range(20, 400) * 100;
        draft = draft
            .set(&format!("persons/{person}/health"), json!("hypertension"))
            .set(&format!("expense_items/{item}/category"), json!("medical_oop"))
            .set(&format!("expense_items/{item}/person_id"), json!(person))
            .set(&format!("expense_items/{item}/amount"), json!(amount))
            .set(&format!("expense_items/{item}/period"), json!("year"));
        draft.answers.visit.remove("no_expense");
    }
    if persons.iter().any(|person| person.income.is_some()) {
        draft.answers.visit.remove("no_income");
    }
    let (has_dibao, rents) = (chance.yes(0.28), chance.yes(0.33));
    if has_dibao {
        draft = draft.set("dibao_status", json!("in")).set("dibao_kind", json!("urban"));
        draft = draft.set("dibao_amount_month", json!(chance.range(4, 12) * 100));
    } else {
        draft = draft.set("dibao_status", json!("not_eligible"));
    }
    draft = draft.set("housing_type", json!(if rents { "rented" } else { "commercial" }));
    if rents {
        draft = draft.set("rent_monthly", json!(chance.range(3, 15) * 100));
    }
    let draft = draft.set("cause_primary", json!(if illness.is_some() { "C17" } else { "C07" }));
    let draft =
        draft.set("needs", json!(["living"])).set("urgency", json!("normal")).set("dangerous_grade", json!("A"));
    (Family { persons, illness, has_dibao, rents }, draft)
}

fn worker(chance: &mut Chance) -> Person {
    let works =
        [("on_duty", 39), ("laid_off", 18), ("unemployed", 17), ("retired", 9), ("sick_leave", 9), ("flexible", 8)];
    let work = chance.weighted(&works);
    let age = chance.normal(47.0, 9.0).clamp(20.0, 64.0) as i64;
    let age = if work == "retired" { age.max(55) } else { age };
    person(chance, true, age, work)
}

fn spouse(chance: &mut Chance) -> Person {
    let work =
        chance.weighted(&[("on_duty", 35), ("unemployed", 25), ("flexible", 20), ("retired", 10), ("farming", 10)]);
    let age = if work == "retired" { 58 } else { chance.range(25, 59) };
    person(chance, false, age, work)
}

fn child(chance: &mut Chance) -> Person {
    let age = chance.range(1, 22);
    person(chance, false, age, if age >= 16 { "student" } else { "" })
}

fn parent(chance: &mut Chance) -> Person {
    let age = chance.range(65, 82);
    person(chance, false, age, "retired")
}

fn person(chance: &mut Chance, is_worker: bool, age: i64, work: &'static str) -> Person {
    let brings = match work {
        "on_duty" | "flexible" => chance.range(15, 45) * 100,
        "retired" | "sick_leave" => chance.range(8, 30) * 100,
        _ => 0,
    };
    let income = (brings > 0).then(|| (chance.id(), brings));
    Person { id: chance.id(), age, is_worker, work, income }
}

fn with_person(draft: Draft, nth: usize, person: &Person) -> Draft {
    let relation = match (person.is_worker, person.age, nth) {
        (true, ..) => "01",
        (_, 0..=22, _) => "20",
        (_, 65.., _) => "51",
        _ => "10",
    };
    let identity =
        if person.work.is_empty() { if person.age < 6 { "preschool" } else { "student" } } else { person.work };
    let mut cells = vec![
        ("name", json!(format!("示例{}", ["甲", "乙", "丙", "丁", "戊", "己"][nth]))),
        ("is_worker", json!(person.is_worker)),
        ("relation", json!(relation)),
        ("id_type", json!("rid")),
        ("id_missing_reason", json!("forgot")),
        ("birth_date", json!(format!("{}-03-1{nth}", YEAR - person.age))),
        ("sex", json!(if nth.is_multiple_of(2) { "1" } else { "2" })),
        ("counted_in_household", json!(true)),
        ("lives_here", json!(true)),
        ("person_identity", json!(identity)),
        ("health", json!("good")),
        ("med_ins", json!("resident")),
    ];
    if person.age >= 16 {
        let pension = if person.work == "retired" { "receiving" } else { "resident" };
        cells.extend([
            ("work_status", json!(person.work)),
            ("pension_ins", json!(pension)),
            ("work_capacity", json!("full")),
        ]);
        cells.push(("monthly_income", json!(person.income.map_or(0, |(_, brings)| brings))));
    }
    if person.is_adult() {
        cells.push(("phone", json!(format!("154000{:05}", 10_000 + person.id.as_u128() % 80_000))));
    }
    if ["on_duty", "laid_off", "sick_leave"].contains(&person.work) {
        cells.extend([("employer_name", json!("示例机械厂")), ("employer_nature", json!("soe"))]);
        cells.extend([("employer_state", json!("normal")), ("industry", json!("machinery"))]);
    }
    if identity == "student" {
        cells.extend([("school_stage", json!("junior")), ("school_name", json!("示例第一中学"))]);
        cells.extend([
            ("school_kind", json!("public")),
            ("enrol_year", json!(YEAR - 2)),
            ("tuition_annual", json!(2000)),
        ]);
    }
    let mut draft = cells.into_iter().fold(draft, |draft, (column, value)| draft.set(&person.at(column), value));
    if let Some((item, brings)) = person.income {
        let category = if person.work == "retired" { "pension" } else { "wage" };
        for (column, value) in income_cells(category, person.id, brings, "document") {
            draft = draft.set(&format!("income_items/{item}/{column}"), value);
        }
    }
    draft
}

/// The cells of an income item.
pub fn income_cells(category: &str, person: Uuid, amount: i64, basis: &str) -> [(&'static str, Value); 5] {
    [
        ("category", json!(category)),
        ("person_id", json!(person)),
        ("amount", json!(amount)),
        ("period", json!("month")),
        ("verified_by", json!(basis)),
    ]
}
