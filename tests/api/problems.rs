//! Requests that cannot be read: every refusal is a problem with a code and the request's id.

use reqwest::{Method, RequestBuilder};
use ruhu_server::routes::ROUTES;
use ruhu_tests::app::{method_of, send};
use ruhu_tests::{Actor, TestApp, on_one_database};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::Write;
use uuid::Uuid;

const LOGIN: &str = "/api/v1/auth/login";

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn posts(app: &TestApp, body: impl Into<Vec<u8>>) -> RequestBuilder {
    app.request(Method::POST, LOGIN).header("content-type", "application/json").body(body.into())
}

/// Methods that some operation of this path has.
fn methods(path: &str) -> BTreeSet<String> {
    ROUTES.iter().filter(|operation| operation.path == path).map(|operation| method_of(operation).to_string()).collect()
}

fn concrete(path: &str) -> String {
    path.replace("{id}", &Uuid::now_v7().to_string())
}

/// Somebody whose role may attempt the operation.
async fn somebody_for(app: &TestApp, action: ruhu_domain::policy::Action) -> Actor {
    app.hire(action.roles()[0]).sign_in().await
}

on_one_database! {
    async fn a_body_is_json_and_nothing_else(app: &TestApp) {
        for (body, code) in [
            (&b""[..], "request.json"),
            (b"{", "request.json"),
            (b"\xff\xfe", "request.json"),
            (b"[]", "request.shape"),
            (b"null", "request.shape"),
            (b"\"text\"", "request.shape"),
            (b"{}", "request.shape"),
            (b"{\"login\":1,\"password\":\"x\",\"device\":{}}", "request.shape"),
        ] {
            send(posts(app, body)).await.refused(400, code);
        }
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        let reply = send(posts(app, deep)).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
    }

    async fn another_content_type_is_refused(app: &TestApp) {
        for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", ""]
        {
            let request = app.request(Method::POST, LOGIN).header("content-type", media).body("{}");
            send(request).await.refused(415, "request.media_type");
        }
        send(app.request(Method::POST, LOGIN).body("{}")).await.refused(415, "request.media_type");
        let charset =
            app.request(Method::POST, LOGIN).header("content-type", "Application/JSON; charset=utf-8").body("{}");
        send(charset).await.refused(400, "request.shape");
    }

    async fn every_body_refuses_unknown_keys(app: &TestApp) {
        for operation in ROUTES {
            let takes_body = !matches!(operation.id, "refresh_session" | "logout" | "replay_parked")
                && matches!(method_of(operation), Method::POST | Method::PATCH);
            if !takes_body {
                continue;
            }
            let body = json!({ "no_such_key": 1 });
            let reply = match operation.access {
                ruhu_server::extract::Access::Public => {
                    app.call(method_of(operation), operation.path, Some(&body)).await
                }
                ruhu_server::extract::Access::Signed(action) => {
                    let somebody = somebody_for(app, action).await;
                    send(somebody.request(method_of(operation), &concrete(operation.path)).json(&body)).await
                }
            };
            let problem = reply.refused(400, "request.shape");
            assert!(!problem.to_string().contains("no_such_key"), "{} quotes the body: {problem}", operation.id);
        }
    }

    async fn a_password_in_a_broken_body_is_not_quoted(app: &TestApp) {
        let body = "{\"login\":\"ana\",\"password\":7310731073,\"device\":{}}";
        let problem = send(posts(app, body)).await.refused(400, "request.shape");
        assert!(!problem.to_string().contains("7310731073"), "{problem}");
    }

    async fn queries_refuse_unknown_keys_and_wrong_values(app: &TestApp) {
        let admin = app.admin().sign_in().await;
        for (path, code) in [
            ("users?scope=15", "request.query"),
            ("users?role=king", "request.query"),
            ("users?region=abc", "request.query"),
            ("visits?limit=many", "request.query"),
            ("visits?has_warnings=maybe", "request.query"),
            ("visits?state=none", "code.unknown"),
            ("visits?visit_type=V99", "code.unknown"),
            ("visits?cursor=x", "request.cursor"),
            ("visits?visitor=1", "request.query"),
            ("households?status=none", "code.unknown"),
            ("households?due=tomorrow", "request.query"),
            ("households?nope=1", "request.query"),
            ("households?due=2027-01-01&cursor=x", "request.cursor"),
        ] {
            let reply = admin.gets(&format!("/api/v1/{path}")).await;
            assert_eq!((reply.status, &reply.json()["code"]), (400, &json!(code)), "{path}: {}", reply.text());
        }
    }

    async fn a_wrong_method_is_405_on_every_path(app: &TestApp) {
        for path in ROUTES.iter().map(|operation| operation.path).collect::<BTreeSet<_>>() {
            let known = methods(path);
            for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                if !known.contains(method.as_str()) {
                    app.call(method, &concrete(path), None).await.refused(405, "request.method");
                }
            }
        }
        app.call(Method::POST, "/", None).await.refused(405, "request.method");
    }

    async fn an_unknown_path_is_404(app: &TestApp) {
        for path in [
            "/api",
            "/api/",
            "/api/v1",
            "/api/v1/none",
            "/api/v2/about",
            "/api/v1/about/",
            "/c/none",
            "/assets/none.js",
            "/.env",
            "/index.php.bak",
        ] {
            app.call(Method::GET, path, None).await.refused(404, "not_found");
        }
    }

    async fn an_id_that_is_none_names_nothing(app: &TestApp) {
        let reviewer = app.city_reviewer().sign_in().await;
        for path in ["visits/1", "visits/%00", "households/..%2f..%2fetc", "households/x/revisions"] {
            reviewer.gets(&format!("/api/v1/{path}")).await.refused(404, "not_found");
        }
    }

    async fn a_bomb_stays_small(app: &TestApp) {
        let plain = vec![b' '; 64 * 1024 * 1024];
        for (coding, bomb) in [("gzip", gzip(&plain)), ("zstd", zstd::encode_all(&plain[..], 3).unwrap())] {
            assert!(bomb.len() < 1024 * 1024, "{coding} {}", bomb.len());
            send(posts(app, bomb).header("content-encoding", coding)).await.refused(413, "request.too_large");
        }
        send(posts(app, vec![b' '; 1024 * 1024 + 1])).await.refused(413, "request.too_large");
    }

    async fn an_encoding_that_does_not_fit_is_refused(app: &TestApp) {
        for coding in ["br", "deflate", "gzip, gzip", "x"] {
            send(posts(app, "{}").header("content-encoding", coding)).await.refused(415, "request.encoding");
        }
        for coding in ["gzip", "zstd"] {
            send(posts(app, "{}").header("content-encoding", coding)).await.refused(415, "request.encoding");
        }
        let cut = &gzip(b"{\"login\": \"ana\", \"password\": \"x\"}")[..20];
        send(posts(app, cut).header("content-encoding", "gzip")).await.refused(415, "request.encoding");
        send(posts(app, gzip(b"{}")).header("content-encoding", "gzip")).await.refused(400, "request.shape");
    }
}
