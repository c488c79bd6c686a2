//! The edge cases that the demo always holds (domain specification §11, last paragraph).
//! Each bends one ordinary body; what needs a visit, a person or a state beside the body is named in `Extra`.

use super::file::SAMPLE_DIBAO_FEN;
use super::people;
use super::random::Random;
use chrono::NaiveDate;
use serde_json::{Map, Value, json};

/// What the seed must do beside the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extra {
    Nothing,
    /// The next household shares this one's last member (a child of divorced parents, a member claimed twice).
    SharesMember,
    /// A second revision in which somebody was born and somebody died.
    SizeChanged,
    /// The file moved to another banner while a visit was in review.
    TransferInReview,
    /// The contact person left: their account is disabled.
    ContactLeft,
    /// The visit began before midnight and ended after it.
    OverMidnight,
    /// The phone's clock was two days behind.
    ClockBehind,
    /// Three visits found nobody at home.
    AbsentThrice,
    /// The file was fading and fell back.
    Relapse,
    /// The file was cancelled while a visit was on its way.
    CancelledMeanwhile,
    /// The household took its consent back at the last visit.
    ConsentWithdrawn,
}

type Body = Map<String, Value>;
type Bend = fn(&mut Body, &mut Random, NaiveDate);

/// Name, what changes in the body, what else must happen.
pub const CASES: &[(&str, Bend, Extra)] = &[
    ("worker without ID card", without_card, Extra::Nothing),
    ("infant without card", infant, Extra::Nothing),
    ("two workers in one household", two_workers, Extra::Nothing),
    ("divorced, sharing a child", divorced, Extra::SharesMember),
    ("member claimed by two files", as_is, Extra::SharesMember),
    ("name with separator", |b, r, _| rename(b, r, format!("{}·{}", "乌云", "巴特尔")), Extra::Nothing),
    ("name of twelve characters", |b, r, _| rename(b, r, people::long_name()), Extra::Nothing),
    ("rare character", |b, r, _| rename(b, r, people::rare_name()), Extra::Nothing),
    ("net per-capita income below zero", negative, Extra::Nothing),
    ("per-capita income exactly the line", |b, r, _| exactly(b, r, 10), Extra::Nothing),
    ("per-capita income exactly 1.5 lines", |b, r, _| exactly(b, r, 15), Extra::Nothing),
    ("per-capita income exactly 2 lines", |b, r, _| exactly(b, r, 20), Extra::Nothing),
    ("per-capita income exactly 3 lines", |b, r, _| exactly(b, r, 30), Extra::Nothing),
    ("no income at all", no_income, Extra::Nothing),
    ("herder with yearly income only", herder, Extra::Nothing),
    ("dibao amount above the line", dibao_above, Extra::Nothing),
    ("size changed by birth and death", as_is, Extra::SizeChanged),
    ("worker died, family remains", worker_died, Extra::Nothing),
    ("leap-day birth", leap_day, Extra::Nothing),
    ("ID number of the former league", former_league, Extra::Nothing),
    ("transfer during review", as_is, Extra::TransferInReview),
    ("contact person left", as_is, Extra::ContactLeft),
    ("visit over midnight", as_is, Extra::OverMidnight),
    ("phone clock two days behind", as_is, Extra::ClockBehind),
    ("three times nobody at home", as_is, Extra::AbsentThrice),
    ("relapse inside fading", relapse, Extra::Relapse),
    ("cancelled meanwhile", as_is, Extra::CancelledMeanwhile),
    ("consent withdrawn", as_is, Extra::ConsentWithdrawn),
];

fn as_is(_: &mut Body, _: &mut Random, _: NaiveDate) {}

fn rows<'a>(body: &'a mut Body, name: &str) -> Option<&'a mut Map<String, Value>> {
    body.entry(name).or_insert_with(|| json!({})).as_object_mut()
}

/// The worker's row, or any person's.
fn worker(body: &mut Body) -> Option<&mut Map<String, Value>> {
    rows(body, "persons")?
        .values_mut()
        .filter_map(Value::as_object_mut)
        .find(|person| person.get("is_worker") == Some(&json!(true)))
}

fn with_worker(body: &mut Body, change: impl FnOnce(&mut Map<String, Value>)) {
    if let Some(worker) = worker(body) {
        change(worker);
    }
}

fn rename(body: &mut Body, _: &mut Random, name: String) {
    with_worker(body, |worker| {
        worker.insert("name".into(), json!(name));
    });
}

fn without_card(body: &mut Body, _: &mut Random, _: NaiveDate) {
    with_worker(body, |worker| {
        worker.remove("id_no");
        worker.insert("id_missing_reason".into(), json!("lost"));
    });
}

fn born(body: &mut Body, day: NaiveDate, prefix: &str, random: &mut Random) {
    with_worker(body, |worker| {
        let sex = worker.get("sex").and_then(Value::as_str).unwrap_or("1").to_owned();
        worker.insert("birth_date".into(), json!(day.to_string()));
        worker.insert("id_no".into(), json!(people::id_no(random, prefix, day, &sex)));
    });
}

fn leap_day(body: &mut Body, random: &mut Random, _: NaiveDate) {
    if let Some(day) = NaiveDate::from_ymd_opt(1976, 2, 29) {
        born(body, day, "150699", random);
    }
}

