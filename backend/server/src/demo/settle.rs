//! Makes a synthetic body a complete first survey: the form engine itself says what is missing and what was not asked.

use ruhu_domain::form::{Definitions, Draft, File, Form, Meta, Severity, Validation, derive, validate};
use ruhu_domain::visit::ExplainedWarning;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Rounds of filling: an answer may bring a further question.
const ROUNDS: usize = 6;

/// Fills what the form requires and removes what it does not ask; gives the warnings that are left, explained.
pub fn settle(
    definitions: &Definitions,
    form: &Form,
    base: Option<&File>,
    file: &mut File,
    visit: &mut Map<String, Value>,
    meta: &Meta,
) -> (Vec<ExplainedWarning>, Validation) {
    let mut found = check(definitions, form, base, file, visit, meta);
    for _ in 0..ROUNDS {
        if found.is_sendable() {
            break;
        }
        for problem in found.problems.iter().filter(|problem| problem.severity == Severity::E) {
            match problem.code.as_str() {
                "value.not_asked" => remove(file, &problem.path),
                // E3: a monthly income that the rows do not bear out; they may have changed since it was reckoned.
                "value.required" | "E3" => {
                    let incomes = incomes(definitions, file, visit, meta);
                    fill(file, visit, &problem.path, &incomes);
                }
                "rows.too_few" => none(visit, &problem.path),
                _ => {}
            }
        }
        found = check(definitions, form, base, file, visit, meta);
    }
    let warnings = found.warnings().map(|warning| ExplainedWarning {
        code: warning.code.clone(),
        path: warning.path.clone(),
        reason: "演示数据：已当面核实".to_owned(),
    });
    (warnings.collect(), found)
}

fn check(
    definitions: &Definitions,
    form: &Form,
    base: Option<&File>,
    file: &File,
    visit: &Map<String, Value>,
    meta: &Meta,
) -> Validation {
    let draft = Draft { file: file.clone(), visit: visit.clone(), later: Vec::new() };
    validate(definitions, form, base, &draft, meta)
}

fn remove(file: &mut File, path: &str) {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [key] => {
            file.remove(*key);
        }
        [rows, id, key] => {
            if let Some(row) = row(file, rows, id) {
                row.remove(*key);
            }
        }
        _ => {}
    }
}

fn row<'a>(file: &'a mut File, rows: &str, id: &str) -> Option<&'a mut Map<String, Value>> {
    file.get_mut(rows)?.get_mut(id)?.as_object_mut()
}

fn none(visit: &mut Map<String, Value>, rows: &str) {
    let answer = match rows {
        "income_items" => "no_income",
        "expense_items" => "no_expense",
        "vehicles" => "no_vehicle",
        _ => "no_relief",
    };
    visit.insert(answer.to_owned(), json!(true));
}

/// What each person's income rows add up to in a month, 分, as the form reckons it.
fn incomes(definitions: &Definitions, file: &File, visit: &Map<String, Value>, meta: &Meta) -> BTreeMap<String, i64> {
    let persons = derive(definitions, file, visit, meta, &[]).persons;
    persons.into_iter().map(|(id, figures)| (id, figures.income_monthly.unwrap_or(0))).collect()
}

fn fill(file: &mut File, visit: &mut Map<String, Value>, path: &str, incomes: &BTreeMap<String, i64>) {
    if let Some(answer) = path.strip_prefix("visit/") {
        let value = match answer {
            "consent_signer" => json!("演示住户"),
            "consent_method" => json!("witnessed_oral"),
            "opinion_text" => json!("演示数据：情况属实，建议按规定继续联系。"),
            "conclusion" => json!("fits"),
            "respondent" => json!("self"),
            _ => json!(true),
        };
        visit.insert(answer.to_owned(), value);
        return;
    }
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        [key] => {
            let value = default_of(key);
            file.insert((*key).to_owned(), value);
        }
        [rows, id, "monthly_income"] => {
            let income = incomes.get(*id).copied().unwrap_or(0);
            if let Some(row) = row(file, rows, id) {
                row.insert("monthly_income".to_owned(), json!(income));
            }
        }
        ["income_items", id, "person_id"] => {
            let someone = file.get("persons").and_then(Value::as_object).and_then(|p| p.keys().next().cloned());
            if let Some(row) = row(file, "income_items", id) {
                row.insert("person_id".to_owned(), json!(someone));
            }
        }
        [rows, id, key] => {
            if let Some(row) = row(file, rows, id) {
                row.insert((*key).to_owned(), default_of(key));
            }
        }
        _ => {}
    }
}

/// A plain answer to a question that the generator did not foresee.
fn default_of(key: &str) -> Value {
    match key {
        "school_years" => json!(4),
        "enrol_year" => json!(2024),
        "tuition_annual" => json!(480_000),
        "livestock_count" | "land_pasture_mu" | "houses_owned" => json!(0),
        "employer_name" => json!("示例企业第99公司"),
        "employer_nature" => json!("private"),
        "employer_state" => json!("normal"),
        "industry" => json!("trade"),
        "reform_type" => json!("none"),
        "contract_term" => json!("m19_30"),
        "contract_signed_on" => json!("2024-03-01"),
        "labour_relation_since" | "residence_since" | "cause_since" | "dibao_since" => json!("2022-03"),
        "health" => json!("good"),
        "ethnicity" => json!("01"),
        "hukou_type" => json!("nonfarm"),
        "id_type" => json!("rid"),
        "sex" => json!("1"),
        "relation" => json!("97"),
        "serious_disease" => json!("stroke"),
        "deceased_on" => json!("2026-10-01"),
        "marital_status" => json!("90"),
        "model_worker" | "housing_aid" => json!("none"),
        "pension_ins" | "med_ins" => json!("resident"),
        "work_capacity" => json!("na"),
        "work_status" => json!("other"),
        "person_identity" => json!("other"),
        "school_kind" => json!("public"),
        "job_willing" => json!("no"),
        "political_status" => json!("13"),
        "dangerous_grade" => json!("unrated"),
        "disability_type" => json!("4"),
        "disability_grade" => json!("3"),
        "dibao_kind" => json!("urban"),
        "med_ins_critical" | "union_member" | "lives_here" | "counted_in_household" => json!(true),
        "id_missing_reason" => json!("other"),
        "rent_monthly" => json!(60_000),
        _ => json!(false),
    }
}
