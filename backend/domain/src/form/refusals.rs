//! What the loader refuses, and where sealed values are found.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::{Value, json};

use super::*;

fn dictionary() -> Value {
    json!({"version": 1, "groups": {"identity": {"zh": "身份", "en": "Identity"}},
    "rows": {"persons": {"zh": "成员", "en": "Member", "max": 3, "title": "name"}},
    "fields": {
        "status": {"type": "code", "codes": "status", "zh": "状态", "en": "Status", "pii": 1, "merge": "REV"},
        "bank_name": {"type": "text", "zh": "银行", "en": "Bank", "pii": 4, "merge": "REV", "sealed": true},
        "persons/*/name": {"type": "name", "zh": "姓名", "en": "Name", "pii": 2, "merge": "REV", "group": "identity"},
        "persons/*/id_no": {"type": "id_no", "zh": "号码", "en": "Number", "pii": 4, "merge": "REV", "sealed": true, "mask": "id_no"},
        "visit/none": {"type": "bool", "zh": "没有", "en": "None", "pii": 1}
    }})
}

fn codes() -> Value {
    json!({"version": 1, "tables": {"status": [{"code": "in", "zh": "是", "en": "In"}]}})
}

fn regions() -> Value {
    json!({"version": 1, "regions": [{"code": "150600", "zh": "鄂尔多斯市", "en": "Ordos"}]})
}

fn form() -> Value {
    json!({"id": "T", "version": 1, "visit_type": "T", "zh": "试用", "en": "Trial",
        "sections": [{"key": "s", "zh": "节", "en": "Section", "items": [
            {"path": "status", "required": true},
            {"rows": "persons", "min": 1, "none": "visit/none", "items": [{"path": "persons/*/name"}]}]}],
        "checks": [{"code": "E1", "severity": "E", "at": "status", "when": {"===": [{"var": "file.status"}, "in"]}, "zh": "错", "en": "Wrong"}]})
}

/// Loads with one part changed and gives the faults as lines.
fn faults(change: impl Fn(&mut Value, &mut Value, &mut Value)) -> String {
    let (mut dictionary, mut codes, mut form) = (dictionary(), codes(), form());
    change(&mut dictionary, &mut codes, &mut form);
    let loaded = Definitions::load(
        &dictionary.to_string(),
        &codes.to_string(),
        &[("T.1", form.to_string().as_str())],
        &regions().to_string(),
    );
    loaded.map_or_else(|error| error.to_string(), |_| String::new())
}

#[test]
fn sound_definitions_load() {
    assert_eq!(faults(|_, _, _| {}), "");
}

#[test]
fn a_fault_of_the_dictionary_names_the_path() {
    let with = |change: fn(&mut Value)| faults(|dictionary, _, _| change(dictionary));
    let said = with(|d| d["fields"]["status"]["en"] = json!(" "));
    assert_eq!(said, "dictionary.json: fields.status: label \"en\" is missing");
    let said = with(|d| d["fields"]["status"]["codes"] = json!("stat"));
    assert_eq!(said, "dictionary.json: fields.status: unknown codes table \"stat\"");
    let said = with(|d| d["fields"]["persons/*/name"]["group"] = json!("nobody"));
    assert_eq!(said, "dictionary.json: fields.persons/*/name: unknown group");
    let said = with(|d| d["groups"]["identity"]["per"] = json!("pets"));
    assert!(said.contains("groups.identity: unknown table of rows \"pets\""), "{said}");
    let said = with(|d| {
        d["groups"]["identity"]["per"] = json!("persons");
        d["groups"]["identity"]["rows"] = json!("persons");
    });
    assert_eq!(said, "dictionary.json: groups.identity: \"per\" and \"rows\" exclude each other");
    let said = with(|d| {
        d["groups"]["identity"]["per"] = json!("persons");
        d["fields"]["status"]["group"] = json!("identity");
    });
    assert_eq!(said, "dictionary.json: fields.status: its group is of the rows of another table");
    let said = with(|d| {
        d["groups"]["others"] = json!({"zh": "其他", "en": "Others", "rows": "persons"});
        d["groups"]["identity"]["rows"] = json!("persons");
    });
    assert_eq!(said, "dictionary.json: groups.others: another group has the rows of this table");
    assert!(with(|d| d["fields"]["status"]["merge"] = json!("LWW")).contains("unknown variant `LWW`"));
    assert!(with(|d| d["fields"]["status"]["maks"] = json!("id_no")).contains("unknown field `maks`"));
    assert!(with(|d| d["fields"]["status"]["type"] = json!("string")).contains("unknown variant `string`"));
    assert!(with(|d| d["fields"]["pets/*/name"] = d["fields"]["persons/*/name"].clone()).contains("not a path"));
    assert!(with(|d| d["rows"]["persons"]["title"] = json!("nick")).contains("rows.persons.title: unknown field"));
}

#[test]
fn a_fault_of_the_codes_names_the_entry() {
    let said = faults(|_, codes, _| codes["tables"]["status"][0]["zh"] = Value::Null);
    assert!(said.starts_with("codes.json: tables.status.0: label \"zh\" is missing"), "{said}");
    let said = faults(|_, codes, _| {
        let double = codes["tables"]["status"][0].clone();
        codes["tables"]["status"].as_array_mut().unwrap().push(double);
    });
    assert_eq!(said, "codes.json: tables.status.1: code \"in\" is there twice");
}

