//! Visits that a phone would send, made with the shipped forms. Everybody in them is made up.

use crate::app::definitions;
use crate::matchers::Visit;
use ruhu_domain::form::{self, Draft as Answers, File, Kind, Meta, Path, Problem, Severity, canonical_hash};
use ruhu_domain::time::{Date, Time};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicI64, Ordering};
use uuid::Uuid;

/// The example number of the national standard; nobody's, and no person's of the kit.
pub const ID_NO: &str = "11010519491231002X";
/// The number of any person of the kit, as those see it who may not see it.
pub const MASKED_ID_NO: &str = "110***********002X";
/// 154 is not given out to people.
pub const PHONE: &str = "15400005678";
/// Who lives in every house of the tests.
pub const NAME: &str = "乌云格日勒";
pub const ADDRESS: &str = "示例社区03号楼2单元501室";
/// A street of Dongsheng, and one of Kangbashi.
pub const TOWN: &str = "150602001";
pub const OTHER_TOWN: &str = "150603001";

/// A visit about to be sent.
#[derive(Debug, Clone)]
pub struct Draft {
    pub id: Uuid,
    pub household: Uuid,
    pub rev: i64,
    pub base_rev: i64,
    /// Answers about the visit, and the file as it would be.
    pub answers: Answers,
    form: (String, u32),
    base: Option<File>,
    warnings: Option<Value>,
    /// Keys of the proposal that a test wants otherwise.
    overrides: Vec<(String, Value)>,
}

/// The cheapest visit: nobody was at home at a household found on the spot.
pub fn a_visit() -> Draft {
    let mut draft = blank("V01", Uuid::now_v7(), 0, None);
    draft.answers.visit.insert("outcome".into(), json!("absent"));
    draft.in_town(TOWN).set("residence_address", json!(ADDRESS))
}

/// A whole first survey of a household found on the spot: one person, every question answered.
pub fn a_first_survey() -> Draft {
    let mut draft = blank("V01", Uuid::now_v7(), 0, None);
    for (key, value) in [
        ("outcome", json!("done")),
        ("respondent", json!("self")),
        ("consent_notice", json!(true)),
        ("consent_sensitive", json!(true)),
        ("no_income", json!(true)),
        ("no_expense", json!(true)),
        ("no_vehicle", json!(true)),
        ("no_relief", json!(true)),
        ("opinion_text", json!("情况属实，建议按规定持续联系走访。")),
    ] {
        draft.answers.visit.insert(key.into(), value);
    }
    let person = Uuid::now_v7();
    let (id_no, born) = another_id_no();
    for (column, value) in [
        ("name", json!(NAME)),
        ("is_worker", json!(true)),
        ("relation", json!("01")),
        ("id_type", json!("rid")),
        ("id_no", json!(id_no)),
        ("birth_date", json!(born)),
        ("sex", json!("2")),
        ("phone", json!(PHONE)),
        ("monthly_income", json!(0)),
        ("counted_in_household", json!(true)),
        ("lives_here", json!(true)),
        ("work_status", json!("retired")),
        ("person_identity", json!("retired")),
        ("health", json!("good")),
    ] {
        draft = draft.set(&format!("persons/{person}/{column}"), value);
    }
    draft
        .in_town(TOWN)
        .set("residence_address", json!(ADDRESS))
        .set("cause_primary", json!("C07"))
        .set("narrative", json!("家里只有本人，靠积蓄生活，近年支出增加，需要持续关注。"))
}

/// A number that nobody had before in this process, covered like any other of the kit, and the day of birth in it.
fn another_id_no() -> (String, String) {
    static NEXT: AtomicI64 = AtomicI64::new(0);
    let last = Date::from_ymd_opt(1949, 12, 31).expect("a day");
    loop {
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let born = last - chrono::Duration::days(n / 1000);
        let number = format!("110{:03}{}002X", n % 1000, born.format("%Y%m%d"));
        if number != ID_NO && form::read_id_no(&number, last).is_ok() {
            return (number, born.to_string());
        }
    }
}

