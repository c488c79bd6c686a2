//! Headers of every answer, errors and pages of the app included; and who may send a request at all.

use reqwest::Method;
use ruhu_server::routes::ROUTES;
use ruhu_tests::app::{method_of, send};
use ruhu_tests::{Reply, on_one_database};
use serde_json::json;

#[track_caller]
fn is_hardened(what: &str, reply: &Reply) {
    let csp = reply.header("content-security-policy");
    assert!(!csp.contains("unsafe-") && !csp.contains('*') && !csp.contains("http:"), "{what}: {csp}");
    for part in
        ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]
    {
        assert!(csp.split("; ").any(|directive| directive.trim() == part), "{what}: {part} is missing in {csp}");
    }
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(reply.header(name), value, "{name} of {what}");
    }
    let permissions = reply.header("permissions-policy");
    for part in ["microphone=()", "payment=()", "usb=()", "geolocation=(self)", "camera=(self)"] {
        assert!(permissions.contains(part), "{what}: {part}");
    }
    assert!(reply.header("x-request-id").parse::<uuid::Uuid>().is_ok(), "{what}");
    assert_eq!(reply.header("strict-transport-security"), "", "{what} came without TLS");
    assert_eq!(reply.header("server"), "", "{what}");
    assert_eq!(reply.header("access-control-allow-origin"), "", "{what}");
}

on_one_database! {
    async fn every_route_is_hardened_signed_in_or_not(app: &TestApp) {
        let mut request_ids = Vec::new();
        for operation in ROUTES {
            let admin = app.admin().sign_in().await;
            let path = operation.path.replace("{id}", "00000000-0000-7000-8000-000000000000");
            for request in [app.request(method_of(operation), &path), admin.request(method_of(operation), &path)] {
                let reply = send(request).await;
                is_hardened(operation.id, &reply);
                let cache = reply.header("cache-control");
                let is_revalidated = matches!(operation.id, "get_definitions" | "list_regions") && reply.status == 200;
                let wanted = if is_revalidated { "private, no-cache" } else { "no-store" };
                assert_eq!(cache, wanted, "{} {}", operation.id, reply.status);
                request_ids.push(reply.header("x-request-id").to_owned());
            }
        }
        let count = request_ids.len();
        request_ids.sort();
        request_ids.dedup();
        assert_eq!(request_ids.len(), count, "every answer has an id of its own");
    }

    async fn what_is_no_route_is_hardened_too(app: &TestApp) {
        for path in [
            "/",
            "/visits/1",
            "/setup",
            "/assets/none.js",
            "/api",
            "/api/none",
            "/api/v1/none",
            "/c/none",
            "/%ff",
            "/.env",
        ] {
            is_hardened(path, &app.call(Method::GET, path, None).await);
        }
        is_hardened("OPTIONS", &app.call(Method::OPTIONS, "/api/v1/visits", None).await);
        is_hardened("HEAD", &app.call(Method::HEAD, "/api/v1/about", None).await);
    }

    async fn a_request_id_of_the_caller_is_not_taken_over(app: &TestApp) {
        let request = app.request(Method::GET, "/api/v1/about").header("x-request-id", "chosen-by-the-caller");
        assert_ne!(send(request).await.header("x-request-id"), "chosen-by-the-caller");
    }

    async fn what_another_sites_page_sends_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let sends = |name: &'static str, value: &str| {
            send(ana.request(Method::POST, "/api/v1/sync/pull").header(name, value).json(&json!({})))
        };
        for origin in
            ["https://example.invalid", "null", "http://localhost:1", &app.base.replace("127.0.0.1", "127.0.0.2")]
        {
            sends("origin", origin).await.refused(403, "request.origin");
        }
        for site in ["cross-site", "same-site"] {
            sends("sec-fetch-site", site).await.refused(403, "request.origin");
        }
        sends("origin", &app.base).await.ok();
        sends("sec-fetch-site", "same-origin").await.ok();
        sends("sec-fetch-site", "none").await.ok();
    }

    async fn a_link_from_another_site_may_open_a_page(app: &TestApp) {
        let request = app.request(Method::GET, "/").header("sec-fetch-site", "cross-site");
        assert_eq!(send(request).await.status, 200);
    }
}
