//! The people of a synthetic household.

use super::file::Maker;
use super::people;
use chrono::Datelike;
use serde_json::{Map, Value, json};

impl Maker<'_> {
    pub(super) fn person(&mut self, relation: &str, sex: &str, age: i64) -> (String, Map<String, Value>) {
        let born = people::birthday(self.random, self.today, age);
        let ethnicity =
            self.random.weighted(&[("01", 86.0), ("02", 11.0), ("11", 1.3), ("03", 1.2), ("31", 0.5)]).unwrap_or("01");
        let adult = age >= 16;
        let mut person = Map::new();
        person.insert("relation".into(), json!(relation));
        person.insert("name".into(), json!(people::name(self.random)));
        person.insert("id_type".into(), json!("rid"));
        person.insert("id_no".into(), json!(people::id_no(self.random, "150699", born, sex)));
        person.insert("sex".into(), json!(sex));
        person.insert("birth_date".into(), json!(born.to_string()));
        person.insert("ethnicity".into(), json!(ethnicity));
        person.insert("marital_status".into(), json!(if age < 22 { "10" } else { "20" }));
        person.insert(
            "hukou_type".into(),
            json!(self.random.weighted(&[("nonfarm", 70.0), ("farm", 20.0), ("pastoral", 10.0)])),
        );
        person.insert("counted_in_household".into(), json!(true));
        person.insert("lives_here".into(), json!(true));
        person.insert("is_worker".into(), json!(false));
        person.insert("vital_status".into(), json!("alive"));
        person.insert("health".into(), json!("good"));
        person.insert("med_ins".into(), json!(if adult { "employee" } else { "resident" }));
        person.insert("pension_ins".into(), json!(if age >= 60 { "receiving" } else { "employee" }));
        person.insert("model_worker".into(), json!("none"));
        if adult {
            person.insert("work_capacity".into(), json!(if age >= 60 { "partial" } else { "full" }));
            person.insert("phone".into(), json!(people::phone(self.random)));
            person.insert(
                "education".into(),
                json!(self.random.weighted(&[("70", 55.0), ("80", 20.0), ("60", 15.0), ("40", 10.0)])),
            );
        }
        (self.row(), person)
    }

    pub(super) fn worker(&mut self, cause: &str) -> (String, i64) {
        let age = (self.random.normal(47.0, 9.0) as i64).clamp(20, 64);
        let sex = if self.random.chance(55.0) { "1" } else { "2" };
        let (id, mut worker) = self.person("01", sex, age);
        let status = match cause {
            "C05" => "laid_off",
            "C12" => "incapacitated",
            _ if age >= 60 => "retired",
            _ => self
                .random
                .weighted(&[
                    ("on_duty", 40.0),
                    ("laid_off", 20.0),
                    ("unemployed", 18.0),
                    ("sick_leave", 12.0),
                    ("flexible", 10.0),
                ])
                .unwrap_or("on_duty"),
        };
        let health = match cause {
            "C01" => self.random.pick(&["cancer", "heart", "brain_vessel", "kidney_failure"]),
            "C03" => "disabled",
            "C17" => self.random.pick(&["hypertension", "diabetes", "spine"]),
            _ => "good",
        };
        for (key, value) in [
            ("is_worker", json!(true)),
            ("political_status", json!(self.random.weighted(&[("13", 80.0), ("01", 20.0)]))),
            ("work_status", json!(status)),
            ("person_identity", json!(if status == "flexible" { "flexible" } else { status })),
            ("health", json!(health)),
            (
                "work_capacity",
                json!(match cause {
                    "C12" => "lost",
                    "C01" | "C03" => "partial",
                    _ => "full",
                }),
            ),
            ("union_member", json!(true)),
            ("union_member_since", json!(format!("{}-05-01", self.today.year() - 6))),
            ("med_ins_critical", json!(self.random.chance(60.0))),
            (
                "employer_nature",
                json!(self.random.weighted(&[
                    ("private", 40.0),
                    ("soe", 35.0),
                    ("collective", 15.0),
                    ("flexible", 10.0)
                ])),
            ),
            (
                "employer_state",
                json!(self.random.weighted(&[
                    ("normal", 55.0),
                    ("half_stopped", 20.0),
                    ("stopped", 15.0),
                    ("troubled", 10.0)
                ])),
            ),
            ("reform_type", json!("none")),
            (
                "industry",
                json!(self.random.weighted(&[
                    ("coal", 40.0),
                    ("trade", 25.0),
                    ("construction", 20.0),
                    ("textile", 15.0)
                ])),
            ),
            ("work_start_on", json!(format!("{}-07-01", i64::from(self.today.year()) - (age - 19).max(1)))),
            ("job_willing", json!(if matches!(cause, "C12" | "C01") { "cannot" } else { "yes" })),
        ] {
            worker.insert(key.into(), value);
        }
        if status != "flexible" {
            worker.insert("employer_name".into(), json!(format!("示例企业第{:02}公司", self.random.range(1, 40))));
        }
        if health == "disabled" {
            worker.insert("disability_type".into(), json!("4"));
            worker.insert("disability_grade".into(), json!(self.random.pick(&["2", "3", "4"])));
        }
        if matches!(health, "cancer" | "kidney_failure") {
            worker.insert(
                "serious_disease".into(),
                json!(if health == "cancer" { "malignant_tumour" } else { "end_stage_kidney" }),
            );
        }
        if matches!(status, "laid_off") {
            worker.insert("laid_off_on".into(), json!(format!("{}-03-15", self.today.year() - 2)));
        }
        if matches!(status, "unemployed") {
            worker.insert("unemployed_since".into(), json!(format!("{}-09-01", self.today.year() - 1)));
        }
        self.persons.insert(id.clone(), Value::Object(worker));
        (id, age)
    }

    pub(super) fn member(&mut self, relation: &str, sex: &str, age: i64, more: &[(&str, Value)]) -> String {
        let (id, mut person) = self.person(relation, sex, age);
        for (key, value) in more {
            person.insert((*key).into(), value.clone());
        }
        self.persons.insert(id.clone(), Value::Object(person));
        id
    }

    pub(super) fn spouse(&mut self, worker_age: i64) -> String {
        let age = (worker_age + self.random.range(-4, 4)).max(20);
        let status =
            if age >= 60 { "retired" } else { self.random.pick(&["flexible", "unemployed", "on_duty", "farming"]) };
        let sex = if self.random.chance(50.0) { "1" } else { "2" };
        self.member(
            "10",
            sex,
            age,
            &[("work_status", json!(status)), ("person_identity", json!(status)), ("job_willing", json!("yes"))],
        )
    }

    pub(super) fn child(&mut self, worker_age: i64, student: bool) -> String {
        let age =
            if student { self.random.range(16, 21) } else { (worker_age - self.random.range(24, 32)).clamp(1, 24) };
        let (relation, sex) = if self.random.chance(52.0) { ("20", "1") } else { ("30", "2") };
        let stage = match age {
            0..=2 => None,
            3..=5 => Some("kindergarten"),
            6..=11 => Some("primary"),
            12..=14 => Some("junior"),
            15..=17 => Some("senior"),
            18..=22 => Some("bachelor"),
            _ => None,
        };
        let mut more = vec![("marital_status", json!("10"))];
        match stage {
            Some(stage) => more.extend([
                ("person_identity", json!("student")),
                ("work_status", json!("student")),
                ("school_stage", json!(stage)),
                ("school_kind", json!("public")),
                ("school_name", json!(format!("示例第{}学校", self.random.range(1, 12)))),
                ("work_capacity", json!("na")),
            ]),
            None if age < 3 => more.push(("person_identity", json!("preschool"))),
            None => more.extend([
                ("person_identity", json!("unemployed")),
                ("work_status", json!("unemployed")),
                ("job_willing", json!("yes")),
            ]),
        }
        self.member(relation, sex, age, &more)
    }

    pub(super) fn parent(&mut self, worker_age: i64) -> String {
        let (relation, sex) = if self.random.chance(45.0) { ("51", "1") } else { ("52", "2") };
        let age = worker_age + self.random.range(22, 30);
        self.member(
            relation,
            sex,
            age,
            &[
                ("work_status", json!("retired")),
                ("person_identity", json!("retired")),
                ("health", json!("hypertension")),
                ("work_capacity", json!("lost")),
            ],
        )
    }
}