fn former_league(body: &mut Body, random: &mut Random, _: NaiveDate) {
    if let Some(day) = NaiveDate::from_ymd_opt(1972, 8, 9) {
        born(body, day, "152799", random);
    }
}

fn infant(body: &mut Body, random: &mut Random, today: NaiveDate) {
    let id = random.uuid(0).to_string();
    let baby = json!({
        "relation": "20", "name": people::name(random), "id_type": "hukou", "id_missing_reason": "newborn", "sex": "1",
        "birth_date": (today - chrono::Duration::days(60)).to_string(), "ethnicity": "01", "hukou_type": "nonfarm",
        "marital_status": "10",
        "counted_in_household": true, "lives_here": true, "is_worker": false, "health": "good", "vital_status": "alive",
        "med_ins": "none", "pension_ins": "none", "model_worker": "none", "person_identity": "preschool"
    });
    if let Some(persons) = rows(body, "persons") {
        persons.insert(id, baby);
    }
    grow(body, 1);
}

fn grow(body: &mut Body, by: i64) {
    let size = body.get("declared_size").and_then(Value::as_i64).unwrap_or(1);
    body.insert("declared_size".into(), json!(size + by));
}

fn two_workers(body: &mut Body, _: &mut Random, _: NaiveDate) {
    let Some(persons) = rows(body, "persons") else { return };
    for person in persons.values_mut().filter_map(Value::as_object_mut) {
        if person.get("relation") == Some(&json!("10")) {
            person.insert("work_status".into(), json!("on_duty"));
            person.insert("person_identity".into(), json!("on_duty"));
            person.insert("union_member".into(), json!(true));
            person.insert("employer_name".into(), json!("示例企业第77公司"));
        }
    }
}

fn divorced(body: &mut Body, _: &mut Random, _: NaiveDate) {
    if let Some(persons) = rows(body, "persons") {
        persons.retain(|_, person| person.get("relation") != Some(&json!("10")));
    }
    with_worker(body, |worker| {
        worker.insert("marital_status".into(), json!("40"));
    });
    let count = rows(body, "persons").map_or(1, |persons| persons.len());
    body.insert("declared_size".into(), json!(count));
    body.insert("is_single_parent".into(), json!(true));
    drop_dangling(body);
}

/// Removes references to persons who are no longer in the body.
fn drop_dangling(body: &mut Body) {
    let known: Vec<String> = rows(body, "persons").map(|p| p.keys().cloned().collect()).unwrap_or_default();
    for name in ["income_items", "expense_items", "relief_items"] {
        let Some(items) = rows(body, name) else { continue };
        for item in items.values_mut().filter_map(Value::as_object_mut) {
            let gone = item.get("person_id").and_then(Value::as_str).is_some_and(|id| !known.iter().any(|k| k == id));
            if gone {
                item.remove("person_id");
            }
        }
    }
    body.retain(|_, value| value.as_object().is_none_or(|rows| !rows.is_empty()));
}

fn only_income(body: &mut Body, random: &mut Random, category: &str, amount: i64, period: &str) {
    let id = random.uuid(0).to_string();
    let row = json!({"category": category, "amount": amount, "period": period, "verified_by": "stated"});
    body.insert("income_items".into(), json!({ id: row }));
}

fn counted(body: &mut Body) -> i64 {
    rows(body, "persons").map_or(1, |persons| {
        persons.values().filter(|p| p.get("counted_in_household") != Some(&json!(false))).count() as i64
    })
}

/// Income so that the per-capita month is exactly `tenths` tenths of the sample line.
fn exactly(body: &mut Body, random: &mut Random, tenths: i64) {
    let total = SAMPLE_DIBAO_FEN / 10 * tenths * counted(body);
    only_income(body, random, "wage", total, "month");
}

fn negative(body: &mut Body, random: &mut Random, _: NaiveDate) {
    only_income(body, random, "wage", 300_000, "month");
    let id = random.uuid(0).to_string();
    let row = json!({"category": "medical_oop", "amount": 9_500_000, "period": "year", "verified_by": "document"});
    body.insert("expense_items".into(), json!({ id: row }));
}

fn no_income(body: &mut Body, _: &mut Random, _: NaiveDate) {
    body.remove("income_items");
}

fn herder(body: &mut Body, random: &mut Random, _: NaiveDate) {
    only_income(body, random, "farm_pasture", 2_400_000, "year");
    body.insert("housing_type".into(), json!("yurt_pastoral"));
    body.insert("livestock_count".into(), json!(45));
    body.insert("land_pasture_mu".into(), json!(8_000));
    with_worker(body, |worker| {
        worker.insert("person_identity".into(), json!("migrant_worker"));
        worker.insert("hukou_type".into(), json!("pastoral"));
    });
}

fn dibao_above(body: &mut Body, _: &mut Random, _: NaiveDate) {
    body.insert("dibao_status".into(), json!("in"));
    body.insert("dibao_kind".into(), json!("urban"));
    body.insert("dibao_amount_month".into(), json!(SAMPLE_DIBAO_FEN + 30_000));
}

fn worker_died(body: &mut Body, _: &mut Random, today: NaiveDate) {
    with_worker(body, |worker| {
        worker.insert("vital_status".into(), json!("deceased"));
        worker.insert("deceased_on".into(), json!((today - chrono::Duration::days(40)).to_string()));
    });
}

fn relapse(body: &mut Body, _: &mut Random, _: NaiveDate) {
    body.insert("origin".into(), json!("relapse"));
}
