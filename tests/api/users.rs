//! People of one's area: made, changed, shut out.

use ruhu_domain::actor::Role;
use ruhu_domain::policy::may_grant;
use ruhu_tests::actors::PASSWORD;
use ruhu_tests::{Actor, on_both_databases};
use serde_json::{Value, json};
use uuid::Uuid;

fn account(login: &str, role: &str, scope: &str) -> Value {
    json!({ "login": login, "name": "示例人员", "role": role, "scope": scope })
}

on_both_databases! {
    async fn an_account_is_made_with_a_password_that_is_shown_once(app: &TestApp) {
        let admin = app.admin().sign_in().await;
        let reply = admin.posts("/api/v1/users", &account("New.One", "caseworker", "150602001")).await;
        assert_eq!(reply.status, 201);
        let made = reply.ok();
        let user = &made["user"];
        assert_eq!(
            (&user["login"], &user["role"], &user["disabled"]),
            (&json!("new.one"), &json!("caseworker"), &json!(false))
        );
        assert_eq!((&user["scope_zh"], &user["created_at"]), (&json!("交通街道"), &json!(app.now())));
        let password = made["password"].as_str().unwrap();
        let somebody = Actor::sign_in(app, "new.one", password).await;
        assert_eq!(json!(somebody.id), user["id"]);
        let list = admin.gets("/api/v1/users").await;
        assert!(
            !list.text().contains(password) && !list.text().contains("argon2") && !list.text().contains("password")
        );
    }

    async fn a_password_may_be_chosen_and_is_not_shown(app: &TestApp) {
        let admin = app.admin().sign_in().await;
        let mut wanted = account("chosen", "auditor", "1506");
        wanted["password"] = json!("short");
        admin.posts("/api/v1/users", &wanted).await.refused(400, "password.too_short");
        wanted["password"] = json!("a chosen password 9");
        assert_eq!(admin.posts("/api/v1/users", &wanted).await.ok()["password"], Value::Null);
        Actor::sign_in(app, "chosen", "a chosen password 9").await;
    }

    async fn an_account_keeps_to_the_rules(app: &TestApp) {
        let boss = app.admin().in_region("150602").sign_in().await;
        boss.posts("/api/v1/users", &account("taken", "caseworker", "150602")).await.ok();
        for (body, status, code) in [
            (account("TAKEN", "caseworker", "150602"), 409, "user.login_taken"),
            (account("two", "sysop", "150602"), 403, "user.role"),
            (account("two", "caseworker", "1506"), 403, "user.scope"),
            (account("two", "caseworker", "150603"), 403, "user.scope"),
            (account("a b", "caseworker", "150602"), 400, "user.login_format"),
            (account("x", "caseworker", "150602"), 400, "user.login_format"),
            (account("two", "king", "150602"), 400, "request.shape"),
            (account("two", "caseworker", "15060"), 400, "request.shape"),
        ] {
            boss.posts("/api/v1/users", &body).await.refused(status, code);
        }
        let mut nameless = account("two", "caseworker", "150602");
        nameless["name"] = json!("  ");
        boss.posts("/api/v1/users", &nameless).await.refused(400, "user.name_format");
        nameless["name"] = json!("示例");
        nameless["work_phone"] = json!("call me");
        boss.posts("/api/v1/users", &nameless).await.refused(400, "phone.format");
        let city = app.admin().sign_in().await;
        city.posts("/api/v1/users", &account("two", "caseworker", "1506999")).await.refused(400, "request.shape");
        city.posts("/api/v1/users", &account("two", "caseworker", "15")).await.refused(403, "user.scope");
    }

    async fn roles_are_given_as_the_table_says(app: &TestApp) {
        for by in [Role::CityAdmin, Role::Sysop] {
            let boss = app.hire(by).sign_in().await;
            for role in Role::ALL {
                let login = format!("{}-{}", by.code(), role.code());
                let reply = boss.posts("/api/v1/users", &account(&login, role.code(), "1506")).await;
                if may_grant(by, role) {
                    reply.ok()
                } else {
                    reply.refused(403, "user.role")
                };
            }
        }
    }

    async fn a_new_password_ends_the_sessions(app: &TestApp) {
        let admin = app.admin().sign_in().await;
        let ana = app.caseworker().sign_in().await;
        let saved = admin.patches(&format!("/api/v1/users/{}", ana.id), &json!({ "reset_password": true })).await.ok();
        ana.gets("/api/v1/me").await.refused(401, "auth.revoked");
        app.refreshes(&ana.cookie).await.refused(401, "auth.expired");
        app.logs_in(&ana.login, PASSWORD, Uuid::now_v7()).await.refused(401, "auth.failed");
        Actor::sign_in(app, &ana.login, saved["password"].as_str().unwrap()).await;
    }

    async fn a_new_role_ends_the_sessions(app: &TestApp) {
        let admin = app.admin().sign_in().await;
        let boss = app.supervisor().sign_in().await;
        admin.patches(&format!("/api/v1/users/{}", boss.id), &json!({ "role": "auditor" })).await.ok();
        boss.gets("/api/v1/visits").await.refused(401, "auth.revoked");
        app.refreshes(&boss.cookie).await.refused(401, "auth.expired");
        let boss = Actor::sign_in(app, &boss.login, PASSWORD).await;
        assert_eq!(boss.role, Role::Auditor);
    }

    async fn nobody_changes_their_own_rights_or_those_above_them(app: &TestApp) {
        let admin = app.admin().sign_in().await;
        let sysop = app.hire(Role::Sysop).sign_in().await;
        let own = format!("/api/v1/users/{}", admin.id);
        for patch in [
            json!({ "role": "city_reviewer" }),
            json!({ "scope": "150602" }),
            json!({ "disabled": true }),
            json!({ "reset_password": true }),
        ] {
            admin.patches(&own, &patch).await.refused(403, "user.self");
        }
        assert_eq!(admin.patches(&own, &json!({ "name": "示例主任" })).await.ok()["user"]["name"], "示例主任");
        let above = format!("/api/v1/users/{}", sysop.id);
        for patch in [json!({ "disabled": true }), json!({ "reset_password": true }), json!({ "name": "某人" })] {
            admin.patches(&above, &patch).await.refused(403, "user.role");
        }
        let ana = app.caseworker().sign_in().await;
        let raise = json!({ "role": "sysop" });
        admin.patches(&format!("/api/v1/users/{}", ana.id), &raise).await.refused(403, "user.role");
    }

    async fn an_account_of_another_area_is_not_there(app: &TestApp) {
        let far = app.admin().in_region("150603").sign_in().await;
        let ana = app.caseworker().sign_in().await;
        let city = app.admin().sign_in().await;
        for id in [ana.id, city.id, Uuid::now_v7()] {
            far.patches(&format!("/api/v1/users/{id}"), &json!({ "name": "某人" })).await.refused(404, "not_found");
        }
        let list = far.gets("/api/v1/users").await;
        assert!(!list.text().contains(&ana.id.to_string()) && !list.text().contains(&city.id.to_string()));
        assert_eq!(far.gets("/api/v1/users?region=150602").await.ok()["items"], json!([]));
        let scope = json!({ "scope": "150603" });
        city.patches(&format!("/api/v1/users/{}", ana.id), &scope).await.ok();
        far.patches(&format!("/api/v1/users/{}", ana.id), &json!({ "scope": "150602" }))
            .await
            .refused(403, "user.scope");
    }

    async fn the_list_is_searched_and_paged(app: &TestApp) {
        let admin = app.admin().sign_in().await;
        let mut wanted = Vec::new();
        for name in ["示例赵", "示例钱", "示例孙"] {
            wanted.push(app.caseworker().named(name).sign_in().await.id.to_string());
        }
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = admin.gets(&format!("/api/v1/users?role=caseworker&limit=2{cursor}")).await.ok();
            seen.extend(page["items"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned()));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        seen.sort();
        wanted.sort();
        assert_eq!(seen, wanted);
        let found = admin.gets("/api/v1/users?q=%E9%92%B1").await.ok();
        assert_eq!((found["items"].as_array().unwrap().len(), &found["items"][0]["name"]), (1, &json!("示例钱")));
        let by_login = admin.gets("/api/v1/users?q=CITY_ADMIN.").await.ok();
        assert_eq!(by_login["items"][0]["id"], json!(admin.id));
    }
}
