//! Sessions: signing in, rotation, grace, reuse, throttle, passwords.

use reqwest::Method;
use ruhu_tests::actors::PASSWORD;
use ruhu_tests::app::{REFRESH_COOKIE, send};
use ruhu_tests::{Actor, Reply, TestApp, on_both_databases, on_one_database};
use serde_json::json;
use uuid::Uuid;

const WRONG: &str = "wrong horse battery 7";

async fn tries(app: &TestApp, login: &str, password: &str) -> Reply {
    app.logs_in(login, password, Uuid::now_v7()).await
}

fn refresh_token(reply: &Reply) -> String {
    reply.ok();
    reply.cookie(REFRESH_COOKIE).unwrap()
}

on_both_databases! {
    async fn a_login_in_any_case_opens_a_session(app: &TestApp) {
        let ana = app.caseworker().named("演示甲").sign_in().await;
        let reply = tries(app, &format!(" {} ", ana.login.to_uppercase()), PASSWORD).await;
        let session = reply.ok();
        assert_eq!(session["expires_in_s"], 900);
        assert_eq!(session["server_time"], json!(app.now()));
        assert_eq!(session["history_id"], json!(app.app.history_id));
        let user = &session["user"];
        assert_eq!(
            (&user["name"], &user["role"], &user["scope"]),
            (&json!("演示甲"), &json!("caseworker"), &json!("150602"))
        );
        assert_eq!((&user["scope_zh"], &user["scope_en"]), (&json!("东胜区"), &json!("Dongsheng District")));
        assert_eq!(&ana.gets("/api/v1/me").await.ok(), user);
    }

    async fn a_wrong_password_an_unknown_login_and_a_disabled_account_look_the_same(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let gone = app.caseworker().sign_in().await;
        let admin = app.admin().sign_in().await;
        admin.patches(&format!("/api/v1/users/{}", gone.id), &json!({ "disabled": true })).await.ok();
        let mut seen = Vec::new();
        for (login, password) in [(ana.login.as_str(), WRONG), ("nobody", WRONG), (gone.login.as_str(), PASSWORD)] {
            let reply = tries(app, login, password).await;
            let mut problem = reply.refused(401, "auth.failed");
            problem.as_object_mut().unwrap().remove("request_id");
            assert_eq!(reply.cookie(REFRESH_COOKIE), None);
            seen.push(problem);
        }
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
    }

    async fn guessing_becomes_slow_for_known_and_unknown_logins_alike(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        for login in [ana.login.as_str(), "nobody"] {
            for _ in 0..6 {
                tries(app, login, WRONG).await.refused(401, "auth.failed");
            }
            let slow = tries(app, login, PASSWORD).await;
            let problem = slow.refused(429, "auth.throttled");
            assert_eq!(problem["retry_after_s"].to_string(), slow.header("retry-after"));
            let wait_s: i64 = slow.header("retry-after").parse().unwrap();
            assert!((1..=2).contains(&wait_s), "{wait_s}");
            app.clock.pass_s(wait_s);
            tries(app, login, WRONG).await.refused(401, "auth.failed");
            let longer: i64 = tries(app, login, WRONG).await.header("retry-after").parse().unwrap();
            assert!(longer > wait_s, "each further failure waits longer");
            app.clock.pass_s(longer);
        }
        tries(app, &ana.login, PASSWORD).await.ok();
        tries(app, &ana.login, WRONG).await.refused(401, "auth.failed");
        tries(app, &ana.login, PASSWORD).await.ok();
    }

    async fn guesses_from_elsewhere_do_not_shut_out_the_owners_own_phone(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let ben = app.caseworker().sign_in().await;
        for _ in 0..6 {
            tries(app, &ana.login, WRONG).await.refused(401, "auth.failed");
        }
        tries(app, &ana.login, PASSWORD).await.refused(429, "auth.throttled");
        app.logs_in(&ana.login, PASSWORD, ben.device).await.refused(429, "auth.throttled");
        app.logs_in(&ana.login, PASSWORD, ana.device).await.ok();
        for _ in 0..6 {
            app.logs_in(&ana.login, WRONG, ana.device).await.refused(401, "auth.failed");
        }
        app.logs_in(&ana.login, PASSWORD, ana.device).await.refused(429, "auth.throttled");
    }

    async fn a_login_with_a_character_that_no_text_has_is_refused(app: &TestApp) {
        tries(app, "ana\0", WRONG).await.refused(400, "request.shape");
    }

    async fn an_address_that_tries_many_logins_becomes_slow(app: &TestApp) {
        for n in 0..51 {
            tries(app, &format!("somebody{n}"), WRONG).await.refused(401, "auth.failed");
        }
        tries(app, "somebody-else", WRONG).await.refused(429, "auth.throttled");
    }

    async fn guesses_at_once_are_all_counted(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (a, b, c, d) = tokio::join!(
            tries(app, &ana.login, WRONG),
            tries(app, &ana.login, WRONG),
            tries(app, &ana.login, WRONG),
            tries(app, &ana.login, WRONG),
        );
        let (e, f, g, h) = tokio::join!(
            tries(app, &ana.login, WRONG),
            tries(app, &ana.login, WRONG),
            tries(app, &ana.login, WRONG),
            tries(app, &ana.login, WRONG),
        );
        let answers = [a, b, c, d, e, f, g, h];
        assert_eq!(answers.iter().filter(|reply| reply.status == 401).count(), 6);
        assert_eq!(answers.iter().filter(|reply| reply.status == 429).count(), 2);
    }

    async fn the_refresh_token_rotates_and_a_lost_answer_costs_nothing(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let second = refresh_token(&app.refreshes(&ana.cookie).await);
        let again = refresh_token(&app.refreshes(&ana.cookie).await);
        assert_ne!(second, ana.cookie);
        assert_eq!(again, second, "the token before the current one gives the same next token");
        let third = refresh_token(&app.refreshes(&second).await);
        assert_ne!(third, second);
        app.refreshes(&third).await.ok();
    }

    async fn a_token_older_than_the_one_before_ends_the_session(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let second = refresh_token(&app.refreshes(&ana.cookie).await);
        let third = refresh_token(&app.refreshes(&second).await);
        app.refreshes(&ana.cookie).await.refused(401, "auth.reused");
        app.refreshes(&third).await.refused(401, "auth.expired");
        ana.gets("/api/v1/me").await.refused(401, "auth.revoked");
        tries(app, &ana.login, PASSWORD).await.ok();
    }

    async fn two_tabs_that_refresh_at_once_both_go_on(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (one, other) = tokio::join!(app.refreshes(&ana.cookie), app.refreshes(&ana.cookie));
        assert_eq!(refresh_token(&one), refresh_token(&other));
        app.refreshes(&refresh_token(&one)).await.ok();
    }

    async fn signing_out_ends_the_session_on_the_server(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let other = Actor::sign_in(app, &ana.login, PASSWORD).await;
        let reply = ana.posts("/api/v1/auth/logout", &json!({})).await;
        assert_eq!(reply.status, 204);
        let cleared = reply.set_cookie(REFRESH_COOKIE).unwrap();
        assert!(cleared.starts_with("__Host-ruhu_refresh=;") && cleared.contains("Max-Age=0"), "{cleared}");
        ana.gets("/api/v1/me").await.refused(401, "auth.revoked");
        app.refreshes(&ana.cookie).await.refused(401, "auth.expired");
        other.gets("/api/v1/me").await.ok();
    }

    async fn a_new_password_ends_every_other_session(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let tablet = Actor::sign_in(app, &ana.login, PASSWORD).await;
        let change = json!({ "current": PASSWORD, "new": "another horse battery 8" });
        assert_eq!(ana.posts("/api/v1/me/password", &change).await.status, 204);
        tablet.gets("/api/v1/me").await.refused(401, "auth.revoked");
        app.refreshes(&tablet.cookie).await.refused(401, "auth.expired");
        app.refreshes(&ana.cookie).await.ok();
        tries(app, &ana.login, PASSWORD).await.refused(401, "auth.failed");
        tries(app, &ana.login, "another horse battery 8").await.ok();
    }

    async fn a_disabled_account_is_out_at_once(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let admin = app.admin().sign_in().await;
        let path = format!("/api/v1/users/{}", ana.id);
        admin.patches(&path, &json!({ "disabled": true })).await.ok();
        ana.gets("/api/v1/me").await.refused(401, "auth.revoked");
        app.refreshes(&ana.cookie).await.refused(401, "auth.expired");
        tries(app, &ana.login, PASSWORD).await.refused(401, "auth.failed");
        admin.patches(&path, &json!({ "disabled": false })).await.ok();
        ana.gets("/api/v1/me").await.refused(401, "auth.revoked");
        tries(app, &ana.login, PASSWORD).await.ok();
    }

    async fn a_session_ends_when_nobody_uses_it_and_after_a_year_in_any_case(app: &TestApp) {
        const DAY_S: i64 = 86_400;
        let idle = app.caseworker().sign_in().await;
        let used = app.caseworker().sign_in().await;
        let mut token = used.cookie.clone();
        for _ in 0..7 {
            app.clock.pass_s(51 * DAY_S);
            token = refresh_token(&app.refreshes(&token).await);
        }
        app.refreshes(&idle.cookie).await.refused(401, "auth.expired");
        app.clock.pass_s(9 * DAY_S);
        app.refreshes(&token).await.refused(401, "auth.expired");
    }
}

