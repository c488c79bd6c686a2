//! Pairs of overlapping visits to one household, made from a seed.
//!
//! The distribution is decided in docs/decisions/2026-12-01-mix-of-edits.md; a number changes there first.
//! Start at `Pair::draw`; `family.rs` is the household, `events.rs` what happens in it, `says.rs` what two people
//! write of one truth.

pub mod chance;
mod events;
mod family;
mod says;

use crate::app::definitions;
use crate::factories::{Draft, a_revisit};
use crate::matchers::Visit;
use chance::Chance;
use events::{Event, Fact, happen};
use family::Family;
use ruhu_domain::form::{self, Change, File, Path};
use ruhu_domain::time::Time;
use serde_json::{Value, json};

/// What the goal is about.
pub const PATHS: std::ops::RangeInclusive<usize> = 1..=30;
const NEEDS: [&str; 8] = ["job", "training", "medical", "tuition", "housing", "insurance", "legal", "psychological"];

/// What one of the two writes.
#[derive(Debug, Clone)]
pub struct Side {
    /// Days after the file was approved.
    pub day: f64,
    pub edits: Vec<(String, Value)>,
    /// The events that were noted.
    pub noted: Vec<&'static str>,
}

/// A household and two visits that both begin with its first revision, in the order in which they arrive.
#[derive(Debug, Clone)]
pub struct Pair {
    pub survey: Draft,
    pub sides: [Side; 2],
    /// How many pairs were drawn in which one of the two changed nothing, or too much.
    pub passed_over: usize,
}

impl Pair {
    pub fn draw(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let (family, survey) = family::draw(&mut chance);
        for passed_over in 0.. {
            let sides = draw_sides(&mut chance, &family, &survey.answers.file);
            let count = |side: &Side| {
                let file = written(&survey.answers.file, &side.edits);
                form::changes(definitions().dictionary(), Some(&survey.answers.file), &file).len()
            };
            if sides.iter().all(|side| PATHS.contains(&count(side))) {
                return Self { survey, sides, passed_over };
            }
        }
        unreachable!("the loop has no end")
    }

    /// Whether the visit that arrives second was also made second.
    pub fn is_second_later(&self) -> bool {
        self.sides[1].day > self.sides[0].day
    }

    /// The file that both began with, as the survey says it.
    pub fn base(&self) -> File {
        form::normalise_file(definitions().dictionary(), None, &self.survey.answers.file)
    }

    /// What each changes of it.
    pub fn changes(&self) -> [Vec<Change>; 2] {
        let base = self.base();
        [0, 1].map(|nth| {
            let file = written(&base, &self.sides[nth].edits);
            form::changes(definitions().dictionary(), Some(&base), &file)
        })
    }

    /// The two visits after this survey, in the order in which they arrive.
    pub fn revisits(&self, first: &Visit, now: Time) -> [Draft; 2] {
        [0, 1].map(|nth| {
            let (side, other) = (&self.sides[nth], &self.sides[1 - nth]);
            let ago_minutes = if side.day < other.day { 65 } else { 5 };
            let ended_at = now.plus_ms(-ago_minutes * 60_000);
            let mut draft = a_revisit(first, 1);
            for (key, value) in [
                ("outcome", json!("done")),
                ("respondent", json!("self")),
                ("consent_sensitive", json!(true)),
                (
                    "changes_declared",
                    json!(["income", "health", "job", "school", "housing", "members", "death", "moved"]),
                ),
                ("opinion_text", json!("情况属实，建议按规定持续联系走访。")),
            ] {
                draft = draft.answering(key, value);
            }
            draft.answers.file = written(&draft.answers.file, &side.edits);
            for (table, none) in [("income_items", "no_income"), ("expense_items", "no_expense")] {
                let rows = draft.answers.file.get(table).and_then(Value::as_object);
                if rows.is_none_or(serde_json::Map::is_empty) {
                    draft = draft.answering(none, json!(true));
                }
            }
            draft.with("started_at", json!(ended_at.plus_ms(-12 * 60_000))).with("ended_at", json!(ended_at))
        })
    }
}

fn written(file: &File, edits: &[(String, Value)]) -> File {
    let mut file = file.clone();
    for (path, value) in edits {
        form::set(&mut file, Path::parse(path).expect("a path"), value.clone());
    }
    file
}

/// How long a visit stays on the phone, in days.
fn offline(chance: &mut Chance) -> f64 {
    match chance.weighted(&[(0, 40), (1, 40), (2, 15), (3, 5)]) {
        0 => chance.unit() / 24.0,
        1 => chance.unit() / 3.0,
        2 => chance.unit() * 3.0,
        _ => 3.0 + chance.unit() * 11.0,
    }
}

fn draw_sides(chance: &mut Chance, family: &Family, file: &File) -> [Side; 2] {
    let first = chance.exponential(365.0 / 3.0);
    let waits = [offline(chance), offline(chance)];
    let review = chance.exponential(2.4 / std::f64::consts::LN_2);
    let second = first + chance.unit() * (waits[0] + review);
    let events = happen(chance, family, second);
    let mut sides = [first, second].map(|day| Side { day, edits: Vec::new(), noted: Vec::new() });
    for (nth, side) in sides.iter_mut().enumerate() {
        note(chance, side, nth, &events, file);
    }
    if second + waits[1] < first + waits[0] {
        sides.reverse();
    }
    sides
}

/// What one of the two notes of what happened before, and in words of their own.
fn note(chance: &mut Chance, side: &mut Side, nth: usize, events: &[Event], file: &File) {
    let text = |path: &str| file.get(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut needs: Vec<&str> = vec!["living"];
    for event in events.iter().filter(|event| event.day < side.day) {
        if !chance.yes(0.85) {
            continue;
        }
        side.noted.push(event.kind);
        let row = chance.id().to_string();
        for Fact { path, says, is_required } in &event.facts {
            if *is_required || chance.yes(0.7) {
                side.edits.push((path.replace("{new}", &row), says[nth].clone()));
            }
        }
        needs.extend(event.need.filter(|_| chance.yes(0.7)));
    }
    if chance.yes(0.3) {
        let code = *chance.pick(&NEEDS);
        if chance.yes(0.8) {
            needs.push(code);
        } else {
            needs.remove(0);
            needs.push(code);
        }
    }
    needs.sort_unstable();
    needs.dedup();
    if needs != ["living"] {
        side.edits.push(("needs".into(), json!(needs)));
    }
    let mut word = |chance: &mut Chance, probability: f64, path: &str, before: &str| {
        if chance.yes(probability) {
            let said = says::own_words(chance, "本人所见")[0].as_str().unwrap_or_default().to_owned();
            side.edits.push((path.into(), json!(format!("{before}{said}"))));
        }
    };
    word(chance, 0.2, "needs_text", "");
    word(chance, 0.3, "remarks", "");
    word(chance, 0.15, "narrative", &format!("{}\n", text("narrative")));
    word(chance, 0.1, "residence_note", "");
    if chance.yes(0.05) {
        side.edits.push(("urgency".into(), json!(chance.pick(&["soon", "urgent"]))));
    }
    let worker = file.get("persons").and_then(Value::as_object).into_iter().flatten();
    let worker = worker.filter(|(_, person)| person["is_worker"] == true).map(|(id, _)| id).next();
    if let Some(id) = worker.filter(|_| chance.yes(0.05)) {
        side.edits.push((format!("persons/{id}/phone_alt"), says::phone(chance)[0].clone()));
    }
}
