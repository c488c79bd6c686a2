//! What becomes of a decision when the other side does not come into the file, and who hears of it.

use crate::conflicts::{EAST, THIRD, WEST, a_home, answers, cards, state_of, the_card};
use crate::reviews::with_second_person;
use ruhu_domain::actor::Role;
use ruhu_tests::{Actor, a_first_survey, a_revisit, on_both_databases};
use serde_json::{Value, json};

const OLD: &str = "residence_address";

fn change(record: &Value) -> &Value {
    let changes = record["changes"].as_array().unwrap();
    changes.iter().find(|of| of["path"] == OLD).unwrap()
}

on_both_databases! {
    async fn what_its_visitor_called_wrong_never_enters_the_file_by_itself(app: &TestApp) {
        for end in ["declined", "rejected", "withdrawn"] {
            let home = a_home(app).await;
            let before = home.address().await;
            let (east, west) = home.two_addresses(app).await;
            let card = the_card(&home.ben).await;
            answers(&home.ben, &card, json!({ "choice": "theirs" })).await.applied();
            // While the other one waits, the record says what will stay.
            let record = home.boss.opens(&west).await.ok();
            assert_eq!((&change(&record)["standing"], &change(&record)["kept"]), (&json!("decided"), &json!(EAST)));
            let file_rev = match end {
                "declined" => {
                    home.boss.approves(east.approval().declining(OLD, "没有核实")).await.ok();
                    2
                }
                "rejected" => {
                    home.boss.rejects(&east).await.ok();
                    1
                }
                _ => {
                    home.ana.withdraws(&east, "登记错了").await.receipt().applied();
                    1
                }
            };
            // East was right, and is not there: who said so is asked again, against what the file holds.
            assert_eq!(state_of(&home.boss, &west).await, "conflict", "{end}");
            let again = the_card(&home.ben).await;
            assert_ne!(again["id"], card["id"]);
            assert_eq!((&again["theirs"]["value"], &again["mine"]["value"]), (&before, &json!(WEST)));
            assert_eq!(again["base"], before);
            app.clock.pass_s(1);
            answers(&home.ben, &again, json!({ "choice": "theirs" })).await.applied();
            let approval = west.approval().seeing("file_rev", file_rev).knowing(&card).knowing(&again);
            home.boss.approves(approval).await.ok();
            assert_eq!(home.address().await, before, "{end}");
        }
    }

    async fn a_value_of_ones_own_and_a_revisit_stand_without_the_other_side(app: &TestApp) {
        for choice in ["other", "revisit", "mine"] {
            let home = a_home(app).await;
            let before = home.address().await;
            let (east, west) = home.two_addresses(app).await;
            let card = the_card(&home.ben).await;
            let mut word = json!({ "choice": choice });
            if choice == "other" {
                word["value"] = json!(THIRD);
                word["reason"] = json!("门牌看错了");
            }
            answers(&home.ben, &card, word).await.applied();
            home.boss.rejects(&east).await.ok();
            assert_eq!(state_of(&home.boss, &west).await, "in_review", "{choice}");
            home.boss.approves(west.approval().knowing(&card)).await.ok();
            let expected = match choice {
                "other" => json!(THIRD),
                "mine" => json!(WEST),
                _ => before,
            };
            assert_eq!(home.address().await, expected, "{choice}");
            let phone = home.ben.pulls(None, 500).await;
            let due = phone.household(home.first.household).unwrap()["next_visit_due_on"].clone();
            assert_eq!(due == json!(app.now().date()), choice == "revisit", "{choice}");
        }
    }

    async fn a_row_that_one_side_removed_keeps_what_is_covered_and_was_not_typed_again(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let (person, draft) = with_second_person(a_first_survey());
        let first = ana.submits(draft).await.applied();
        boss.approves(&first).await.ok();
        let row = format!("persons/{person}");
        let gone = a_revisit(&first, 1).found_changed("members").set(&row, Value::Null);
        let gone = ana.submits(gone).await.applied();
        let called = a_revisit(&first, 1).found_changed("members").set(&format!("{row}/phone"), json!("15400009999"));
        let called = ana.submits(called).await.in_conflict();
        let card = the_card(&ana).await;
        let mut value = card["mine"]["value"].clone();
        assert_eq!(value["id_no"], "110***********0038", "covered");
        value["phone"] = json!("15400007777");
        answers(&ana, &card, json!({ "choice": "other", "value": value, "reason": "当面核实" })).await.applied();
        boss.approves(&gone).await.ok();
        boss.approves(called.approval().seeing("file_rev", 2).knowing(&card)).await.ok();
        let whole = app.app.clone();
        let id = first.household.into();
        let kept = app.db().read(move |c: &mut ruhu_store::Conn| {
            ruhu_store::household::find_unscoped(c, id)?.expect("a household").into_clear(&whole.vault)
        });
        let person = kept.await.unwrap().file["persons"][&person.to_string()].clone();
        assert_eq!((&person["id_no"], &person["phone"]), (&json!("110105194912310038"), &json!("15400007777")));
    }

    async fn who_waits_behind_is_held_against_what_was_decided(app: &TestApp) {
        let home = a_home(app).await;
        let (east, west) = home.two_addresses(app).await;
        let card = the_card(&home.ben).await;
        // A third visit brings what the second one brings: it disagrees with the first only.
        app.clock.pass_s(60);
        let third = home.ben.submits(a_revisit(&home.first, 1).moved_to(THIRD)).await.in_conflict();
        let theirs = |cards: &[Value]| -> Vec<Value> {
            let of_third = cards.iter().filter(|of| of["mine"]["visit_id"] == json!(third.id));
            of_third.map(|of| of["theirs"]["value"].clone()).collect()
        };
        assert_eq!(theirs(&cards(&home.ben).await).len(), 2);
        // The second one yields to the first: nothing is left of it that the third could disagree with.
        answers(&home.ben, &card, json!({ "choice": "theirs" })).await.applied();
        assert_eq!(theirs(&cards(&home.ben).await), [json!(EAST)]);
        home.boss.approves(&east).await.ok();
        home.boss.approves(west.approval().seeing("file_rev", 2).knowing(&card)).await.ok();
        assert_eq!(home.address().await, EAST);
    }

    async fn who_came_later_is_held_against_who_came_first_whatever_the_clock_says(app: &TestApp) {
        let home = a_home(app).await;
        let east = home.ana.submits(a_revisit(&home.first, 1).moved_to(EAST)).await.applied();
        app.clock.pass_s(-3600);
        let ben = Actor::sign_in(app, &home.ben.login, &home.ben.password).await;
        let boss = Actor::sign_in(app, &home.boss.login, &home.boss.password).await;
        let west = ben.submits(a_revisit(&home.first, 1).moved_to(WEST)).await.in_conflict();
        let card = the_card(&ben).await;
        assert_eq!(card["theirs"]["visit_id"], json!(east.id));
        answers(&ben, &card, json!({ "choice": "mine" })).await.applied();
        let first = boss.approves(west.approval().knowing(&card)).await.refused(409, "visit.other_first");
        assert_eq!(first["visit_id"], json!(east.id));
        boss.approves(&east).await.ok();
        boss.approves(west.approval().seeing("file_rev", 2).knowing(&card)).await.ok();
        let file = boss.gets(&format!("/api/v1/households/{}", home.first.household)).await.ok();
        assert_eq!(file["household"]["file"][OLD], WEST);
    }

    async fn two_of_ones_own_in_one_push_are_held_against_each_other_in_their_order(app: &TestApp) {
        let home = a_home(app).await;
        let (one, first) = home.ana.submission(a_revisit(&home.first, 1).moved_to(EAST));
        let (two, second) = home.ana.submission(a_revisit(&home.first, 1).moved_to(WEST));
        home.ana.pushes(&[one, two]).await.receipts();
        let card = the_card(&home.ana).await;
        assert_eq!((&card["theirs"]["visit_id"], &card["mine"]["visit_id"]), (&json!(first.id), &json!(second.id)));
    }

    async fn who_has_the_household_no_more_does_not_hear_what_others_answer(app: &TestApp) {
        let home = a_home(app).await;
        home.two_addresses(app).await;
        let card = the_card(&home.ana).await;
        let cursor = home.ana.pulls(None, 500).await.cursor;
        home.boss.assigns(home.first.household, None, Some(home.ben.id)).await.ok();
        let own = json!({ "choice": "other", "value": THIRD, "reason": "门牌看错了" });
        answers(&home.ben, &card, own).await.applied();
        let phone = home.ana.pulls(cursor.as_deref(), 500).await;
        assert!(!phone.rows.keys().any(|(kind, _)| kind == "conflict"), "{:?}", phone.rows.keys());
        assert!(cards(&home.ana).await.is_empty());
        answers(&home.ana, &card, json!({ "choice": "theirs" })).await.refused_with("conflict.unknown");
    }

    async fn a_household_that_leaves_the_area_takes_its_cards_along(app: &TestApp) {
        let home = a_home(app).await;
        home.two_addresses(app).await;
        let town = app.hire(Role::GrassrootsAdmin).sign_in().await;
        let phone = town.pulls(None, 500).await;
        assert!(phone.rows.keys().any(|(kind, _)| kind == "conflict"));
        let moved = a_revisit(&home.first, 1).found_changed("moved").in_town("150603001");
        let moved = home.ana.submits(moved).await.applied();
        app.city_reviewer().sign_in().await.approves(&moved).await.ok();
        let after = town.pulls(phone.cursor.as_deref(), 500).await;
        assert!(after.evicted.iter().any(|(kind, _)| kind == "conflict"), "{:?}", after.evicted);
    }
}
