//! A phone that was in a drawer for 400 days: its outbox comes in whole, whatever happened to the households, the
//! files and the session meanwhile.

use crate::conflicts::{EAST, THIRD, WEST, cards};
use diesel::prelude::*;
use ruhu_store::{Conn, StoreError};
use ruhu_tests::actors::PASSWORD;
use ruhu_tests::{Actor, TestApp, Visit, a_first_survey, a_revisit, a_visit, on_both_databases};
use serde_json::{Value, json};

const DAYS_400_S: i64 = 400 * 86_400;

async fn a_file(ana: &Actor, boss: &Actor) -> Visit {
    let first = ana.submits(a_first_survey()).await.applied();
    boss.approves(&first).await.ok();
    first
}

async fn again(app: &TestApp, person: &Actor) -> Actor {
    Actor::sign_in_on(app, &person.login, PASSWORD, person.device).await
}

async fn is_closed(app: &TestApp, visit: &Visit) {
    use ruhu_store::schema::households as t;
    let id = visit.household.to_string();
    let close = move |c: &mut Conn| -> Result<(), StoreError> {
        Ok(diesel::update(t::table.find(&id)).set(t::status.eq("archived")).execute(c).map(drop)?)
    };
    app.db().write(close).await.unwrap();
}

on_both_databases! {
    async fn an_outbox_of_400_days_ago_comes_in_whole(app: &TestApp) {
        let ana = app.caseworker().named("演示甲").sign_in().await;
        let bo = app.caseworker().named("演示乙").sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let (handed, closed, moved) = (a_file(&ana, &boss).await, a_file(&ana, &boss).await, a_file(&ana, &boss).await);
        let taken_back = ana.submits(a_visit()).await.applied();
        let returned = ana.submits(a_visit()).await.applied();
        boss.returns(&returned).await.ok();
        // Somebody else was there before, and Ana's phone knows of the conflict that she is to decide.
        boss.assigns(moved.household, Some(ana.id), Some(bo.id)).await.ok();
        bo.submits(a_revisit(&moved, 1).moved_to(EAST)).await.applied();
        let asked = ana.submits(a_revisit(&moved, 1).moved_to(WEST)).await.in_conflict();
        let card = cards(&ana).await.remove(0);

        // The last day with this phone, without a signal.
        let (one, to_handed) = ana.submission(a_revisit(&handed, 1).moved_to(WEST));
        let (two, to_closed) = ana.submission(a_revisit(&closed, 1));
        let (three, to_moved) = ana.submission(a_revisit(&moved, 1).moved_to(THIRD));
        let (four, found) = ana.submission(a_first_survey());
        let (five, mended) = ana.submission(a_visit().again(&returned, 2));
        let back = json!({ "visit_id": taken_back.id, "rev": 1, "reason": "走错了门" });
        let six = ana.op("visit.withdraw", taken_back.id, &back);
        let word = json!({ "conflict_id": card["id"], "choice": "mine" });
        let seven = ana.op("conflict.decide", card["id"].as_str().unwrap().parse().unwrap(), &word);
        // Taken back again before it ever went out, in one chain.
        let (eight, never) = ana.submission(a_visit());
        let mut nine = ana.op("visit.withdraw", never.id, &json!({ "visit_id": never.id, "rev": 1, "reason": "重复" }));
        nine["after"] = eight["id"].clone();
        let outbox = [one, two, three, four, five, six, seven, eight, nine];

        app.clock.pass_s(60);
        boss.assigns(handed.household, Some(bo.id), None).await.ok();
        is_closed(app, &closed).await;
        app.clock.pass_s(DAYS_400_S);
        ana.pushes(&outbox).await.0.refused(401, "auth.expired");
        app.refreshes(&ana.cookie).await.refused(401, "auth.expired");
        let (back_again, boss) = (again(app, &ana).await, again(app, &boss).await);
        // The same push as it lay there: same device, same numbers.
        let receipts = back_again.pushes(&outbox).await.receipts();
        let outcome = |nth: usize| (receipts[nth].0["outcome"].clone(), receipts[nth].0["code"].clone());
        assert_eq!(outcome(0), (json!("applied"), json!("household.handed_over")));
        assert_eq!(outcome(1), (json!("applied"), json!("household.closed")));
        assert_eq!(outcome(2), (json!("conflict"), Value::Null), "three addresses, and nobody chose for anybody");
        for nth in [3, 4, 5, 6, 7, 8] {
            assert_eq!(outcome(nth), (json!("applied"), Value::Null), "{}", receipts[nth].0);
        }
        for visit in [&to_handed, &to_closed, &to_moved, &found, &mended] {
            let record = boss.opens(visit).await.ok();
            assert_eq!(record["visit"]["visitor"]["id"], json!(ana.id));
            assert_eq!(record["visit"]["hash"], json!(visit.hash), "what is kept is what was written then");
        }
        assert_eq!(boss.opens(&asked).await.ok()["visit"]["state"], "in_review");
        for visit in [&taken_back, &never] {
            assert_eq!(boss.opens(visit).await.ok()["visit"]["state"], "withdrawn");
        }
        // The answer is lost once more, on a phone whose outbox came back from its second copy under a new number.
        let restored = Actor::sign_in(app, &ana.login, PASSWORD).await;
        let mut outbox = outbox;
        outbox.iter_mut().zip(1..).for_each(|(op, seq)| op["seq"] = json!(seq));
        for (receipt, first) in restored.pushes(&outbox).await.receipts().iter().zip(&receipts) {
            assert_eq!((&receipt.0["outcome"], &receipt.0["first"]), (&json!("duplicate"), &first.0));
        }
    }
}
