//! The cases of `tests/vectors`, which the phone's engine runs, too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::PathBuf;

use ruhu_domain::form::{
    Change, Conditions, Definitions, Draft, Field, File, Mask, Meta, Scope, Severity, Surroundings, apply,
    canonical_hash, canonical_json, changes, check_value, derive, mask_name, mask_value, normalise, read_id_no,
    validate,
};
use ruhu_domain::refusal::Refusal;
use ruhu_domain::sync::merge::{Choice, Clash, Merged, Rebase, ResolveRefusal, merge, resolve};
use ruhu_domain::time::Time;
use serde_json::{Map, Value, json};

fn vectors(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Runs every case of a list and reports all that differ, by name.
fn run(vectors: &Value, list: &str, case: impl Fn(&Value) -> (Value, Value)) {
    let cases = vectors[list].as_array().unwrap();
    assert!(!cases.is_empty(), "no cases in {list}");
    let differing: Vec<String> = cases
        .iter()
        .filter_map(|vector| {
            let (expected, found) = case(vector);
            (expected != found).then(|| format!("{}\n  expected {expected}\n  found    {found}", vector["name"]))
        })
        .collect();
    assert!(differing.is_empty(), "{} of {} differ:\n{}", differing.len(), cases.len(), differing.join("\n"));
}

fn labelled(mut field: Value) -> Field {
    field["zh"] = json!("字段");
    field["en"] = json!("Field");
    field["merge"] = json!("REV");
    serde_json::from_value(field).unwrap()
}

fn load(vectors: &Value, forms: &[Value]) -> Definitions {
    let or = |name: &str, default: Value| if vectors[name].is_null() { default } else { vectors[name].clone() };
    let rows = json!({"persons": {"zh": "家庭成员", "en": "Family member"}});
    let dictionary = or("dictionary", json!({"version": 1, "groups": {}, "rows": rows, "fields": {}}));
    let codes = or("codes", json!({"version": 1, "tables": {}}));
    let regions = or("regions", json!({"version": 1, "regions": []}));
    let forms: Vec<(String, String)> = forms
        .iter()
        .map(|form| (format!("{}.{}", form["id"].as_str().unwrap(), form["version"]), form.to_string()))
        .collect();
    let forms: Vec<(&str, &str)> = forms.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Definitions::load(&dictionary.to_string(), &codes.to_string(), &forms, &regions.to_string()).unwrap()
}

fn file(value: &Value) -> Option<File> {
    value.as_object().cloned()
}

fn subset(of: &Value, expected: &Value) -> Value {
    expected.as_object().unwrap().keys().map(|key| (key.clone(), of[key].clone())).collect::<Map<_, _>>().into()
}

/// A value, the code of a problem, and the code of a warning; parameters where the case names them.
fn judge(field: &Field, case: &Value, definitions: &Definitions, file: &File, today: &Value) -> Value {
    let today = serde_json::from_value(today.clone()).unwrap();
    let around = Surroundings { codes: definitions.codes(), regions: definitions.regions(), file, today };
    let value = normalise(field, &case["input"]);
    assert_eq!(normalise(field, &value), value, "normalising twice: {}", case["name"]);
    match if value.is_null() { None } else { check_value(field, &value, &around) } {
        None => json!({ "value": value }),
        Some(found) if found.severity == Severity::W => json!({ "value": value, "warning": found.code }),
        Some(found) if found.params.is_empty() => json!({ "problem": found.code }),
        Some(found) => json!({ "problem": found.code, "params": found.params }),
    }
}

fn without(case: &Value, keys: &[&str]) -> Value {
    let mut case = case.clone();
    keys.iter().for_each(|key| drop(case.as_object_mut().unwrap().remove(*key)));
    case
}

#[test]
fn values_are_normalised_and_checked() {
    let all = vectors("values.json");
    let definitions = load(&all, &[]);
    let rows = file(&all["file"]).unwrap();
    run(&all, "cases", |case| {
        let field = labelled(case["field"].clone());
        (without(case, &["name", "field", "input"]), judge(&field, case, &definitions, &rows, &all["today"]))
    });
}

#[test]
fn id_numbers_are_checked_and_read() {
    let all = vectors("id_no.json");
    let definitions = load(&json!({}), &[]);
    let field = labelled(json!({"type": "id_no"}));
    run(&all, "cases", |case| {
        (without(case, &["name", "input"]), judge(&field, case, &definitions, &File::new(), &all["today"]))
    });
    let today = serde_json::from_value(all["today"].clone()).unwrap();
    run(&all, "facts", |case| {
        let facts = read_id_no(case["id_no"].as_str().unwrap(), today).ok();
        let found = json!({"sex": facts.map(|facts| facts.sex), "birth_date": facts.map(|facts| facts.birth_date)});
        (without(case, &["name", "id_no"]), found)
    });
}

#[test]
fn values_are_masked() {
    run(&vectors("masks.json"), "cases", |case| {
        let input = case["input"].as_str().unwrap();
        let masked = match case["mask"].as_str().unwrap() {
            "name" => mask_name(input),
            mask => mask_value(serde_json::from_value::<Mask>(json!(mask)).unwrap(), input),
        };
        (case["masked"].clone(), json!(masked))
    });
}

#[test]
fn files_differ_and_changes_apply() {
    let all = vectors("changes.json");
    let definitions = load(&all, &[]);
    let dictionary = definitions.dictionary();
    run(&all, "cases", |case| {
        let base = file(&case["base"]);
        let found = changes(dictionary, base.as_ref(), &file(&case["file"]).unwrap());
        let after = apply(dictionary, base.as_ref(), &found);
        let after = after.map_or_else(|error| json!({"apply_error": error.code()}), |after| json!({"after": after}));
        let mut found = json!({"changes": found});
        found.as_object_mut().unwrap().extend(after.as_object().unwrap().clone());
        (without(case, &["name", "base", "file"]), found)
    });
    run(&all, "refused", |case| {
        let wanted: Vec<Change> = serde_json::from_value(case["changes"].clone()).unwrap();
        let error = apply(dictionary, file(&case["base"]).as_ref(), &wanted).err();
        (case["error"].clone(), json!(error.map(|error| error.code())))
    });
}

/// The lists that are not empty.
fn merged_as_json(merged: &Merged) -> Value {
    let mut found = json!(merged);
    found.as_object_mut().unwrap().retain(|_, list| list.as_array().is_none_or(|list| !list.is_empty()));
    found
}

fn decided(definitions: &Definitions, clashes: &[Clash], decision: &Value, file: &File, today: &Value) -> Value {
    let clash = clashes.iter().find(|clash| decision["of"] == json!(clash.path)).unwrap();
    let choice = Choice::from_code(decision["choice"].as_str().unwrap()).unwrap();
    let today = serde_json::from_value(today.clone()).unwrap();
    match resolve(definitions, clash, choice, decision.get("other"), file, today) {
        Ok(changes) => json!({ "changes": changes }),
        Err(refusal) => {
            let mut error = json!({"code": refusal.code()});
            match &refusal {
                ResolveRefusal::NoValue => {}
                ResolveRefusal::Breaks(paths) => error["paths"] = json!(paths),
                ResolveRefusal::NotAsked(path) | ResolveRefusal::Covered(path) => error["path"] = json!(path),
                ResolveRefusal::Value { path, .. } => error["path"] = json!(path),
            }
            json!({ "error": error })
        }
    }
}

#[test]
fn visits_are_merged_and_clashes_decided() {
    let all = vectors("merge.json");
    let definitions = load(&all, &[]);
    let today = &all["today"];
    run(&all, "cases", |case| {
        let (base, current) = (file(&case["base"]).unwrap(), file(&case["current"]).unwrap());
        let mine: Vec<Change> = serde_json::from_value(case["mine"].clone()).unwrap();
        let time = |value: &Value| serde_json::from_value::<Time>(value.clone()).ok();
        let merged = merge(&Rebase {
            definitions: &definitions,
            base: &base,
            current: &current,
            mine: &mine,
            mine_at: time(&case["mine_at"]).unwrap(),
            theirs_at: &|path| case["theirs_at"].get(path).and_then(time),
        });
        let mut found = merged_as_json(&merged);
        if let Some(decisions) = case["decisions"].as_array() {
            let file = apply(definitions.dictionary(), Some(&current), &merged.accepted).unwrap();
            let decide = |decision: &Value| {
                let made = decided(&definitions, &merged.clashes, decision, &file, today);
                let mut found = without(decision, &["changes", "error"]);
                found.as_object_mut().unwrap().extend(made.as_object().unwrap().clone());
                found
            };
            found["decisions"] = decisions.iter().map(decide).collect();
        }
        (without(case, &["name", "base", "current", "mine", "mine_at", "theirs_at"]), found)
    });
}

#[test]
fn canonical_json_is_hashed() {
    run(&vectors("hash.json"), "cases", |case| {
        let value = &case["value"];
        let found = json!({"canonical": canonical_json(value).unwrap(), "sha256": canonical_hash(value).unwrap()});
        (without(case, &["name", "value"]), found)
    });
}

#[test]
fn conditions_hold_or_not() {
    let all = vectors("conditions.json");
    let conditions = Conditions::default();
    run(&all, "cases", |case| {
        let compiled = conditions.compile(&case["rule"], Scope::Free);
        let context = if case["context"].is_null() { &all["context"] } else { &case["context"] };
        (
            case["holds"].clone(),
            compiled.map_or_else(|what| json!(what), |rule| json!(conditions.holds_in(&rule, context))),
        )
    });
    let definitions = load(&all, &[]);
    run(&all, "refused", |case| {
        let row = case["row"].as_str();
        let compiled = conditions.compile(&case["rule"], Scope::Form { dictionary: definitions.dictionary(), row });
        (case["error"].clone(), json!(compiled.err()))
    });
}

#[test]
fn figures_are_derived() {
    let all = vectors("derived.json");
    let definitions = Definitions::embedded().unwrap();
    run(&all, "cases", |case| {
        let meta: Meta = serde_json::from_value(case["meta"].clone()).unwrap();
        let (base, rows) = (file(&case["base"]), file(&case["file"]).unwrap());
        let differing = changes(definitions.dictionary(), base.as_ref(), &rows);
        let visit = file(&case["visit"]).unwrap_or_default();
        let derived = derive(&definitions, &rows, &visit, &meta, &differing);
        let mut found = json!({"figures": subset(&json!(derived), &case["figures"])});
        if let Some(expected) = case["persons"].as_object() {
            let of = json!(derived.persons);
            let persons: Map<_, _> =
                expected.iter().map(|(id, person)| (id.clone(), subset(&of[id], person))).collect();
            found["persons"] = persons.into();
        }
        (without(case, &["name", "base", "file", "visit", "meta", "about"]), found)
    });
}

/// Validates a case; only what the case expects is compared.
fn validated(definitions: &Definitions, case: &Value) -> (Value, Value) {
    let (id, version) = (case["form"].as_str().unwrap(), case["version"].as_u64().unwrap_or(1));
    let form = definitions.form(id, u32::try_from(version).unwrap()).unwrap();
    let draft: Draft = serde_json::from_value(case["draft"].clone()).unwrap();
    let meta: Meta = serde_json::from_value(case["meta"].clone()).unwrap();
    let base = file(&case["base"]);
    let found = json!(validate(definitions, form, base.as_ref(), &draft, &meta));
    let mut expected = without(case, &["name", "form", "version", "base", "draft", "meta"]);
    let mut found = subset(&found, &expected);
    if let Some(figures) = expected.get("derived").cloned() {
        found["derived"] = subset(&found["derived"], &figures);
    }
    // A case of a real form names codes and paths; the parameters are covered by validate.json.
    if case["brief"] == json!(true) {
        for problem in found["problems"].as_array_mut().unwrap() {
            problem.as_object_mut().unwrap().remove("params");
        }
        expected = without(&expected, &["brief"]);
        found.as_object_mut().unwrap().remove("brief");
    }
    (expected, found)
}

#[test]
fn drafts_are_validated() {
    let all = vectors("validate.json");
    let definitions = load(&all, all["forms"].as_array().unwrap());
    run(&all, "cases", |case| validated(&definitions, case));
}

#[test]
fn drafts_of_the_published_forms_are_validated() {
    let definitions = Definitions::embedded().unwrap();
    run(&vectors("forms.json"), "cases", |case| validated(&definitions, case));
}

#[test]
fn the_published_definitions_load() {
    let definitions = Definitions::embedded().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(definitions.version().len(), 64);
    let served: Value = serde_json::from_str(definitions.definitions_json()).unwrap();
    assert_eq!(served["version"], json!(definitions.version()));
    assert_eq!(served["forms"].as_array().unwrap().len(), definitions.forms().count());
}

#[test]
fn definitions_are_shared_between_threads() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Definitions>();
}