/// A later visit that found the household as the file says; `moved_to` and others make it a changed one.
pub fn a_revisit(of: &Visit, file_rev: i64) -> Draft {
    let base = of.proposal["file_after"].as_object().expect("a visit of this kit").clone();
    let mut draft = blank("V02", of.household, file_rev, Some(base));
    draft.answers.visit.insert("outcome".into(), json!("absent"));
    draft
}

fn blank(form: &str, household: Uuid, base_rev: i64, base: Option<File>) -> Draft {
    let file = base.clone().unwrap_or_default();
    Draft {
        id: Uuid::now_v7(),
        household,
        rev: 1,
        base_rev,
        answers: Answers { file, visit: File::new(), later: Vec::new() },
        form: (form.to_owned(), 1),
        base,
        warnings: None,
        overrides: Vec::new(),
    }
}

impl Draft {
    /// Writes one value of the file.
    #[must_use]
    pub fn set(mut self, path: &str, value: Value) -> Self {
        form::set(&mut self.answers.file, Path::parse(path).expect("a path"), value);
        self
    }

    /// Writes one answer about the visit.
    #[must_use]
    pub fn answering(mut self, key: &str, value: Value) -> Self {
        self.answers.visit.insert(key.to_owned(), value);
        self
    }

    /// Puts the household into a town.
    #[must_use]
    pub fn in_town(self, town: &str) -> Self {
        self.set("banner_code", json!(&town[..6])).set("town_code", json!(town))
    }

    /// The household's only person gets another name.
    #[must_use]
    pub fn of_person(mut self, name: &str) -> Self {
        let persons = self.answers.file.get_mut("persons").and_then(Value::as_object_mut).expect("persons");
        persons.values_mut().for_each(|person| person["name"] = json!(name));
        self
    }

    /// The household's only person has this number.
    #[must_use]
    pub fn of_number(mut self, id_no: &str) -> Self {
        let born = format!("{}-{}-{}", &id_no[6..10], &id_no[10..12], &id_no[12..14]);
        let persons = self.answers.file.get_mut("persons").and_then(Value::as_object_mut).expect("persons");
        persons.values_mut().for_each(|person| {
            person["id_no"] = json!(id_no);
            person["birth_date"] = json!(born);
        });
        self
    }

    /// A revisit that found people at home, somewhere else.
    #[must_use]
    pub fn moved_to(self, address: &str) -> Self {
        self.found_changed("moved").set("residence_address", json!(address))
    }

    /// A revisit that found people at home and something changed.
    #[must_use]
    pub fn found_changed(self, what: &str) -> Self {
        self.answering("outcome", json!("done"))
            .answering("respondent", json!("self"))
            .answering("consent_sensitive", json!(true))
            .answering("changes_declared", json!([what]))
            .answering("no_income", json!(true))
            .answering("no_expense", json!(true))
            .answering("opinion_text", json!("情况属实，建议按规定持续联系走访。"))
    }

    /// The visitor's phone holds this file, masked as the server sent it.
    #[must_use]
    pub fn seeing(mut self, file: &Value) -> Self {
        let file = file.as_object().expect("a file").clone();
        (self.answers.file, self.base) = (file.clone(), Some(file));
        self
    }

    /// Another visit to a household that was found by an earlier one.
    #[must_use]
    pub fn at_household(mut self, household: Uuid) -> Self {
        self.household = household;
        self
    }

    /// Sends the visit again as another revision.
    #[must_use]
    pub fn again(mut self, visit: &Visit, rev: i64) -> Self {
        (self.id, self.household, self.rev) = (visit.id, visit.household, rev);
        self
    }

    /// Says these warnings instead of those that the form finds.
    #[must_use]
    pub fn warned(mut self, warnings: Value) -> Self {
        self.warnings = Some(warnings);
        self
    }

