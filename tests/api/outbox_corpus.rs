//! What every older app left in an outbox is taken in for ever: each push of tests/vectors/outbox, as it was written by
//! the app of its time, with the effect that it had then. A file is never changed; a new shape is a new file.

use crate::conflicts::{EAST, a_home, cards};
use ruhu_tests::matchers::Pushed;
use ruhu_tests::{Actor, TestApp, Visit, a_revisit, on_both_databases};
use serde_json::{Value, json};
use std::path::Path;

/// What one app wrote: sent before the first approval, after it, and once a conflict is there.
struct Outbox {
    name: String,
    pushes: Vec<Value>,
}

fn corpus() -> Vec<Outbox> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/outbox");
    let mut found: Vec<Outbox> = std::fs::read_dir(folder)
        .expect("the corpus")
        .map(|entry| {
            let path = entry.unwrap().path();
            let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            Outbox { name, pushes: file["pushes"].as_array().unwrap().clone() }
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(found.len() >= 4, "nothing is ever taken out of the corpus");
    found
}

/// Sends a push as it was written; only the phone's number and the server's id of a conflict are put in.
async fn sends(actor: &Actor, push: &Value, conflict: &str) -> Pushed {
    let device = actor.device.to_string();
    let body = push.to_string().replace("$DEVICE", &device).replace("$CONFLICT", conflict);
    Pushed(actor.posts("/api/v1/sync/push", &serde_json::from_str(&body).unwrap()).await)
}

fn visit_of(op: &Value) -> Visit {
    let (proposal, hash) = (op["body"]["visit"].clone(), op["body"]["hash"].as_str().unwrap().to_owned());
    let id = |key: &str| proposal[key].as_str().unwrap().parse().unwrap();
    let number = |key: &str| proposal[key].as_i64().unwrap();
    Visit {
        id: id("id"),
        household: id("household_id"),
        rev: number("rev"),
        base_rev: number("base_rev"),
        hash,
        proposal,
    }
}

async fn replays(app: &TestApp, outbox: &Outbox) {
    let name = &outbox.name;
    let home = a_home(app).await;
    let (ana, ben, boss) = (app.caseworker().named("示例旧").sign_in().await, &home.ben, &home.boss);
    let receipts = sends(&ana, &outbox.pushes[0], "").await.receipts();
    let states: Vec<&Value> = receipts.iter().map(|receipt| &receipt.applied()["state"]).collect();
    assert_eq!(states, ["in_review", "in_review", "withdrawn"], "{name}");
    let first = visit_of(&outbox.pushes[0]["ops"][0]);
    boss.approves(&first).await.ok();
    // Somebody else was there meanwhile, where the app could already be asked about it.
    let has_decision = outbox.pushes.len() > 2;
    if has_decision {
        boss.assigns(first.household, Some(ana.id), Some(ben.id)).await.ok();
        let mut seen = first.clone();
        seen.proposal["file_after"] =
            boss.gets(&format!("/api/v1/households/{}", first.household)).await.ok()["household"]["file"].clone();
        let other = ben.submits(a_revisit(&seen, 1).moved_to(EAST)).await.applied();
        boss.approves(&other).await.ok();
    }
    let receipt = sends(&ana, &outbox.pushes[1], "").await.receipt().0;
    assert_eq!(receipt["outcome"], if has_decision { "conflict" } else { "applied" }, "{name}: {receipt}");
    let moved = visit_of(&outbox.pushes[1]["ops"][0]);
    let mut approval = moved.approval();
    if has_decision {
        let card = cards(&ana).await.remove(0);
        sends(&ana, &outbox.pushes[2], card["id"].as_str().unwrap()).await.receipt().applied();
        approval = moved.approval().seeing("file_rev", 2).knowing(&card);
    }
    // What was sent is what is kept: an approval names the hash that the old app computed.
    boss.approves(approval).await.ok();
    let file = boss.gets(&format!("/api/v1/households/{}", first.household)).await.ok()["household"]["file"].clone();
    let last = outbox.pushes.last().unwrap()["ops"][0]["body"]["value"].clone();
    let sent = moved.proposal["changes"].as_array().unwrap().iter().find(|of| of["path"] == "residence_address");
    let wanted = if has_decision { last } else { sent.unwrap()["to"].clone() };
    assert_eq!(file["residence_address"], wanted, "{name}");
    // A lost answer years ago: the same push again is answered word for word.
    let again = sends(&ana, &outbox.pushes[0], "").await.receipts();
    assert_eq!(again, receipts, "{name}");
}

on_both_databases! {
    async fn an_outbox_of_every_older_app_is_taken_in(app: &TestApp) {
        for outbox in corpus() {
            // The same person lives in all of them, so that they would meet in one database.
            let own = TestApp::new(app.db().backend()).await.expect("a database like the other one");
            replays(&own, &outbox).await;
            own.ends_sound().await;
        }
    }

    async fn a_nonce_may_be_missing_and_may_not_be_nothing(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        for nonce in [json!(null), json!(""), json!(1)] {
            ana.submits(ruhu_tests::a_visit().with("nonce", nonce)).await.refused_with("op.body");
        }
    }
}
