//! What a visit must be to be taken in, and how its visitor takes it back.

use ruhu_tests::factories::{ADDRESS, OTHER_TOWN, TOWN};
use ruhu_tests::{a_first_survey, a_revisit, a_visit, on_both_databases, on_one_database};
use serde_json::{Value, json};
use uuid::Uuid;

on_both_databases! {
    async fn a_household_found_on_the_spot_is_its_visitors(app: &TestApp) {
        let ana = app.caseworker().with_phone("0477-8500000").sign_in().await;
        let visit = ana.submits(a_first_survey()).await.applied();
        let found = ana.gets(&format!("/api/v1/households/{}", visit.household)).await.ok();
        let household = &found["household"];
        assert_eq!((&household["status"], &household["rev"]), (&json!("draft"), &json!(0)));
        assert_eq!((&household["is_lead"], &household["region_code"]), (&json!(true), &json!(TOWN)));
        assert_eq!(household["contact"], json!({ "id": ana.id, "name": "演示员", "work_phone": "0477-8500000" }));
        assert_eq!(household["file"]["residence_address"], ADDRESS);
        assert_eq!(household["file"]["cause_primary"], Value::Null, "nothing else before an approval");
        assert_eq!(found["visits"][0]["id"], json!(visit.id));
    }

    async fn an_invalid_visit_lists_its_errors_by_path(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let mut draft = a_first_survey();
        draft = draft.set("declared_size", json!(99)).set("floor_area", json!("big"));
        let (visit, _) = draft.clone().finish(app.now());
        let mut changes = visit.proposal["changes"].as_array().unwrap().clone();
        changes.retain(|change| change["path"] != "town_code");
        let receipt = ana.submits(draft.with("changes", json!(changes))).await.refused_with("visit.invalid");
        let errors = receipt["errors"].as_array().unwrap();
        let has = |code: &str, path: &str| errors.iter().any(|error| error["code"] == code && error["path"] == path);
        assert!(has("value.required", "town_code"), "{errors:?}");
        assert!(has("number.range", "declared_size"), "{errors:?}");
        assert!(has("value.type", "floor_area"), "{errors:?}");
        assert_eq!(ana.gets("/api/v1/households").await.ok()["total"], 0, "nothing of it happened");
    }

    async fn a_change_that_the_form_does_not_ask_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let receipt = ana
            .submits(a_visit().set("bank_card_no", json!("6222020000000000000")))
            .await
            .refused_with("visit.invalid");
        assert_eq!(receipt["errors"][0], json!({ "code": "value.not_asked", "path": "bank_card_no" }));
        let (visit, _) = a_visit().finish(app.now());
        for (path, code) in
            [("no_such_path", "path.unknown"), ("persons", "path.malformed"), ("../x", "path.malformed")]
        {
            let mut changes = visit.proposal["changes"].clone();
            changes.as_array_mut().unwrap().push(json!({ "path": path, "from": null, "to": "x" }));
            let receipt = ana.submits(a_visit().with("changes", changes)).await.refused_with("visit.invalid");
            assert_eq!(receipt["errors"][0]["code"], code, "{path}");
        }
    }

    async fn a_warning_needs_its_reason(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let draft = || a_first_survey().set("declared_size", json!(3));
        for warnings in [
            json!([]),
            json!([{ "code": "W1", "path": "declared_size", "reason": " " }]),
            json!([{ "code": "W1", "path": "", "reason": "当面核对过" }]),
        ] {
            let receipt = ana.submits(draft().warned(warnings)).await.refused_with("visit.warning_unexplained");
            assert_eq!(receipt["errors"][0], json!({ "code": "W1", "path": "declared_size" }));
        }
        ana.submits(draft()).await.applied();
    }

    async fn a_household_lies_in_its_visitors_area(app: &TestApp) {
        let ana = app.caseworker().in_region("150602").sign_in().await;
        ana.submits(a_visit().in_town(OTHER_TOWN)).await.refused_with("household.out_of_area");
        let kangbashi = app.caseworker().in_region("150603").sign_in().await;
        kangbashi.submits(a_visit().in_town(OTHER_TOWN)).await.applied();
        assert_eq!(ana.gets("/api/v1/households").await.ok()["total"], 0);
    }

    async fn a_household_of_somebody_else_is_unknown(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let bo = app.caseworker().sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        bo.submits(a_visit().at_household(visit.household)).await.refused_with("household.unknown");
        bo.submits(a_visit().with("base_rev", json!(3))).await.refused_with("household.unknown");
        let boss = app.supervisor().sign_in().await;
        boss.approves(&visit).await.ok();
        boss.assigns(visit.household, Some(bo.id), None).await.ok();
        bo.submits(a_revisit(&visit, 1)).await.applied();
    }

    async fn a_responsible_person_and_a_union_visit_their_households_too(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let responsible = app.hire(ruhu_domain::actor::Role::Responsible).sign_in().await;
        let union = app.hire(ruhu_domain::actor::Role::GrassrootsAdmin).in_region(TOWN).sign_in().await;
        let far = app.hire(ruhu_domain::actor::Role::GrassrootsAdmin).in_region("150602002").sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        boss.approves(&visit).await.ok();
        boss.assigns(visit.household, Some(ana.id), Some(responsible.id)).await.ok();
        responsible.submits(a_revisit(&visit, 1)).await.applied();
        union.submits(a_revisit(&visit, 1)).await.applied();
        far.submits(a_revisit(&visit, 1)).await.refused_with("household.unknown");
    }

    async fn a_visit_is_sent_once_per_revision(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        ana.submits(a_visit().with("rev", json!(2))).await.refused_with("household.unknown");
        let visit = ana.submits(a_visit()).await.applied();
        ana.submits(a_visit().at_household(visit.household).with("rev", json!(2))).await.refused_with("visit.rev");
        ana.submits(a_visit().at_household(visit.household).with("rev", json!(0))).await.refused_with("visit.rev");
        ana.submits(a_visit().again(&visit, 1)).await.refused_with("visit.not_returned");
        ana.submits(a_visit().again(&visit, 2)).await.refused_with("visit.not_returned");
        ana.submits(a_visit().at_household(visit.household)).await.applied();
    }

    async fn a_revision_of_the_file_that_never_was_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        for base_rev in [-1, 1, 7] {
            let draft = a_visit().at_household(visit.household).with("base_rev", json!(base_rev));
            ana.submits(draft).await.refused_with("visit.base_rev");
        }
    }

    async fn nobody_mends_the_visit_of_somebody_else(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let bo = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        boss.returns(&visit).await.ok();
        boss.assigns(visit.household, Some(bo.id), None).await.ok();
        bo.submits(a_visit().again(&visit, 2)).await.refused_with("visit.not_the_same");
        bo.withdraws(&visit, "不是我的").await.receipt().refused_with("not_found");
    }

    async fn a_visit_is_taken_back_by_its_visitor_until_it_is_decided(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let other = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let (waiting, returned, approved) = (
            ana.submits(a_visit()).await.applied(),
            ana.submits(a_visit()).await.applied(),
            ana.submits(a_visit()).await.applied(),
        );
        boss.returns(&returned).await.ok();
        boss.approves(&approved).await.ok();
        other.withdraws(&waiting, "走错了门").await.receipt().refused_with("not_found");
        for visit in [&waiting, &returned] {
            let receipt = ana.withdraws(visit, "走错了门").await.receipt();
            assert_eq!(receipt.applied()["state"], "withdrawn");
        }
        ana.withdraws(&waiting, "再一次").await.receipt().refused_with("visit.already_decided");
        ana.withdraws(&approved, "太晚了").await.receipt().refused_with("visit.already_decided");
        let problem = boss.approves(&waiting).await.refused_with("visit.already_decided");
        assert_eq!(problem["status"], 409);
        ana.submits(a_visit().again(&waiting, 2)).await.refused_with("visit.not_returned");
    }

    async fn a_withdrawal_names_the_revision_that_its_visitor_knows(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let mut visit = ana.submits(a_visit()).await.applied();
        visit.rev = 2;
        ana.withdraws(&visit, "走错了门").await.receipt().refused_with("visit.stale_review");
    }

    async fn a_returned_visit_is_mended_by_its_visitor_whoever_has_the_household_now(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let bo = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        boss.returns(&visit).await.ok();
        boss.assigns(visit.household, Some(bo.id), None).await.ok();
        let draft = || a_visit().at_household(visit.household);
        let mended = ana.submits(draft().again(&visit, 2)).await.applied();
        ana.submits(draft().again(&visit, 3)).await.refused_with("visit.not_returned");
        boss.approves(&mended).await.ok();
    }

    async fn the_reason_of_a_withdrawal_is_kept(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        ana.withdraws(&visit, &"长".repeat(1001)).await.receipt().refused_with("visit.too_large");
        let receipt = ana.withdraws(&visit, "走错了门").await.receipt();
        let id: Uuid = receipt.applied()["op_id"].as_str().unwrap().parse().unwrap();
        let server = app.app.clone();
        let kept = app.db().read(move |c: &mut ruhu_store::Conn| {
            let row = ruhu_store::operation::find_by_op_id(c, id.into())?.expect("a kept operation");
            ruhu_store::operation::find_body(c, &server.vault, &row)
        });
        assert!(kept.await.unwrap().expect("a kept body").contains("走错了门"));
    }

    async fn a_visit_is_kept_as_it_was_sent(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let visit = ana.submits(a_visit().with("started_at", json!("2026-11-23T08:20:00+08:00"))).await.applied();
        let id = visit.id.into();
        let kept = app.db().read(move |c: &mut ruhu_store::Conn| ruhu_store::visit::find_proposal_masked(c, id));
        let mut kept: Value = serde_json::from_str(&kept.await.unwrap().expect("a proposal")).unwrap();
        assert_eq!(kept["nonce"], "****", "the nonce is kept apart, like a number");
        kept["nonce"] = visit.proposal["nonce"].clone();
        assert_eq!(ruhu_domain::form::canonical_hash(&kept).unwrap(), visit.hash);
    }
}

