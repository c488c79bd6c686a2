//! Many operations behind one: a push takes in a bounded number of them, the oldest first, and the next one goes on.

use ruhu_tests::actors::Phone;
use ruhu_tests::{Actor, a_visit, on_both_databases};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What one transaction takes in of what waits.
const AT_ONCE: usize = 200;

/// Operations of a kind that nobody knows, so that a supervisor can end them one by one.
async fn parked(by: &Actor, count: usize) -> Vec<Value> {
    let ops: Vec<Value> = (0..count).map(|at| by.op("visit.dance", Uuid::now_v7(), &json!({ "at": at }))).collect();
    for receipt in by.pushes(&ops).await.receipts() {
        receipt.parked_with("op.unknown");
    }
    ops
}

async fn dismisses(boss: &Actor, op: &Value) {
    let path = format!("/api/v1/parked/{}/dismiss", op["id"].as_str().unwrap());
    boss.posts(&path, &json!({ "reason": "重复记录" })).await.ok();
}

on_both_databases! {
    async fn a_first_sync_hears_what_became_of_parked_work_page_by_page(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        ana.submits(a_visit()).await.applied();
        let ops = parked(&ana, 8).await;
        for op in &ops[..7] {
            dismisses(&boss, op).await;
        }
        for limit in [1, 2, 3, 7, 8, 500] {
            let mut phone = Phone::default();
            loop {
                let page = ana.pulls_page(phone.cursor.as_deref(), limit).await.ok();
                assert!(page["outcomes"].as_array().unwrap().len() as i64 <= limit, "{limit}");
                if !phone.takes(&page) {
                    break;
                }
            }
            let mut heard: Vec<&Value> = phone.outcomes.iter().map(|of| &of.refused_with("op.dismissed")["op_id"]).collect();
            heard.sort_by_key(|id| id.to_string());
            let mut wanted: Vec<&Value> = ops[..7].iter().map(|op| &op["id"]).collect();
            wanted.sort_by_key(|id| id.to_string());
            assert_eq!(heard, wanted, "each once, {limit}");
        }
        // One ends while a phone reads: it is behind the place from which the feed is read.
        let mut phone = Phone::default();
        for _ in 0..3 {
            phone.takes(&ana.pulls_page(phone.cursor.as_deref(), 2).await.ok());
        }
        dismisses(&boss, &ops[7]).await;
        while phone.takes(&ana.pulls_page(phone.cursor.as_deref(), 2).await.ok()) {}
        assert!(phone.outcomes.iter().any(|of| of.0["op_id"] == ops[7]["id"]));
    }

    async fn whoever_went_to_a_desk_hears_what_became_of_their_work_and_nothing_else(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (boss, admin) = (app.supervisor().sign_in().await, app.admin().sign_in().await);
        let home = ana.submits(a_visit()).await.applied();
        let ops = parked(&ana, 2).await;
        dismisses(&boss, &ops[0]).await;
        admin.patches(&format!("/api/v1/users/{}", ana.id), &json!({ "role": "banner_supervisor" })).await.ok();
        let ana = Actor::sign_in_on(app, &ana.login, &ana.password, ana.device).await;
        let mut phone = ana.pulls(None, 1).await;
        let heard = |phone: &Phone| phone.outcomes.iter().map(|of| of.0["op_id"].clone()).collect::<Vec<_>>();
        assert_eq!(heard(&phone), [ops[0]["id"].clone()]);
        // What becomes of her earlier visit is in her feed, too, and what she works at now is in her scope.
        boss.rejects(&home).await.ok();
        dismisses(&boss, &ops[1]).await;
        while phone.takes(&ana.pulls_page(phone.cursor.as_deref(), 1).await.ok()) {}
        assert_eq!(heard(&phone), [ops[0]["id"].clone(), ops[1]["id"].clone()]);
        assert!(phone.rows.is_empty() && phone.evicted.is_empty() && phone.total.is_none(), "{phone:?}");
        app.auditor().sign_in().await.pulls_page(None, 10).await.refused(403, "auth.not_allowed");
        // Back in the field, everything comes.
        admin.patches(&format!("/api/v1/users/{}", ana.id), &json!({ "role": "caseworker" })).await.ok();
        let ana = Actor::sign_in_on(app, &ana.login, &ana.password, ana.device).await;
        assert!(ana.pulls(phone.cursor.as_deref(), 10).await.household(home.household).is_some());
    }

    async fn a_push_takes_in_a_bounded_number_of_what_waits_the_oldest_first(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let cursor = ana.pulls(None, 500).await.cursor.unwrap();
        let first = Uuid::now_v7();
        let mut waiting: Vec<Value> = (0..AT_ONCE + 30).map(|_| ana.submission(a_visit()).0).collect();
        for op in &mut waiting {
            op["after"] = json!(first);
        }
        for batch in waiting.chunks(AT_ONCE) {
            app.clock.pass_s(1);
            for receipt in ana.pushes(batch).await.receipts() {
                receipt.parked_with("op.after");
            }
        }
        // Three operations have their effect in this push; what waits is behind the first.
        let mut ops: Vec<Value> = (0..3).map(|_| ana.submission(a_visit()).0).collect();
        ops[0]["id"] = json!(first);
        for receipt in ana.pushes(&ops).await.receipts() {
            receipt.applied();
        }
        let heard = |phone: ruhu_tests::actors::Phone| -> BTreeSet<String> {
            phone.outcomes.iter().map(|of| of.applied()["op_id"].as_str().unwrap().to_owned()).collect()
        };
        let ids = |ops: &[Value]| -> BTreeSet<String> { ops.iter().map(|op| op["id"].as_str().unwrap().to_owned()).collect() };
        assert_eq!(heard(ana.pulls(Some(&cursor), 500).await), ids(&waiting[..AT_ONCE]));
        ana.pushes(&[]).await.0.ok();
        assert_eq!(heard(ana.pulls(Some(&cursor), 500).await), ids(&waiting));
    }
}
