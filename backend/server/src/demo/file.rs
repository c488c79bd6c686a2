//! The body of a synthetic household file, shaped after the distributions of the domain specification (§11).

use super::random::Random;
use chrono::{Datelike, NaiveDate};
use serde_json::{Map, Value, json};

/// Where a synthetic household lives.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub banner: &'a str,
    pub town: &'a str,
    pub community: &'a str,
}

/// The sample urban dibao line used by the demo, in 分 a month. Not an official figure.
pub const SAMPLE_DIBAO_FEN: i64 = 62_000;

pub(super) struct Maker<'a> {
    pub(super) random: &'a mut Random,
    pub(super) today: NaiveDate,
    at: i64,
    pub(super) persons: Map<String, Value>,
    income: Map<String, Value>,
    spending: Map<String, Value>,
}

/// One complete file body. `at` (microseconds) dates the row ids.
pub fn body(random: &mut Random, today: NaiveDate, at: i64, place: Place<'_>, house: i64) -> Map<String, Value> {
    let size = random.weighted(&[(1, 8.0), (2, 19.0), (3, 38.0), (4, 22.0), (5, 9.0), (6, 4.0)]).unwrap_or(3);
    let cause = random.weighted(CAUSES).unwrap_or("C07");
    let mut maker = Maker { random, today, at, persons: Map::new(), income: Map::new(), spending: Map::new() };
    let (worker_id, worker_age) = maker.worker(cause);
    let mut spouse = None;
    for index in 1..size {
        let id = match index {
            1 if size > 2 || maker.random.chance(60.0) => {
                let id = maker.spouse(worker_age);
                spouse = Some(id.clone());
                id
            }
            1..=3 => maker.child(worker_age, cause == "C08" && index <= 2),
            _ => maker.parent(worker_age),
        };
        if spouse.as_deref() != Some(&id) && index > 4 {
            maker.extra_income("support", 20_000);
        }
    }
    maker.money(&worker_id, spouse.as_deref(), size, cause);
    maker.finish(place, house, cause, &worker_id, size)
}

const CAUSES: &[(&str, f64)] = &[
    ("C01", 20.0),
    ("C02", 17.0),
    ("C08", 17.0),
    ("C03", 7.0),
    ("C04", 6.0),
    ("C07", 9.0),
    ("C05", 7.0),
    ("C06", 3.0),
    ("C10", 4.0),
    ("C17", 3.0),
    ("C11", 2.0),
    ("C12", 2.0),
    ("C09", 1.0),
    ("C13", 1.0),
    ("C18", 1.0),
];

