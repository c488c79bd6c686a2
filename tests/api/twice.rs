//! A household filed twice: whoever brings a number that another file holds is asked, and the answer is carried out.

use crate::conflicts::{answers, cards, state_of, the_card};
use ruhu_tests::factories::MASKED_ID_NO;
use ruhu_tests::{Actor, TestApp, Visit, a_first_survey, a_revisit, on_both_databases};
use serde_json::{Value, json};
use uuid::Uuid;

/// Ana filed a household; Ben, elsewhere, finds the same person at another door.
struct Twice {
    ana: Actor,
    ben: Actor,
    boss: Actor,
    first: Visit,
    second: Visit,
}

async fn filed_twice(app: &TestApp, is_first_approved: bool) -> Twice {
    let ana = app.caseworker().named("示例安").with_phone("15400001111").sign_in().await;
    let ben = app.caseworker().named("示例本").sign_in().await;
    let boss = app.supervisor().sign_in().await;
    let first = ana.submits(a_first_survey()).await.applied();
    if is_first_approved {
        boss.approves(&first).await.ok();
    }
    app.clock.pass_s(60);
    let second = ben.submits(a_first_survey().of_number(&first.id_no())).await.in_conflict();
    Twice { ana, ben, boss, first, second }
}

async fn status_of(boss: &Actor, household: Uuid) -> Value {
    boss.gets(&format!("/api/v1/households/{household}")).await.ok()["household"]["status"].clone()
}

