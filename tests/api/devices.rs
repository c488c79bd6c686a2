//! One's own devices.

use ruhu_tests::actors::PASSWORD;
use ruhu_tests::{Actor, on_both_databases};
use serde_json::json;

on_both_databases! {
    async fn everybody_sees_their_own_devices_and_nobody_elses(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let other = app.caseworker().sign_in().await;
        app.clock.pass_s(60);
        let tablet = Actor::sign_in(app, &ana.login, PASSWORD).await;
        let list = ana.gets("/api/v1/devices").await.ok();
        let items = list["items"].as_array().unwrap();
        let ids: Vec<_> = items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(ids, [tablet.device.to_string(), ana.device.to_string()], "the one seen last first");
        assert_eq!((&items[0]["current"], &items[1]["current"]), (&json!(false), &json!(true)));
        assert_eq!(items[1]["label"], "测试手机");
        other.deletes(&format!("/api/v1/devices/{}", ana.device)).await.refused(404, "not_found");
        ana.gets("/api/v1/me").await.ok();
    }

    async fn a_revoked_device_is_out_at_once_until_the_next_sign_in(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let tablet = Actor::sign_in(app, &ana.login, PASSWORD).await;
        let path = format!("/api/v1/devices/{}", tablet.device);
        assert_eq!(ana.deletes(&path).await.status, 204);
        tablet.gets("/api/v1/me").await.refused(401, "auth.revoked");
        app.refreshes(&tablet.cookie).await.refused(401, "auth.expired");
        let list = ana.gets("/api/v1/devices").await.ok();
        let lost = list["items"].as_array().unwrap().iter().find(|item| item["id"] == json!(tablet.device)).unwrap();
        assert_eq!(lost["revoked"], true);
        let again = Actor::sign_in_on(app, &ana.login, PASSWORD, tablet.device).await;
        again.gets("/api/v1/me").await.ok();
        app.refreshes(&tablet.cookie).await.refused(401, "auth.expired");
    }

    async fn nobody_signs_in_on_a_device_of_somebody_else(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let bo = app.caseworker().sign_in().await;
        app.logs_in(&bo.login, PASSWORD, ana.device).await.refused(409, "auth.device");
        ana.gets("/api/v1/me").await.ok();
    }

    async fn a_second_sign_in_on_a_device_ends_the_first(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let again = Actor::sign_in_on(app, &ana.login, PASSWORD, ana.device).await;
        ana.gets("/api/v1/me").await.refused(401, "auth.revoked");
        again.gets("/api/v1/me").await.ok();
    }
}
