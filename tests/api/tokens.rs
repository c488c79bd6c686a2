//! Access tokens that nobody should believe.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, Mac};
use reqwest::Method;
use ruhu_tests::app::send;
use ruhu_tests::{Actor, TestApp, on_one_database};
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

/// The parts of a real token. The header's text stays as the server wrote it unless a test changes it.
#[derive(Clone)]
struct Token {
    header: String,
    claims: Value,
    signature: String,
}

impl Token {
    fn of(actor: &Actor) -> Self {
        let parts: Vec<&str> = actor.token.split('.').collect();
        let claims = serde_json::from_slice(&BASE64.decode(parts[1]).unwrap()).unwrap();
        Self { header: parts[0].to_owned(), claims, signature: parts[2].to_owned() }
    }

    /// The same with another value in its header or claims.
    fn with(&self, part: &str, key: &str, value: Value) -> Self {
        let mut token = self.clone();
        if part == "claims" {
            token.claims[key] = value;
            return token;
        }
        let mut header: Value = serde_json::from_slice(&BASE64.decode(&self.header).unwrap()).unwrap();
        header[key] = value;
        token.header = BASE64.encode(header.to_string());
        token
    }

    fn message(&self) -> String {
        format!("{}.{}", self.header, BASE64.encode(self.claims.to_string()))
    }

    /// With the old signature.
    fn unsigned(&self) -> String {
        format!("{}.{}", self.message(), self.signature)
    }

    /// With a valid signature by this key.
    fn signed_by(&self, key: &[u8; 32]) -> String {
        let signature = SigningKey::from_bytes(key).sign(self.message().as_bytes());
        format!("{}.{}", self.message(), BASE64.encode(signature.to_bytes()))
    }

    /// Signed by the public key as if it were a shared secret.
    fn signed_by_public_key(&self, secret: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        mac.update(self.message().as_bytes());
        format!("{}.{}", self.message(), BASE64.encode(mac.finalize().into_bytes()))
    }
}

#[track_caller]
fn refused(reply: &ruhu_tests::Reply, what: &str) {
    assert_eq!(reply.status, 401, "{what}: {}", reply.text());
    assert_eq!(reply.header("www-authenticate"), "Bearer", "{what}");
    reply.refused_with("auth.token");
}

async fn presents(app: &TestApp, token: &str, what: &str) {
    refused(&app.asks_with_token(token).await, what);
}

