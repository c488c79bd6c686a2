//! What happens in a household between two visits, at the rates of docs/decisions/2026-12-01-mix-of-edits.md.

use super::chance::Chance;
use super::family::{Family, Person, income_cells};
use super::says::{self, Says};
use serde_json::{Value, json};

/// One answer that a visit may write. `{new}` in its path is a row id of each phone's own.
#[derive(Debug, Clone)]
pub struct Fact {
    pub path: String,
    pub says: Says,
    /// The form requires it.
    pub is_required: bool,
}

/// Something that happened, on a day after the file was approved.
#[derive(Debug, Clone)]
pub struct Event {
    pub kind: &'static str,
    pub day: f64,
    pub facts: Vec<Fact>,
    /// What it makes somebody need.
    pub need: Option<&'static str>,
}

fn must(path: impl Into<String>, says: Says) -> Fact {
    Fact { path: path.into(), says, is_required: true }
}

fn may(path: impl Into<String>, says: Says) -> Fact {
    Fact { path: path.into(), says, is_required: false }
}

/// Both write the same, because the form leaves no choice.
fn both(value: impl Into<Value>) -> Says {
    let value = value.into();
    [value.clone(), value]
}

/// Everything that happens in so many days, in order of time.
pub fn happen(chance: &mut Chance, family: &Family, days: f64) -> Vec<Event> {
    let mut of = Happening { chance, days, events: Vec::new() };
    for person in &family.persons {
        of.befall_person(person);
    }
    of.befall_household(family);
    let mut events = of.events;
    events.sort_by(|a, b| a.day.total_cmp(&b.day));
    events
}

struct Happening<'a> {
    chance: &'a mut Chance,
    days: f64,
    events: Vec<Event>,
}

impl Happening<'_> {
    /// Runs once for each time that it happens.
    fn at_rate(
        &mut self,
        kind: &'static str,
        a_year: f64,
        need: Option<&'static str>,
        facts: impl Fn(&mut Chance) -> Vec<Fact>,
    ) -> bool {
        let (mut day, mut happened) = (0.0, false);
        loop {
            day += self.chance.exponential(365.0 / a_year);
            if day > self.days {
                return happened;
            }
            happened = true;
            let facts = facts(self.chance);
            self.events.push(Event { kind, day, facts, need });
        }
    }

    fn befall_person(&mut self, person: &Person) {
        let is_of_working_age = (16..60).contains(&person.age) && person.work != "student" && person.work != "retired";
        let has_new_work =
            is_of_working_age && self.at_rate("work", 0.2, Some("job"), |chance| new_work(chance, person));
        if let (Some((item, brings)), false) = (person.income, has_new_work) {
            let rate = if person.work == "retired" { 1.0 } else { 1.2 };
            self.at_rate("income", rate, None, |chance| {
                let raised = brings + chance.range(1, 8) * 100;
                let amount = says::money(chance, raised);
                let mut facts = vec![must(format!("income_items/{item}/amount"), amount.clone())];
                facts.push(must(person.at("monthly_income"), amount));
                if chance.yes(0.3) {
                    let total = chance.range(10, 80) * 100;
                    facts.push(may("income_6m_monthly", says::about(chance, total)));
                }
                facts
            });
        }
        if person.is_pupil() {
            self.at_rate("school", 0.5, Some("tuition"), |chance| school(chance, person));
        }
        if person.is_adult() {
            self.at_rate("phone", 0.2, None, |chance| vec![must(person.at("phone"), says::phone(chance))]);
            self.at_rate("insurance", 0.1, None, |chance| {
                if chance.yes(0.5) {
                    vec![must(person.at("med_ins"), says::code(chance, "none", &["stopped"]))]
                } else {
                    vec![must(person.at("pension_ins"), says::code(chance, "interrupted", &["none"]))]
                }
            });
        }
        if person.is_worker {
            self.at_rate("id_number", 0.1, None, |_| vec![must(person.at("id_no"), both(crate::factories::ID_NO))]);
        }
    }

    fn befall_household(&mut self, family: &Family) {
        let persons = &family.persons;
        if family.has_dibao {
            self.at_rate("dibao", 1.0, None, |chance| {
                let amount = chance.range(4, 12) * 100 + 30;
                vec![must("dibao_amount_month", says::money(chance, amount))]
            });
        }
        self.at_rate("health", 0.3, Some("medical"), |chance| health(chance, family));
        if let Some((_, item)) = family.illness {
            self.at_rate("medical_cost", 1.0, None, |chance| {
                let amount = chance.range(20, 400) * 100 + 50;
                vec![must(format!("expense_items/{item}/amount"), says::money(chance, amount))]
            });
        }
        self.at_rate("move", 0.08, None, |chance| {
            let mut facts = vec![must("residence_address", says::address(chance))];
            facts.push(may("residence_note", says::own_words(chance, "路线")));
            facts.push(must("housing_type", says::code(chance, "rented", &["borrowed", "public_rental"])));
            let rent = chance.range(3, 15) * 100 + 20;
            facts.push(must("rent_monthly", says::money(chance, rent)));
            facts
        });
        self.at_rate("joins", 0.04, None, joins);
        if persons.len() > 1 {
            let others: Vec<Person> = persons[1..].to_vec();
            self.at_rate("leaves", 0.06, None, |chance| {
                let person = chance.pick(&others);
                if chance.yes(0.1) && person.income.is_none() && family.illness.is_none_or(|(ill, _)| ill != person.id)
                {
                    return vec![must(format!("persons/{}", person.id), both(Value::Null))];
                }
                let away = says::yes_no(chance, false);
                vec![
                    must(person.at("counted_in_household"), says::yes_no(chance, false)),
                    may(person.at("lives_here"), away),
                ]
            });
            self.at_rate("dies", 0.02, None, |chance| {
                let person = chance.pick(&others);
                vec![
                    must(person.at("vital_status"), both("deceased")),
                    must(person.at("deceased_on"), says::date(chance)),
                    must(person.at("counted_in_household"), both(false)),
                    may(person.at("lives_here"), both(false)),
                ]
            });
        }
        self.at_rate("relief", 1.0, None, |chance| {
            let amount = chance.range(3, 30) * 100;
            vec![
                must("relief_items/{new}/kind", says::code(chance, "temporary", &["medical", "other"])),
                must("relief_items/{new}/amount", says::money(chance, amount)),
                may("relief_items/{new}/received_on", says::date(chance)),
                may("relief_items/{new}/department", says::short_text(chance, "民政局")),
            ]
        });
        if family.rents {
            self.at_rate("rent", 0.5, None, |chance| {
                let rent = chance.range(3, 15) * 100 + 60;
                vec![must("rent_monthly", says::money(chance, rent))]
            });
        }
        self.at_rate("cause", 0.15, None, |chance| {
            if chance.yes(0.33) {
                vec![must("cause_primary", says::code(chance, "C05", &["C06", "C16"]))]
            } else {
                vec![must("causes_secondary", says::code(chance, "C14", &["C18"]).map(|cause| json!([cause])))]
            }
        });
    }
}

