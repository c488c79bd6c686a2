//! Household files at the desk: list, search, due days, revisions, assignment.

use ruhu_domain::actor::Role;
use ruhu_tests::factories::{NAME, OTHER_TOWN, PHONE};
use ruhu_tests::{Actor, a_first_survey, a_revisit, a_visit, on_both_databases};
use serde_json::{Value, json};
use uuid::Uuid;

/// Ids of a list, in its order.
async fn list(actor: &Actor, filter: &str) -> Vec<Uuid> {
    let list = actor.gets(&format!("/api/v1/households{filter}")).await.ok();
    let ids: Vec<Uuid> =
        list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(list["total"], ids.len(), "{filter}");
    ids
}

async fn pages(actor: &Actor, filter: &str) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = actor.gets(&format!("/api/v1/households?{filter}{cursor}")).await.ok();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { return seen };
        cursor = format!("&cursor={next}");
    }
}

on_both_databases! {
    async fn a_name_is_whole_for_whoever_knocks_at_the_door_and_masked_for_others(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        ana.submits(a_first_survey()).await.applied();
        let own = ana.gets("/api/v1/households").await.ok()["items"][0].clone();
        assert_eq!((&own["name"], &own["contact"]["id"]), (&json!(NAME), &json!(ana.id)));
        let desk = boss.gets("/api/v1/households").await.ok()["items"][0].clone();
        assert!(desk["name"].as_str().unwrap().contains('*'), "{desk}");
    }

    async fn the_list_is_searched_and_narrowed(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let survey = ana.submits(a_first_survey()).await.applied();
        let street = ana
            .submits(a_visit().in_town("150602002").set("residence_address", json!("春风小区10号楼100%室")))
            .await
            .applied();
        boss.approves(&survey).await.ok();
        for actor in [&ana, &boss] {
            assert_eq!(list(actor, "").await.len(), 2);
            assert_eq!(list(actor, "?q=%E4%B9%8C%E4%BA%91").await, [survey.household], "part of the name");
            assert_eq!(list(actor, "?q=%E6%98%A5%E9%A3%8E").await, [street.household], "part of the address");
            assert_eq!(list(actor, "?q=%25").await, [street.household], "a wildcard is a plain character");
            assert_eq!(list(actor, "?status=draft").await, [street.household]);
            assert_eq!(list(actor, "?status=first_review").await, [survey.household]);
            assert_eq!(list(actor, "?region=150602001").await, [survey.household]);
            assert_eq!(list(actor, "?region=150603").await.len(), 0);
            assert_eq!(list(actor, "?due=2027-02-20").await.len(), 0);
            assert_eq!(list(actor, "?due=2027-02-21").await, [survey.household]);
            let number = survey.id_no();
            assert_eq!(list(actor, &format!("?q={number}")).await, [survey.household]);
            assert_eq!(list(actor, &format!("?q={}", &number[..17])).await.len(), 0, "only a whole number finds");
        }
    }

    async fn pages_hold_every_household_once_in_every_order(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let mut wanted = Vec::new();
        for day in ["2026-12-07", "2026-12-05", "2026-12-06", "2026-12-05", "2026-12-05"] {
            let visit = ana.submits(a_visit().answering("next_try_on", json!(day))).await.applied();
            boss.approves(&visit).await.ok();
            wanted.push((day, visit.household.to_string()));
        }
        for filter in ["limit=2", "limit=1", "limit=5"] {
            let mut seen = pages(&ana, filter).await;
            seen.sort();
            let mut all: Vec<_> = wanted.iter().map(|(_, id)| id.clone()).collect();
            all.sort();
            assert_eq!(seen, all, "{filter}");
        }
        wanted.sort();
        let by_day: Vec<_> = wanted.into_iter().map(|(_, id)| id).collect();
        assert_eq!(pages(&ana, "due=2026-12-31&limit=2").await, by_day, "the earliest due first");
        assert_eq!(pages(&ana, "due=2026-12-31&limit=1").await, by_day);
    }

    async fn a_list_ends_at_the_border_of_its_reader(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let far = app.caseworker().in_region("150603").sign_in().await;
        let here = ana.submits(a_visit()).await.applied();
        let there = far.submits(a_visit().in_town(OTHER_TOWN)).await.applied();
        assert_eq!(list(&app.supervisor().sign_in().await, "").await, [here.household]);
        assert_eq!(list(&app.auditor().sign_in().await, "").await.len(), 2);
        assert_eq!(list(&app.caseworker().sign_in().await, "").await.len(), 0);
        assert_eq!(list(&app.supervisor().sign_in().await, "?region=150603").await.len(), 0);
        let stranger = app.supervisor().sign_in().await;
        for path in ["", "/revisions"] {
            stranger.gets(&format!("/api/v1/households/{}{path}", there.household)).await.refused(404, "not_found");
        }
    }

    async fn a_household_is_found_by_a_whole_number_of_one_of_its_people(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let far = app.supervisor().in_region("150603").sign_in().await;
        let visit = ana.submits(a_first_survey()).await.applied();
        boss.approves(&visit).await.ok();
        ana.submits(a_visit()).await.applied();
        let id_no = visit.id_no();
        for number in [&id_no, &id_no.to_lowercase(), PHONE] {
            let q = format!("?q={number}");
            assert_eq!(list(&boss, &q).await, [visit.household], "{number}");
            assert_eq!(list(&far, &q).await.len(), 0, "out of scope");
        }
        assert_eq!(list(&boss, &format!("?q={}", &PHONE[..10])).await.len(), 0, "a part finds nothing");
        assert_eq!(list(&boss, "?q=15400009999").await.len(), 0);
        boss.gets("/api/v1/households?q=a%00b").await.refused(400, "request.query");
    }

    async fn the_file_is_masked_at_the_desk(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let visit = ana.submits(a_first_survey()).await.applied();
        boss.approves(&visit).await.ok();
        for path in ["", "/revisions"] {
            let reply = boss.gets(&format!("/api/v1/households/{}{path}", visit.household)).await;
            reply.ok();
            for secret in [visit.id_no().as_str(), PHONE] {
                assert!(!reply.text().contains(secret), "{secret} in {path}");
            }
        }
        let found = boss.gets(&format!("/api/v1/households/{}", visit.household)).await.ok();
        assert_eq!((&found["household"]["clear"], &found["may_assign"]), (&json!({}), &json!(true)));
        let auditor = app.auditor().sign_in().await;
        assert_eq!(auditor.gets(&format!("/api/v1/households/{}", visit.household)).await.ok()["may_assign"], false);
    }

    async fn every_revision_says_who_when_and_what(app: &TestApp) {
        let ana = app.caseworker().named("演示甲").sign_in().await;
        let boss = app.supervisor().named("审核员甲").sign_in().await;
        let first = ana.submits(a_first_survey()).await.applied();
        boss.approves(&first).await.ok();
        app.clock.pass_s(300);
        let moved = ana.submits(a_revisit(&first, 1).moved_to("示例社区88号楼1单元101室")).await.applied();
        boss.approves(&moved).await.ok();
        let path = format!("/api/v1/households/{}/revisions", first.household);
        let newest = boss.gets(&format!("{path}?limit=1")).await.ok();
        let item = &newest["items"][0];
        assert_eq!((&item["rev"], &item["visit_id"], &item["at"]), (&json!(2), &json!(moved.id), &json!(app.now())));
        assert_eq!((&item["by"]["name"], &item["visitor"]["name"]), (&json!("审核员甲"), &json!("演示甲")));
        assert_eq!(
            item["changes"],
            json!([{
                "path": "residence_address", "from": "示例社区03号楼2单元501室", "to": "示例社区88号楼1单元101室",
            }])
        );
        let rest = boss.gets(&format!("{path}?limit=1&cursor={}", newest["next_cursor"].as_str().unwrap())).await.ok();
        assert_eq!((&rest["items"][0]["rev"], &rest["next_cursor"]), (&json!(1), &Value::Null));
    }

    async fn a_household_goes_only_to_people_who_do_field_work_there(app: &TestApp) {
        let admin = app.admin().sign_in().await;
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        let gone = app.caseworker().sign_in().await;
        admin.patches(&format!("/api/v1/users/{}", gone.id), &json!({ "disabled": true })).await.ok();
        for unfit in [
            app.caseworker().in_region("150603").sign_in().await.id,
            app.caseworker().in_region("150602002").sign_in().await.id,
            app.hire(Role::CardClerk).sign_in().await.id,
            boss.id,
            gone.id,
            Uuid::now_v7(),
        ] {
            let problem = boss.assigns(visit.household, Some(unfit), None).await.refused(400, "user.unfit");
            assert_eq!(problem["errors"][0]["path"], "contact_id");
            let problem = boss.assigns(visit.household, None, Some(unfit)).await.refused(400, "user.unfit");
            assert_eq!(problem["errors"][0]["path"], "responsible_id");
        }
        let responsible = app.hire(Role::Responsible).with_phone("0477-8500001").sign_in().await;
        let now = boss.assigns(visit.household, Some(ana.id), Some(responsible.id)).await.ok();
        assert_eq!(now["responsible"], json!({ "id": responsible.id, "name": "演示员", "work_phone": "0477-8500001" }));
        let none = boss.assigns(visit.household, None, None).await.ok();
        assert_eq!((&none["contact"], &none["responsible"]), (&Value::Null, &Value::Null));
        ana.gets(&format!("/api/v1/households/{}", visit.household)).await.refused(404, "not_found");
    }

    async fn a_household_of_another_area_cannot_be_assigned(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        let far = app.supervisor().in_region("150603").sign_in().await;
        far.assigns(visit.household, None, None).await.refused(404, "not_found");
        app.auditor().sign_in().await.assigns(visit.household, None, None).await.refused(403, "auth.not_allowed");
        ana.assigns(visit.household, None, None).await.refused(403, "auth.not_allowed");
    }
}
