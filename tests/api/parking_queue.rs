//! Many operations behind one: a push takes in a bounded number of them, the oldest first, and the next one goes on.

use ruhu_tests::{a_visit, on_both_databases};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What one transaction takes in of what waits.
const AT_ONCE: usize = 200;

on_both_databases! {
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
