//! A household changes hands, or its caseworker changes role or district, while phones are offline: what they recorded
//! comes in and is credited to its author; nobody who never had the household gets anywhere.

use crate::conflicts::{EAST, WEST};
use diesel::prelude::*;
use ruhu_domain::actor::Role;
use ruhu_store::schema::changes;
use ruhu_store::{Conn, StoreError};
use ruhu_tests::actors::{PASSWORD, Phone};
use ruhu_tests::factories::{OTHER_TOWN, TOWN};
use ruhu_tests::{Actor, TestApp, Visit, a_first_survey, a_revisit, a_visit, on_both_databases};
use serde_json::{Value, json};
use uuid::Uuid;

const LATE: &str = "household.handed_over";

/// A household of Ana's, on file, and who else is there.
struct Scene {
    ana: Actor,
    bo: Actor,
    boss: Actor,
    admin: Actor,
    first: Visit,
}

async fn a_scene(app: &TestApp) -> Scene {
    let ana = app.caseworker().named("演示甲").sign_in().await;
    let bo = app.caseworker().named("演示乙").sign_in().await;
    let (boss, admin) = (app.supervisor().sign_in().await, app.admin().sign_in().await);
    let first = ana.submits(a_first_survey()).await.applied();
    boss.approves(&first).await.ok();
    app.clock.pass_s(60);
    Scene { ana, bo, boss, admin, first }
}

impl Scene {
    /// The household goes to Bo.
    async fn hands_over(&self) {
        self.boss.assigns(self.first.household, Some(self.bo.id), None).await.ok();
    }

    async fn patches(&self, person: &Actor, patch: Value) {
        self.admin.patches(&format!("/api/v1/users/{}", person.id), &patch).await.ok();
    }
}

/// The same person on the same phone, after another sign-in.
async fn again(app: &TestApp, person: &Actor) -> Actor {
    let back = Actor::sign_in_on(app, &person.login, PASSWORD, person.device).await;
    back.begins_epoch(2);
    back
}

async fn catches_up(actor: &Actor, phone: &mut Phone) {
    while phone.takes(&actor.pulls_page(phone.cursor.as_deref(), 500).await.ok()) {}
}

fn evictions(phone: &Phone, household: Uuid) -> usize {
    phone.evicted.iter().filter(|of| **of == ("household".to_owned(), household.to_string())).count()
}

async fn feed_rows(app: &TestApp) -> i64 {
    let count = |c: &mut Conn| -> Result<i64, StoreError> { Ok(changes::table.count().get_result(c)?) };
    app.db().read(count).await.unwrap()
}

async fn is_closed_as(app: &TestApp, household: Uuid, status: &'static str) {
    use ruhu_store::schema::households as t;
    let close = move |c: &mut Conn| -> Result<(), StoreError> {
        let row = t::table.find(household.to_string());
        Ok(diesel::update(row).set(t::status.eq(status)).execute(c).map(drop)?)
    };
    app.db().write(close).await.unwrap();
}

