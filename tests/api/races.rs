//! Two people at once: exactly one wins, and the other hears of it. Many rounds, on both databases.

use ruhu_tests::{Reply, a_first_survey, a_revisit, a_visit, on_both_databases};
use serde_json::json;

const ROUNDS: usize = 12;

/// One of the two won; the loser's code.
#[track_caller]
fn loser<'a>(one: &'a Reply, two: &'a Reply) -> &'a Reply {
    match (one.status, two.status) {
        (200, status) if status != 200 => two,
        (status, 200) if status != 200 => one,
        _ => panic!("{} {} / {} {}", one.status, one.text(), two.status, two.text()),
    }
}

on_both_databases! {
    async fn of_two_approvals_at_once_exactly_one_wins(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let city = app.city_reviewer().sign_in().await;
        for _ in 0..ROUNDS {
            let visit = ana.submits(a_visit()).await.applied();
            let (one, two) = tokio::join!(boss.approves(&visit), city.approves(&visit));
            let decided = loser(&one, &two).refused(409, "visit.already_decided")["decided"].clone();
            let winner = if one.status == 200 { boss.id } else { city.id };
            assert_eq!(decided["by"]["id"], json!(winner));
            let found = boss.gets(&format!("/api/v1/households/{}", visit.household)).await.ok();
            assert_eq!(found["household"]["rev"], 1, "one revision");
        }
    }

    async fn an_approval_and_a_return_at_once_make_one_decision(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let city = app.city_reviewer().sign_in().await;
        for _ in 0..ROUNDS {
            let visit = ana.submits(a_visit()).await.applied();
            let (approved, returned) = tokio::join!(boss.approves(&visit), city.returns(&visit));
            loser(&approved, &returned).refused(409, "visit.already_decided");
            let state = boss.opens(&visit).await.ok()["visit"]["state"].clone();
            assert_eq!(state, if approved.status == 200 { "approved" } else { "returned" });
        }
    }

    async fn a_withdrawal_and_an_approval_at_once_make_one_end(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        for _ in 0..ROUNDS {
            let visit = ana.submits(a_visit()).await.applied();
            let (withdrawn, approved) = tokio::join!(ana.withdraws(&visit, "走错了门"), boss.approves(&visit));
            let receipt = withdrawn.receipt();
            let found = boss.gets(&format!("/api/v1/households/{}", visit.household)).await.ok();
            if approved.status == 200 {
                receipt.refused_with("visit.already_decided");
                assert_eq!(found["household"]["rev"], 1);
            } else {
                receipt.applied();
                approved.refused(409, "visit.already_decided");
                assert_eq!(found["household"]["rev"], 0);
            }
        }
    }

    async fn approvals_of_two_visits_to_one_household_at_once_lose_nothing(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let city = app.city_reviewer().sign_in().await;
        for round in 0..4 {
            let first = ana.submits(a_first_survey()).await.applied();
            boss.approves(&first).await.ok();
            let address = format!("示例社区{:02}号楼1单元101室", 10 + round);
            let moved = ana.submits(a_revisit(&first, 1).moved_to(&address)).await.applied();
            let noted = a_revisit(&first, 1).found_changed("moved").set("residence_note", json!("从东门进"));
            let noted = ana.submits(noted).await.applied();
            let (one, two) = tokio::join!(boss.approves(&moved), city.approves(&noted));
            loser(&one, &two).refused(409, "visit.stale_review");
            let late = if one.status == 200 { &noted } else { &moved };
            city.approves(late.approval().seeing("file_rev", 2)).await.ok();
            let found = city.gets(&format!("/api/v1/households/{}", first.household)).await.ok();
            let household = &found["household"];
            assert_eq!((&household["rev"], &household["file"]["residence_address"]), (&json!(3), &json!(address)));
            assert_eq!(household["file"]["residence_note"], "从东门进");
        }
    }

    async fn an_assignment_and_an_approval_at_once_both_end_well(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let bo = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let city = app.city_reviewer().sign_in().await;
        for _ in 0..ROUNDS {
            let visit = ana.submits(a_visit()).await.applied();
            let (approved, assigned) =
                tokio::join!(boss.approves(&visit), city.assigns(visit.household, Some(bo.id), None));
            approved.ok();
            let household = match assigned.status {
                409 => city.assigns(visit.household, Some(bo.id), None).await.ok(),
                _ => assigned.ok(),
            };
            assert_eq!(household["contact"]["id"], json!(bo.id));
            let now = boss.gets(&format!("/api/v1/households/{}", visit.household)).await.ok();
            assert_eq!((&now["household"]["rev"], &now["household"]["contact"]["id"]), (&json!(1), &json!(bo.id)));
            assert_eq!(bo.pulls(None, 500).await.household(visit.household).unwrap()["rev"], 1);
        }
    }

    async fn pushes_and_pulls_at_once_lose_nothing(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let mut phone = ana.pulls(None, 500).await;
        let mut sent = Vec::new();
        for _ in 0..ROUNDS {
            let visit = ana.submits(a_visit()).await.applied();
            let (approved, page) = tokio::join!(boss.approves(&visit), ana.pulls_page(phone.cursor.as_deref(), 2));
            approved.ok();
            phone.takes(&page.ok());
            sent.push(visit);
        }
        while phone.takes(&ana.pulls_page(phone.cursor.as_deref(), 2).await.ok()) {}
        for visit in sent {
            assert_eq!(phone.visit(visit.id).unwrap()["state"], "approved");
            assert_eq!(phone.household(visit.household).unwrap()["rev"], 1);
        }
    }
}
