//! Two people at one door: what they disagree about is decided by whoever came later, then carried out.

use crate::parking::execute;
use ruhu_domain::actor::Role;
use ruhu_tests::factories::{OTHER_TOWN, TOWN};
use ruhu_tests::{Actor, Receipt, Reply, TestApp, Visit, a_first_survey, a_revisit, on_both_databases};
use serde_json::{Value, json};
use uuid::Uuid;

pub const EAST: &str = "示例社区05号楼1单元101室";
pub const WEST: &str = "示例社区09号楼2单元202室";
pub const THIRD: &str = "示例社区11号楼3单元303室";
const DUE: &str = "/api/v1/conflicts?due=supervisor";
const HOURS_72: i64 = 72 * 3600;

/// One household in the hands of two, whose file is at revision 1.
pub struct Home {
    pub ana: Actor,
    pub ben: Actor,
    pub boss: Actor,
    pub first: Visit,
}

pub async fn a_home(app: &TestApp) -> Home {
    let ana = app.caseworker().named("示例安").sign_in().await;
    let ben = app.caseworker().named("示例本").sign_in().await;
    let boss = app.supervisor().sign_in().await;
    let first = ana.submits(a_first_survey()).await.applied();
    boss.approves(&first).await.ok();
    boss.assigns(first.household, Some(ana.id), Some(ben.id)).await.ok();
    Home { ana, ben, boss, first }
}

impl Home {
    /// Both were there and heard of different addresses; Ben's visit comes later.
    pub async fn two_addresses(&self, app: &TestApp) -> (Visit, Visit) {
        let east = self.ana.submits(a_revisit(&self.first, 1).moved_to(EAST)).await.applied();
        app.clock.pass_s(600);
        let west = self.ben.submits(a_revisit(&self.first, 1).moved_to(WEST)).await.in_conflict();
        (east, west)
    }

    pub async fn address(&self) -> Value {
        let path = format!("/api/v1/households/{}", self.first.household);
        self.boss.gets(&path).await.ok()["household"]["file"]["residence_address"].clone()
    }
}

/// The conflicts on somebody's phone.
pub async fn cards(person: &Actor) -> Vec<Value> {
    let phone = person.pulls(None, 500).await;
    phone.rows.iter().filter(|((kind, _), _)| kind == "conflict").map(|(_, body)| body.clone()).collect()
}