on_one_database! {
    async fn a_token_with_another_algorithm_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let token = Token::of(&ana);
        let key = SigningKey::from_bytes(&app.keys.token.0);
        let public = key.verifying_key();
        for name in ["none", "None", "NONE", "nOnE"] {
            let none = token.with("header", "alg", json!(name));
            presents(app, &format!("{}.", none.message()), name).await;
            presents(app, &none.unsigned(), name).await;
        }
        let hs256 = token.with("header", "alg", json!("HS256"));
        presents(app, &hs256.signed_by_public_key(public.as_bytes()), "HS256, raw public key").await;
        let text = BASE64.encode(public.as_bytes());
        presents(app, &hs256.signed_by_public_key(text.as_bytes()), "HS256, public key as text").await;
        for name in ["ES256", "RS256", "PS256", "HS512", "Ed25519"] {
            presents(app, &token.with("header", "alg", json!(name)).signed_by(&app.keys.token.0), name).await;
        }
    }

    async fn a_token_by_another_key_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let token = Token::of(&ana);
        presents(app, &token.signed_by(&[7; 32]), "another key").await;
        presents(app, &token.signed_by(&app.keys.field.0), "another key of ours").await;
        let own = BASE64.encode(SigningKey::from_bytes(&[7; 32]).verifying_key().as_bytes());
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": own });
        presents(app, &token.with("header", "jwk", jwk).signed_by(&[7; 32]), "brings its own key").await;
        presents(app, &token.with("header", "kid", json!("../../keys")).signed_by(&[7; 32]), "names a file").await;
        presents(
            app,
            &token.with("header", "jku", json!("https://example.invalid")).signed_by(&[7; 32]),
            "names a page",
        )
        .await;
    }

    async fn a_tampered_claim_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let token = Token::of(&ana);
        for (key, value) in [
            ("sub", json!(Uuid::now_v7())),
            ("sid", json!(Uuid::now_v7())),
            ("did", json!(Uuid::now_v7())),
            ("stamp", json!(2)),
            ("exp", json!(9_999_999_999_i64)),
            ("role", json!("sysop")),
        ] {
            presents(app, &token.with("claims", key, value).unsigned(), key).await;
        }
    }

    async fn a_token_of_ours_that_is_no_access_token_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let token = Token::of(&ana);
        let key = &app.keys.token.0;
        for (part, name, value) in [
            ("header", "typ", json!("JWT")),
            ("header", "typ", json!("ruhu+rt")),
            ("header", "crit", json!(["exp"])),
            ("claims", "aud", json!("ruhu-cards")),
            ("claims", "aud", json!(["ruhu-api", "x"])),
            ("claims", "aud", Value::Null),
            ("claims", "iss", json!("somebody")),
            ("claims", "extra", json!(1)),
            ("claims", "nbf", json!(9_999_999_999_i64)),
            ("claims", "exp", json!(9_999_999_999_i64)),
        ] {
            presents(app, &token.with(part, name, value.clone()).signed_by(key), &format!("{name} {value}")).await;
        }
    }

    async fn a_signed_token_about_another_session_user_or_device_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let bo = app.admin().sign_in().await;
        let token = Token::of(&ana);
        for (name, value) in
            [("sub", json!(bo.id)), ("did", json!(bo.device)), ("sid", json!(Uuid::now_v7())), ("stamp", json!(7))]
        {
            let forged = token.with("claims", name, value).signed_by(&app.keys.token.0);
            app.asks_with_token(&forged).await.refused(401, "auth.revoked");
        }
    }

    async fn garbage_is_refused(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let parts: Vec<&str> = ana.token.split('.').collect();
        for garbage in [
            "x".to_owned(),
            "..".to_owned(),
            "null".to_owned(),
            ana.cookie.clone(),
            "A".repeat(5000),
            format!("{}.{}", parts[0], parts[1]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}.{}", parts[0], parts[1], "A".repeat(86)),
            format!("{}.x", ana.token),
            format!("{}.{}.{}", parts[0], parts[0], parts[2]),
        ] {
            presents(app, &garbage, &garbage).await;
        }
    }

    async fn a_token_ends_after_fifteen_minutes(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        app.clock.pass_s(899);
        ana.gets("/api/v1/me").await.ok();
        app.clock.pass_s(1);
        ana.gets("/api/v1/me").await.refused(401, "auth.expired");
    }

    async fn a_clock_a_minute_ahead_of_ours_is_believed(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let token = Token::of(&ana);
        let later = |seconds: i64| {
            let moved = |key: &str| json!(token.claims[key].as_i64().unwrap() + seconds);
            let mut later = token.clone();
            for key in ["iat", "nbf", "exp"] {
                later.claims[key] = moved(key);
            }
            later.signed_by(&app.keys.token.0)
        };
        app.asks_with_token(&later(60)).await.ok();
        presents(app, &later(61), "too far ahead").await;
        app.asks_with_token(&later(-899)).await.ok();
        app.asks_with_token(&later(-900)).await.refused(401, "auth.expired");
    }

    async fn a_token_counts_only_as_the_one_bearer_of_a_request(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let request = || app.request(Method::GET, "/api/v1/me");
        for authorization in [format!("bearer {}", ana.token), format!("Basic {}", ana.token), ana.token.clone()] {
            send(request().header("authorization", authorization)).await.refused(401, "auth.required");
        }
        send(request().bearer_auth(&ana.token).bearer_auth(&ana.token)).await.refused(401, "auth.required");
        send(request().header("cookie", format!("access_token={}", ana.token))).await.refused(401, "auth.required");
        let in_query = app.request(Method::GET, &format!("/api/v1/me?access_token={}", ana.token));
        send(in_query).await.refused(401, "auth.required");
    }
}