#[test]
fn a_fault_of_a_form_names_section_and_item() {
    let with = |change: fn(&mut Value)| faults(|_, _, form| change(form));
    let said = with(|f| f["sections"][0]["items"][0]["path"] = json!("statuss"));
    assert_eq!(said, "T.1.json: sections.s.items.0.path: unknown path \"statuss\"");
    let said = with(|f| f["sections"][0]["items"][0]["show"] = json!({"regex": ["a", "b"]}));
    assert_eq!(said, "T.1.json: sections.s.items.0.show: unknown operator \"regex\"");
    let said = with(|f| f["sections"][0]["items"][1]["items"][0]["path"] = json!("status"));
    assert_eq!(said, "T.1.json: sections.s.items.1.items.0.path: unknown path \"status\"");
    let said = with(|f| f["sections"][0]["items"][1]["none"] = json!("visit/nothing"));
    assert_eq!(said, "T.1.json: sections.s.items.1.none: not a visit/ path of type bool");
    let said = with(|f| f["sections"][0]["items"][0]["requird"] = json!(true));
    assert_eq!(said, "T.1.json: sections.s.items.0: unknown key \"requird\"");
    let said = with(|f| f["sections"][0]["items"][0] = json!({"figure": "ppci"}));
    assert_eq!(said, "T.1.json: sections.s.items.0.figure: unknown figure");
    let said = with(|f| f["checks"][0]["when"] = json!({"===": [{"var": "file.state"}, 1]}));
    assert_eq!(said, "T.1.json: checks.0.when: unknown path \"file.state\"");
    let said = with(|f| f["checks"][0]["at"] = json!("persons/*/name"));
    assert_eq!(said, "T.1.json: checks.0.at: unknown path \"persons/*/name\"");
    let said = with(|f| f["checks"][0]["severity"] = json!("X"));
    assert!(said.contains("\"severity\" (E or W) is missing"), "{said}");
    let said = with(|f| f["version"] = json!(2));
    assert_eq!(said, "T.1.json: id: id and version make \"T.2\", the file is called \"T.1\"");
}

#[test]
fn every_fault_is_reported_at_once_and_broken_json_names_its_file() {
    let broken = Definitions::load("{", &codes().to_string(), &[("T.1", "[]")], "{}");
    let files: Vec<String> = broken.unwrap_err().faults.into_iter().map(|fault| fault.file).collect();
    assert!(
        ["dictionary.json", "regions.json", "T.1.json"].iter().all(|file| files.iter().any(|found| found == file)),
        "{files:?}"
    );
}

#[test]
fn sealed_values_of_a_file_and_of_a_proposal_are_found() {
    let definitions =
        Definitions::load(&dictionary().to_string(), &codes().to_string(), &[], &regions().to_string()).unwrap();
    let id = "01890000-0000-7000-8000-000000000001";
    let row = json!({"name": "乌云", "id_no": "150699197203140011"});
    let file = json!({"status": "in", "bank_name": "示例银行", "persons": {id: row}});
    let found = sealed_in_file(definitions.dictionary(), file.as_object().unwrap());
    let pointers: Vec<(&str, Mask)> = found.iter().map(|sealed| (sealed.pointer.as_str(), sealed.mask)).collect();
    let number = format!("/persons/{id}/id_no");
    assert_eq!(pointers, [("/bank_name", Mask::Hidden), (number.as_str(), Mask::IdNo)]);
    assert!(found.iter().all(|sealed| file.pointer(&sealed.pointer).is_some()));

    let proposal = json!({"changes": [
        {"path": "bank_name", "from": null, "to": "示例银行"},
        {"path": format!("persons/{id}"), "from": row, "to": null},
        {"path": format!("persons/{id}/id_no"), "from": "150***********0011", "to": "11010519491231002X"},
        {"path": "status", "from": null, "to": "in"}]});
    let found = sealed_in_proposal(definitions.dictionary(), &proposal);
    let pointers: Vec<&str> = found.iter().map(|sealed| sealed.pointer.as_str()).collect();
    assert_eq!(pointers, ["/changes/0/to", "/changes/1/from/id_no", "/changes/2/from", "/changes/2/to"]);
    assert_eq!(found[1].path, format!("persons/{id}/id_no"));
    assert!(found.iter().all(|sealed| proposal.pointer(&sealed.pointer).is_some_and(Value::is_string)));
}

#[test]
fn a_value_is_read_and_written_by_its_path() {
    let id = "01890000-0000-7000-8000-000000000001";
    let name = format!("persons/{id}/name");
    let mut file = File::new();
    set(&mut file, Path::parse(&name).unwrap(), json!("乌云"));
    assert_eq!(get(&file, &name), Some(&json!("乌云")));
    assert_eq!(get(&file, "persons/1/name"), None);
    set(&mut file, Path::parse(&name).unwrap(), Value::Null);
    assert!(file.is_empty());
}
