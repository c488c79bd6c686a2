//! What rarely changes.

use reqwest::Method;
use ruhu_tests::app::send;
use ruhu_tests::{on_both_databases, on_one_database};
use serde_json::json;

on_both_databases! {
    async fn the_server_says_who_it_is_to_anybody(app: &TestApp) {
        let about = app.call(Method::GET, "/api/v1/about", None).await.ok();
        assert_eq!(
            about,
            json!({
                "name": "ruhu", "version": env!("CARGO_PKG_VERSION"), "demo": false,
                "history_id": app.app.history_id, "server_time": app.now(),
            })
        );
    }

    async fn regions_carry_both_names(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let list = ana.gets("/api/v1/regions").await.ok();
        let regions = list["regions"].as_array().unwrap();
        let banner = regions.iter().find(|region| region["code"] == "150602").unwrap();
        assert_eq!(banner, &json!({ "code": "150602", "zh": "东胜区", "en": "Dongsheng District" }));
        assert!(regions.len() > 50);
    }
}

on_one_database! {
    async fn definitions_and_regions_are_sent_once(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        for path in ["/api/v1/definitions", "/api/v1/regions"] {
            let first = ana.gets(path).await;
            let tag = first.header("etag").to_owned();
            assert!(tag.starts_with("W/\""), "{tag}");
            assert_eq!(first.header("cache-control"), "private, no-cache");
            assert!(tag.contains(first.ok()["version"].as_str().unwrap()), "the tag is the version");
            let again = send(ana.request(Method::GET, path).header("if-none-match", &tag)).await;
            assert_eq!((again.status, again.text().as_str(), again.header("etag")), (304, "", tag.as_str()));
            let other = send(ana.request(Method::GET, path).header("if-none-match", "W/\"old\"")).await;
            assert_eq!(other.ok(), first.ok());
        }
    }

    async fn definitions_hold_what_the_form_engine_needs(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let definitions = ana.gets("/api/v1/definitions").await.ok();
        assert!(definitions["dictionary"]["fields"]["residence_address"].is_object());
        assert!(definitions["codes"]["tables"]["visit_outcome"].is_array());
        let forms: Vec<_> = definitions["forms"].as_array().unwrap().iter().map(|form| &form["id"]).collect();
        assert!(forms.contains(&&json!("V01")) && forms.contains(&&json!("V02")), "{forms:?}");
    }

    async fn a_large_answer_is_compressed_in_a_way_that_the_caller_takes(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        for coding in ["gzip", "zstd"] {
            let reply = send(ana.request(Method::GET, "/api/v1/definitions").header("accept-encoding", coding)).await;
            assert_eq!((reply.status, reply.header("content-encoding")), (200, coding));
        }
        let plain = ana.gets("/api/v1/definitions").await;
        assert_eq!(plain.header("content-encoding"), "");
    }
}
