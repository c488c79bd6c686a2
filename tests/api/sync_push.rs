//! Push: receipts word for word, gaps, forks, epochs, limits, encodings.

use crate::problems::gzip;
use diesel::RunQueryDsl;
use reqwest::Method;
use ruhu_tests::app::send;
use ruhu_tests::{a_visit, on_both_databases, on_one_database};
use serde_json::{Value, json};
use std::slice::from_ref;
use uuid::Uuid;

const PUSH: &str = "/api/v1/sync/push";

on_both_databases! {
    async fn a_visit_is_applied_and_waits_for_review(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (op, visit) = ana.submission(a_visit());
        let pushed = ana.pushes(from_ref(&op)).await;
        assert_eq!(
            pushed.receipt().0,
            json!({
                "seq": 1, "op_id": op["id"], "outcome": "applied", "subject": { "kind": "visit", "id": visit.id },
                "rev": 1, "state": "in_review", "household_id": visit.household,
            })
        );
        let answer = pushed.0.ok();
        assert_eq!((&answer["next_seq"], &answer["server_time"]), (&json!(2), &json!(app.now())));
        assert_eq!(answer["history_id"], json!(app.app.history_id));
        assert_eq!(ana.gets("/api/v1/visits").await.ok()["items"][0]["hash"], json!(visit.hash));
    }

    async fn the_same_request_again_gets_the_same_receipts_word_for_word(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (good, _) = ana.submission(a_visit());
        let ops = [
            good,
            ana.op("visit.submit", Uuid::now_v7(), &json!({ "no": 1 })),
            ana.op("visit.dance", Uuid::now_v7(), &json!({})),
        ];
        let first = ana.pushes(&ops).await;
        app.clock.pass_s(600);
        let again = ana.pushes(&ops).await;
        let receipts = |reply: &ruhu_tests::Reply| {
            let text = reply.text();
            let from = text.find("\"receipts\":").unwrap();
            text[from..text.find("\"next_seq\"").unwrap()].to_owned()
        };
        assert_eq!(receipts(&first.0), receipts(&again.0));
        assert_eq!((first.next_seq(), again.next_seq()), (4, 4));
        assert_eq!(ana.gets("/api/v1/visits").await.ok()["total"], 1, "one effect, whatever the repeats");
    }

    async fn a_lost_answer_costs_nothing(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (first, _) = ana.submission(a_visit());
        let (second, _) = ana.submission(a_visit());
        drop(ana.pushes(from_ref(&first)).await);
        let pushed = ana.pushes(&[first, second]).await;
        pushed.receipts().iter().for_each(|receipt| assert_eq!(receipt.applied()["state"], "in_review"));
        assert_eq!(pushed.next_seq(), 3);
        assert_eq!(ana.gets("/api/v1/visits").await.ok()["total"], 2);
    }

    async fn the_same_batch_twice_at_once_has_one_effect(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let ops: Vec<Value> = (0..5).map(|_| ana.submission(a_visit()).0).collect();
        let (one, two) = tokio::join!(ana.pushes(&ops), ana.pushes(&ops));
        assert_eq!(one.receipts(), two.receipts());
        one.receipts().iter().for_each(|receipt| assert_eq!(receipt.applied()["state"], "in_review"));
        assert_eq!(ana.gets("/api/v1/visits").await.ok()["total"], 5);
    }

    async fn a_gap_says_what_is_expected_and_nothing_happens(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let ops: Vec<Value> = (0..3).map(|_| ana.submission(a_visit()).0).collect();
        assert_eq!(ana.pushes(&ops[1..]).await.0.refused(409, "sync.gap")["next_seq"], 1);
        let with_hole = [ops[0].clone(), ops[2].clone()];
        assert_eq!(ana.pushes(&with_hole).await.0.refused(409, "sync.gap")["next_seq"], 2);
        assert_eq!(ana.gets("/api/v1/visits").await.ok()["total"], 0);
        assert_eq!(ana.pushes(&ops).await.next_seq(), 4);
    }

    async fn the_same_number_with_other_content_is_a_fork_and_nothing_happens(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (mine, _) = ana.submission(a_visit());
        ana.pushes(from_ref(&mine)).await.receipt().applied();
        let (next, _) = ana.submission(a_visit());
        let mut clone = ana.submission(a_visit()).0;
        clone["seq"] = json!(1);
        ana.pushes(&[clone, next.clone()]).await.0.refused(409, "sync.fork");
        let mut touched = mine.clone();
        touched["clock"]["offset_ms"] = json!(7);
        ana.pushes(&[touched, next]).await.0.refused(409, "sync.fork");
        assert_eq!(ana.gets("/api/v1/visits").await.ok()["total"], 1);
    }

    async fn after_a_fork_the_next_epoch_takes_everything_once(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (answered, _) = ana.submission(a_visit());
        let first = ana.pushes(from_ref(&answered)).await.receipt();
        ana.begins_epoch(2);
        let (mut again, mut fresh) = (answered, ana.submission(a_visit()).0);
        (again["seq"], fresh["seq"]) = (json!(1), json!(2));
        let pushed = ana.pushes(&[again.clone(), fresh.clone()]).await;
        let receipts = pushed.receipts();
        assert_eq!((&receipts[0].0["outcome"], &receipts[0].0["first"]), (&json!("duplicate"), &first.0));
        assert_eq!(receipts[0].0["seq"], 1);
        receipts[1].applied();
        assert_eq!(ana.gets("/api/v1/visits").await.ok()["total"], 2);
        assert_eq!(ana.pushes(&[again, fresh]).await.receipts(), receipts, "also these word for word");
        ana.begins_epoch(1);
        ana.pushes(&[]).await.0.refused(409, "sync.fork");
    }

    async fn a_new_epoch_starts_at_one(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        ana.submits(a_visit()).await.applied();
        ana.begins_epoch(2);
        let skipped = ana.submission(a_visit()).0;
        let second = ana.submission(a_visit()).0;
        assert_eq!(ana.pushes(from_ref(&second)).await.0.refused(409, "sync.gap")["next_seq"], 1);
        ana.begins_epoch(0);
        ana.pushes(&[]).await.0.refused(409, "sync.fork");
        ana.begins_epoch(2);
        ana.pushes(from_ref(&skipped)).await.receipt().applied();
    }

    async fn one_refused_operation_holds_back_no_other(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let mut wrong_hash = ana.submission(a_visit()).0;
        wrong_hash["body"]["hash"] = json!("0".repeat(64));
        let ops = [
            wrong_hash,
            ana.submission(a_visit()).0,
            ana.op("visit.dance", Uuid::now_v7(), &json!({ "any": [1, 2] })),
            ana.op("visit.submit", Uuid::now_v7(), &json!({ "visit": {} })),
            ana.submission(a_visit()).0,
        ];
        let pushed = ana.pushes(&ops).await;
        let receipts = pushed.receipts();
        receipts[0].refused_with("visit.hash_mismatch");
        receipts[1].applied();
        receipts[2].parked_with("op.unknown");
        receipts[3].refused_with("op.body");
        receipts[4].applied();
        let numbers: Vec<_> = receipts.iter().map(|receipt| receipt.0["seq"].as_i64().unwrap()).collect();
        assert_eq!((numbers, pushed.next_seq()), (vec![1, 2, 3, 4, 5], 6));
    }

    async fn what_is_refused_or_parked_is_kept_whole(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let refused = ana.op("visit.submit", Uuid::now_v7(), &json!({ "text": "示例正文" }));
        let parked = ana.op("visit.dance", Uuid::now_v7(), &json!({ "steps": 3 }));
        ana.pushes(&[refused.clone(), parked.clone()]).await.0.ok();
        for op in [refused, parked] {
            let (id, vault) = (op["id"].as_str().unwrap().parse::<Uuid>().unwrap(), app.app.clone());
            let kept = app.db().read(move |c: &mut ruhu_store::Conn| {
                let row = ruhu_store::operation::find_by_op_id(c, id.into())?.expect("a kept operation");
                ruhu_store::operation::find_body(c, &vault.vault, &row)
            });
            let kept: Value = serde_json::from_str(&kept.await.unwrap().expect("a kept body")).unwrap();
            assert_eq!(kept, op["body"]);
        }
    }

    async fn an_unknown_kind_or_version_is_parked(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (mut newer, _) = ana.submission(a_visit());
        newer["version"] = json!(2);
        let ops = [newer, ana.op("", Uuid::now_v7(), &json!({})), ana.op("card.bind", Uuid::now_v7(), &json!(null))];
        for receipt in ana.pushes(&ops).await.receipts() {
            receipt.parked_with("op.unknown");
        }
    }

    async fn an_operation_waits_for_the_one_it_builds_on(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (first, _) = ana.submission(a_visit());
        let (mut second, _) = ana.submission(a_visit());
        second["after"] = first["id"].clone();
        let (mut orphan, _) = ana.submission(a_visit());
        orphan["after"] = json!(Uuid::now_v7());
        let receipts = ana.pushes(&[first, second, orphan]).await.receipts();
        receipts[1].applied();
        receipts[2].parked_with("op.after");
    }

    async fn an_operation_id_of_somebody_else_shows_nothing_of_theirs(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let bo = app.caseworker().sign_in().await;
        let (op, visit) = ana.submission(a_visit());
        ana.pushes(from_ref(&op)).await.receipt().applied();
        let mut stolen = bo.submission(a_visit()).0;
        stolen["id"] = op["id"].clone();
        let pushed = bo.pushes(&[stolen]).await;
        pushed.receipt().refused_with("op.id_taken");
        assert!(!pushed.0.text().contains(&visit.id.to_string()));
    }

    async fn the_same_operation_from_another_device_of_the_same_person_is_a_duplicate(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (op, _) = ana.submission(a_visit());
        ana.pushes(from_ref(&op)).await.receipt().applied();
        let tablet = ruhu_tests::Actor::sign_in(app, &ana.login, &ana.password).await;
        assert_eq!(tablet.pushes(from_ref(&op)).await.receipt().0["outcome"], "duplicate");
        assert_eq!(ana.gets("/api/v1/visits").await.ok()["total"], 1);
    }

    async fn an_empty_push_tells_where_the_device_stands(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        assert_eq!(ana.pushes(&[]).await.next_seq(), 1);
        ana.submits(a_visit()).await.applied();
        assert_eq!(ana.pushes(&[]).await.next_seq(), 2);
    }

    async fn a_body_that_cannot_be_read_is_answered_and_holds_back_no_other(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
        for raw in [r#""\ud800""#, r#"{"visit":1e400,"hash":""}"#, &deep, r#"{"visit":{"id":"\u0000"},"hash":""}"#] {
            let unread = ana.op("visit.submit", Uuid::now_v7(), &json!("@@"));
            let unknown = ana.op("visit.dance", Uuid::now_v7(), &json!("@@"));
            let good = ana.submission(a_visit()).0;
            let body = ana.batch(&[unread, unknown, good]).to_string().replace("\"@@\"", raw);
            let push = || ana.request(Method::POST, PUSH).header("content-type", "application/json").body(body.clone());
            let first = ruhu_tests::matchers::Pushed(send(push()).await);
            let receipts = first.receipts();
            receipts[0].refused_with(if raw.contains("id") { "visit.hash_mismatch" } else { "op.body" });
            receipts[1].parked_with("op.unknown");
            receipts[2].applied();
            assert_eq!(ruhu_tests::matchers::Pushed(send(push()).await).receipts(), receipts, "{raw}");
            let other = body.replace(raw, &format!("[{raw}]"));
            let request = ana.request(Method::POST, PUSH).header("content-type", "application/json").body(other);
            send(request).await.refused(409, "sync.fork");
        }
    }

    async fn a_damaged_row_parks_one_operation_and_holds_back_no_other(app: &TestApp) {
        app.leaves_damage();
        let ana = app.caseworker().sign_in().await;
        // A value that does not open, and a column that no row can be read with.
        for damage in ["sealed = '{\"/narrative\":\"v1.x\"}'", "next_visit_due_on = 'never'"] {
            let visit = ana.submits(a_visit()).await.applied();
            let statement = format!("UPDATE households SET {damage} WHERE id = '{}'", visit.household);
            let damaged = app.db().write(move |c: &mut ruhu_store::Conn| -> Result<usize, ruhu_store::StoreError> {
                Ok(diesel::sql_query(&statement).execute(c)?)
            });
            assert_eq!(damaged.await.unwrap(), 1);
            let ops = [ana.submission(a_visit().at_household(visit.household)).0, ana.submission(a_visit()).0];
            let receipts = ana.pushes(&ops).await.receipts();
            receipts[0].parked_with("op.failed");
            receipts[1].applied();
        }
    }

    async fn what_was_parked_may_be_offered_again_and_is_decided_once(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (late, _) = ana.submission(a_visit());
        let mut waiting = ana.submission(a_visit()).0;
        (waiting["after"], waiting["seq"]) = (late["id"].clone(), json!(1));
        let parked = ana.pushes(from_ref(&waiting)).await.receipt();
        parked.parked_with("op.after");
        let number = |op: &Value, seq: i64| {
            let mut op = op.clone();
            op["seq"] = json!(seq);
            op
        };
        let decided = ana.pushes(&[number(&late, 2), number(&waiting, 3), number(&waiting, 4)]).await.receipts();
        decided[0].applied();
        // It was taken in together with the one it waited for; both later numbers repeat that answer.
        for receipt in &decided[1..] {
            let first = &receipt.0["first"];
            assert_eq!((&receipt.0["outcome"], &first["outcome"]), (&json!("duplicate"), &json!("applied")));
            assert_eq!((&first["seq"], &first["op_id"]), (&json!(1), &waiting["id"]));
        }
        assert_eq!(ana.pushes(from_ref(&waiting)).await.receipt(), parked, "the first number keeps its answer");
        let (mut next, _) = ana.submission(a_visit());
        (next["after"], next["seq"]) = (waiting["id"].clone(), json!(5));
        ana.pushes(&[next]).await.receipt().applied();
        assert_eq!(ana.gets("/api/v1/visits").await.ok()["total"], 3);
    }

    async fn words_and_numbers_that_no_phone_sends_are_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let op = |kind: &str| json!([ana.op(kind, Uuid::now_v7(), &json!({}))]);
        let mut early = op("visit.dance");
        early[0]["recorded_at"] = json!("0000-01-01T00:00:00+23:59");
        for (key, value) in [
            ("ops", op("visit.\0")),
            ("ops", op(&"x".repeat(201))),
            ("ops", early),
            ("app_build", json!("0.1\0")),
            ("manifest", json!({ "count": 0, "first_seq": null, "last_seq": null, "head": "\0" })),
            ("epoch", json!(i64::MAX)),
        ] {
            let mut batch = ana.batch(&[]);
            batch[key] = value;
            ana.posts(PUSH, &batch).await.refused(400, "request.shape");
        }
        assert_eq!(ana.pushes(&[]).await.next_seq(), 1);
    }
}

