//! Signs of life.

use reqwest::Method;
use ruhu_tests::{on_both_databases, on_one_database};
use serde_json::json;

on_both_databases! {
    async fn a_server_with_its_database_is_ready(app: &TestApp) {
        for path in ["/healthz", "/readyz"] {
            assert_eq!(app.call(Method::GET, path, None).await.ok(), json!({ "status": "ok" }));
        }
    }

    async fn a_database_without_its_tables_is_not_ready(app: &TestApp) {
        app.leaves_damage();
        app.db().revert_migrations().await.unwrap();
        let reply = app.call(Method::GET, "/readyz", None).await;
        reply.refused(503, "server.unavailable");
        assert_eq!(reply.header("retry-after"), "5");
        app.call(Method::GET, "/healthz", None).await.ok();
    }
}

on_one_database! {
    async fn the_reason_of_an_outage_stays_in_the_log(app: &TestApp) {
        app.leaves_damage();
        app.db().revert_migrations().await.unwrap();
        let reply = app.logs_in("ana", "correct horse battery 7", uuid::Uuid::now_v7()).await;
        let problem = reply.refused(500, "server.error");
        for word in ["table", "sql", "throttle", "users"] {
            assert!(!problem.to_string().to_lowercase().contains(word), "{problem}");
        }
        let id = reply.header("x-request-id").to_owned();
        let line = ruhu_tests::log::text()
            .lines()
            .find(|line| line.contains(&id) && line.contains("cause"))
            .map(str::to_owned);
        assert!(line.is_some(), "the cause is in the log, under the request's id");
    }
}
