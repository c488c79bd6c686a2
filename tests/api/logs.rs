//! Nothing personal is logged: a day with planted names, numbers, addresses, passwords, tokens and answers.

use reqwest::Method;
use ruhu_tests::actors::PASSWORD;
use ruhu_tests::{Actor, a_first_survey, log, on_both_databases};
use serde_json::json;
use uuid::Uuid;

const NAME: &str = "萨仁金丝雀";
const STAFF: &str = "职员金丝雀";
/// The other example number of the national standard; nobody's.
const ID_NO: &str = "440524188001010014";
const PHONE: &str = "15499990001";
const WORK_PHONE: &str = "0477-9999001";
const ADDRESS: &str = "金丝雀社区77号楼7单元777室";
const NARRATIVE: &str = "金丝雀的家里只有本人，靠积蓄生活，近年支出增加，需要关注。";
const SECRET: &str = "canary horse battery 9";
const WRONG: &str = "wrong canary battery 9";

on_both_databases! {
    async fn the_log_of_a_day_names_nobody(app: &TestApp) {
        let ana = app.caseworker().named(STAFF).with_phone(WORK_PHONE).with_password(SECRET).sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let admin = app.admin().sign_in().await;
        app.logs_in(&ana.login, WRONG, Uuid::now_v7()).await.refused(401, "auth.failed");
        app.logs_in("canary@example.invalid", WRONG, Uuid::now_v7()).await.refused(401, "auth.failed");
        let mut draft = a_first_survey()
            .of_person(NAME)
            .set("residence_address", json!(ADDRESS))
            .set("narrative", json!(NARRATIVE));
        let person = draft.answers.file["persons"].as_object().unwrap().keys().next().unwrap().clone();
        for (column, value) in [("id_no", ID_NO), ("phone", PHONE), ("birth_date", "1880-01-01"), ("sex", "1")] {
            draft = draft.set(&format!("persons/{person}/{column}"), json!(value));
        }
        let broken = ana.op("visit.submit", Uuid::now_v7(), &json!({ "visit": { "name": NAME }, "hash": ID_NO }));
        let unknown = ana.op("visit.dance", Uuid::now_v7(), &json!({ "phone": PHONE }));
        let (good, visit) = ana.submission(draft);
        let receipts = ana.pushes(&[broken, unknown, good]).await.receipts();
        receipts[2].applied();
        ana.posts("/api/v1/sync/push", &json!({ "address": ADDRESS })).await.refused(400, "request.shape");
        boss.gets("/api/v1/households?q=%E9%87%91%E4%B8%9D%E9%9B%80").await.ok();
        boss.gets("/api/v1/visits?canary=1").await.refused(400, "request.query");
        boss.opens(&visit).await.ok();
        boss.returns(&visit).await.ok();
        ana.pulls(None, 100).await;
        boss.gets(&format!("/api/v1/households/{}/revisions", visit.household)).await.ok();
        let shown = admin.patches(&format!("/api/v1/users/{}", boss.id), &json!({ "reset_password": true })).await.ok();
        let made = shown["password"].as_str().unwrap();
        Actor::sign_in(app, &boss.login, made).await;
        ana.posts("/api/v1/me/password", &json!({ "current": SECRET, "new": PASSWORD })).await.ok();
        let refreshed = app.refreshes(&ana.cookie).await;
        let forged = format!("{}x", ana.token);
        app.asks_with_token(&forged).await.refused_with("auth.token");
        app.call(Method::GET, "/api/v1/none?name=%E9%87%91%E4%B8%9D%E9%9B%80&canary=1", None)
            .await
            .refused(404, "not_found");

        let log = log::text();
        for secret in [NAME, STAFF, ID_NO, PHONE, WORK_PHONE, ADDRESS, NARRATIVE, "金丝雀", SECRET, WRONG, made] {
            let line = log.lines().find(|line| line.contains(secret));
            assert!(line.is_none(), "{secret} in {}", line.unwrap_or_default());
        }
        assert!(!log.contains("canary@") && !log.contains("%E9%87%91"), "a login or a query was logged");
        let cookie = refreshed.cookie(ruhu_tests::app::REFRESH_COOKIE).unwrap();
        for token in [&ana.token, &boss.token, &cookie, &ana.cookie] {
            let secret = token.rsplit('.').next().unwrap();
            assert!(!log.contains(secret), "a token was logged");
        }
    }

    async fn the_log_tells_what_happened_and_by_whom(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let reply = ana.pulls_page(None, 10).await;
        let id = reply.header("x-request-id").to_owned();
        let log = log::text();
        let line = log.lines().find(|line| line.contains(&id)).expect("a line about the request");
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((&line["method"], &line["status"], &line["level"]), (&json!("POST"), &json!(200), &json!("INFO")));
        assert_eq!(line["message"], "answered pull with 200");
        let span = &line["span"];
        assert_eq!((&span["operation"], &span["actor.id"]), (&json!("pull"), &json!(ana.id)));
    }
}
