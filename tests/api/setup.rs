//! The first administrator.

use reqwest::Method;
use ruhu_tests::actors::PASSWORD;
use ruhu_tests::{Actor, Reply, TestApp, on_both_databases};
use serde_json::{Value, json};

const PATH: &str = "/api/v1/setup";

fn request(token: &str) -> Value {
    json!({ "token": token, "login": "chief", "name": "示例主任", "password": PASSWORD })
}

async fn sets_up(app: &TestApp, body: &Value) -> Reply {
    app.call(Method::POST, PATH, Some(body)).await
}

async fn is_needed(app: &TestApp) -> bool {
    app.call(Method::GET, PATH, None).await.ok()["needed"] == true
}

on_both_databases! {
    async fn the_first_administrator_is_made_once_with_the_printed_token(app: &TestApp) {
        let token = app.app.setup_token.clone().unwrap();
        assert!(is_needed(app).await);
        for wrong in ["wrong", "", &token.to_uppercase(), &token[..token.len() - 1]] {
            sets_up(app, &request(wrong)).await.refused(403, "setup.token");
        }
        assert_eq!(sets_up(app, &request(&token)).await.status, 204);
        assert!(!is_needed(app).await);
        sets_up(app, &request(&token)).await.refused(409, "setup.done");
        let chief = Actor::sign_in(app, "chief", PASSWORD).await;
        assert_eq!((chief.role.code(), chief.scope.as_str()), ("city_admin", "1506"));
    }

    async fn a_weak_password_leaves_the_token_usable(app: &TestApp) {
        let token = app.app.setup_token.clone().unwrap();
        let mut weak = request(&token);
        weak["password"] = json!("short");
        sets_up(app, &weak).await.refused(400, "password.too_short");
        assert!(is_needed(app).await);
        sets_up(app, &request(&token)).await.ok();
    }

    async fn guessing_the_token_becomes_slow(app: &TestApp) {
        let token = app.app.setup_token.clone().unwrap();
        for _ in 0..6 {
            sets_up(app, &request("guess")).await.refused(403, "setup.token");
        }
        let slow = sets_up(app, &request(&token)).await;
        slow.refused(429, "auth.throttled");
        app.clock.pass_s(slow.header("retry-after").parse().unwrap());
        sets_up(app, &request(&token)).await.ok();
    }

    async fn two_who_set_up_at_once_make_one_administrator(app: &TestApp) {
        let token = app.app.setup_token.clone().unwrap();
        let mut other = request(&token);
        other["login"] = json!("other");
        let (one, two) = (request(&token), other);
        let (one, two) = tokio::join!(sets_up(app, &one), sets_up(app, &two));
        let made = [one.status, two.status].iter().filter(|status| **status == 204).count();
        assert_eq!(made, 1, "{} {}", one.text(), two.text());
    }
}
