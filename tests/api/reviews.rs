//! A reviewer's answers: each counts for exactly what was seen, never for one's own visit.

use crate::conflicts::{answers, the_card};
use ruhu_domain::actor::Role;
use ruhu_tests::factories::Draft;
use ruhu_tests::{Actor, TestApp, Visit, a_first_survey, a_revisit, a_visit, on_both_databases, on_one_database};
use serde_json::{Value, json};
use uuid::Uuid;

/// A caseworker, a reviewer, and a household whose first survey is approved.
async fn an_approved_household(app: &TestApp) -> (Actor, Actor, Visit) {
    let ana = app.caseworker().sign_in().await;
    let boss = app.supervisor().named("审核员甲").sign_in().await;
    let visit = ana.submits(a_first_survey()).await.applied();
    boss.approves(&visit).await.ok();
    (ana, boss, visit)
}

async fn household(actor: &Actor, visit: &Visit) -> Value {
    actor.gets(&format!("/api/v1/households/{}", visit.household)).await.ok()["household"].clone()
}

async fn newest_revision(actor: &Actor, visit: &Visit) -> Value {
    actor.gets(&format!("/api/v1/households/{}/revisions", visit.household)).await.ok()["items"][0].clone()
}

/// The same household with a second member.
pub fn with_second_person(draft: Draft) -> (Uuid, Draft) {
    let person = Uuid::now_v7();
    let cells = [
        ("name", json!("示例甲")),
        ("relation", json!("02")),
        ("id_type", json!("rid")),
        ("id_no", json!("110105194912310038")),
        ("birth_date", json!("1949-12-31")),
        ("sex", json!("1")),
        ("phone", json!("15400001111")),
        ("monthly_income", json!(0)),
        ("counted_in_household", json!(true)),
        ("lives_here", json!(true)),
        ("work_status", json!("retired")),
        ("person_identity", json!("retired")),
        ("health", json!("good")),
    ];
    let with = |draft: Draft, (column, value)| draft.set(&format!("persons/{person}/{column}"), value);
    (person, cells.into_iter().fold(draft, with))
}