fn new_work(chance: &mut Chance, person: &Person) -> Vec<Fact> {
    if let Some((item, _)) = person.income {
        return vec![
            must(person.at("work_status"), says::code(chance, "unemployed", &["laid_off"])),
            must(person.at("person_identity"), says::code(chance, "unemployed", &["laid_off"])),
            may(person.at("unemployed_since"), says::date(chance)),
            must(person.at("job_willing"), says::code(chance, "yes", &["no", "cannot"])),
            must(format!("income_items/{item}"), both(Value::Null)),
            must(person.at("monthly_income"), both(0)),
        ];
    }
    let brings = chance.range(15, 45) * 100;
    let amount = says::money(chance, brings);
    let mut facts = vec![
        must(person.at("work_status"), says::code(chance, "on_duty", &["flexible"])),
        must(person.at("person_identity"), says::code(chance, "on_duty", &["flexible"])),
        must(person.at("employer_name"), says::short_text(chance, "示例物业")),
        must(person.at("employer_nature"), says::code(chance, "private", &["social_org"])),
        must(person.at("employer_state"), both("normal")),
        must(person.at("industry"), says::code(chance, "social_service", &["trade"])),
        must(person.at("monthly_income"), amount.clone()),
    ];
    for (column, value) in income_cells("wage", person.id, 0, "stated") {
        let says = match column {
            "amount" => amount.clone(),
            "verified_by" => says::code(chance, "stated", &["document"]),
            _ => both(value),
        };
        facts.push(must(format!("income_items/{{new}}/{column}"), says));
    }
    facts
}

fn health(chance: &mut Chance, family: &Family) -> Vec<Fact> {
    let person = chance.pick(&family.persons).clone();
    let mut facts = if chance.yes(0.2) {
        vec![
            must(person.at("health"), says::code(chance, "heart", &["hypertension"])),
            must(person.at("serious_disease"), says::code(chance, "heart_attack", &["bypass"])),
        ]
    } else {
        vec![must(person.at("health"), says::code(chance, "diabetes", &["minor_illness", "spine"]))]
    };
    if person.age >= 16 {
        facts.push(may(person.at("work_capacity"), says::code(chance, "partial", &["lost"])));
    }
    let amount = chance.range(20, 300) * 100;
    let item = family.illness.filter(|(ill, _)| *ill == person.id).map(|(_, item)| item.to_string());
    let row = format!("expense_items/{}", item.as_deref().unwrap_or("{new}"));
    if item.is_none() {
        facts.push(must(format!("{row}/category"), both("medical_oop")));
        facts.push(must(format!("{row}/person_id"), both(json!(person.id))));
        facts.push(must(format!("{row}/period"), both("year")));
    }
    facts.push(must(format!("{row}/amount"), says::money(chance, amount)));
    facts
}

fn school(chance: &mut Chance, person: &Person) -> Vec<Fact> {
    let tuition = chance.range(10, 150) * 100;
    vec![
        must(person.at("school_stage"), says::code(chance, "senior", &["vocational_secondary"])),
        may(person.at("school_name"), says::short_text(chance, "示例第二中学")),
        may(person.at("enrol_year"), both(2026)),
        must(person.at("tuition_annual"), says::money(chance, tuition)),
    ]
}

fn joins(chance: &mut Chance) -> Vec<Fact> {
    let is_born = chance.yes(0.5);
    let (name, relation) = if is_born { ("示例童", "20") } else { ("示例老", "51") };
    let at = |column: &str| format!("persons/{{new}}/{column}");
    let born = if is_born { says::date(chance) } else { both("1954-05-02") };
    let mut facts = vec![
        must(at("name"), says::name(chance, name)),
        must(at("is_worker"), both(false)),
        must(at("relation"), says::code(chance, relation, &["97"])),
        must(at("sex"), both("1")),
        must(at("birth_date"), born),
        must(at("counted_in_household"), says::yes_no(chance, true)),
        may(at("lives_here"), both(true)),
        must(at("person_identity"), both(if is_born { "preschool" } else { "retired" })),
        must(at("health"), both("good")),
        must(at("med_ins"), says::code(chance, "resident", &["none"])),
    ];
    if !is_born {
        facts.push(must(at("work_status"), both("retired")));
        facts.push(must(at("pension_ins"), says::code(chance, "receiving", &["resident"])));
        facts.push(must(at("monthly_income"), both(0)));
    }
    facts
}
