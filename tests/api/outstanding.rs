//! What has not arrived: what phones said they hold, what went missing on them, what a hand-over would find under way.

use ruhu_domain::actor::Role;
use ruhu_tests::matchers::Reply;
use ruhu_tests::{Actor, TestApp, a_first_survey, a_revisit, a_visit, on_both_databases};
use serde_json::{Value, json};

const LIST: &str = "/api/v1/devices/outstanding";

fn held(first: i64, last: i64) -> Value {
    json!({ "count": last - first + 1, "first_seq": first, "last_seq": last, "head": format!("{first}-{last}") })
}

fn nothing() -> Value {
    json!({ "count": 0, "first_seq": null, "last_seq": null, "head": "" })
}

/// Pushes operations with a manifest of the test's own.
async fn says(actor: &Actor, ops: &[Value], manifest: Value) -> Reply {
    let mut batch = actor.batch(ops);
    batch["manifest"] = manifest;
    actor.posts("/api/v1/sync/push", &batch).await
}

async fn items(actor: &Actor) -> Vec<Value> {
    let list = actor.gets(LIST).await.ok();
    let items = list["items"].as_array().unwrap().clone();
    assert_eq!(list["total"], items.len());
    items
}

async fn looked_into(actor: &Actor, device: &Actor, lost: i64, held: i64) -> Reply {
    let body = json!({ "possible_loss": lost, "held": held });
    actor.posts(&format!("/api/v1/devices/{}/loss", device.device), &body).await
}

async fn clears(actor: &Actor, device: &Actor, seen: i64) -> Reply {
    actor.posts(&format!("/api/v1/devices/{}/loss", device.device), &json!({ "possible_loss": seen })).await
}

