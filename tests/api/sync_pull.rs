//! Pull: pages, a kill at any of them, what enters and leaves, and what must never be in an answer.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ruhu_domain::actor::Role;
use ruhu_tests::actors::Phone;
use ruhu_tests::factories::{ADDRESS, OTHER_TOWN, PHONE, TOWN};
use ruhu_tests::{Actor, Visit, a_first_survey, a_revisit, a_visit, on_both_databases, on_one_database};
use serde_json::{Value, json};
use uuid::Uuid;

async fn visits(actor: &Actor, count: usize) -> Vec<Visit> {
    let mut sent = Vec::new();
    for _ in 0..count {
        sent.push(actor.submits(a_visit()).await.applied());
    }
    sent
}

fn rows(phone: &Phone, kind: &str) -> usize {
    phone.rows.keys().filter(|(known, _)| known == kind).count()
}

on_both_databases! {
    async fn a_first_sync_comes_in_pages_with_a_total(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let sent = visits(&ana, 7).await;
        let first = ana.pulls_page(None, 3).await.ok();
        assert_eq!((&first["total"], &first["more"]), (&json!(7), &json!(true)));
        let count =
            |page: &Value| page["changes"].as_array().unwrap().iter().filter(|row| row["kind"] == "household").count();
        assert_eq!(count(&first), 3);
        let second = ana.pulls_page(first["cursor"].as_str(), 3).await.ok();
        assert_eq!((count(&second), second.get("total")), (3, None));
        let phone = ana.pulls(None, 3).await;
        assert_eq!((rows(&phone, "household"), rows(&phone, "visit"), phone.total), (7, 7, Some(7)));
        for visit in sent {
            let body = phone.visit(visit.id).unwrap();
            assert_eq!((&body["hash"], &body["state"]), (&json!(visit.hash), &json!("in_review")));
            assert_eq!((&body["visitor"]["id"], &body["proposal"]), (&json!(ana.id), &Value::Null));
            assert!(phone.household(visit.household).is_some());
        }
    }

    async fn a_phone_killed_at_any_page_ends_up_the_same(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        visits(&ana, 5).await;
        let whole = ana.pulls(None, 2).await;
        for killed_at in 0..whole.pages {
            let mut phone = Phone::default();
            for _ in 0..killed_at {
                let page = ana.pulls_page(phone.cursor.as_deref(), 2).await.ok();
                phone.takes(&page);
            }
            // This answer was never stored; the phone goes on from the cursor that it kept.
            ana.pulls_page(phone.cursor.as_deref(), 2).await.ok();
            while phone.takes(&ana.pulls_page(phone.cursor.as_deref(), 2).await.ok()) {}
            assert_eq!((&phone.rows, phone.total), (&whole.rows, whole.total), "killed at page {killed_at}");
        }
    }

    async fn pages_of_every_size_hold_the_same(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        visits(&ana, 4).await;
        let whole = ana.pulls(None, 500).await;
        for limit in [1, 3, 4, 5] {
            assert_eq!(ana.pulls(None, limit).await.rows, whole.rows, "{limit}");
        }
        assert_eq!(ana.pulls(None, 0).await.rows, whole.rows, "a limit below one is one");
    }

    async fn what_changes_during_a_first_sync_arrives(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let sent = visits(&ana, 3).await;
        let mut phone = Phone::default();
        phone.takes(&ana.pulls_page(None, 1).await.ok());
        let early = sent.iter().find(|visit| phone.household(visit.household).is_some()).unwrap();
        boss.approves(early).await.ok();
        let found = ana.submits(a_visit()).await.applied();
        while phone.takes(&ana.pulls_page(phone.cursor.as_deref(), 1).await.ok()) {}
        assert_eq!(phone.household(early.household).unwrap()["rev"], 1);
        assert_eq!(phone.visit(early.id).unwrap()["state"], "approved");
        assert!(phone.household(found.household).is_some() && phone.visit(found.id).is_some());
        assert_eq!(phone.rows, ana.pulls(None, 500).await.rows);
    }

    async fn after_a_sync_only_what_is_new_comes(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let sent = visits(&ana, 3).await;
        let mut phone = ana.pulls(None, 500).await;
        let quiet = ana.pulls_page(phone.cursor.as_deref(), 500).await.ok();
        assert_eq!((&quiet["changes"], &quiet["evict"], &quiet["more"]), (&json!([]), &json!([]), &json!(false)));
        boss.returns(&sent[1]).await.ok();
        let news = ana.pulls_page(phone.cursor.as_deref(), 500).await.ok();
        let ids: Vec<_> = news["changes"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert!(
            ids.iter().all(|id| [sent[1].id.to_string(), sent[1].household.to_string()].contains(&id.to_string())),
            "{ids:?}"
        );
        phone.takes(&news);
        assert_eq!(phone.visit(sent[1].id).unwrap()["state"], "returned");
        assert_eq!(phone.rows, ana.pulls(None, 500).await.rows);
    }

    async fn a_returned_visit_comes_back_to_its_visitor_whole_and_to_nobody_else(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let responsible = app.hire(Role::Responsible).sign_in().await;
        let boss = app.supervisor().named("审核员甲").sign_in().await;
        let draft = a_first_survey();
        let visit = ana.submits(draft.clone()).await.applied();
        boss.assigns(visit.household, Some(ana.id), Some(responsible.id)).await.ok();
        boss.returns(&visit).await.ok();
        let body = ana.pulls(None, 500).await.visit(visit.id).unwrap().clone();
        assert_eq!(
            body["review"],
            json!({
                "by": { "id": boss.id, "name": "审核员甲" }, "at": app.now(), "decision": "returned", "text": "请补充",
                "reasons": [{ "path": "residence_address", "code": "other", "text": "请写到门牌号" }],
            })
        );
        assert_eq!(body["proposal"]["changes"], visit.proposal["changes"]);
        assert_eq!(body["proposal"]["visit"], visit.proposal["visit"]);
        let theirs = responsible.pulls(None, 500).await;
        assert_eq!(theirs.visit(visit.id).unwrap()["proposal"], Value::Null);
        ana.submits(draft.again(&visit, 2)).await.applied();
        assert_eq!(ana.pulls(None, 500).await.visit(visit.id).unwrap()["proposal"], Value::Null);
    }

    async fn numbers_are_masked_but_ones_own_households_can_be_called(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let visit = ana.submits(a_first_survey()).await.applied();
        boss.approves(&visit).await.ok();
        let reply = ana.pulls_page(None, 500).await;
        assert!(!reply.text().contains(&visit.id_no()));
        let phone = ana.pulls(None, 500).await;
        let body = phone.household(visit.household).unwrap();
        let (id, person) = body["file"]["persons"].as_object().unwrap().iter().next().unwrap();
        assert_eq!((&person["phone"], &person["id_no"]), (&json!("154****5678"), &json!("110***********002X")));
        assert_eq!(body["clear"], json!({ format!("persons/{id}/phone"): PHONE }));
        assert_eq!(body["file"]["residence_address"], ADDRESS);
        assert_eq!(
            (&body["rev"], &body["status"], &body["is_lead"]),
            (&json!(1), &json!("first_review"), &json!(false))
        );
    }

    async fn a_household_in_other_hands_leaves_the_phone_and_enters_whole_at_the_new_one(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let bo = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let (moved, kept) = (ana.submits(a_first_survey()).await.applied(), ana.submits(a_visit()).await.applied());
        boss.approves(&moved).await.ok();
        let older = ana.submits(a_revisit(&moved, 1)).await.applied();
        let (mut mine, mut theirs) = (ana.pulls(None, 500).await, bo.pulls(None, 500).await);
        assert!(theirs.rows.is_empty());
        boss.assigns(moved.household, Some(bo.id), None).await.ok();
        while mine.takes(&ana.pulls_page(mine.cursor.as_deref(), 1).await.ok()) {}
        assert_eq!(mine.evicted, [("household".to_owned(), moved.household.to_string())]);
        assert!(mine.household(moved.household).is_none() && mine.household(kept.household).is_some());
        while theirs.takes(&bo.pulls_page(theirs.cursor.as_deref(), 1).await.ok()) {}
        let body = theirs.household(moved.household).unwrap();
        assert_eq!((&body["contact"]["id"], body["clear"].as_object().unwrap().len()), (&json!(bo.id), 1));
        assert!(theirs.visit(moved.id).is_some() && theirs.visit(older.id).is_some());
        assert_eq!(theirs.rows, bo.pulls(None, 500).await.rows);
        assert_eq!(mine.rows, ana.pulls(None, 500).await.rows, "a fresh phone of the former contact holds the same");
    }

    async fn back_and_forth_within_one_sync_leaves_what_is_true_now(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let bo = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        let mut phone = ana.pulls(None, 500).await;
        boss.assigns(visit.household, Some(bo.id), None).await.ok();
        boss.assigns(visit.household, Some(ana.id), None).await.ok();
        while phone.takes(&ana.pulls_page(phone.cursor.as_deref(), 500).await.ok()) {}
        assert!(phone.household(visit.household).is_some());
        assert_eq!(phone.rows, ana.pulls(None, 500).await.rows);
    }

    async fn a_union_holds_the_households_of_its_region(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let union = app.hire(Role::GrassrootsAdmin).in_region(TOWN).sign_in().await;
        let mut phone = union.pulls(None, 500).await;
        let visit = ana.submits(a_visit()).await.applied();
        let elsewhere = ana.submits(a_visit().in_town("150602002")).await.applied();
        while phone.takes(&union.pulls_page(phone.cursor.as_deref(), 500).await.ok()) {}
        assert!(phone.household(visit.household).is_some() && phone.household(elsewhere.household).is_none());
        boss.approves(&visit).await.ok();
        while phone.takes(&union.pulls_page(phone.cursor.as_deref(), 500).await.ok()) {}
        assert_eq!(phone.household(visit.household).unwrap()["rev"], 1);
        assert_eq!(phone.rows, union.pulls(None, 500).await.rows);
    }

    async fn nothing_of_another_region_is_in_any_page(app: &TestApp) {
        const CANARY: &str = "其其格康巴什";
        let far = app.caseworker().in_region("150603").sign_in().await;
        let far_boss = app.supervisor().in_region("150603").sign_in().await;
        let draft = a_first_survey()
            .in_town(OTHER_TOWN)
            .of_person(CANARY)
            .set("residence_address", json!("金丝雀社区77号楼7单元"));
        let visit = far.submits(draft).await.applied();
        far_boss.approves(&visit).await.ok();
        far.submits(a_revisit(&visit, 1)).await.applied();
        let people = [
            app.caseworker().sign_in().await,
            app.hire(Role::Responsible).sign_in().await,
            app.hire(Role::GrassrootsAdmin).sign_in().await,
        ];
        for person in people {
            person.submits(a_visit()).await.applied();
            let mut cursor: Option<String> = None;
            loop {
                let reply = person.pulls_page(cursor.as_deref(), 1).await;
                for canary in
                    [CANARY, "金丝雀", &visit.id.to_string(), &visit.household.to_string(), &far.id.to_string()]
                {
                    assert!(!reply.text().contains(canary), "{canary} reached {}", person.role);
                }
                cursor = reply.ok()["cursor"].as_str().map(str::to_owned);
                if reply.ok()["more"] == false {
                    break;
                }
            }
        }
    }

    async fn a_new_area_is_sent_anew(app: &TestApp) {
        let admin = app.admin().sign_in().await;
        let union = app.hire(Role::GrassrootsAdmin).in_region(TOWN).sign_in().await;
        let ana = app.caseworker().sign_in().await;
        let (here, there) =
            (ana.submits(a_visit()).await.applied(), ana.submits(a_visit().in_town("150602002")).await.applied());
        let phone = union.pulls(None, 500).await;
        assert!(phone.household(here.household).is_some());
        admin.patches(&format!("/api/v1/users/{}", union.id), &json!({ "scope": "150602002" })).await.ok();
        let union = Actor::sign_in(app, &union.login, &union.password).await;
        let anew = union.pulls(phone.cursor.as_deref(), 500).await;
        assert_eq!(anew.total, Some(1), "the old cursor starts over");
        assert!(anew.household(there.household).is_some() && anew.household(here.household).is_none());
    }

    async fn a_union_keeps_files_but_calls_nobody(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let union = app.hire(Role::GrassrootsAdmin).in_region(TOWN).sign_in().await;
        let visit = ana.submits(a_first_survey()).await.applied();
        boss.approves(&visit).await.ok();
        let reply = union.pulls_page(None, 500).await;
        assert!(!reply.text().contains(PHONE));
        assert_eq!(union.pulls(None, 500).await.household(visit.household).unwrap()["clear"], json!({}));
        boss.assigns(visit.household, Some(union.id), None).await.ok();
        let clear = union.pulls(None, 500).await.household(visit.household).unwrap()["clear"].clone();
        assert_eq!(clear.as_object().unwrap().len(), 1, "whoever is the contact calls");
    }

    async fn a_household_that_moves_takes_its_visits_to_the_union_of_its_new_region(app: &TestApp) {
        let ana = app.caseworker().in_region("1506").sign_in().await;
        let city = app.city_reviewer().sign_in().await;
        let old = app.hire(Role::GrassrootsAdmin).in_region(TOWN).sign_in().await;
        let new = app.hire(Role::GrassrootsAdmin).in_region(OTHER_TOWN).sign_in().await;
        let boss = app.supervisor().in_region("150603").sign_in().await;
        let first = ana.submits(a_first_survey()).await.applied();
        city.approves(&first).await.ok();
        let (mut left, mut entered) = (old.pulls(None, 500).await, new.pulls(None, 500).await);
        assert!(left.household(first.household).is_some() && entered.rows.is_empty());
        let moved = ana.submits(a_revisit(&first, 1).moved_to("示例社区88号楼1单元101室").in_town(OTHER_TOWN)).await.applied();
        while left.takes(&old.pulls_page(left.cursor.as_deref(), 500).await.ok()) {}
        city.approves(&moved).await.ok();
        while left.takes(&old.pulls_page(left.cursor.as_deref(), 500).await.ok()) {}
        while entered.takes(&new.pulls_page(entered.cursor.as_deref(), 500).await.ok()) {}
        assert!(left.rows.is_empty(), "{:?}", left.rows.keys());
        assert!(entered.household(first.household).is_some());
        assert!(entered.visit(first.id).is_some() && entered.visit(moved.id).is_some());
        assert_eq!(entered.rows, new.pulls(None, 500).await.rows);
        boss.opens(&first).await.ok();
        old.opens(&first).await.refused(404, "not_found");
    }
}

on_one_database! {
    async fn a_cursor_of_another_history_starts_over(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        visits(&ana, 2).await;
        let phone = ana.pulls(None, 500).await;
        let text = BASE64.decode(phone.cursor.as_deref().unwrap()).unwrap();
        let mut cursor: Value = serde_json::from_slice(&text).unwrap();
        cursor["history"] = json!(Uuid::now_v7());
        let page = ana.pulls_page(Some(&BASE64.encode(cursor.to_string())), 500).await.ok();
        assert_eq!(page["total"], 2);
    }

    async fn a_cursor_that_is_none_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        for text in ["x", "", "AAAA", &"A".repeat(5000), &BASE64.encode("{}"), &BASE64.encode("null")] {
            ana.pulls_page(Some(text), 10).await.refused(400, "request.cursor");
        }
    }

    async fn a_borrowed_cursor_shows_nothing_of_its_owner(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let bo = app.caseworker().sign_in().await;
        let start = ana.pulls(None, 500).await;
        let visit = ana.submits(a_visit()).await.applied();
        let reply = bo.pulls_page(start.cursor.as_deref(), 500).await;
        assert!(!reply.text().contains(&visit.household.to_string()));
        assert_eq!(reply.ok()["changes"], json!([]));
    }
}
