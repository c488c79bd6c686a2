//! Two visits to one household: what an approval makes of both, without anybody's decision where a policy has one.

use crate::conflicts::{answers, the_card};
use crate::reviews::with_second_person;
use ruhu_tests::{Actor, TestApp, Visit, a_first_survey, a_revisit, on_both_databases};
use serde_json::{Value, json};

/// A household whose file is at revision 1, its caseworker and the supervisor.
async fn a_household(app: &TestApp) -> (Actor, Actor, Visit) {
    let ana = app.caseworker().sign_in().await;
    let boss = app.supervisor().sign_in().await;
    let first = ana.submits(a_first_survey()).await.applied();
    boss.approves(&first).await.ok();
    (ana, boss, first)
}

/// Two revisits that saw revision 1, the second ten minutes later.
async fn two_visits(app: &TestApp, ana: &Actor, of: &Visit, sets: [&[(&str, Value)]; 2]) -> [Visit; 2] {
    let draft = |cells: &[(&str, Value)]| {
        let draft =
            a_revisit(of, 1).found_changed("members").answering("changes_declared", json!(["moved", "members"]));
        cells.iter().fold(draft, |draft, (path, value)| draft.set(path, value.clone()))
    };
    let one = ana.submits(draft(sets[0])).await.applied();
    app.clock.pass_s(600);
    let two = ana.submits(draft(sets[1])).await.applied();
    [one, two]
}

async fn file_of(actor: &Actor, visit: &Visit) -> Value {
    actor.gets(&format!("/api/v1/households/{}", visit.household)).await.ok()["household"]["file"].clone()
}

async fn change_in(boss: &Actor, visit: &Visit, path: &str) -> Value {
    let record = boss.opens(visit).await.ok();
    let changes = record["changes"].as_array().unwrap();
    changes.iter().find(|change| change["path"] == path).unwrap_or(&Value::Null).clone()
}