on_both_databases! {
    async fn the_finder_is_asked_and_two_households_stay_two(app: &TestApp) {
        for is_first_approved in [true, false] {
            let Twice { ana, ben, boss, first, second } = filed_twice(app, is_first_approved).await;
            let card = the_card(&ben).await;
            assert_eq!((&card["kind"], &card["path"]), (&json!("twice"), &json!(format!("households/{}", first.household))));
            let theirs = &card["theirs"]["value"];
            assert_eq!((&theirs["household_id"], &theirs["region_code"]), (&json!(first.household), &json!("150602001")));
            assert_eq!(theirs["contact"]["name"], "示例安");
            assert_eq!((&theirs["contact"]["work_phone"], &theirs["may_open"]), (&json!("15400001111"), &json!(false)));
            assert!(theirs["name"].as_str().unwrap().contains('*'), "covered: {theirs}");
            let people = card["base"].as_object().unwrap();
            assert_eq!(people.len(), 1);
            assert_eq!(people.values().next().unwrap()["id_no"], MASKED_ID_NO);
            assert!(!card.to_string().contains(&first.id_no()));
            assert!(cards(&ana).await.is_empty(), "whoever was first is not asked");
            boss.approves(&second).await.refused(409, "visit.conflict_open");
            for choice in ["other", "revisit"] {
                let choice = json!({ "choice": choice, "reason": "看过户口簿", "value": if choice == "other" { json!("x") } else { Value::Null } });
                let choice = if choice["value"].is_null() { json!({ "choice": "revisit" }) } else { choice };
                answers(&ben, &card, choice).await.refused_with("conflict.choice_not_asked");
            }
            answers(&ben, &card, json!({ "choice": "mine" })).await.applied();
            assert_eq!(state_of(&boss, &second).await, "in_review");
            assert_eq!(boss.opens(&second).await.ok()["may"]["approve"], true);
            boss.approves(second.approval().knowing(&card)).await.ok();
            // Who is first at the desk is not asked either: it was answered.
            if !is_first_approved {
                boss.approves(&first).await.ok();
            }
            assert!(cards(&ana).await.is_empty());
        }
    }

    async fn the_card_says_what_became_of_the_other_household(app: &TestApp) {
        let Twice { ben, boss, first, .. } = filed_twice(app, false).await;
        let contact = |card: &Value| card["theirs"]["value"]["contact"]["name"].clone();
        let cursor = ben.pulls(None, 500).await.cursor;
        assert_eq!(contact(&the_card(&ben).await), "示例安");
        let cam = app.caseworker().named("示例康").sign_in().await;
        boss.assigns(first.household, Some(cam.id), None).await.ok();
        let told = |phone: &ruhu_tests::actors::Phone| phone.rows.iter().find(|((kind, _), _)| kind == "conflict").map(|(_, card)| card.clone());
        let phone = ben.pulls(cursor.as_deref(), 500).await;
        assert_eq!(contact(&told(&phone).unwrap()), "示例康");
        boss.approves(&first).await.ok();
        let phone = ben.pulls(phone.cursor.as_deref(), 500).await;
        let card = told(&phone).unwrap();
        assert_eq!((&card["theirs"]["value"]["status"], &card["theirs"]["in_file"]), (&json!("first_review"), &json!(true)));
    }

    async fn one_household_keeps_its_first_file_and_the_other_is_closed(app: &TestApp) {
        let Twice { ben, boss, first, second, .. } = filed_twice(app, true).await;
        let card = the_card(&ben).await;
        answers(&ben, &card, json!({ "choice": "theirs" })).await.applied();
        let record = boss.opens(&second).await.ok();
        assert_eq!((&record["may"]["review"], &record["may"]["approve"]), (&json!(true), &json!(false)));
        boss.approves(second.approval().knowing(&card)).await.refused(409, "visit.filed_twice");
        boss.rejects(&second).await.ok();
        assert_eq!(status_of(&boss, second.household).await, "closed_lead");
        assert_eq!(status_of(&boss, first.household).await, "first_review");
        let phone = ben.pulls(None, 500).await;
        assert_eq!(phone.household(second.household).unwrap()["status"], "closed_lead");
        assert_eq!(phone.visit(second.id).unwrap()["state"], "rejected", "what was recorded stays with its author");
    }

    async fn a_reviewer_knows_better_than_the_finder(app: &TestApp) {
        for (code, status) in [("wrong_person", "draft"), ("duplicate", "closed_lead")] {
            let Twice { ben, boss, second, .. } = filed_twice(app, true).await;
            answers(&ben, &the_card(&ben).await, json!({ "choice": "mine" })).await.applied();
            boss.rejects_as(&second, code).await.ok();
            assert_eq!(status_of(&boss, second.household).await, status, "{code}");
        }
        let alone = app.caseworker().sign_in().await.submits(a_first_survey()).await.applied();
        let boss = app.supervisor().sign_in().await;
        boss.rejects(&alone).await.ok();
        assert_eq!(status_of(&boss, alone.household).await, "draft", "no other file holds it");
    }

    async fn who_gets_the_visit_back_is_asked_again(app: &TestApp) {
        let Twice { ben, boss, first, .. } = filed_twice(app, true).await;
        let draft = a_first_survey().of_number(&first.id_no());
        let second = ben.submits(draft.clone()).await.in_conflict();
        // The number is in two other households by now, and each is a question of its own.
        let own = |cards: Vec<Value>| cards.into_iter().filter(|card| card["mine"]["visit_id"] == json!(second.id)).collect::<Vec<_>>();
        for card in own(cards(&ben).await) {
            answers(&ben, &card, json!({ "choice": "theirs" })).await.applied();
        }
        boss.approves(&second).await.refused(409, "visit.stale_review");
        boss.returns(&second).await.ok();
        let again = ben.submits(draft.again(&second, 2)).await.in_conflict();
        for card in own(cards(&ben).await) {
            answers(&ben, &card, json!({ "choice": "mine" })).await.applied();
        }
        let record = boss.opens(&again).await.ok();
        assert_eq!(record["may"]["approve"], true);
        let known = record["conflicts"].as_array().unwrap().iter().fold(again.approval(), |approval, of| approval.knowing(of));
        boss.approves(known).await.ok();
    }

    async fn what_is_taken_back_as_the_same_leaves_no_open_door(app: &TestApp) {
        let Twice { ben, boss, second, .. } = filed_twice(app, true).await;
        answers(&ben, &the_card(&ben).await, json!({ "choice": "theirs" })).await.applied();
        ben.withdraws(&second, "已有档案").await.receipt().applied();
        assert_eq!(status_of(&boss, second.household).await, "closed_lead");
        assert_eq!(ben.pulls(None, 500).await.household(second.household).unwrap()["status"], "closed_lead");
    }

    async fn a_late_visit_to_the_closed_one_comes_in_whole(app: &TestApp) {
        let ben = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let first = app.caseworker().sign_in().await.submits(a_first_survey()).await.applied();
        boss.approves(&first).await.ok();
        let mut draft = a_first_survey().of_number(&first.id_no());
        let second = ben.submits(draft.clone()).await.in_conflict();
        answers(&ben, &the_card(&ben).await, json!({ "choice": "theirs" })).await.applied();
        boss.rejects(&second).await.ok();
        // Written before the phone heard of it: another first survey of the same door, with another name and number.
        draft.id = Uuid::now_v7();
        let (receipt, late) = {
            let number = a_first_survey().finish(app.now()).0.id_no();
            let (op, late) = ben.submission(draft.of_number(&number).of_person("示例另"));
            (ben.pushes(&[op]).await.receipt(), late)
        };
        assert_eq!(receipt.applied()["code"], "household.closed");
        boss.approves(&late).await.ok();
        let file = boss.gets(&format!("/api/v1/households/{}", late.household)).await.ok()["household"]["file"].clone();
        assert_eq!(file["town_code"], late.proposal["file_after"]["town_code"]);
        assert_eq!(status_of(&boss, late.household).await, "closed_lead", "an approval reopens nothing");
    }

    async fn one_word_ends_the_question_on_both_sides_and_overrules_nobody(app: &TestApp) {
        for is_same in [true, false] {
            let [ana, ben] = [app.caseworker().sign_in().await, app.caseworker().sign_in().await];
            let boss = app.supervisor().sign_in().await;
            let mut draft = a_first_survey();
            let first = ana.submits(draft.clone()).await.applied();
            app.clock.pass_s(60);
            let second = ben.submits(a_first_survey().of_number(&first.id_no())).await.in_conflict();
            app.clock.pass_s(60);
            // Another visit to the first household brings the number, too, and arrived after the second.
            let cam = app.caseworker().sign_in().await;
            boss.assigns(first.household, Some(ana.id), Some(cam.id)).await.ok();
            draft.id = Uuid::now_v7();
            let third = cam.submits(draft).await.in_conflict();
            let about = |visit: &Visit, cards: Vec<Value>| {
                let is_own = |card: &Value| card["kind"] == "twice" && card["mine"]["visit_id"] == json!(visit.id);
                cards.into_iter().find(is_own)
            };
            let theirs = about(&third, cards(&cam).await).expect("asked from that side, too");
            if is_same {
                answers(&cam, &theirs, json!({ "choice": "theirs" })).await.applied();
            }
            let mine = about(&second, cards(&ben).await).expect("a card");
            answers(&ben, &mine, json!({ "choice": "mine" })).await.applied();
            let open = about(&third, cards(&cam).await);
            assert!(open.is_none(), "nobody is asked any more: {open:?}");
            let may = boss.opens(&third).await.ok()["may"]["approve"].clone();
            assert_eq!(may, json!(!is_same), "the answer of its own finder holds it up");
        }
    }

    async fn the_question_ends_with_the_other_visit(app: &TestApp) {
        let Twice { ana, ben, boss, first, second } = filed_twice(app, false).await;
        let card = the_card(&ben).await;
        ana.withdraws(&first, "走错门").await.receipt().applied();
        assert!(cards(&ben).await.is_empty(), "{card}");
        assert_eq!(state_of(&boss, &second).await, "in_review");
        boss.approves(&second).await.ok();
    }

    async fn a_wrong_number_that_is_mended_is_nobody_elses(app: &TestApp) {
        let Twice { ben, boss, first, .. } = filed_twice(app, true).await;
        let draft = a_first_survey();
        let second = ben.submits(draft.clone().of_number(&first.id_no())).await.in_conflict();
        let card = cards(&ben).await.into_iter().find(|card| card["household_id"] == json!(second.household)).unwrap();
        answers(&ben, &card, json!({ "choice": "theirs" })).await.applied();
        boss.returns(&second).await.ok();
        let mended = ben.submits(draft.again(&second, 2)).await.applied();
        assert_eq!(boss.opens(&mended).await.ok()["may"]["approve"], true);
        let decided = boss.opens(&mended).await.ok()["conflicts"].as_array().unwrap().clone();
        boss.approves(mended.approval().knowing(&decided[0])).await.ok();
    }

    async fn a_person_who_belongs_into_another_file_is_declined(app: &TestApp) {
        let Twice { ben, boss, first, second, .. } = filed_twice(app, true).await;
        answers(&ben, &the_card(&ben).await, json!({ "choice": "theirs" })).await.applied();
        boss.rejects(&second).await.ok();
        // A household with a file of its own, into which the same person is written.
        let home = ben.submits(a_first_survey()).await.applied();
        boss.approves(&home).await.ok();
        let person = home.proposal["file_after"]["persons"].as_object().unwrap().keys().next().unwrap().clone();
        let path = format!("persons/{person}/id_no");
        let draft = a_revisit(&home, 1).found_changed("members").set(&path, json!(first.id_no()));
        let visit = ben.submits(draft).await.in_conflict();
        let card = the_card(&ben).await;
        answers(&ben, &card, json!({ "choice": "theirs" })).await.applied();
        assert_eq!(boss.opens(&visit).await.ok()["may"]["approve"], true);
        let problem = boss.approves(visit.approval().knowing(&card)).await.refused(409, "visit.clash");
        assert_eq!(problem["paths"], json!([path]));
        boss.approves(visit.approval().knowing(&card).declining(&path, "此人在另一户")).await.ok();
    }

    async fn two_that_did_not_see_each_other_are_asked_at_the_approval(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let ben = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let first = ana.submits(a_first_survey()).await.applied();
        let second = ben.submits(a_first_survey()).await.applied();
        // As if it had arrived in the same moment as the first: its number is known to nobody but itself.
        let third = ben.submits(a_first_survey().of_number(&first.id_no())).await.in_conflict();
        forget_question(app).await;
        boss.approves(&first).await.ok();
        boss.approves(&second).await.ok();
        boss.approves(&third).await.refused(409, "visit.conflict_open");
        let card = the_card(&ben).await;
        answers(&ben, &card, json!({ "choice": "mine" })).await.applied();
        boss.approves(third.approval().knowing(&card)).await.ok();
        app.leaves_damage();
    }
}

/// The rows of the question are gone, as if the two had come in at once.
async fn forget_question(app: &TestApp) {
    use diesel::prelude::*;
    use ruhu_store::schema::{changes, conflicts, visits};
    let forget = |c: &mut ruhu_store::Conn| -> Result<(), ruhu_store::StoreError> {
        diesel::delete(conflicts::table).execute(c)?;
        diesel::delete(changes::table.filter(changes::kind.eq("conflict"))).execute(c)?;
        diesel::update(visits::table.filter(visits::state.eq("conflict")))
            .set(visits::state.eq("in_review"))
            .execute(c)?;
        Ok(())
    };
    app.db().write(forget).await.unwrap();
}