on_one_database! {
    async fn the_refresh_cookie_is_bound_to_this_host_and_out_of_reach_for_scripts(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        for reply in [tries(app, &ana.login, PASSWORD).await, app.refreshes(&ana.cookie).await] {
            let line = reply.set_cookie(REFRESH_COOKIE).unwrap();
            let parts: Vec<&str> = line.split("; ").skip(1).collect();
            for part in ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
                assert!(parts.contains(&part), "{part} is missing: {parts:?}");
            }
            assert!(parts.contains(&"Max-Age=5184000"), "{parts:?}");
            assert!(!line.contains("Domain"), "{line}");
            assert!(!reply.text().contains(&reply.cookie(REFRESH_COOKIE).unwrap()), "the token is in the body");
        }
    }

    async fn a_refresh_needs_the_header_of_our_own_script(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let request = app.request(Method::POST, "/api/v1/auth/refresh");
        let request = request.header("cookie", format!("{REFRESH_COOKIE}={}", ana.cookie));
        send(request).await.refused(400, "request.client");
        app.refreshes(&ana.cookie).await.ok();
    }

    async fn a_refresh_token_that_is_none_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (session, secret) = ana.cookie.split_once('.').unwrap();
        let bare = app.request(Method::POST, "/api/v1/auth/refresh").header("x-ruhu-client", "pwa");
        send(bare).await.refused(401, "auth.required");
        for broken in
            ["", "x", ".", session, &format!("{session}."), &format!("{session}.{secret}A"), &format!("x.{secret}")]
        {
            app.refreshes(broken).await.refused(401, "auth.token");
        }
        app.refreshes(&format!("{}.{secret}", Uuid::now_v7())).await.refused(401, "auth.expired");
        app.refreshes(&ana.cookie).await.ok();
    }

    async fn a_made_up_secret_ends_the_session_that_it_names(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let (session, _) = ana.cookie.split_once('.').unwrap();
        app.refreshes(&format!("{session}.{}", "A".repeat(43))).await.refused(401, "auth.reused");
        app.refreshes(&ana.cookie).await.refused(401, "auth.expired");
    }

    async fn a_weak_new_password_is_refused_with_its_reason(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let long = "x".repeat(129);
        let own = format!("{}12345", ana.login);
        for (new, code) in [
            ("short", "password.too_short"),
            (long.as_str(), "password.too_long"),
            ("password12345", "password.common"),
            ("123456789012", "password.common"),
            (own.as_str(), "password.common"),
        ] {
            let reply = ana.posts("/api/v1/me/password", &json!({ "current": PASSWORD, "new": new })).await;
            let problem = reply.refused(400, code);
            assert_eq!(problem["errors"][0]["path"], "new");
        }
        let body = json!({ "current": WRONG, "new": "another horse battery 8" });
        let problem = ana.posts("/api/v1/me/password", &body).await.refused(400, "password.wrong");
        assert_eq!(problem["errors"][0]["path"], "current");
        tries(app, &ana.login, PASSWORD).await.ok();
    }

    async fn guessing_the_current_password_becomes_slow_too(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let guess = json!({ "current": WRONG, "new": "another horse battery 8" });
        for _ in 0..6 {
            ana.posts("/api/v1/me/password", &guess).await.refused(400, "password.wrong");
        }
        ana.posts("/api/v1/me/password", &guess).await.refused(429, "auth.throttled");
    }
}