on_both_databases! {
    async fn the_office_sees_what_a_phone_holds_and_since_when(app: &TestApp) {
        let ana = app.caseworker().named("演示甲").sign_in().await;
        let boss = app.supervisor().sign_in().await;
        assert!(items(&boss).await.is_empty());
        let since = app.now();
        let (op, _) = ana.submission(a_visit());
        says(&ana, &[op], held(1, 3)).await.ok();
        let [phone] = &items(&boss).await[..] else { panic!("one phone") };
        assert_eq!((&phone["user"]["name"], &phone["held"], &phone["possible_loss"]), (&json!("演示甲"), &json!(2), &json!(0)));
        assert_eq!((&phone["id"], &phone["label"], &phone["held_since"]), (&json!(ana.device), &json!("测试手机"), &json!(since)));
        // It stays the same wait while anything of it is out, and is over when all of it has come.
        app.clock.pass_s(600);
        let (op, _) = ana.submission(a_visit());
        says(&ana, &[op], held(2, 4)).await.ok();
        let [phone] = &items(&boss).await[..] else { panic!("one phone") };
        assert_eq!((&phone["held"], &phone["held_since"], &phone["last_seen_at"]), (&json!(2), &json!(since), &json!(app.now())));
        let ops: Vec<Value> = (0..2).map(|_| ana.submission(a_visit()).0).collect();
        says(&ana, &ops, held(3, 4)).await.ok();
        assert!(items(&boss).await.is_empty(), "the receipts explain why it holds nothing more");
        says(&ana, &[], nothing()).await.ok();
        assert!(items(&boss).await.is_empty());
    }

    async fn fewer_records_without_receipts_are_a_possible_loss_until_somebody_asked(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let far = app.supervisor().in_region("150603").sign_in().await;
        says(&ana, &[], held(1, 3)).await.ok();
        app.clock.pass_s(86_400);
        let (ana, boss) = (Actor::sign_in_on(app, &ana.login, &ana.password, ana.device).await, again(app, &boss).await);
        let far = again(app, &far).await;
        says(&ana, &[], nothing()).await.ok();
        let [phone] = &items(&boss).await[..] else { panic!("one phone") };
        assert_eq!((&phone["held"], &phone["held_since"]), (&json!(0), &Value::Null));
        assert_eq!((&phone["possible_loss"], &phone["lost_at"]), (&json!(3), &json!(app.now())));
        // It says so until somebody has looked into exactly this.
        says(&ana, &[], nothing()).await.ok();
        assert_eq!(items(&boss).await[0]["possible_loss"], 3);
        clears(&far, &ana, 3).await.refused(404, "not_found");
        clears(&app.auditor().sign_in().await, &ana, 3).await.refused(403, "auth.not_allowed");
        for wrong in [2, 0, -1] {
            clears(&boss, &ana, wrong).await.refused(409, "state.moved");
        }
        assert_eq!(clears(&boss, &ana, 3).await.status, 204);
        assert!(items(&boss).await.is_empty());
        clears(&boss, &ana, 3).await.refused(409, "state.moved");
        let id = ana.device;
        let audit = app.db().read(move |c: &mut ruhu_store::Conn| ruhu_store::audit::list_for_subject(c, "device", id));
        let audit = audit.await.unwrap();
        assert!(audit.iter().any(|row| row.action == "device.clear_loss" && row.actor_id == Some(boss.id.to_string())));
    }

    async fn a_phone_that_is_gone_for_good_leaves_the_list_until_it_reports(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        says(&ana, &[], held(1, 3)).await.ok();
        clears(&boss, &ana, 3).await.refused(409, "state.moved");
        for (lost, held) in [(0, 2), (0, 0), (3, 3), (0, -3), (-1, 3)] {
            looked_into(&boss, &ana, lost, held).await.refused(409, "state.moved");
        }
        assert_eq!(looked_into(&boss, &ana, 0, 3).await.status, 204);
        assert!(items(&boss).await.is_empty());
        let id = ana.device;
        let audit = app.db().read(move |c: &mut ruhu_store::Conn| ruhu_store::audit::list_for_subject(c, "device", id));
        let audit = audit.await.unwrap();
        let row = audit.iter().find(|row| row.action == "device.clear_loss").expect("a row of the audit");
        let detail: Value = serde_json::from_str(&row.detail).unwrap();
        assert_eq!((&detail["held"], &detail["count"], &detail["user"]), (&json!(3), &json!(0), &json!(ana.id)));
        // It was only in a drawer: what it holds stands there again.
        app.clock.pass_s(60);
        says(&ana, &[], held(1, 3)).await.ok();
        assert_eq!(items(&boss).await[0]["held"], 3);
        // A phone with both: one word about both.
        says(&ana, &[], held(1, 2)).await.ok();
        assert_eq!(looked_into(&boss, &ana, 1, 2).await.status, 204);
        assert!(items(&boss).await.is_empty());
        // What it was known to hold, and does not bring, is still a possible loss.
        says(&ana, &[], nothing()).await.ok();
        assert_eq!(items(&boss).await[0]["possible_loss"], 2);
    }

    async fn a_new_epoch_with_as_many_records_is_no_loss(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        says(&ana, &[], held(1, 3)).await.ok();
        ana.begins_epoch(2);
        says(&ana, &[], held(1, 3)).await.ok();
        assert_eq!(items(&boss).await[0]["possible_loss"], 0);
        ana.begins_epoch(3);
        says(&ana, &[], held(1, 1)).await.ok();
        let [phone] = &items(&boss).await[..] else { panic!("one phone") };
        assert_eq!((&phone["held"], &phone["possible_loss"]), (&json!(1), &json!(2)));
    }

    async fn the_list_comes_in_pages_the_longest_waiting_first_and_ends_at_the_border(app: &TestApp) {
        let mut waiting = Vec::new();
        for _ in 0..3 {
            let person = app.caseworker().sign_in().await;
            says(&person, &[], held(1, 1)).await.ok();
            waiting.push(person.device.to_string());
            app.clock.pass_s(1);
        }
        let far = app.caseworker().in_region("150603").sign_in().await;
        says(&far, &[], held(1, 9)).await.ok();
        let boss = app.supervisor().sign_in().await;
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = boss.gets(&format!("{LIST}?limit=2{cursor}")).await.ok();
            assert_eq!(page["total"], 3);
            seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, waiting);
        assert_eq!(items(&app.city_reviewer().sign_in().await).await.len(), 4);
        boss.gets(&format!("{LIST}?cursor=x")).await.refused(400, "request.cursor");
        for role in [Role::Caseworker, Role::Finance, Role::Sysop] {
            app.hire(role).sign_in().await.gets(LIST).await.refused(403, "auth.not_allowed");
        }
    }

    async fn who_hands_over_sees_beforehand_what_is_under_way(app: &TestApp) {
        let ana = app.caseworker().named("演示甲").sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let other = app.caseworker().sign_in().await;
        let first = ana.submits(a_first_survey()).await.applied();
        boss.approves(&first).await.ok();
        let (waiting, returned) = (ana.submits(a_revisit(&first, 1)).await.applied(), ana.submits(a_revisit(&first, 1)).await.applied());
        boss.returns(&returned).await.ok();
        let told = app.now();
        says(&ana, &[], held(4, 5)).await.ok();
        says(&other, &[], held(1, 7)).await.ok();
        app.clock.pass_s(3 * 86_400);
        let boss = again(app, &boss).await;
        let path = format!("/api/v1/households/{}/flight", first.household);
        let flight = boss.gets(&path).await.ok();
        let [phone] = &flight["devices"].as_array().unwrap()[..] else { panic!("{flight}") };
        assert_eq!((&phone["user"]["name"], &phone["held"]), (&json!("演示甲"), &json!(2)));
        assert_eq!((&phone["held_since"], &phone["last_seen_at"]), (&json!(told), &json!(told)));
        let mut states: Vec<(String, String)> = flight["visits"].as_array().unwrap().iter()
            .map(|visit| (visit["id"].as_str().unwrap().to_owned(), visit["state"].as_str().unwrap().to_owned())).collect();
        states.sort();
        let mut wanted = vec![(waiting.id.to_string(), "in_review".to_owned()), (returned.id.to_string(), "returned".to_owned())];
        wanted.sort();
        assert_eq!(states, wanted);
        // A phone that holds nothing and was silent for a month is somebody's old one.
        app.clock.pass_s(31 * 86_400);
        let other_phone = Actor::sign_in(app, &ana.login, &ana.password).await;
        let flight = again(app, &boss).await.gets(&path).await.ok();
        let phones: Vec<&Value> = flight["devices"].as_array().unwrap().iter().map(|phone| &phone["id"]).collect();
        assert_eq!(phones, [&json!(other_phone.device), &json!(ana.device)], "what is held is never old");
    }
}

/// The same person on the same device, after the token has run out.
async fn again(app: &TestApp, person: &Actor) -> Actor {
    Actor::sign_in_on(app, &person.login, &person.password, person.device).await
}