on_one_database! {
    async fn the_hash_is_over_the_proposal_as_it_was_sent(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        for (key, value) in [("started_at", json!("2026-11-23T08:20:00+08:00")), ("app_version", json!("0.1.0+β"))] {
            ana.submits(a_visit().with(key, value)).await.applied();
        }
        let (mut op, _) = ana.submission(a_visit());
        op["body"]["visit"]["visit"]["absent_note"] = json!(["left_note"]);
        ana.pushes(&[op]).await.receipt().refused_with("visit.hash_mismatch");
    }

    async fn a_form_that_is_not_known_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        for form in [
            json!({ "id": "V01", "version": 99 }),
            json!({ "id": "V77", "version": 1 }),
            json!({ "id": "V02", "version": 1 }),
        ] {
            ana.submits(a_visit().with("form", form)).await.refused_with("form.unknown");
        }
    }

    async fn a_body_that_is_no_proposal_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        ana.submits(a_visit().with("extra", json!(1))).await.refused_with("op.body");
        ana.submits(a_visit().with("visit_type", json!("V99"))).await.refused_with("op.body");
        ana.submits(a_visit().with("ended_at", json!("2020-01-01T00:00:00Z"))).await.refused_with("visit.times");
        let (mut op, _) = ana.submission(a_visit());
        op["subject"] = json!(Uuid::now_v7());
        ana.pushes(&[op]).await.receipt().refused_with("op.subject");
    }

    async fn the_visitor_is_who_sends_it(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        ana.submits(a_visit().with("visitor", json!(Uuid::now_v7()))).await.refused_with("op.body");
        let visit = ana.submits(a_visit()).await.applied();
        assert_eq!(ana.opens(&visit).await.ok()["visit"]["visitor"]["id"], json!(ana.id));
    }

    async fn a_visit_has_a_size(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let warning = |reason: String| json!({ "code": "W1", "path": "x", "reason": reason });
        let change = json!({ "path": "residence_note", "from": null, "to": "x" });
        for (key, value) in [
            ("changes", json!(vec![change; 2001])),
            ("changes", json!([{ "path": "x".repeat(201), "from": null, "to": "x" }])),
            ("warnings", json!(vec![warning("x".into()); 201])),
            ("warnings", json!([warning("长".repeat(1001))])),
            ("later", json!(vec!["x"; 2001])),
            ("unchanged", json!(vec!["x"; 201])),
            ("evidence", json!(vec!["0".repeat(64); 201])),
        ] {
            ana.submits(a_visit().with(key, value)).await.refused_with("visit.too_large");
        }
        let wrong = (0..300).map(|_| json!({ "path": format!("persons/{}/name", Uuid::now_v7()), "from": null, "to": 1 }));
        let receipt = ana.submits(a_visit().with("changes", wrong.collect())).await.refused_with("visit.invalid");
        assert_eq!(receipt["errors"].as_array().unwrap().len(), 100);
    }

    async fn what_a_visit_cannot_hold_yet_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        ana.submits(a_visit().with("signatures", json!([{ "by": "self" }]))).await.refused_with("op.body");
        ana.submits(a_visit().with("evidence", json!(["photo.jpg"]))).await.refused_with("op.body");
        ana.submits(a_visit().with("app_version", json!("0\0"))).await.refused_with("op.body");
        for nonce in [json!(null), json!(""), json!("AAAAAAAAAAAAAAAAAAAAA"), json!("AAAAAAAAAAAAAAAAAAAAA="), json!(1)] {
            ana.submits(a_visit().with("nonce", nonce)).await.refused_with("op.body");
        }
        ana.submits(a_visit().with("evidence", json!(["0".repeat(64)]))).await.applied();
        for offset in [i64::MIN, i64::MAX] {
            ana.submits(a_visit().with("clock_offset_ms", json!(offset))).await.refused_with("visit.times");
        }
    }

    async fn an_answer_that_the_form_does_not_ask_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let draft = a_visit().answering("opinion_text", json!("没有人看得到的意见，因为表里没有问。"));
        let receipt = ana.submits(draft).await.refused_with("visit.invalid");
        assert_eq!(receipt["errors"], json!([{ "code": "value.not_asked", "path": "visit/opinion_text" }]));
    }
}
