//! `openapi.json` is what the server serves, and names every operation of the route table.

use reqwest::Method;
use ruhu_server::extract::Access;
use ruhu_server::openapi;
use ruhu_server::routes::ROUTES;
use ruhu_tests::on_one_database;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn document() -> Value {
    serde_json::from_str(&openapi::text()).unwrap()
}

fn documented<'a>(document: &'a Value, operation: &ruhu_server::extract::Operation) -> &'a Value {
    &document["paths"][operation.path][(operation.method)().as_str().to_lowercase()]
}

#[test]
fn the_snapshot_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi.json");
    if std::env::var("UPDATE_OPENAPI").is_ok_and(|value| value == "1") {
        std::fs::write(&path, openapi::text()).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == openapi::text(), "openapi.json is not what the code says; run this test with UPDATE_OPENAPI=1");
}

#[test]
fn every_operation_of_the_table_is_documented_under_its_own_name() {
    let document = document();
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            found.insert((method.to_uppercase(), path.clone(), id));
        }
    }
    let table: BTreeSet<_> =
        ROUTES.iter().map(|o| ((o.method)().to_string(), o.path.to_owned(), o.id.to_owned())).collect();
    assert_eq!(found, table);
    assert_eq!(table.len(), ROUTES.len(), "an operation stands in the table twice");
}

#[test]
fn signed_operations_say_so_and_name_their_refusals() {
    let document = document();
    for operation in ROUTES {
        let shown = documented(&document, operation);
        let is_signed = matches!(operation.access, Access::Signed(_));
        assert_eq!(shown["security"].is_array(), is_signed, "{}", operation.id);
        assert_eq!(shown["responses"]["403"].is_object(), is_signed, "{}", operation.id);
        for status in ["400", "500"] {
            assert!(shown["responses"][status].is_object(), "{status} of {}", operation.id);
        }
        let is_documented = !shown["summary"].as_str().or(shown["description"].as_str()).unwrap_or_default().is_empty();
        assert!(is_documented, "{} says nothing about itself", operation.id);
    }
}

#[test]
fn every_request_body_is_closed() {
    let document = document();
    for operation in ROUTES {
        let body = &documented(&document, operation)["requestBody"]["content"]["application/json"]["schema"];
        let Some(name) = body["$ref"].as_str().and_then(|name| name.rsplit('/').next()) else { continue };
        assert_eq!(document["components"]["schemas"][name]["additionalProperties"], false, "{name}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
                map.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut references = BTreeSet::new();
    walk(&document, &mut references);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

on_one_database! {
    async fn the_document_is_served_to_anybody(app: &TestApp) {
        let reply = app.call(Method::GET, "/api/openapi.json", None).await;
        assert_eq!(reply.header("content-type"), "application/json");
        assert_eq!(reply.ok(), document());
    }
}
