//! The review queue and the record.

use ruhu_domain::actor::Role;
use ruhu_tests::factories::{NAME, OTHER_TOWN, PHONE};
use ruhu_tests::{Actor, a_first_survey, a_revisit, a_visit, on_both_databases};
use serde_json::{Value, json};
use uuid::Uuid;

/// Ids of a list, in its order.
async fn queue(actor: &Actor, filter: &str) -> Vec<Uuid> {
    let list = actor.gets(&format!("/api/v1/visits{filter}")).await.ok();
    let ids: Vec<Uuid> =
        list["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().parse().unwrap()).collect();
    assert_eq!(list["total"], ids.len(), "{filter}");
    ids
}

fn change<'a>(record: &'a Value, path: &str) -> &'a Value {
    record["changes"].as_array().unwrap().iter().find(|change| change["path"] == path).unwrap()
}

on_both_databases! {
    async fn the_queue_shows_what_waits_the_oldest_first(app: &TestApp) {
        let ana = app.caseworker().named("演示甲").sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let mut sent = Vec::new();
        for _ in 0..3 {
            app.clock.pass_s(60);
            sent.push(ana.submits(a_visit()).await.applied());
        }
        boss.approves(&sent[1]).await.ok();
        assert_eq!(queue(&boss, "").await, [sent[0].id, sent[2].id]);
        assert_eq!(queue(&boss, "?state=approved").await, [sent[1].id]);
        assert_eq!(queue(&boss, "?state=all").await, [sent[0].id, sent[1].id, sent[2].id]);
        let item = boss.gets("/api/v1/visits").await.ok()["items"][0].clone();
        assert_eq!(item["visitor"], json!({ "id": ana.id, "name": "演示甲" }));
        assert_eq!(
            (&item["visit_type"], &item["outcome"], &item["region_code"]),
            (&json!("V01"), &json!("absent"), &json!("150602001"))
        );
        assert_eq!((&item["rev"], &item["warnings"], &item["review"]), (&json!(1), &json!(0), &Value::Null));
    }

    async fn the_queue_is_narrowed_by_its_filters(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let bo = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let survey = ana.submits(a_first_survey().set("declared_size", json!(3))).await.applied();
        let street = bo
            .submits(a_visit().in_town("150602002").set("residence_address", json!("春风小区10号楼100%室")))
            .await
            .applied();
        assert_eq!(queue(&boss, "?has_warnings=true").await, [survey.id]);
        assert_eq!(queue(&boss, "?has_warnings=false").await, [street.id]);
        assert_eq!(queue(&boss, &format!("?visitor={}", bo.id)).await, [street.id]);
        assert_eq!(queue(&boss, "?region=150602002").await, [street.id]);
        assert_eq!(queue(&boss, "?region=1506").await.len(), 2);
        assert_eq!(queue(&boss, "?region=150603").await.len(), 0);
        assert_eq!(queue(&boss, "?visit_type=V01").await.len(), 2);
        assert_eq!(queue(&boss, "?visit_type=V02").await.len(), 0);
        assert_eq!(queue(&boss, "?q=%E4%B9%8C%E4%BA%91").await, [survey.id], "part of the name");
        assert_eq!(queue(&boss, "?q=%E6%98%A5%E9%A3%8E").await, [street.id], "part of the address");
        assert_eq!(queue(&boss, "?q=100%25").await, [street.id]);
        assert_eq!(queue(&boss, "?q=%25").await, [street.id], "a wildcard is a plain character");
        assert_eq!(queue(&boss, "?q=_").await.len(), 0);
        assert_eq!(queue(&boss, "?q=%27%20OR%201=1--").await.len(), 0);
    }

    async fn pages_hold_every_visit_once_with_the_total_of_all(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let mut sent = Vec::new();
        for round in 0..7 {
            // Some arrive in the same instant.
            app.clock.pass_s(round % 3);
            sent.push(ana.submits(a_visit()).await.applied().id);
        }
        let (mut seen, mut path) = (Vec::new(), "/api/v1/visits?limit=3".to_owned());
        loop {
            let page = boss.gets(&path).await.ok();
            assert_eq!(page["total"], 7);
            seen.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|item| item["id"].as_str().unwrap().parse::<Uuid>().unwrap()),
            );
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/api/v1/visits?limit=3&cursor={cursor}");
        }
        assert_eq!(seen.len(), 7);
        seen.sort_unstable();
        sent.sort_unstable();
        assert_eq!(seen, sent);
    }

    async fn the_desk_sees_masks_and_the_visitor_the_name(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let visit = ana.submits(a_first_survey()).await.applied();
        let masked = boss.gets("/api/v1/visits").await.ok()["items"][0]["name"].clone();
        assert!(masked.as_str().unwrap().contains('*') && masked != NAME, "{masked}");
        assert_eq!(ana.gets("/api/v1/visits").await.ok()["items"][0]["name"], NAME);
        let record = boss.opens(&visit).await;
        for secret in [visit.id_no().as_str(), PHONE] {
            assert!(!record.text().contains(secret), "{secret}");
        }
    }

    async fn a_queue_ends_at_the_border_of_its_reader(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let far = app.caseworker().in_region("150603").sign_in().await;
        let (near, there) =
            (ana.submits(a_visit()).await.applied(), far.submits(a_visit().in_town(OTHER_TOWN)).await.applied());
        assert_eq!(queue(&app.supervisor().sign_in().await, "").await, [near.id]);
        assert_eq!(queue(&app.supervisor().in_region("150603").sign_in().await, "").await, [there.id]);
        assert_eq!(queue(&app.city_reviewer().sign_in().await, "").await.len(), 2);
        assert_eq!(queue(&ana, "").await, [near.id]);
        assert_eq!(queue(&app.caseworker().sign_in().await, "?state=all").await.len(), 0);
        assert_eq!(queue(&app.supervisor().sign_in().await, "?region=150603&state=all").await.len(), 0);
    }

    async fn the_record_shows_changes_figures_and_what_the_reader_may_do(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let visit = ana.submits(a_first_survey().set("declared_size", json!(3))).await.applied();
        let record = boss.opens(&visit).await.ok();
        assert_eq!(record["form"], json!({ "id": "V01", "version": 1 }));
        assert_eq!(record["answers"]["outcome"], "done");
        let address = change(&record, "residence_address");
        assert_eq!(
            (&address["from"], &address["current"], &address["standing"]),
            (&Value::Null, &Value::Null, &json!("clean"))
        );
        assert_eq!(address["to"], "示例社区03号楼2单元501室");
        assert_eq!(record["warnings"][0]["code"], "W1");
        let figures = &record["figures"];
        assert_eq!((&figures["before"]["persons_count"], &figures["after"]["persons_count"]), (&json!(0), &json!(1)));
        assert_eq!(figures["after"]["household_size"], 1);
        assert_eq!((&record["household"]["rev"], &record["household"]["clear"]), (&json!(0), &json!({})));
        assert_eq!(record["may"], json!({ "review": true, "send_back": true, "approve": true, "why_not": null }));
        assert_eq!(ana.opens(&visit).await.ok()["may"]["review"], false);
        let auditor = app.auditor().sign_in().await;
        assert_eq!(auditor.opens(&visit).await.ok()["may"], json!({ "review": false, "send_back": true, "approve": true, "why_not": "auth.not_allowed" }));
        boss.approves(&visit).await.ok();
        assert_eq!(
            boss.opens(&visit).await.ok()["may"],
            json!({ "review": false, "send_back": true, "approve": true, "why_not": "visit.already_decided" })
        );
    }

    async fn the_record_of_a_revisit_compares_with_the_file_now(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let first = ana.submits(a_first_survey()).await.applied();
        boss.approves(&first).await.ok();
        app.clock.pass_s(300);
        let one = ana.submits(a_revisit(&first, 1).moved_to("示例社区88号楼1单元101室")).await.applied();
        app.clock.pass_s(300);
        let two = ana.submits(a_revisit(&first, 1).moved_to("示例社区99号楼1单元101室")).await.in_conflict();
        boss.approves(&one).await.ok();
        let record = boss.opens(&two).await.ok();
        let address = change(&record, "residence_address");
        assert_eq!(
            (&address["from"], &address["to"]),
            (&json!("示例社区03号楼2单元501室"), &json!("示例社区99号楼1单元101室"))
        );
        assert_eq!(
            (&address["current"], &address["standing"], &address["moved"]),
            (&json!("示例社区88号楼1单元101室"), &json!("moved"), &json!(true))
        );
        let earlier: Vec<&str> =
            record["earlier"].as_array().unwrap().iter().map(|visit| visit["id"].as_str().unwrap()).collect();
        assert_eq!(earlier, [one.id.to_string(), first.id.to_string()], "the newest first");
    }

    async fn a_mended_visit_shows_what_was_returned(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let first = ana.submits(a_visit()).await.applied();
        assert_eq!(boss.opens(&first).await.ok()["previous"], Value::Null);
        boss.returns(&first).await.ok();
        let mended = ana
            .submits(a_visit().again(&first, 2).set("residence_address", json!("示例社区05号楼1单元101室")))
            .await
            .applied();
        let record = boss.opens(&mended).await.ok();
        assert_eq!(record["previous"]["rev"], 1);
        let old = record["previous"]["changes"]
            .as_array()
            .unwrap()
            .iter()
            .find(|change| change["path"] == "residence_address")
            .unwrap()
            .clone();
        assert_eq!(old["to"], "示例社区03号楼2单元501室");
        assert_eq!(change(&record, "residence_address")["to"], "示例社区05号楼1单元101室");
    }

    async fn a_record_outside_of_the_scope_is_not_there(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        for stranger in [
            app.caseworker().sign_in().await,
            app.supervisor().in_region("150603").sign_in().await,
            app.hire(Role::GrassrootsAdmin).in_region("150602002").sign_in().await,
        ] {
            stranger.opens(&visit).await.refused(404, "not_found");
        }
        ana.gets(&format!("/api/v1/visits/{}", Uuid::now_v7())).await.refused(404, "not_found");
    }

    async fn a_former_caseworker_reads_and_searches_the_file_no_more(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let bo = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let visit = ana.submits(a_first_survey()).await.applied();
        boss.approves(&visit).await.ok();
        ana.opens(&visit).await.ok();
        let search = "?state=all&q=%E4%B9%8C%E4%BA%91";
        assert_eq!(queue(&ana, search).await, [visit.id]);
        boss.assigns(visit.household, Some(bo.id), None).await.ok();
        ana.opens(&visit).await.refused(404, "not_found");
        assert_eq!(queue(&ana, search).await.len(), 0);
        assert_eq!(queue(&bo, search).await, [visit.id]);
        assert_eq!(queue(&boss, search).await, [visit.id]);
        assert_eq!(queue(&ana, "?state=all").await, [visit.id], "the visit itself stays theirs");
        bo.opens(&visit).await.ok();
    }
}