    /// One key of the proposal is otherwise than the kit would have it.
    #[must_use]
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.overrides.push((key.to_owned(), value));
        self
    }

    /// The visit as its sender knows it, and the body of its operation. The visit took half an hour until just now.
    pub fn finish(mut self, now: Time) -> (Visit, Value) {
        let (started_at, ended_at) = (now.plus_ms(-35 * 60_000), now.plus_ms(-5 * 60_000));
        let meta = Meta {
            today: ended_at.date(),
            started_at: Some(started_at.naive_utc().and_utc()),
            ended_at: Some(ended_at.naive_utc().and_utc()),
        };
        let found = self.fill(&meta);
        let changes = form::changes(definitions().dictionary(), self.base.as_ref(), &self.answers.file);
        let mut proposal = json!({
            "id": self.id, "rev": self.rev, "household_id": self.household, "base_rev": self.base_rev,
            "visit_type": self.form.0, "form": { "id": self.form.0, "version": self.form.1 },
            "dictionary_version": 1, "app_version": "test", "nonce": a_nonce(), "started_at": started_at, "ended_at": ended_at,
            "monotonic_ms": 1_800_000, "clock_offset_ms": 0, "visit": self.answers.visit, "changes": changes,
            "later": self.answers.later, "unchanged": [], "warnings": self.warnings.unwrap_or(found),
            "evidence": [], "signatures": [],
        });
        for (key, value) in self.overrides {
            proposal[&key] = value;
        }
        let hash = canonical_hash(&proposal).expect("a hash");
        let body = json!({ "visit": proposal, "hash": hash });
        // Beside what was sent: the file that an approval makes, for the next visit.
        proposal["file_after"] = json!(self.answers.file);
        let (id, household) = (self.id, self.household);
        (Visit { id, household, rev: self.rev, hash, base_rev: self.base_rev, proposal }, body)
    }

    /// Answers what the form still asks for; the warnings that are left, with a reason each.
    fn fill(&mut self, meta: &Meta) -> Value {
        let definitions = definitions();
        let form = definitions.form(&self.form.0, self.form.1).expect("a shipped form");
        for _ in 0..40 {
            let found = form::validate(&definitions, form, self.base.as_ref(), &self.answers, meta);
            let missing = |problem: &&Problem| problem.severity == Severity::E && problem.code == "value.required";
            let asked: Vec<String> = found.problems.iter().filter(missing).map(|p| p.path.clone()).collect();
            if asked.is_empty() {
                let reason =
                    |problem: &Problem| json!({ "code": problem.code, "path": problem.path, "reason": "当面核对过" });
                return found.warnings().map(reason).collect();
            }
            for path in asked {
                let value = an_answer(&path);
                match path.strip_prefix("visit/") {
                    Some(name) => drop(self.answers.visit.insert(name.to_owned(), value)),
                    None => form::set(&mut self.answers.file, Path::parse(&path).expect("a path"), value),
                }
            }
        }
        panic!("the form is never content");
    }
}

/// Of the form that a phone's has, and unlike any other.
fn a_nonce() -> String {
    format!("{:022}", Uuid::now_v7().as_u128() % 10_u128.pow(22))
}

/// A value that fits the field at a path.
fn an_answer(path: &str) -> Value {
    let definitions = definitions();
    let field = definitions.dictionary().field(path).expect("a field of the dictionary");
    let code = || first_code(field.codes.as_deref().expect("a code table"));
    match field.kind {
        Kind::Code => code(),
        Kind::Set => json!([code()]),
        Kind::Bool => json!(false),
        Kind::Int | Kind::Decimal | Kind::Money => json!(field.min.unwrap_or(0)),
        Kind::Year => json!(2020),
        Kind::Date => json!("2020-01-01"),
        Kind::Month => json!("2020-01"),
        Kind::Region => json!("150602"),
        Kind::Text | Kind::Name => json!("示例内容"),
        kind => panic!("no answer for {path}: {kind:?}"),
    }
}

/// The first code of a table.
fn first_code(table: &str) -> Value {
    let shipped: Value = serde_json::from_str(definitions().definitions_json()).expect("the definitions");
    shipped["codes"]["tables"][table][0]["code"].clone()
}