pub async fn the_card(person: &Actor) -> Value {
    let mut all = cards(person).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn id_of(card: &Value) -> Uuid {
    card["id"].as_str().unwrap().parse().unwrap()
}

pub async fn answers(person: &Actor, card: &Value, choice: Value) -> Receipt {
    let mut body = json!({ "conflict_id": card["id"] });
    body.as_object_mut().unwrap().extend(choice.as_object().unwrap().clone());
    person.pushes(&[person.op("conflict.decide", id_of(card), &body)]).await.receipt()
}

async fn decides(person: &Actor, choices: &[Value]) -> Reply {
    person.posts("/api/v1/conflicts/decide", &json!({ "decisions": choices })).await
}

/// The only conflict is the reviewer's from this moment on.
async fn is_the_reviewers(app: &TestApp, boss: &Actor) {
    let list = boss.gets(DUE).await.ok();
    let card = &list["items"][0];
    assert_eq!((&list["total"], &card["may_decide"]), (&json!(1), &json!(true)));
    assert_eq!(card["visitor_until"], json!(app.now()));
    let word = json!({ "conflict_id": card["id"], "choice": "mine" });
    assert_eq!(decides(boss, &[word]).await.ok()["results"][0]["state"], "decided");
}

pub async fn state_of(boss: &Actor, visit: &Visit) -> Value {
    boss.opens(visit).await.ok()["visit"]["state"].clone()
}

on_both_databases! {
    async fn who_came_later_is_asked_and_their_answer_enters_the_file(app: &TestApp) {
        let home = a_home(app).await;
        let (east, west) = home.two_addresses(app).await;
        let card = the_card(&home.ben).await;
        assert_eq!((&card["kind"], &card["path"], &card["state"]), (&json!("path"), &json!("residence_address"), &json!("open")));
        assert_eq!((&card["theirs"]["value"], &card["mine"]["value"]), (&json!(EAST), &json!(WEST)));
        assert_eq!((&card["theirs"]["by"]["name"], &card["mine"]["by"]["name"]), (&json!("示例安"), &json!("示例本")));
        assert_eq!((&card["theirs"]["visit_id"], &card["theirs"]["in_file"]), (&json!(east.id), &json!(false)));
        assert_eq!(card["mine"]["visit_id"], json!(west.id));
        assert_eq!(card["may_decide"], true);
        let hers = the_card(&home.ana).await;
        assert_eq!((&hers["id"], &hers["may_decide"]), (&card["id"], &json!(false)));
        // Until it is decided, the visit cannot be approved; the other one goes its way.
        home.boss.approves(&west).await.refused(409, "visit.conflict_open");
        assert_eq!(state_of(&home.boss, &west).await, "conflict");
        let cursor = home.ben.pulls(None, 500).await.cursor;
        assert_eq!(answers(&home.ben, &card, json!({ "choice": "mine" })).await.applied()["state"], "decided");
        let phone = home.ben.pulls(cursor.as_deref(), 500).await;
        let after = &phone.rows[&("conflict".to_owned(), id_of(&card).to_string())];
        assert_eq!((&after["state"], &after["decision"]["choice"]), (&json!("decided"), &json!("mine")));
        assert_eq!(phone.visit(west.id).unwrap()["state"], "in_review");
        assert!(cards(&home.ben).await.is_empty(), "a first sync brings only what is open");
        // What was decided against a visit that still waits does not go before it.
        let stale = home.boss.approves(&west).await.refused(409, "visit.stale_review");
        assert_eq!(stale["since"]["decided"], json!([card["id"]]), "nobody approves a decision that they did not see");
        let problem = home.boss.approves(west.approval().knowing(&card)).await.refused(409, "visit.other_first");
        assert_eq!(problem["visit_id"], json!(east.id));
        home.boss.approves(&east).await.ok();
        assert_eq!(home.address().await, EAST);
        let record = home.boss.opens(&west).await.ok();
        let change = record["changes"].as_array().unwrap().iter().find(|of| of["path"] == "residence_address").unwrap();
        assert_eq!((&change["standing"], &change["kept"], &change["moved"]), (&json!("decided"), &json!(WEST), &json!(false)));
        assert_eq!(record["conflicts"][0]["theirs"]["in_file"], true);
        home.boss.approves(west.approval().seeing("file_rev", 2).knowing(&card)).await.ok();
        assert_eq!(home.address().await, WEST);
    }

    async fn theirs_leaves_the_file_and_a_revisit_makes_the_household_due(app: &TestApp) {
        for (choice, is_due) in [("theirs", false), ("revisit", true)] {
            let home = a_home(app).await;
            let (east, west) = home.two_addresses(app).await;
            let card = the_card(&home.ben).await;
            answers(&home.ben, &card, json!({ "choice": choice })).await.applied();
            home.boss.approves(&east).await.ok();
            home.boss.approves(west.approval().seeing("file_rev", 2).knowing(&card)).await.ok();
            assert_eq!(home.address().await, EAST);
            let phone = home.ben.pulls(None, 500).await;
            let due = phone.household(home.first.household).unwrap()["next_visit_due_on"].clone();
            assert_eq!(due == json!(app.now().date()), is_due, "{choice}: {due}");
        }
    }

    async fn a_value_of_ones_own_needs_a_reason_and_must_be_acceptable(app: &TestApp) {
        let home = a_home(app).await;
        let (east, west) = home.two_addresses(app).await;
        let card = the_card(&home.ben).await;
        for (choice, code) in [
            (json!({ "choice": "other", "reason": "门牌看错了" }), "conflict.value_missing"),
            (json!({ "choice": "other", "value": THIRD }), "conflict.reason_missing"),
            (json!({ "choice": "other", "value": THIRD, "reason": "字".repeat(201) }), "conflict.reason_too_long"),
            (json!({ "choice": "mine", "value": THIRD }), "conflict.value_not_asked"),
            (json!({ "choice": "other", "value": 7, "reason": "门牌看错了" }), "value.type"),
            (json!({ "choice": "other", "value": THIRD, "reason": "x", "by": "me" }), "op.body"),
        ] {
            answers(&home.ben, &card, choice).await.refused_with(code);
        }
        assert_eq!(state_of(&home.boss, &west).await, "conflict", "a refusal decides nothing");
        let own = json!({ "choice": "other", "value": THIRD, "reason": "门牌看错了" });
        answers(&home.ben, &card, own.clone()).await.applied();
        answers(&home.ben, &card, own).await.refused_with("conflict.already_decided");
        home.boss.approves(&east).await.ok();
        home.boss.approves(west.approval().seeing("file_rev", 2).knowing(&card)).await.ok();
        assert_eq!(home.address().await, THIRD);
        let record = home.boss.opens(&west).await.ok();
        assert_eq!(record["conflicts"][0]["decision"]["reason"], "门牌看错了");
        assert_eq!(record["conflicts"][0]["mine"]["value"], WEST, "what was not chosen stays");
    }

    async fn nobody_else_decides_before_72_hours_then_a_reviewer_may(app: &TestApp) {
        let home = a_home(app).await;
        let (_, west) = home.two_addresses(app).await;
        let card = the_card(&home.ben).await;
        let mine = json!({ "conflict_id": card["id"], "choice": "mine" });
        answers(&home.ana, &card, json!({ "choice": "theirs" })).await.refused_with("conflict.not_yours");
        let far = app.supervisor().in_region("150603").sign_in().await;
        let stranger = app.caseworker().sign_in().await;
        answers(&stranger, &card, json!({ "choice": "theirs" })).await.refused_with("conflict.unknown");
        let code = |reply: Value| reply["results"][0]["code"].clone();
        assert_eq!(code(decides(&home.boss, std::slice::from_ref(&mine)).await.ok()), "conflict.not_yours");
        assert_eq!(home.boss.gets(DUE).await.ok()["total"], 0);
        app.clock.pass_s(HOURS_72 - 1);
        let boss = Actor::sign_in(app, &home.boss.login, &home.boss.password).await;
        assert_eq!(code(decides(&boss, std::slice::from_ref(&mine)).await.ok()), "conflict.not_yours");
        app.clock.pass_s(1);
        let far = Actor::sign_in(app, &far.login, &far.password).await;
        assert_eq!(code(decides(&far, std::slice::from_ref(&mine)).await.ok()), "conflict.unknown");
        let list = boss.gets(DUE).await.ok();
        assert_eq!((&list["total"], &list["items"][0]["may_decide"]), (&json!(1), &json!(true)));
        // The batch: what cannot be decided takes nothing with it.
        let other = json!({ "conflict_id": Uuid::now_v7(), "choice": "mine" });
        let answer = decides(&boss, &[other, mine.clone()]).await.ok();
        assert_eq!(code(answer.clone()), "conflict.unknown");
        assert_eq!(answer["results"][1]["state"], "decided");
        assert_eq!(state_of(&boss, &west).await, "in_review");
        assert_eq!(code(decides(&boss, &[mine]).await.ok()), "conflict.already_decided");
        decides(&boss, &[]).await.refused(400, "conflict.count");
    }

    async fn a_shut_account_is_waited_for_by_nobody(app: &TestApp) {
        let home = a_home(app).await;
        home.two_addresses(app).await;
        let card = the_card(&home.ben).await;
        let admin = app.admin().sign_in().await;
        admin.patches(&format!("/api/v1/users/{}", home.ben.id), &json!({ "disabled": true })).await.ok();
        assert_eq!(home.boss.gets(DUE).await.ok()["total"], 1);
        let answer = decides(&home.boss, &[json!({ "conflict_id": card["id"], "choice": "theirs" })]).await.ok();
        assert_eq!(answer["results"][0]["state"], "decided");
    }

    async fn another_role_is_waited_for_no_more(app: &TestApp) {
        let home = a_home(app).await;
        home.two_addresses(app).await;
        let admin = app.admin().sign_in().await;
        // Another area alone takes no household from whoever is named in it.
        admin.patches(&format!("/api/v1/users/{}", home.ben.id), &json!({ "scope": "1506" })).await.ok();
        assert_eq!(home.boss.gets(DUE).await.ok()["total"], 0);
        admin.patches(&format!("/api/v1/users/{}", home.ben.id), &json!({ "role": "finance" })).await.ok();
        is_the_reviewers(app, &home.boss).await;
    }

    async fn a_union_whose_region_the_household_left_is_waited_for_no_more(app: &TestApp) {
        for is_move in [true, false] {
            let home = a_home(app).await;
            let union = app.hire(Role::GrassrootsAdmin).in_region(TOWN).sign_in().await;
            home.ana.submits(a_revisit(&home.first, 1).moved_to(EAST)).await.applied();
            app.clock.pass_s(600);
            union.submits(a_revisit(&home.first, 1).moved_to(WEST)).await.in_conflict();
            let city = app.city_reviewer().sign_in().await;
            assert_eq!(city.gets(DUE).await.ok()["total"], 0);
            if is_move {
                let moved = a_revisit(&home.first, 1).found_changed("moved").in_town(OTHER_TOWN);
                let moved = home.ana.submits(moved).await.applied();
                city.approves(&moved).await.ok();
            } else {
                let admin = app.admin().sign_in().await;
                admin.patches(&format!("/api/v1/users/{}", union.id), &json!({ "scope": OTHER_TOWN })).await.ok();
            }
            is_the_reviewers(app, &city).await;
        }
    }

    async fn whom_the_list_waits_for_is_whom_a_decision_waits_for(app: &TestApp) {
        let home = a_home(app).await;
        home.two_addresses(app).await;
        // As an older server left it: nobody wrote that the visitor has no more time.
        let ben = home.ben.id;
        execute(app, format!("UPDATE users SET role = 'banner_supervisor' WHERE id = '{ben}'")).await;
        let list = home.boss.gets(DUE).await.ok();
        assert_eq!((&list["total"], &list["items"][0]["may_decide"]), (&json!(1), &json!(true)));
        let word = json!({ "conflict_id": list["items"][0]["id"], "choice": "theirs" });
        assert_eq!(decides(&home.boss, &[word]).await.ok()["results"][0]["state"], "decided");
    }

    async fn what_is_not_so_any_more_is_void(app: &TestApp) {
        // The other visit is rejected: nothing is left to disagree about.
        let home = a_home(app).await;
        let (east, west) = home.two_addresses(app).await;
        let card = the_card(&home.ben).await;
        home.boss.rejects(&east).await.ok();
        assert!(cards(&home.ben).await.is_empty());
        assert_eq!(state_of(&home.boss, &west).await, "in_review");
        answers(&home.ben, &card, json!({ "choice": "mine" })).await.refused_with("conflict.already_decided");
        home.boss.approves(&west).await.ok();
        assert_eq!(home.address().await, WEST);

        // The visit itself is taken back.
        let home = a_home(app).await;
        let (_, west) = home.two_addresses(app).await;
        home.ben.withdraws(&west, "登记错了").await.receipt().applied();
        assert!(cards(&home.ben).await.is_empty());

        // It is returned and comes again, now after the other one.
        let home = a_home(app).await;
        let (east, west) = home.two_addresses(app).await;
        home.boss.returns(&west).await.ok();
        assert!(cards(&home.ben).await.is_empty());
        let again = a_revisit(&home.first, 1).moved_to(THIRD).again(&west, 2);
        let again = home.ben.submits(again).await.in_conflict();
        let card = the_card(&home.ben).await;
        assert_eq!((&card["mine"]["value"], &card["mine"]["visit_rev"]), (&json!(THIRD), &json!(2)));
        answers(&home.ben, &card, json!({ "choice": "mine" })).await.applied();
        home.boss.approves(&east).await.ok();
        home.boss.approves(again.approval().seeing("file_rev", 2).knowing(&card)).await.ok();
        assert_eq!(home.address().await, THIRD);
    }

    async fn a_visit_that_comes_back_later_is_held_against_the_one_that_was_held_against_it(app: &TestApp) {
        let home = a_home(app).await;
        let (east, west) = home.two_addresses(app).await;
        let bens = the_card(&home.ben).await;
        answers(&home.ben, &bens, json!({ "choice": "mine" })).await.applied();
        home.boss.returns(&east).await.ok();
        app.clock.pass_s(60);
        let again = a_revisit(&home.first, 1).moved_to(EAST).again(&east, 2);
        let again = home.ana.submits(again).await.in_conflict();
        let card = the_card(&home.ana).await;
        assert_eq!((&card["theirs"]["value"], &card["mine"]["value"]), (&json!(WEST), &json!(EAST)));
        answers(&home.ana, &card, json!({ "choice": "theirs" })).await.applied();
        assert_eq!(home.boss.approves(again.approval().knowing(&card)).await.refused(409, "visit.other_first")["visit_id"], json!(west.id));
        home.boss.approves(west.approval().knowing(&bens)).await.ok();
        home.boss.approves(again.approval().seeing("file_rev", 2).knowing(&card)).await.ok();
        assert_eq!(home.address().await, WEST);
    }

    async fn an_open_card_hears_that_the_other_value_is_in_the_file(app: &TestApp) {
        let home = a_home(app).await;
        let (east, _) = home.two_addresses(app).await;
        let cursor = home.ben.pulls(None, 500).await.cursor;
        assert_eq!(the_card(&home.ben).await["theirs"]["in_file"], json!(false));
        home.boss.approves(&east).await.ok();
        let phone = home.ben.pulls(cursor.as_deref(), 500).await;
        let heard: Vec<&Value> = phone.rows.iter().filter(|((kind, _), _)| kind == "conflict").map(|(_, body)| body).collect();
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert_eq!((&heard[0]["state"], &heard[0]["theirs"]["in_file"]), (&json!("open"), &json!(true)));
    }

    async fn a_visit_that_was_late_meets_the_file(app: &TestApp) {
        let home = a_home(app).await;
        let east = home.ana.submits(a_revisit(&home.first, 1).moved_to(EAST)).await.applied();
        home.boss.approves(&east).await.ok();
        let late = home.ben.submits(a_revisit(&home.first, 1).moved_to(WEST)).await.in_conflict();
        let card = the_card(&home.ben).await;
        assert_eq!((&card["theirs"]["in_file"], &card["theirs"]["visit_id"]), (&json!(true), &json!(east.id)));
        assert_eq!(card["theirs"]["by"]["id"], json!(home.ana.id));
        answers(&home.ben, &card, json!({ "choice": "mine" })).await.applied();
        // A third address enters the file: the decision was about another one.
        let third = home.ana.submits(a_revisit(&home.first, 1).moved_to(THIRD)).await.in_conflict();
        home.boss.returns(&third).await.ok();
        home.boss.approves(late.approval().seeing("file_rev", 2).knowing(&card)).await.ok();
        assert_eq!(home.address().await, WEST);
    }

    async fn visits_that_do_not_clash_need_nobody(app: &TestApp) {
        let home = a_home(app).await;
        let noted = a_revisit(&home.first, 1).found_changed("moved").set("residence_note", json!("从东门进"));
        let east = home.ana.submits(a_revisit(&home.first, 1).moved_to(EAST)).await.applied();
        let note = home.ben.submits(noted).await.applied();
        home.boss.approves(&note).await.ok();
        home.boss.approves(east.approval().seeing("file_rev", 2)).await.ok();
        assert_eq!(home.address().await, EAST);
        assert_eq!(home.boss.gets("/api/v1/conflicts?state=all").await.ok()["total"], 0);
    }

    async fn whoever_gets_the_household_gets_its_open_conflicts(app: &TestApp) {
        let home = a_home(app).await;
        home.two_addresses(app).await;
        let eva = app.caseworker().sign_in().await;
        let cursor = eva.pulls(None, 500).await.cursor;
        let (card_of_ben, phone_of_ben) = (the_card(&home.ben).await, home.ben.pulls(None, 500).await.cursor);
        home.boss.assigns(home.first.household, Some(eva.id), None).await.ok();
        let phone = eva.pulls(cursor.as_deref(), 500).await;
        let card = phone.rows.iter().find(|((kind, _), _)| kind == "conflict").expect("the conflict").1;
        assert_eq!(card["may_decide"], false);
        // Whoever was at the door is not asked any more, but what they answered without a signal still counts.
        let phone = home.ben.pulls(phone_of_ben.as_deref(), 500).await;
        assert!(phone.evicted.contains(&("conflict".to_owned(), card_of_ben["id"].as_str().unwrap().to_owned())));
        assert!(cards(&home.ben).await.is_empty());
        answers(&home.ben, &card_of_ben, json!({ "choice": "mine" })).await.applied();
    }

    async fn two_that_arrive_at_once_do_not_miss_each_other(app: &TestApp) {
        for _ in 0..5 {
            let home = a_home(app).await;
            let [(east, _), (west, _)] = [
                home.ana.submission(a_revisit(&home.first, 1).moved_to(EAST)),
                home.ben.submission(a_revisit(&home.first, 1).moved_to(WEST)),
            ];
            let (one, two) = ([east], [west]);
            let (one, two) = tokio::join!(home.ana.pushes(&one), home.ben.pushes(&two));
            let mut outcomes = [one, two].map(|pushed| pushed.receipt().0["outcome"].as_str().unwrap().to_owned());
            outcomes.sort();
            assert_eq!(outcomes, ["applied", "conflict"]);
        }
    }
}