on_both_databases! {
    async fn the_later_note_stays_whichever_is_approved_first(app: &TestApp) {
        let (ana, boss, first) = a_household(app).await;
        let sets: [&[(&str, Value)]; 2] =
            [&[("residence_note", json!("从东门进"))], &[("residence_note", json!("从西门进，二楼"))]];
        let [older, newer] = two_visits(app, &ana, &first, sets).await;
        boss.approves(&newer).await.ok();
        let change = change_in(&boss, &older, "residence_note").await;
        assert_eq!((&change["standing"], &change["moved"]), (&json!("settled"), &json!(false)));
        assert_eq!((&change["to"], &change["kept"]), (&json!("从东门进"), &json!("从西门进，二楼")));
        boss.approves(older.approval().seeing("file_rev", 2)).await.ok();
        assert_eq!(file_of(&boss, &first).await["residence_note"], "从西门进，二楼");

        let (ana, boss, first) = a_household(app).await;
        let [older, newer] = two_visits(app, &ana, &first, sets).await;
        boss.approves(&older).await.ok();
        assert_eq!(change_in(&boss, &newer, "residence_note").await["kept"], "从西门进，二楼");
        boss.approves(newer.approval().seeing("file_rev", 2)).await.ok();
        assert_eq!(file_of(&boss, &first).await["residence_note"], "从西门进，二楼");
    }

    async fn a_clock_that_is_wrong_by_a_day_does_not_win(app: &TestApp) {
        let (ana, boss, first) = a_household(app).await;
        let draft = |note: &str| a_revisit(&first, 1).found_changed("moved").set("residence_note", json!(note));
        // This phone is a day ahead and knows it: its visit was before the other one.
        let day = 86_400_000;
        let (start, end) = (app.now().plus_ms(day - 3_600_000), app.now().plus_ms(day - 1_800_000));
        let ahead = draft("从东门进").with("started_at", json!(start)).with("ended_at", json!(end));
        let ahead = ana.submits(ahead.with("clock_offset_ms", json!(day))).await.applied();
        let right = ana.submits(draft("从西门进")).await.applied();
        boss.approves(&right).await.ok();
        boss.approves(ahead.approval().seeing("file_rev", 2)).await.ok();
        assert_eq!(file_of(&boss, &first).await["residence_note"], "从西门进");
    }

    async fn needs_of_two_visits_are_put_together_and_remarks_stand_below_each_other(app: &TestApp) {
        let (ana, boss, first) = a_household(app).await;
        let sets: [&[(&str, Value)]; 2] = [
            &[("needs", json!(["living", "medical"])), ("remarks", json!("邻居说常不在家"))],
            &[("needs", json!(["living", "tuition"])), ("remarks", json!("女儿周末回来"))],
        ];
        let [one, two] = two_visits(app, &ana, &first, sets).await;
        boss.approves(&one).await.ok();
        let change = change_in(&boss, &two, "needs").await;
        assert_eq!((&change["standing"], &change["kept"]), (&json!("settled"), &json!(["living", "medical", "tuition"])));
        boss.approves(two.approval().seeing("file_rev", 2)).await.ok();
        let file = file_of(&boss, &first).await;
        assert_eq!(file["needs"], json!(["living", "medical", "tuition"]));
        let remarks = file["remarks"].as_str().unwrap();
        assert!(remarks.contains("邻居说常不在家") && remarks.contains("女儿周末回来"), "{remarks}");
    }

    async fn a_guarded_group_needs_a_word_though_its_paths_differ(app: &TestApp) {
        let (ana, boss, first) = a_household(app).await;
        let file = &first.proposal["file_after"];
        let person = file["persons"].as_object().unwrap().keys().next().unwrap();
        let (name, born) = (format!("persons/{person}/name"), format!("persons/{person}/birth_date"));
        let sets: [&[(&str, Value)]; 2] = [&[(&name, json!("示例乙"))], &[(&born, json!("1948-05-05"))]];
        let draft = |(path, value): &(&str, Value)| {
            a_revisit(&first, 1).found_changed("members").set(path, value.clone())
        };
        let one = ana.submits(draft(&sets[0][0])).await.applied();
        let two = ana.submits(draft(&sets[1][0])).await.in_conflict();
        let card = the_card(&ana).await;
        assert_eq!((&card["kind"], &card["path"]), (&json!("group"), &json!(format!("persons/{person}#identity"))));
        // The group counts as a whole: one's own goes with the name that was there before.
        let name_before = file["persons"][person]["name"].clone();
        assert_eq!(card["mine"]["value"], json!({ &name: name_before, &born: "1948-05-05" }));
        assert_eq!(card["theirs"]["value"], json!({ &name: "示例乙", &born: &file["persons"][person]["birth_date"] }));
        answers(&ana, &card, json!({ "choice": "mine" })).await.applied();
        boss.approves(&one).await.ok();
        let change = change_in(&boss, &two, &born).await;
        assert_eq!((&change["standing"], &change["kept"]), (&json!("decided"), &json!("1948-05-05")));
        let declined = two.approval().seeing("file_rev", 2).knowing(&card).declining(&born, "先核对身份证");
        boss.approves(declined).await.ok();
        assert_eq!(file_of(&boss, &first).await["persons"][person]["name"], "示例乙");
    }

    async fn who_began_with_the_first_facts_of_a_found_household_is_merged_with_these(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let (person, draft) = with_second_person(a_first_survey());
        let found = ana.submits(draft).await.applied();
        let facts = ana.pulls(None, 500).await.household(found.household).unwrap()["file"].clone();
        let row = format!("persons/{person}");
        // The same answers as before, except that the second person is taken away.
        let mut again = a_first_survey().at_household(found.household).seeing(&facts).set(&row, Value::Null);
        for (key, value) in found.proposal["file_after"].as_object().unwrap() {
            let rows = value.as_object().filter(|rows| rows.values().all(Value::is_object));
            if rows.is_none() {
                again = again.set(key, value.clone());
            }
            for (id, cells) in rows.into_iter().flatten().filter(|(id, _)| **id != person.to_string()) {
                for (column, cell) in cells.as_object().unwrap() {
                    again = again.set(&format!("{key}/{id}/{column}"), cell.clone());
                }
            }
        }
        let again = ana.submits(again).await.applied();
        // Until somebody approved the first facts there is nothing that could be taken away.
        boss.approves(&found).await.ok();
        let card = the_card(&ana).await;
        answers(&ana, &card, json!({ "choice": "theirs" })).await.applied();
        let record = boss.opens(&again).await.ok();
        let changes = record["changes"].as_array().unwrap();
        let gone = changes.iter().find(|change| change["path"] == row).expect("the removal is shown");
        assert_eq!((&gone["from"]["name"], &gone["standing"]), (&json!("示例甲"), &json!("decided")));
        let names = changes.iter().filter(|change| change["path"].as_str().unwrap().ends_with("/name"));
        assert_eq!(names.count(), 0, "a name that both had is no change");
        let open = changes.iter().filter(|change| change["moved"] == true).filter_map(|change| change["path"].as_str());
        let approval = again.approval().seeing("file_rev", 1).knowing(&card);
        let approval = open.fold(approval, |approval, path| approval.declining(path, "以第一次走访为准"));
        boss.approves(approval).await.ok();
        assert!(file_of(&boss, &found).await["persons"].get(person.to_string()).is_some());
    }
}