on_both_databases! {
    async fn work_in_flight_arrives_and_is_credited_and_the_new_phone_has_it_all(app: &TestApp) {
        let s = a_scene(app).await;
        let household = s.first.household;
        let (mut old, mut new) = (s.ana.pulls(None, 500).await, s.bo.pulls(None, 500).await);
        // Recorded without a signal, before the hand-over.
        let (op, visit) = s.ana.submission(a_revisit(&s.first, 1).moved_to(EAST));
        s.hands_over().await;
        assert!(old.household(household).is_some(), "nobody reaches into a phone that is offline");
        catches_up(&s.bo, &mut new).await;
        assert_eq!(new.household(household).unwrap()["contact"]["id"], json!(s.bo.id));
        let last = new.visit(s.first.id).expect("the last visit comes along");
        assert_eq!((&last["outcome"], &last["visitor"]["name"], &last["state"]), (&json!("done"), &json!("演示甲"), &json!("approved")));
        // The old phone comes back: first it hands over what it has, then it hears of the rest.
        let receipt = s.ana.pushes(&[op]).await.receipt();
        let receipt = receipt.applied();
        assert_eq!((&receipt["code"], &receipt["state"]), (&json!(LATE), &json!("in_review")), "{receipt}");
        catches_up(&s.ana, &mut old).await;
        assert!(old.household(household).is_none());
        assert_eq!(old.visit(visit.id).unwrap()["state"], "in_review", "whoever wrote it sees what becomes of it");
        // It is in the queue as Ana's, it is on Bo's phone, and it counts.
        let record = s.boss.opens(&visit).await.ok();
        assert_eq!((&record["visit"]["visitor"]["id"], &record["may"]["review"]), (&json!(s.ana.id), &json!(true)));
        catches_up(&s.bo, &mut new).await;
        assert_eq!(new.visit(visit.id).unwrap()["visitor"]["id"], json!(s.ana.id));
        s.boss.approves(&visit).await.ok();
        catches_up(&s.ana, &mut old).await;
        catches_up(&s.bo, &mut new).await;
        assert_eq!(old.visit(visit.id).unwrap()["state"], "approved");
        assert_eq!(new.household(household).unwrap()["file"]["residence_address"], EAST);
        assert_eq!((evictions(&old, household), evictions(&new, household)), (1, 0), "dropped once, by one phone");
        assert_eq!(old.rows, s.ana.pulls(None, 500).await.rows);
        s.ana.gets(&format!("/api/v1/households/{household}")).await.refused(404, "not_found");
        s.ana.opens(&visit).await.refused(404, "not_found");
    }

    async fn a_forged_visit_of_whoever_never_had_it_meets_nothing(app: &TestApp) {
        let s = a_scene(app).await;
        s.hands_over().await;
        let stranger = app.caseworker().sign_in().await;
        let union = app.hire(Role::GrassrootsAdmin).in_region("150602002").sign_in().await;
        for forger in [&stranger, &union] {
            let real = forger.submits(a_revisit(&s.first, 1)).await.refused_with("household.unknown");
            let mut nowhere = a_revisit(&s.first, 1);
            nowhere.household = Uuid::now_v7();
            let nowhere = forger.submits(nowhere).await.refused_with("household.unknown");
            let shape = |receipt: &Value| receipt.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            assert_eq!(shape(&real), shape(&nowhere), "nobody learns that the household is there");
        }
        assert_eq!(s.boss.gets("/api/v1/visits?state=all").await.ok()["total"], 1);
    }

    async fn late_is_late_however_late_and_whatever_the_phone_says_of_itself(app: &TestApp) {
        let s = a_scene(app).await;
        s.hands_over().await;
        app.clock.pass_s(400 * 86_400);
        let ana = again(app, &s.ana).await;
        let late = || {
            let times = a_revisit(&s.first, 1).with("started_at", json!("2031-01-01T08:00:00Z"));
            times.with("ended_at", json!("2031-01-01T08:10:00Z"))
        };
        assert_eq!(ana.submits(late()).await.pushed.receipt().applied()["code"], LATE);
        // The second copy of an outbox comes back on a phone that has a new number.
        let restored = Actor::sign_in(app, &s.ana.login, PASSWORD).await;
        assert_eq!(restored.submits(late()).await.pushed.receipt().applied()["code"], LATE);
    }

    async fn whoever_had_no_phone_yet_has_nothing_on_it(app: &TestApp) {
        let s = a_scene(app).await;
        let made = json!({ "login": "late.starter", "name": "演示丁", "role": "caseworker", "scope": "150602", "password": PASSWORD });
        let made = s.admin.posts("/api/v1/users", &made).await.ok();
        let id: Uuid = made["user"]["id"].as_str().unwrap().parse().unwrap();
        s.boss.assigns(s.first.household, Some(id), None).await.ok();
        s.hands_over().await;
        app.clock.pass_s(1);
        let starter = Actor::sign_in(app, "late.starter", PASSWORD).await;
        starter.submits(a_revisit(&s.first, 1)).await.refused_with("household.unknown");
    }

    async fn another_role_still_hands_in_what_was_recorded_in_the_one_before(app: &TestApp) {
        let s = a_scene(app).await;
        let theirs = s.bo.submits(a_first_survey()).await.applied();
        s.boss.approves(&theirs).await.ok();
        let waiting = s.ana.submits(a_revisit(&s.first, 1)).await.applied();
        app.clock.pass_s(60);
        s.patches(&s.ana, json!({ "role": "banner_supervisor" })).await;
        let ana = again(app, &s.ana).await;
        // Nobody has relieved her yet; then somebody does.
        assert_eq!(ana.submits(a_revisit(&s.first, 1)).await.pushed.receipt().applied()["code"], LATE);
        s.hands_over().await;
        let late = ana.submits(a_revisit(&s.first, 1)).await;
        assert_eq!(late.pushed.receipt().applied()["code"], LATE);
        // One's own visit stays one's own, also in a role that decides about others.
        ana.approves(&late.visit).await.refused(403, "visit.own");
        ana.withdraws(&waiting, "走错了门").await.receipt().applied();
        // What her new role sees was never hers to visit.
        ana.submits(a_revisit(&theirs, 1)).await.refused_with("household.unknown");
        // Whoever never was in the field has nothing to hand in.
        app.auditor().sign_in().await.submits(a_visit()).await.pushed.0.refused(403, "auth.not_allowed");
    }

    async fn a_household_found_in_the_former_district_waits_there_for_somebody(app: &TestApp) {
        let s = a_scene(app).await;
        let mut phone = s.ana.pulls(None, 500).await;
        s.patches(&s.ana, json!({ "scope": "150603" })).await;
        let ana = again(app, &s.ana).await;
        let (one, first) = ana.submission(a_visit());
        let (two, second) = ana.submission(a_visit().at_household(first.household));
        let (far, _) = ana.submission(a_visit().in_town("150624100"));
        let receipts = ana.pushes(&[one, two, far]).await.receipts();
        assert_eq!((&receipts[0].applied()["code"], &receipts[1].applied()["code"]), (&json!(LATE), &json!(LATE)));
        receipts[2].refused_with("household.out_of_area");
        let home = s.boss.gets(&format!("/api/v1/households/{}", first.household)).await.ok();
        assert_eq!((&home["household"]["contact"], &home["household"]["region_code"]), (&Value::Null, &json!(TOWN)));
        let credited: Vec<&Value> = home["visits"].as_array().unwrap().iter().map(|visit| &visit["visitor"]["id"]).collect();
        assert_eq!(credited, [&json!(ana.id), &json!(ana.id)]);
        phone.cursor = None;
        catches_up(&ana, &mut phone).await;
        assert!(phone.household(first.household).is_none() && phone.visit(second.id).is_some());
        // Her new district is hers.
        ana.submits(a_visit().in_town(OTHER_TOWN)).await.applied();
        s.boss.assigns(first.household, Some(s.bo.id), None).await.ok();
        s.boss.approves(&first).await.ok();
    }

    async fn a_union_that_moved_still_hands_in_what_it_did_where_it_was(app: &TestApp) {
        let s = a_scene(app).await;
        let union = app.hire(Role::GrassrootsAdmin).in_region(TOWN).sign_in().await;
        s.patches(&union, json!({ "scope": "150602002" })).await;
        let union = again(app, &union).await;
        assert_eq!(union.submits(a_revisit(&s.first, 1)).await.pushed.receipt().applied()["code"], LATE);
        let elsewhere = app.caseworker().sign_in().await.submits(a_visit().in_town("150602003")).await.applied();
        union.submits(a_visit().at_household(elsewhere.household)).await.refused_with("household.unknown");
    }

    async fn a_union_hands_in_what_it_did_where_the_household_lay_at_its_time(app: &TestApp) {
        let s = a_scene(app).await;
        let city = app.city_reviewer().sign_in().await;
        let union = app.hire(Role::GrassrootsAdmin).in_region(TOWN).sign_in().await;
        let later = app.hire(Role::GrassrootsAdmin).in_region(OTHER_TOWN).sign_in().await;
        app.clock.pass_s(60);
        // Both go elsewhere; then the household goes from the region of the one into that of the other.
        s.patches(&union, json!({ "scope": "150602009" })).await;
        s.patches(&later, json!({ "scope": "150602009" })).await;
        app.clock.pass_s(60);
        let moved = a_revisit(&s.first, 1).found_changed("moved").in_town(OTHER_TOWN);
        let moved = s.ana.submits(moved).await.applied();
        city.approves(&moved).await.ok();
        app.clock.pass_s(60);
        let (union, later) = (again(app, &union).await, again(app, &later).await);
        let late = union.submits(a_revisit(&s.first, 1)).await;
        assert_eq!(late.pushed.receipt().0["code"], LATE);
        late.applied();
        later.submits(a_revisit(&s.first, 1)).await.refused_with("household.unknown");
    }

    async fn a_shut_account_hands_in_once_it_is_open_again(app: &TestApp) {
        let s = a_scene(app).await;
        let (op, visit) = s.ana.submission(a_revisit(&s.first, 1));
        s.patches(&s.ana, json!({ "disabled": true })).await;
        s.hands_over().await;
        s.ana.pushes(std::slice::from_ref(&op)).await.0.refused(401, "auth.revoked");
        s.patches(&s.ana, json!({ "disabled": false })).await;
        let ana = Actor::sign_in_on(app, &s.ana.login, PASSWORD, s.ana.device).await;
        assert_eq!(ana.pushes(&[op]).await.receipt().applied()["code"], LATE);
        assert_eq!(s.boss.opens(&visit).await.ok()["visit"]["visitor"]["id"], json!(ana.id));
    }

    async fn nobody_is_asked_to_mend_what_they_cannot_see(app: &TestApp) {
        let s = a_scene(app).await;
        let returned = s.ana.submits(a_revisit(&s.first, 1)).await.applied();
        assert_eq!(s.boss.opens(&returned).await.ok()["may"]["send_back"], true);
        s.boss.returns(&returned).await.ok();
        let late = s.ana.submission(a_revisit(&s.first, 1));
        let mended = s.ana.submission(a_revisit(&s.first, 1).again(&returned, 2));
        s.hands_over().await;
        let receipts = s.ana.pushes(&[late.0, mended.0]).await.receipts();
        assert_eq!((&receipts[0].applied()["code"], &receipts[1].applied()["code"]), (&json!(LATE), &json!(LATE)));
        for visit in [&late.1, &mended.1] {
            assert_eq!(s.boss.opens(visit).await.ok()["may"]["send_back"], false);
            s.boss.returns(visit).await.refused(409, "visit.visitor_gone");
        }
        s.boss.rejects(&late.1).await.ok();
        s.boss.approves(&mended.1).await.ok();
        // What was returned before is its visitor's to take back.
        let s = a_scene(app).await;
        let returned = s.ana.submits(a_revisit(&s.first, 1)).await.applied();
        s.boss.returns(&returned).await.ok();
        s.hands_over().await;
        s.ana.withdraws(&returned, "已交接").await.receipt().applied();
    }

    async fn a_decision_made_before_a_change_of_role_still_counts(app: &TestApp) {
        let home = crate::conflicts::a_home(app).await;
        let admin = app.admin().sign_in().await;
        home.two_addresses(app).await;
        let card = crate::conflicts::the_card(&home.ben).await;
        app.clock.pass_s(60);
        let patch = json!({ "role": "banner_supervisor", "scope": "150603" });
        admin.patches(&format!("/api/v1/users/{}", home.ben.id), &patch).await.ok();
        let ben = Actor::sign_in_on(app, &home.ben.login, &home.ben.password, home.ben.device).await;
        ben.begins_epoch(2);
        crate::conflicts::answers(&ben, &card, json!({ "choice": "mine" })).await.applied();
        // Others of that role and area have no say, and do not learn that there is anything to decide.
        let far = app.hire(Role::BannerSupervisor).in_region("150603").sign_in().await;
        let word = json!({ "decisions": [{ "conflict_id": card["id"], "choice": "mine" }] });
        assert_eq!(far.posts("/api/v1/conflicts/decide", &word).await.ok()["results"][0]["code"], "conflict.unknown");
    }

    async fn what_clashes_is_not_shown_to_whoever_has_the_household_no_more(app: &TestApp) {
        let s = a_scene(app).await;
        let (op, west) = s.ana.submission(a_revisit(&s.first, 1).moved_to(WEST));
        s.hands_over().await;
        let east = s.bo.submits(a_revisit(&s.first, 1).moved_to(EAST)).await.applied();
        let receipt = s.ana.pushes(&[op]).await.receipt().0;
        assert_eq!((&receipt["outcome"], &receipt["code"]), (&json!("conflict"), &json!(LATE)));
        let phone = s.ana.pulls(None, 500).await;
        assert!(!phone.rows.keys().any(|(kind, _)| kind == "conflict"), "{:?}", phone.rows.keys());
        assert!(!serde_json::to_string(&phone.rows.values().collect::<Vec<_>>()).unwrap().contains(EAST));
        // A reviewer need not wait for somebody who is not asked.
        app.clock.pass_s(1);
        let due = s.boss.gets("/api/v1/conflicts?due=supervisor").await.ok();
        assert_eq!((&due["total"], &due["items"][0]["may_decide"]), (&json!(1), &json!(true)));
        let word = json!({ "decisions": [{ "conflict_id": due["items"][0]["id"], "choice": "mine" }] });
        assert_eq!(s.boss.posts("/api/v1/conflicts/decide", &word).await.ok()["results"][0]["state"], "decided");
        s.boss.approves(&east).await.ok();
        s.boss.approves(west.approval().seeing("file_rev", 2).knowing(&due["items"][0])).await.ok();
        assert_eq!(s.bo.pulls(None, 500).await.household(s.first.household).unwrap()["file"]["residence_address"], WEST);
    }

    async fn a_visit_to_a_file_that_was_closed_meanwhile_is_there_with_a_mark(app: &TestApp) {
        for status in ["cancelled", "archived", "closed_lead"] {
            let s = a_scene(app).await;
            let (op, visit) = s.ana.submission(a_revisit(&s.first, 1));
            is_closed_as(app, s.first.household, status).await;
            let receipt = s.ana.pushes(&[op]).await.receipt();
            assert_eq!(receipt.applied()["code"], "household.closed");
            let record = s.boss.opens(&visit).await.ok();
            assert_eq!((&record["household"]["status"], &record["may"]["review"]), (&json!(status), &json!(true)));
            s.boss.approves(&visit).await.ok();
            let home = s.boss.gets(&format!("/api/v1/households/{}", s.first.household)).await.ok();
            let household = &home["household"];
            assert_eq!((&household["status"], &household["next_visit_due_on"]), (&json!(status), &Value::Null));
        }
    }

    async fn moving_500_households_costs_rows_for_households_not_for_phones(app: &TestApp) {
        const HOUSEHOLDS: usize = 500;
        let ana = app.caseworker().sign_in().await;
        let bo = app.caseworker().sign_in().await;
        for person in [&ana, &bo] {
            for _ in 0..3 {
                Actor::sign_in(app, &person.login, PASSWORD).await.pulls(None, 500).await;
            }
        }
        let sent: Vec<(Value, Visit)> = (0..HOUSEHOLDS).map(|_| ana.submission(a_visit())).collect();
        for batch in sent.chunks(100) {
            let ops: Vec<Value> = batch.iter().map(|(op, _)| op.clone()).collect();
            for receipt in ana.pushes(&ops).await.receipts() {
                receipt.applied();
            }
        }
        let (mut old, before) = (ana.pulls(None, 500).await, feed_rows(app).await);
        let boss = app.supervisor().sign_in().await;
        for (_, visit) in &sent {
            boss.assigns(visit.household, Some(bo.id), None).await.ok();
        }
        // One word to drop it; the household and its one visit to whoever has it now.
        assert_eq!(feed_rows(app).await - before, 3 * HOUSEHOLDS as i64);
        let new = bo.pulls(None, 500).await;
        assert_eq!((new.total, new.rows.len()), (Some(HOUSEHOLDS as i64), 2 * HOUSEHOLDS));
        catches_up(&ana, &mut old).await;
        assert_eq!(old.evicted.iter().filter(|(kind, _)| kind == "household").count(), HOUSEHOLDS);
        assert!(!old.rows.keys().any(|(kind, _)| kind == "household"));
    }
}