impl Maker<'_> {
    pub(super) fn row(&mut self) -> String {
        self.random.uuid(self.at).to_string()
    }

    fn income_row(&mut self, person: Option<&str>, category: &str, amount: i64, period: &str) {
        let id = self.row();
        let mut row = Map::new();
        row.insert("category".into(), json!(category));
        if let Some(person) = person {
            row.insert("person_id".into(), json!(person));
        }
        row.insert("amount".into(), json!(amount / 100 * 100));
        row.insert("period".into(), json!(period));
        row.insert("verified_by".into(), json!("stated"));
        self.income.insert(id, Value::Object(row));
    }

    fn extra_income(&mut self, category: &str, amount: i64) {
        self.income_row(None, category, amount, "month");
    }

    fn spending_row(&mut self, person: Option<&str>, category: &str, amount: i64) {
        let id = self.row();
        let mut row = Map::new();
        row.insert("category".into(), json!(category));
        if let Some(person) = person {
            row.insert("person_id".into(), json!(person));
        }
        row.insert("amount".into(), json!(amount / 100 * 100));
        row.insert("period".into(), json!("year"));
        row.insert("verified_by".into(), json!("stated"));
        self.spending.insert(id, Value::Object(row));
    }

    /// Income around the sample line, spending by cause.
    fn money(&mut self, worker: &str, spouse: Option<&str>, size: i64, cause: &str) {
        let median = 0.95 * SAMPLE_DIBAO_FEN as f64;
        let per_head = self.random.log_normal(median, 0.45);
        let total = (per_head * size as f64) as i64;
        match spouse {
            Some(spouse) if self.random.chance(60.0) => {
                self.income_row(Some(worker), "wage", total * 6 / 10, "month");
                self.income_row(Some(spouse), "wage", total * 4 / 10, "month");
            }
            _ => self.income_row(Some(worker), "wage", total, "month"),
        }
        match cause {
            "C01" | "C02" | "C17" => {
                let spent = (self.random.log_normal(2_600_000.0, 0.9) as i64).min(20_000_000);
                self.spending_row(Some(worker), "medical_oop", spent);
            }
            "C08" => {
                let spent = self.random.normal(1_400_000.0, 400_000.0).max(200_000.0) as i64;
                self.spending_row(None, "education", spent);
            }
            "C10" => self.spending_row(None, "accident_loss", 4_000_000),
            "C09" => self.spending_row(None, "disaster_loss", 2_500_000),
            _ => self.spending_row(None, "heating", 300_000),
        }
    }

    fn finish(self, place: Place<'_>, house: i64, cause: &str, worker: &str, size: i64) -> Map<String, Value> {
        let Self { random, today, persons, income, spending, .. } = self;
        let housing = random
            .weighted(&[
                ("commercial", 52.0),
                ("self_built", 9.0),
                ("rented", 21.0),
                ("public_rental", 12.0),
                ("borrowed", 6.0),
            ])
            .unwrap_or("commercial");
        let dibao = random
            .weighted(&[("in", 28.0), ("not_eligible", 40.0), ("eligible_not_in", 20.0), ("applied", 12.0)])
            .unwrap_or("unknown");
        let spare = income.len();
        let mut file = Map::new();
        let mut put = |key: &str, value: Value| {
            file.insert(key.into(), value);
        };
        put("origin", json!(if random.chance(70.0) { "existing" } else { "new" }));
        put("banner_code", json!(place.banner));
        put("town_code", json!(place.town));
        put("community_code", json!(place.community));
        put(
            "residence_address",
            json!(format!("示例社区{:02}号楼{}单元{:03}室", house % 60 + 1, house % 4 + 1, 101 + house % 5 * 100)),
        );
        put(
            "residence_note",
            json!(random.pick(&["小区东门进，第二栋", "院门口有棵老榆树", "楼下是小卖部", "按门铃，老人听力不好"])),
        );
        put("hukou_region_code", json!(place.banner));
        put("declared_size", json!(size));
        put("is_single_parent", json!(cause == "C11"));
        put("is_zero_employment", json!(spare == 0));
        put("self_rescue_capable", json!(random.chance(40.0)));
        put("urgency", json!(random.weighted(&[("normal", 85.0), ("soon", 12.0), ("urgent", 3.0)])));
        put("hardship_type", json!(random.weighted(&[("H21-1", 46.0), ("H21-2", 41.0), ("H21-3", 13.0)])));
        put("housing_type", json!(housing));
        put("floor_area", json!((random.normal(72.0, 15.0).max(18.0) * 10.0) as i64 * 10));
        put("houses_owned", json!(i64::from(matches!(housing, "commercial" | "self_built"))));
        put("dangerous_grade", json!(random.weighted(&[("A", 55.0), ("B", 30.0), ("C", 5.0), ("unrated", 10.0)])));
        put("housing_aid", json!(if housing == "public_rental" { "in_kind" } else { "none" }));
        if housing == "rented" {
            put("rent_monthly", json!(random.range(4, 12) * 10_000));
        }
        put("dibao_status", json!(dibao));
        if dibao == "in" {
            put("dibao_kind", json!("urban"));
            put("dibao_amount_month", json!(random.range(20, 60) * 1_000));
        }
        for key in ["shop_owned", "business_registered", "employs_others"] {
            put(key, json!(false));
        }
        put("savings_total", json!(random.range(0, 12) * 100_000));
        put("investments_net", json!(0));
        put("insurance_commercial_value", json!(0));
        put("cause_primary", json!(cause));
        put("cause_person_id", json!(worker));
        put("cause_since", json!(format!("{}-{:02}", today.year() - 2, random.range(1, 12))));
        put("narrative", json!("演示数据：家庭主要收入来自职工本人，近年支出增加，生活较紧，需要持续关注。"));
        let needs: &[&str] = match cause {
            "C01" | "C02" | "C17" => &["living", "medical"],
            "C08" => &["tuition"],
            "C05" | "C06" | "C13" => &["job", "training"],
            _ => &["living"],
        };
        put("needs", json!(needs));
        file.insert("persons".into(), Value::Object(persons));
        file.insert("income_items".into(), Value::Object(income));
        file.insert("expense_items".into(), Value::Object(spending));
        file
    }
}