on_both_databases! {
    async fn an_approval_writes_the_files_next_revision(app: &TestApp) {
        let (ana, boss, visit) = an_approved_household(app).await;
        let file = household(&boss, &visit).await;
        assert_eq!((&file["rev"], &file["status"]), (&json!(1), &json!("first_review")));
        assert_eq!((&file["last_visit_on"], &file["next_visit_due_on"]), (&json!("2026-11-23"), &json!("2027-02-21")));
        let revision = newest_revision(&boss, &visit).await;
        assert_eq!((&revision["rev"], &revision["hash"]), (&json!(1), &file["hash"]));
        assert_eq!((&revision["by"]["id"], &revision["visitor"]["id"]), (&json!(boss.id), &json!(ana.id)));
        assert_eq!((&revision["visit_id"], &revision["visit_type"]), (&json!(visit.id), &json!("V01")));
        let sent = visit.proposal["changes"].as_array().unwrap().len();
        assert_eq!(revision["changes"].as_array().unwrap().len(), sent);
        let shown = boss.opens(&visit).await.ok();
        assert_eq!((&shown["visit"]["state"], &shown["visit"]["file_rev"]), (&json!("approved"), &json!(1)));
        assert_eq!(shown["visit"]["review"]["by"]["name"], "审核员甲");
    }

    async fn an_approval_of_an_absent_visit_keeps_the_household_a_lead(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let visit = ana.submits(a_visit().answering("next_try_on", json!("2026-12-05"))).await.applied();
        boss.approves(&visit).await.ok();
        let file = household(&boss, &visit).await;
        assert_eq!((&file["rev"], &file["is_lead"], &file["last_visit_on"]), (&json!(1), &json!(true), &Value::Null));
        assert_eq!(file["next_visit_due_on"], "2026-12-05");
    }

    async fn nobody_decides_their_own_visit_whatever_their_role_became(app: &TestApp) {
        let admin = app.admin().sign_in().await;
        let ana = app.caseworker().sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        ana.approves(&visit).await.refused(403, "auth.not_allowed");
        for role in [Role::BannerSupervisor, Role::IndustrySupervisor, Role::CityReviewer] {
            admin.patches(&format!("/api/v1/users/{}", ana.id), &json!({ "role": role })).await.ok();
            let promoted = Actor::sign_in(app, &ana.login, &ana.password).await;
            promoted.approves(&visit).await.refused(403, "visit.own");
            promoted.returns(&visit).await.refused(403, "visit.own");
            promoted.rejects(&visit).await.refused(403, "visit.own");
            let may = promoted.opens(&visit).await.ok()["may"].clone();
            assert_eq!(may, json!({ "review": false, "send_back": false, "approve": true, "why_not": "visit.own" }), "{role}");
        }
        assert_eq!(app.supervisor().sign_in().await.opens(&visit).await.ok()["visit"]["state"], "in_review");
    }

    async fn an_approval_of_something_else_than_is_there_is_stale(app: &TestApp) {
        let (ana, boss, first) = an_approved_household(app).await;
        let visit = ana.submits(a_revisit(&first, 1).moved_to("示例社区88号楼1单元101室")).await.applied();
        for (key, value) in [
            ("visit_rev", json!(2)),
            ("visit_rev", json!(0)),
            ("visit_hash", json!("0".repeat(64))),
            ("file_rev", json!(0)),
            ("file_rev", json!(2)),
        ] {
            let problem = boss.approves(visit.approval().seeing(key, value)).await.refused(409, "visit.stale_review");
            let since = &problem["since"];
            assert_eq!((&since["visit_rev"], &since["visit_hash"]), (&json!(1), &json!(visit.hash)));
            assert_eq!(
                (&since["file_rev"], &since["state"], &since["moved"]),
                (&json!(1), &json!("in_review"), &json!([]))
            );
        }
        boss.approves(&visit).await.ok();
    }

    async fn an_approval_says_what_moved_since_the_page_was_opened(app: &TestApp) {
        let (ana, boss, first) = an_approved_household(app).await;
        let other = app.caseworker().sign_in().await;
        boss.assigns(first.household, Some(ana.id), Some(other.id)).await.ok();
        let note = |text: &str| a_revisit(&first, 1).found_changed("moved").set("residence_note", json!(text));
        let mine = ana.submits(note("从东门进")).await.applied();
        let theirs = other.submits(note("从西门进")).await.applied();
        boss.approves(&theirs).await.ok();
        let problem = boss.approves(&mine).await.refused(409, "visit.stale_review");
        assert_eq!(problem["since"]["file_rev"], 2);
        assert_eq!(
            problem["since"]["moved"],
            json!([{ "path": "residence_note", "before": null, "now": "从西门进" }])
        );
        assert_eq!(boss.approves(mine.approval().seeing("file_rev", 2)).await.ok()["file_rev"], 3);
    }

    async fn two_who_wrote_the_same_do_not_clash(app: &TestApp) {
        let (ana, boss, first) = an_approved_household(app).await;
        let draft = || a_revisit(&first, 1).moved_to("示例社区88号楼1单元101室");
        let (one, two) = (ana.submits(draft()).await.applied(), ana.submits(draft()).await.applied());
        boss.approves(&one).await.ok();
        let record = boss.opens(&two).await.ok();
        let change =
            record["changes"].as_array().unwrap().iter().find(|change| change["path"] == "residence_address").unwrap();
        assert_eq!((&change["standing"], &change["moved"]), (&json!("already"), &json!(false)));
        assert_eq!(boss.approves(two.approval().seeing("file_rev", 2)).await.ok()["file_rev"], 3);
    }

    async fn changes_to_different_paths_both_enter_the_file(app: &TestApp) {
        let (ana, boss, first) = an_approved_household(app).await;
        let one = ana.submits(a_revisit(&first, 1).moved_to("示例社区88号楼1单元101室")).await.applied();
        let note = a_revisit(&first, 1).found_changed("moved").set("residence_note", json!("从东门进，三楼左手"));
        let two = ana.submits(note).await.applied();
        boss.approves(&one).await.ok();
        boss.approves(two.approval().seeing("file_rev", 2)).await.ok();
        let file = household(&boss, &first).await["file"].clone();
        assert_eq!(
            (&file["residence_address"], &file["residence_note"]),
            (&json!("示例社区88号楼1单元101室"), &json!("从东门进，三楼左手"))
        );
    }

    async fn a_declined_path_keeps_its_old_value(app: &TestApp) {
        let (ana, boss, first) = an_approved_household(app).await;
        let draft = a_revisit(&first, 1).moved_to("示例社区88号楼1单元101室").set("residence_note", json!("从东门进"));
        let visit = ana.submits(draft).await.applied();
        let decided = boss.approves(visit.approval().declining("residence_address", "地址与户口不符")).await.ok();
        assert_eq!(
            decided["review"]["reasons"],
            json!([{ "path": "residence_address", "code": "declined", "text": "地址与户口不符" }])
        );
        let file = household(&boss, &first).await;
        assert_eq!(file["file"]["residence_address"], "示例社区03号楼2单元501室");
        assert_eq!(file["file"]["residence_note"], "从东门进");
        let paths: Vec<Value> = newest_revision(&boss, &first).await["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| change["path"].clone())
            .collect();
        assert_eq!(paths, [json!("residence_note")]);
    }

    async fn a_decision_is_about_a_change_and_a_decline_has_a_reason(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        let says = |decision: Value| boss.approves(visit.approval().saying(decision));
        says(json!({ "path": "residence_address", "accept": false })).await.refused(400, "visit.decision_reason");
        says(json!({ "path": "residence_address", "accept": false, "reason": "  " }))
            .await
            .refused(400, "visit.decision_reason");
        says(json!({ "path": "narrative", "accept": true })).await.refused(400, "visit.decision_unknown");
        let twice = visit.approval().declining("residence_address", "一").declining("residence_address", "二");
        boss.approves(twice).await.refused(400, "visit.decision_unknown");
        assert_eq!(boss.opens(&visit).await.ok()["visit"]["state"], "in_review");
    }

    async fn a_returned_visit_is_mended_and_approved(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let first = ana.submits(a_visit()).await.applied();
        let returned = boss.returns(&first).await.ok();
        assert_eq!((&returned["state"], &returned["rev"]), (&json!("returned"), &json!(1)));
        boss.approves(&first).await.refused(409, "visit.already_decided");
        let mended = ana
            .submits(a_visit().again(&first, 2).set("residence_address", json!("示例社区05号楼1单元101室")))
            .await
            .applied();
        // The page that showed revision 1 decides nothing any more.
        boss.approves(&first).await.refused(409, "visit.stale_review");
        boss.returns(&first).await.refused(409, "visit.stale_review");
        let record = boss.opens(&mended).await.ok();
        assert_eq!((&record["visit"]["rev"], &record["visit"]["hash"]), (&json!(2), &json!(mended.hash)));
        assert_eq!(record["visit"]["review"]["decision"], "returned", "the reasons stay visible");
        let decided = boss.approves(&mended).await.ok();
        assert_eq!(
            (&decided["state"], &decided["rev"], &decided["file_rev"]),
            (&json!("approved"), &json!(2), &json!(1))
        );
        assert_eq!(household(&boss, &first).await["file"]["residence_address"], "示例社区05号楼1单元101室");
    }

    async fn a_rejected_visit_stays_rejected(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        let rejected = boss.rejects(&visit).await.ok();
        assert_eq!(
            (&rejected["state"], &rejected["review"]["reasons"][0]["code"]),
            (&json!("rejected"), &json!("duplicate"))
        );
        let problem = boss.approves(&visit).await.refused(409, "visit.already_decided");
        assert_eq!(problem["decided"]["decision"], "rejected");
        ana.submits(a_visit().again(&visit, 2)).await.refused_with("visit.not_returned");
        assert_eq!(household(&boss, &visit).await["rev"], 0, "nothing entered the file");
    }

    async fn who_comes_second_hears_who_was_first_and_when(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().named("审核员甲").sign_in().await;
        let city = app.city_reviewer().sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        boss.approves(&visit).await.ok();
        let decided_at = app.now();
        app.clock.pass_s(90);
        for reply in [
            city.approves(&visit).await,
            city.returns(&visit).await,
            city.rejects(&visit).await,
            boss.approves(&visit).await,
        ] {
            let decided = &reply.refused(409, "visit.already_decided")["decided"];
            assert_eq!(
                decided,
                &json!({ "by": { "id": boss.id, "name": "审核员甲" }, "at": decided_at, "decision": "approved" })
            );
        }
    }

    async fn a_masked_number_that_was_left_alone_is_no_change(app: &TestApp) {
        let (ana, boss, first) = an_approved_household(app).await;
        let phone = ana.pulls(None, 500).await;
        let file = &phone.household(first.household).unwrap()["file"];
        let person = file["persons"].as_object().unwrap().keys().next().unwrap().clone();
        let path = format!("persons/{person}/phone");
        let draft = a_revisit(&first, 1).seeing(file).found_changed("members").set(&path, json!("15400009999"));
        let visit = ana.submits(draft).await.applied();
        let record = boss.opens(&visit).await.ok();
        let changes = record["changes"].as_array().unwrap();
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert_eq!((&changes[0]["from"], &changes[0]["to"]), (&json!("154****5678"), &json!("154****9999")));
        assert_eq!((&changes[0]["standing"], &changes[0]["masked"]), (&json!("clean"), &json!(true)));
        boss.approves(&visit).await.ok();
        let clear = ana.pulls(None, 500).await.household(first.household).unwrap()["clear"].clone();
        assert_eq!(clear[&path], "15400009999");
        let whole = app.app.clone();
        let id = first.household.into();
        let kept = app.db().read(move |c: &mut ruhu_store::Conn| {
            ruhu_store::household::find_unscoped(c, id)?.expect("a household").into_clear(&whole.vault)
        });
        assert_eq!(kept.await.unwrap().file["persons"][&person]["id_no"], first.id_no());
    }

    async fn a_household_does_not_leave_the_reviewers_area_by_an_approval(app: &TestApp) {
        let (ana, boss, first) = an_approved_household(app).await;
        let draft = a_revisit(&first, 1).moved_to("示例社区88号楼1单元101室").in_town("150603001");
        let visit = ana.submits(draft).await.applied();
        boss.approves(&visit).await.refused(403, "household.out_of_area");
        let city = app.city_reviewer().sign_in().await;
        city.approves(&visit).await.ok();
        assert_eq!(household(&city, &first).await["region_code"], "150603001");
        boss.gets(&format!("/api/v1/households/{}", first.household)).await.refused(404, "not_found");
    }

    async fn a_cell_of_a_person_whom_somebody_else_removed_clashes(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let (person, draft) = with_second_person(a_first_survey());
        let first = ana.submits(draft).await.applied();
        boss.approves(&first).await.ok();
        let phone = format!("persons/{person}/phone");
        let gone = a_revisit(&first, 1).found_changed("members").set(&format!("persons/{person}"), Value::Null);
        let gone = ana.submits(gone).await.applied();
        let called = a_revisit(&first, 1).found_changed("members").set(&phone, json!("15400009999"));
        let called = ana.submits(called).await.in_conflict();
        let record = boss.opens(&called).await.ok();
        assert_eq!(record["may"], json!({ "review": false, "send_back": true, "approve": true, "why_not": "visit.conflict_open" }));
        let card = the_card(&ana).await;
        assert_eq!((&card["kind"], &card["theirs"]["value"]), (&json!("row_gone"), &Value::Null));
        assert_eq!(card["mine"]["value"]["phone"], "154****9999", "covered like everything that leaves the server");
        answers(&ana, &card, json!({ "choice": "theirs" })).await.applied();
        boss.approves(&gone).await.ok();
        let record = boss.opens(&called).await.ok();
        let change = record["changes"].as_array().unwrap().iter().find(|change| change["path"] == phone).unwrap();
        assert_eq!((&change["standing"], &change["moved"]), (&json!("decided"), &json!(false)));
        boss.approves(called.approval().seeing("file_rev", 2).knowing(&card)).await.ok();
        assert_eq!(household(&boss, &first).await["file"]["persons"].as_object().unwrap().len(), 1);
    }

    async fn an_approval_never_leaves_a_value_that_names_nobody(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let (person, draft) = with_second_person(a_first_survey());
        let visit = ana.submits(draft.set("cause_person_id", json!(person))).await.applied();
        let of_person = format!("persons/{person}/");
        let changes = visit.proposal["changes"].as_array().unwrap();
        let paths = changes.iter().filter_map(|change| change["path"].as_str()).filter(|path| path.starts_with(&of_person));
        let approval = paths.fold(visit.approval(), |approval, path| approval.declining(path, "不是同户"));
        let problem = boss.approves(approval.clone()).await.refused(409, "visit.decision_breaks");
        assert_eq!(problem["paths"], json!(["cause_person_id"]));
        assert_eq!(boss.opens(&visit).await.ok()["visit"]["state"], "in_review");
        boss.approves(approval.declining("cause_person_id", "不是同户")).await.ok();
    }

    async fn facts_that_nobody_approved_enter_a_file_only_as_changes(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let union = app.hire(Role::GrassrootsAdmin).in_region(ruhu_tests::factories::TOWN).sign_in().await;
        let found = ana.submits(a_visit()).await.applied();
        boss.rejects(&found).await.ok();
        let file = household(&boss, &found).await["file"].clone();
        let draft = a_visit().at_household(found.household).seeing(&file);
        let visit = union.submits(draft).await.applied();
        let record = boss.opens(&visit).await.ok();
        let paths: Vec<&str> =
            record["changes"].as_array().unwrap().iter().map(|change| change["path"].as_str().unwrap()).collect();
        assert_eq!(paths, ["banner_code", "residence_address", "town_code"]);
        boss.approves(visit.approval().declining("residence_address", "没有核实")).await.ok();
        let file = household(&boss, &found).await["file"].clone();
        assert_eq!((&file["residence_address"], &file["town_code"]), (&Value::Null, &json!("150602001")));
    }

    async fn the_day_of_a_visit_is_not_that_of_a_wrong_clock(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let ahead_ms = 40 * 86_400_000_i64;
        let at = |minutes: i64| json!(app.now().plus_ms(ahead_ms - minutes * 60_000));
        for offset in [ahead_ms, 0] {
            let draft = a_first_survey().with("started_at", at(35)).with("ended_at", at(5));
            let visit = ana.submits(draft.with("clock_offset_ms", json!(offset))).await.applied();
            boss.approves(&visit).await.ok();
            let file = household(&boss, &visit).await;
            assert_eq!(file["last_visit_on"], "2026-11-23", "offset {offset}");
            assert_eq!(file["next_visit_due_on"], "2027-02-21");
        }
    }
}

on_one_database! {
    async fn a_return_needs_reasons_of_the_code_table(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        let path = format!("/api/v1/visits/{}/return", visit.id);
        let body = |reasons: Value| json!({ "visit_rev": 1, "visit_hash": visit.hash, "reasons": reasons, "text": "" });
        boss.posts(&path, &body(json!([]))).await.refused(400, "visit.no_reason");
        let whim = json!([{ "path": "", "code": "whim", "text": "" }]);
        boss.posts(&path, &body(whim)).await.refused(400, "code.unknown");
        let reject = json!({ "visit_rev": 1, "visit_hash": visit.hash, "code": "whim", "text": "" });
        boss.posts(&format!("/api/v1/visits/{}/reject", visit.id), &reject).await.refused(400, "code.unknown");
        assert_eq!(boss.opens(&visit).await.ok()["visit"]["state"], "in_review");
    }
}
