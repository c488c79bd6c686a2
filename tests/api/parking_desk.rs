//! The desk of parked operations: who sees what of them, in what order, and what a dismissal does.

use crate::parking::{failed_visit, id_of, set_due_day};
use ruhu_domain::actor::Role;
use ruhu_tests::factories::{NAME, PHONE};
use ruhu_tests::{a_first_survey, a_visit, on_both_databases};
use serde_json::{Value, json};
use std::slice::from_ref;
use uuid::Uuid;

const LIST: &str = "/api/v1/parked";

on_both_databases! {
    async fn the_list_says_what_waits_why_and_for_whom(app: &TestApp) {
        let ana = app.caseworker().named("示例安娜").sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let (home, failed) = failed_visit(app, &ana).await;
        let mut behind = ana.submission(a_visit()).0;
        behind["after"] = failed["id"].clone();
        let dance = ana.op("card.bind", Uuid::now_v7(), &json!({ "phone": PHONE }));
        app.clock.pass_s(60);
        ana.pushes(&[behind.clone(), dance.clone()]).await.0.ok();
        set_due_day(app, &home, "NULL").await;
        let list = boss.gets(LIST).await.ok();
        assert_eq!((&list["total"], &list["next_cursor"]), (&json!(3), &Value::Null));
        let item = |op: &Value| list["items"].as_array().unwrap().iter().find(|item| item["op_id"] == op["id"]).unwrap();
        let first = item(&failed);
        assert_eq!(list["items"][0], *first, "the oldest first");
        assert_eq!(first["author"], json!({ "id": ana.id, "name": "示例安娜" }));
        assert_eq!(first["household_id"], json!(home.household));
        for (op, reason, owner, behind) in
            [(&failed, "op.failed", "sysop", 1), (&behind, "op.after", "nobody", 0), (&dance, "op.unknown", "sysop", 0)]
        {
            let item = item(op);
            assert_eq!((&item["reason"], &item["owner"], &item["state"]), (&json!(reason), &json!(owner), &json!("waiting")));
            assert_eq!((&item["behind"], &item["tries"], &item["recorded_at"]), (&json!(behind), &json!(1), &op["recorded_at"]));
            assert_eq!((&item["kind"], &item["subject_id"]), (&op["kind"], &op["subject"]));
        }
        assert_eq!(item(&behind)["after"], json!({ "op_id": failed["id"], "standing": "parked" }));
        let waiting_for = boss.gets(&format!("{LIST}?reason=op.after")).await.ok();
        assert_eq!((&waiting_for["total"], &waiting_for["items"][0]["op_id"]), (&json!(1), &behind["id"]));
        boss.gets(&format!("{LIST}?reason=op.else")).await.refused(400, "code.unknown");
        let seen = boss.gets(&format!("{LIST}/{}", id_of(&failed))).await.ok();
        assert_eq!(seen["behind"][0]["op_id"], behind["id"]);
        assert_eq!(seen["log"], json!([{
            "at": seen["parked"]["parked_at"], "by": { "id": ana.id, "name": "示例安娜" }, "action": "park",
            "cause": null, "outcome": null, "code": "op.failed",
        }]));
        boss.gets(&format!("{LIST}/{}", Uuid::now_v7())).await.refused(404, "not_found");
    }

    async fn a_long_list_comes_in_pages(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let ops: Vec<Value> = (0..7).map(|at| ana.op("visit.dance", Uuid::now_v7(), &json!({ "at": at }))).collect();
        for op in &ops {
            app.clock.pass_s(1);
            ana.pushes(from_ref(op)).await.receipt().parked_with("op.unknown");
        }
        let (mut seen, mut path) = (Vec::new(), format!("{LIST}?limit=3"));
        loop {
            let page = boss.gets(&path).await.ok();
            assert_eq!(page["total"], 7);
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["op_id"].clone()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("{LIST}?limit=3&cursor={cursor}");
        }
        assert_eq!(seen, ops.iter().map(|op| op["id"].clone()).collect::<Vec<_>>());
        boss.gets(&format!("{LIST}?cursor=x")).await.refused(400, "request.cursor");
    }

    async fn each_district_sees_its_own_and_whoever_runs_the_machine_sees_no_household(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let home = ana.submits(a_first_survey()).await.applied();
        let boss = app.supervisor().sign_in().await;
        boss.approves(&home).await.ok();
        let mut late = ana.submission(a_visit().at_household(home.household)).0;
        late["after"] = json!(Uuid::now_v7());
        ana.pushes(from_ref(&late)).await.receipt().parked_with("op.after");
        let path = format!("{LIST}/{}", id_of(&late));
        let stranger = app.supervisor().in_region("150603").sign_in().await;
        assert_eq!(stranger.gets(LIST).await.ok()["total"], 0);
        stranger.gets(&path).await.refused(404, "not_found");
        stranger.posts(&format!("{path}/replay"), &Value::Null).await.refused(404, "not_found");
        let sysop = app.hire(Role::Sysop).sign_in().await;
        for (reader, name) in [(&boss, json!("乌***勒")), (&sysop, Value::Null)] {
            let seen = reader.gets(&path).await;
            assert!(!seen.text().contains(NAME), "{}", seen.text());
            assert_eq!(seen.ok()["parked"]["household_name"], name);
        }
        sysop.posts(&format!("{path}/dismiss"), &json!({ "reason": "x" })).await.refused(403, "auth.not_allowed");
    }

    async fn a_dismissal_tells_the_phone_why_and_deletes_nothing(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let cursor = ana.pulls(None, 200).await.cursor.unwrap();
        let dance = ana.op("visit.dance", Uuid::now_v7(), &json!({ "steps": 3 }));
        let mut behind = ana.submission(a_visit()).0;
        behind["after"] = dance["id"].clone();
        let parked = ana.pushes(&[dance.clone(), behind.clone()]).await.receipts();
        let path = format!("{LIST}/{}", id_of(&dance));
        app.clock.pass_s(60);
        for (reason, code) in [
            (" ".to_owned(), "op.reason_missing"),
            ("长".repeat(201), "op.reason_too_long"),
            (format!("和{PHONE}重复"), "op.reason_number"),
        ] {
            boss.posts(&format!("{path}/dismiss"), &json!({ "reason": reason })).await.refused(400, code);
        }
        let over = boss.posts(&format!("{path}/dismiss"), &json!({ "reason": " 与已登记的走访重复 " })).await.ok();
        let end = &over["parked"]["end"];
        assert_eq!((&over["parked"]["state"], &end["reason"]), (&json!("dismissed"), &json!("与已登记的走访重复")));
        assert_eq!((&end["by"]["id"], &over["parked"]["may_replay"]), (&json!(boss.id), &json!(false)));
        assert_eq!(over["log"][1]["action"], "dismiss");
        let heard = ana.pulls(Some(&cursor), 200).await.outcomes;
        assert_eq!(heard.len(), 1);
        let errors = heard[0].refused_with("op.dismissed")["errors"].clone();
        assert_eq!(errors, json!([{ "code": "op.dismissed_because", "path": "", "params": { "reason": "与已登记的走访重复" } }]));
        for verb in ["replay", "dismiss"] {
            let again = boss.posts(&format!("{path}/{verb}"), &json!({ "reason": "again" })).await;
            again.refused(409, "op.already_ended");
        }
        // What hangs on it waits for a person now; the phone's own answer stays word for word.
        assert_eq!(boss.gets(LIST).await.ok()["items"][0]["owner"], "supervisor");
        assert_eq!(ana.pushes(&[dance.clone(), behind]).await.receipts(), parked);
        assert_eq!(boss.gets(&format!("{LIST}?state=dismissed")).await.ok()["total"], 1);
        assert_eq!(boss.gets(&format!("{LIST}?state=all")).await.ok()["total"], 2);
        let (vault, id) = (app.app.clone(), id_of(&dance));
        let body = app.db().read(move |c: &mut ruhu_store::Conn| {
            let row = ruhu_store::operation::find_by_op_id(c, id.into())?.expect("the operation");
            ruhu_store::operation::find_body(c, &vault.vault, &row)
        });
        assert_eq!(body.await.unwrap().unwrap(), "{\"steps\":3}");
    }
}