on_one_database! {
    async fn more_than_two_hundred_operations_are_too_many(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let ops: Vec<Value> = (0..201).map(|_| ana.op("visit.dance", Uuid::now_v7(), &json!({}))).collect();
        ana.pushes(&ops).await.0.refused(413, "sync.batch_too_large");
        assert_eq!(ana.pushes(&ops[..200]).await.next_seq(), 201);
    }

    async fn more_than_a_mebibyte_is_too_large_also_when_it_was_packed(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let large = ana.op("visit.dance", Uuid::now_v7(), &json!({ "text": "x".repeat(1024 * 1024) }));
        let body = ana.batch(&[large]).to_string().into_bytes();
        let request = || ana.request(Method::POST, PUSH).header("content-type", "application/json");
        send(request().body(body.clone())).await.refused(413, "sync.batch_too_large");
        for (coding, packed) in [("gzip", gzip(&body)), ("zstd", zstd::encode_all(&body[..], 3).unwrap())] {
            let reply = send(request().header("content-encoding", coding).body(packed)).await;
            reply.refused(413, "sync.batch_too_large");
        }
        assert_eq!(ana.pushes(&[]).await.next_seq(), 1);
    }

    async fn a_body_may_be_packed(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        for coding in ["gzip", "zstd", "identity"] {
            let plain = ana.batch(&[ana.submission(a_visit()).0]).to_string().into_bytes();
            let body = match coding {
                "gzip" => gzip(&plain),
                "zstd" => zstd::encode_all(&plain[..], 3).unwrap(),
                _ => plain,
            };
            let request = ana.request(Method::POST, PUSH).header("content-type", "application/json");
            let reply = send(request.header("content-encoding", coding).body(body)).await;
            assert_eq!(reply.ok()["receipts"][0]["outcome"], "applied", "{coding}");
        }
    }

    async fn a_push_comes_from_the_device_that_signed_in_and_in_a_known_protocol(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let mut batch = ana.batch(&[]);
        batch["device"] = json!(Uuid::now_v7());
        ana.posts(PUSH, &batch).await.refused(403, "sync.device");
        for protocol in [0, 2] {
            let mut batch = ana.batch(&[]);
            batch["protocol"] = json!(protocol);
            ana.posts(PUSH, &batch).await.refused(400, "sync.protocol");
        }
    }

    async fn an_unknown_key_inside_an_operation_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (mut op, _) = ana.submission(a_visit());
        op["extra"] = json!(1);
        ana.pushes(&[op]).await.0.refused(400, "request.shape");
    }
}
