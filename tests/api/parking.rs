//! Parking: a bad operation blocks nothing, waits with its reason, and is taken in once when its turn comes.

use diesel::RunQueryDsl;
use ruhu_domain::actor::Role;
use ruhu_server::app::sync::replay::Replayed;
use ruhu_store::{Conn, StoreError};
use ruhu_tests::matchers::Receipt;
use ruhu_tests::{Actor, TestApp, Visit, a_visit, on_both_databases};
use serde_json::{Value, json};
use std::slice::from_ref;
use std::sync::{Mutex, mpsc};
use std::time::Duration;
use uuid::Uuid;

/// Runs a statement that no program of ours would.
pub async fn execute(app: &TestApp, statement: String) -> usize {
    let run = move |c: &mut Conn| -> Result<usize, StoreError> { Ok(diesel::sql_query(&statement).execute(c)?) };
    app.db().write(run).await.unwrap()
}

/// A household whose row nobody can read, until it is mended.
pub async fn damaged_household(app: &TestApp, by: &Actor) -> Visit {
    let visit = by.submits(a_visit()).await.applied();
    assert_eq!(set_due_day(app, &visit, "'never'").await, 1);
    visit
}

pub async fn set_due_day(app: &TestApp, of: &Visit, day: &str) -> usize {
    let home = of.household;
    execute(app, format!("UPDATE households SET next_visit_due_on = {day} WHERE id = '{home}'")).await
}

pub fn id_of(op: &Value) -> Uuid {
    op["id"].as_str().unwrap().parse().unwrap()
}

/// A visit at a damaged household: parked, with its operation.
pub async fn failed_visit(app: &TestApp, by: &Actor) -> (Visit, Value) {
    let home = damaged_household(app, by).await;
    let (op, _) = by.submission(a_visit().at_household(home.household));
    by.pushes(from_ref(&op)).await.receipt().parked_with("op.failed");
    (home, op)
}

fn outcome_of<'a>(outcomes: &'a [Receipt], op: &Value) -> &'a Receipt {
    let mut of_op = outcomes.iter().filter(|receipt| receipt.0["op_id"] == op["id"]);
    let found = of_op.next().unwrap_or_else(|| panic!("no outcome of {} in {outcomes:?}", op["id"]));
    assert!(of_op.next().is_none(), "two outcomes of {}", op["id"]);
    found
}

/// What the phone hears after a cursor.
async fn hears(by: &Actor, cursor: &str) -> Vec<Receipt> {
    by.pulls(Some(cursor), 200).await.outcomes
}

async fn count_visits(by: &Actor) -> Value {
    by.gets("/api/v1/visits?limit=1").await.ok()["total"].clone()
}

on_both_databases! {
    async fn one_bad_operation_among_a_thousand_holds_back_only_what_hangs_on_it(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let sysop = app.hire(Role::Sysop).sign_in().await;
        let home = ana.submits(a_visit()).await.applied();
        let cursor = ana.pulls(None, 200).await.cursor.unwrap();
        assert_eq!(set_due_day(app, &home, "'never'").await, 1);
        let (mut ops, mut receipts) = (Vec::<Value>::with_capacity(1000), Vec::with_capacity(1000));
        for batch in 0..5 {
            for at in batch * 200..(batch + 1) * 200 {
                let draft = if at == 500 { a_visit().at_household(home.household) } else { a_visit() };
                ops.push(ana.submission(draft).0);
            }
            if batch == 3 {
                ops[700]["after"] = ops[500]["id"].clone();
            }
            receipts.extend(ana.pushes(&ops[batch * 200..]).await.receipts());
        }
        let parked: Vec<usize> = (0..1000).filter(|at| receipts[*at].0["outcome"] == "parked").collect();
        assert_eq!(parked, [500, 700]);
        receipts[500].parked_with("op.failed");
        receipts[700].parked_with("op.after");
        let applied = receipts.iter().filter(|receipt| receipt.0["outcome"] == "applied").count();
        assert_eq!(applied, 998);
        assert_eq!(ana.pushes(&[]).await.next_seq(), 1002, "the first visit to the household, then a thousand");

        let path = format!("/api/v1/parked/{}/replay", id_of(&ops[500]));
        let still = sysop.posts(&path, &Value::Null).await.ok();
        assert_eq!((&still["parked"]["state"], &still["parked"]["tries"]), (&json!("waiting"), &json!(2)));
        assert!(hears(&ana, &cursor).await.is_empty());

        assert_eq!(set_due_day(app, &home, "NULL").await, 1);
        let played = sysop.posts(&path, &Value::Null).await.ok();
        assert_eq!(played["parked"]["state"], "played");
        let outcomes = hears(&ana, &cursor).await;
        assert_eq!(outcomes.len(), 2);
        assert_eq!(outcome_of(&outcomes, &ops[500]).0["seq"], ops[500]["seq"]);
        for op in [&ops[500], &ops[700]] {
            assert_eq!(outcome_of(&outcomes, op).0["subject"]["id"], op["subject"]);
            assert!(["applied", "merged"].contains(&outcome_of(&outcomes, op).0["outcome"].as_str().unwrap()));
        }
        assert_eq!(count_visits(&ana).await, 1001, "each once");
        sysop.posts(&path, &Value::Null).await.refused(409, "op.already_ended");
        assert_eq!(ana.pushes(&ops[500..501]).await.receipt(), receipts[500], "word for word");
        assert_eq!(count_visits(&ana).await, 1001);
    }

    async fn another_body_under_the_same_id_does_not_take_the_place_of_what_waits(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (first, before) = ana.submission(a_visit());
        let (mut waits, kept) = ana.submission(a_visit());
        waits["after"] = first["id"].clone();
        // What it waits for is sent later than itself.
        waits["seq"] = json!(1);
        ana.pushes(from_ref(&waits)).await.receipt().parked_with("op.after");
        let (mut other, never) = ana.submission(a_visit());
        other["id"] = waits["id"].clone();
        other["after"] = first["id"].clone();
        other["seq"] = json!(2);
        ana.pushes(from_ref(&other)).await.receipt().parked_with("op.after");
        let mut last = first.clone();
        last["seq"] = json!(3);
        ana.pushes(from_ref(&last)).await.receipt().applied();
        let phone = ana.pulls(None, 200).await;
        let has = |visit: &Visit| phone.rows.contains_key(&("visit".to_owned(), visit.id.to_string()));
        assert!(has(&before) && has(&kept) && !has(&never), "{:?}", phone.rows.keys());
    }

    async fn a_household_found_before_its_finder_went_elsewhere_waits_for_somebody(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let admin = app.admin().sign_in().await;
        let (first, _) = ana.submission(a_visit());
        let (mut waits, found) = ana.submission(a_visit());
        waits["after"] = first["id"].clone();
        waits["seq"] = json!(1);
        ana.pushes(from_ref(&waits)).await.receipt().parked_with("op.after");
        admin.patches(&format!("/api/v1/users/{}", ana.id), &json!({ "scope": "150603" })).await.ok();
        let ana = Actor::sign_in_on(app, &ana.login, &ana.password, ana.device).await;
        let mut last = first.clone();
        last["seq"] = json!(2);
        ana.pushes(from_ref(&last)).await;
        let boss = app.supervisor().sign_in().await;
        let home = boss.gets(&format!("/api/v1/households/{}", found.household)).await.ok();
        assert_eq!(home["household"]["contact"], Value::Null);
        let phone = ana.pulls(None, 200).await;
        assert!(phone.household(found.household).is_none(), "it is not theirs any more");
    }

    async fn what_waits_is_taken_in_with_what_it_waits_for_and_so_is_what_waits_for_that(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let cursor = ana.pulls(None, 200).await.cursor.unwrap();
        let mut chain: Vec<Value> = (0..5).map(|_| ana.submission(a_visit()).0).collect();
        for at in 1..5 {
            chain[at]["after"] = chain[at - 1]["id"].clone();
        }
        // The phone's numbers say another order than what hangs on what.
        chain.reverse();
        for (at, op) in chain.iter_mut().enumerate() {
            op["seq"] = json!(at + 1);
        }
        let receipts = ana.pushes(&chain).await.receipts();
        for receipt in &receipts[..4] {
            receipt.parked_with("op.after");
        }
        receipts[4].applied();
        let outcomes = hears(&ana, &cursor).await;
        assert_eq!(outcomes.len(), 4);
        for op in &chain[..4] {
            outcome_of(&outcomes, op).applied();
        }
        assert_eq!(count_visits(&ana).await, 5);
        assert_eq!(ana.pushes(&chain).await.receipts(), receipts);
        assert_eq!(hears(&ana, &cursor).await, outcomes, "and nothing more");
    }

    async fn what_hangs_on_a_refused_operation_waits_for_a_person(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let mut refused = ana.submission(a_visit()).0;
        refused["body"]["hash"] = json!("0".repeat(64));
        let mut waiting = ana.submission(a_visit()).0;
        waiting["after"] = refused["id"].clone();
        let receipts = ana.pushes(&[refused, waiting.clone()]).await.receipts();
        receipts[0].refused_with("visit.hash_mismatch");
        receipts[1].parked_with("op.after");
        let path = format!("/api/v1/parked/{}", id_of(&waiting));
        let seen = boss.gets(&path).await.ok();
        assert_eq!((&seen["parked"]["owner"], &seen["parked"]["after"]["standing"]), (&json!("supervisor"), &json!("over")));
        assert_eq!(app.app.replay_parked().await.unwrap(), Replayed { waiting: 1, ..Replayed::default() });
        // Whoever decides about the work lets it go without.
        let played = boss.posts(&format!("{path}/replay"), &Value::Null).await.ok();
        assert_eq!((&played["parked"]["state"], &played["parked"]["end"]["by"]["id"]), (&json!("played"), &json!(boss.id)));
        assert_eq!(count_visits(&ana).await, 1);
    }

    async fn what_hangs_on_something_that_never_came_is_somebodys_to_ask_about(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let (first, mut second) = (ana.submission(a_visit()).0, ana.submission(a_visit()).0);
        (second["after"], second["seq"]) = (first["id"].clone(), json!(1));
        ana.pushes(from_ref(&second)).await.receipt().parked_with("op.after");
        let path = format!("/api/v1/parked/{}", id_of(&second));
        let waits = boss.gets(&path).await.ok();
        assert_eq!((&waits["parked"]["state"], &waits["parked"]["owner"]), (&json!("waiting"), &json!("supervisor")));
        assert_eq!(waits["parked"]["after"]["standing"], "missing");
        let played = boss.posts(&format!("{path}/replay"), &Value::Null).await.ok();
        assert_eq!(played["parked"]["state"], "played");
        let mut late = first;
        late["seq"] = json!(2);
        ana.pushes(from_ref(&late)).await.receipt().applied();
        assert_eq!(count_visits(&ana).await, 2);
    }

    async fn nobody_overtakes_what_waits_too(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let (_, failed) = failed_visit(app, &ana).await;
        let mut second = ana.submission(a_visit()).0;
        second["after"] = failed["id"].clone();
        ana.pushes(from_ref(&second)).await.receipt().parked_with("op.after");
        let path = format!("/api/v1/parked/{}/replay", id_of(&second));
        let still = boss.posts(&path, &Value::Null).await.ok();
        assert_eq!((&still["parked"]["state"], &still["parked"]["owner"]), (&json!("waiting"), &json!("nobody")));
    }

    async fn a_newer_server_takes_in_what_an_older_one_did_not_know(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (mut newer, _) = ana.submission(a_visit());
        newer["version"] = json!(2);
        let dance = ana.op("visit.dance", Uuid::now_v7(), &json!({}));
        let cursor = ana.pulls(None, 200).await.cursor.unwrap();
        for receipt in ana.pushes(&[newer.clone(), dance]).await.receipts() {
            receipt.parked_with("op.unknown");
        }
        assert_eq!(app.app.replay_parked().await.unwrap(), Replayed { waiting: 2, ..Replayed::default() });
        // What is now version 2 there is version 1 here.
        assert_eq!(execute(app, format!("UPDATE parked SET version = 1 WHERE op_id = '{}'", id_of(&newer))).await, 1);
        let replayed = Replayed { tried: 1, played: 1, refused: 0, waiting: 1 };
        assert_eq!(app.app.replay_parked().await.unwrap(), replayed);
        let outcomes = hears(&ana, &cursor).await;
        assert_eq!(outcomes.len(), 1);
        outcome_of(&outcomes, &newer).applied();
    }

    async fn one_damaged_row_of_the_list_holds_back_no_other(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (home, _) = failed_visit(app, &ana).await;
        app.clock.pass_s(1);
        let (other, op) = failed_visit(app, &ana).await;
        let damage = |code: &str| format!("UPDATE parked SET author_role = '{code}' WHERE op_id <> '{}'", id_of(&op));
        assert_eq!(execute(app, damage("nobody")).await, 1);
        set_due_day(app, &home, "NULL").await;
        set_due_day(app, &other, "NULL").await;
        let replayed = Replayed { tried: 1, played: 1, refused: 0, waiting: 1 };
        assert_eq!(app.app.replay_parked().await.unwrap(), replayed, "the oldest one cannot be read");
        assert_eq!(execute(app, damage("caseworker")).await, 1);
        assert_eq!(app.app.replay_parked().await.unwrap(), Replayed { tried: 1, played: 1, ..Replayed::default() });
    }

    async fn what_is_not_due_costs_no_turn_at_writing(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let mut waits = ana.submission(a_visit()).0;
        waits["after"] = json!(Uuid::now_v7());
        let dance = ana.op("visit.dance", Uuid::now_v7(), &json!({}));
        for receipt in ana.pushes(&[waits, dance]).await.receipts() {
            assert_eq!(receipt.0["outcome"], "parked");
        }
        let (entered, is_in) = mpsc::channel();
        let (let_go, waits) = mpsc::channel::<()>();
        let (db, waits) = (app.db().db().clone(), Mutex::new(waits));
        let writer = tokio::spawn(async move {
            let turn = move |_: &mut Conn| -> Result<(), StoreError> {
                let _ = entered.send(());
                let _ = waits.lock().unwrap().recv();
                Ok(())
            };
            db.write(turn).await
        });
        tokio::task::spawn_blocking(move || is_in.recv().unwrap()).await.unwrap();
        let looked = tokio::time::timeout(Duration::from_secs(20), app.app.replay_parked()).await;
        let_go.send(()).unwrap();
        writer.await.unwrap().unwrap();
        assert_eq!(looked.expect("nobody waits for a writer").unwrap(), Replayed { waiting: 2, ..Replayed::default() });
    }

    async fn the_cause_of_a_failure_is_mended_and_the_next_start_takes_the_work_in(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let cursor = ana.pulls(None, 200).await.cursor.unwrap();
        let (home, op) = failed_visit(app, &ana).await;
        let still = Replayed { tried: 1, waiting: 1, ..Replayed::default() };
        assert_eq!(app.app.replay_parked().await.unwrap(), still);
        set_due_day(app, &home, "NULL").await;
        assert_eq!(app.app.replay_parked().await.unwrap(), Replayed { tried: 1, played: 1, ..Replayed::default() });
        assert_eq!(app.app.replay_parked().await.unwrap(), Replayed::default(), "once");
        let outcomes = hears(&ana, &cursor).await;
        assert_eq!(outcome_of(&outcomes, &op).0["state"], "in_review");
    }

    async fn a_replay_is_decided_by_the_rules_like_any_other(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let sysop = app.hire(Role::Sysop).sign_in().await;
        let cursor = ana.pulls(None, 200).await.cursor.unwrap();
        let (home, op) = failed_visit(app, &ana).await;
        set_due_day(app, &home, "NULL").await;
        // Meanwhile its author sent the same visit again, as another operation.
        let anew = ana.op("visit.submit", op["subject"].as_str().unwrap().parse().unwrap(), &op["body"]);
        assert_eq!(ana.pushes(&[anew]).await.receipt().0["state"], "in_review");
        let path = format!("/api/v1/parked/{}", id_of(&op));
        let over = sysop.posts(&format!("{path}/replay"), &Value::Null).await.ok();
        let code = over["parked"]["end"]["code"].as_str().unwrap();
        assert_eq!((&over["parked"]["state"], code), (&json!("refused"), "visit.not_returned"));
        outcome_of(&hears(&ana, &cursor).await, &op).refused_with(code);
        assert_eq!(count_visits(&ana).await, 2);
        let mut again = op.clone();
        again["seq"] = json!(4);
        let duplicate = ana.pushes(&[again]).await.receipt().0;
        assert_eq!((&duplicate["outcome"], &duplicate["first"]["code"]), (&json!("duplicate"), &json!(code)));
    }

    async fn work_of_an_account_that_was_shut_since_is_still_its_authors(app: &TestApp) {
        let ana = app.caseworker().named("示例安娜").sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let admin = app.admin().sign_in().await;
        let (home, op) = failed_visit(app, &ana).await;
        let shut = json!({ "disabled": true, "scope": "150603" });
        admin.patches(&format!("/api/v1/users/{}", ana.id), &shut).await.ok();
        set_due_day(app, &home, "NULL").await;
        boss.posts(&format!("/api/v1/parked/{}/replay", id_of(&op)), &Value::Null).await.ok();
        let queue = boss.gets("/api/v1/visits").await.ok();
        let visit = queue["items"].as_array().unwrap().iter().find(|item| item["id"] == op["subject"]).expect("the visit");
        assert_eq!((&visit["visitor"]["id"], &visit["state"]), (&json!(ana.id), &json!("in_review")));
    }

    async fn a_phone_that_begins_anew_hears_what_it_missed(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (home, op) = failed_visit(app, &ana).await;
        let (other_home, waits_on) = failed_visit(app, &ana).await;
        set_due_day(app, &home, "NULL").await;
        app.app.replay_parked().await.unwrap();
        set_due_day(app, &other_home, "NULL").await;
        let outcomes = ana.pulls(None, 1).await.outcomes;
        assert_eq!(outcomes.len(), 1, "nothing of {}, which waits", waits_on["id"]);
        assert_eq!(outcome_of(&outcomes, &op).0["state"], "in_review");
        let bo = app.caseworker().sign_in().await;
        assert!(bo.pulls(None, 200).await.outcomes.is_empty());
    }

    async fn offered_again_under_another_number_it_is_decided_once(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let sysop = app.hire(Role::Sysop).sign_in().await;
        let (home, op) = failed_visit(app, &ana).await;
        let with_seq = |seq: i64| {
            let mut op = op.clone();
            op["seq"] = json!(seq);
            op
        };
        ana.pushes(&[with_seq(3)]).await.receipt().parked_with("op.failed");
        let path = format!("/api/v1/parked/{}", id_of(&op));
        assert_eq!(sysop.gets(&path).await.ok()["parked"]["tries"], 2);
        set_due_day(app, &home, "NULL").await;
        let decided = ana.pushes(&[with_seq(4)]).await.receipt();
        assert_eq!(decided.0["state"], "in_review");
        let seen = sysop.gets(&path).await.ok();
        assert_eq!((&seen["parked"]["state"], &seen["parked"]["end"]["outcome"]), (&json!("played"), &decided.0["outcome"]));
        assert_eq!(ana.pushes(&[with_seq(5)]).await.receipt().0["first"], decided.0);
        sysop.posts(&format!("{path}/replay"), &Value::Null).await.refused(409, "op.already_ended");
        assert_eq!(count_visits(&ana).await, 2);
    }

    async fn two_who_play_it_at_once_take_it_in_once(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (boss, sysop) = (app.supervisor().sign_in().await, app.hire(Role::Sysop).sign_in().await);
        let (home, op) = failed_visit(app, &ana).await;
        set_due_day(app, &home, "NULL").await;
        let path = format!("/api/v1/parked/{}/replay", id_of(&op));
        let (one, two, server) =
            tokio::join!(boss.posts(&path, &Value::Null), sysop.posts(&path, &Value::Null), app.app.replay_parked());
        server.unwrap();
        for reply in [one, two] {
            assert!(reply.status == 200 || reply.refused_with("op.already_ended")["status"] == 409, "{}", reply.text());
        }
        assert_eq!(count_visits(&ana).await, 2);
    }
}
