//! People who sign in and do things, each on a device of their own.

use crate::app::{Clock, REFRESH_COOKIE, TestApp, send, settle};
use crate::factories::Draft;
use crate::matchers::{Approval, Pushed, Receipt, Reply, Sent, Visit};
use reqwest::{Client, Method, RequestBuilder};
use ruhu_domain::actor::Role;
use ruhu_domain::region::RegionCode;
use ruhu_server::app::account::NewAccount;
use ruhu_store::Db;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use uuid::Uuid;

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery 7";

/// Somebody about to be hired.
pub struct Hire<'a> {
    app: &'a TestApp,
    role: Role,
    scope: String,
    name: String,
    work_phone: Option<String>,
    password: String,
}

impl TestApp {
    /// Somebody in a role; within Dongsheng, or the city for the city's roles.
    pub fn hire(&self, role: Role) -> Hire<'_> {
        let is_of_city = !matches!(
            role,
            Role::Caseworker
                | Role::Responsible
                | Role::GrassrootsAdmin
                | Role::BannerSupervisor
                | Role::IndustrySupervisor
        );
        let scope = if is_of_city { "1506" } else { "150602" }.to_owned();
        Hire { app: self, role, scope, name: "演示员".into(), work_phone: None, password: PASSWORD.into() }
    }

    pub fn caseworker(&self) -> Hire<'_> {
        self.hire(Role::Caseworker)
    }

    pub fn supervisor(&self) -> Hire<'_> {
        self.hire(Role::BannerSupervisor)
    }

    pub fn city_reviewer(&self) -> Hire<'_> {
        self.hire(Role::CityReviewer)
    }

    pub fn admin(&self) -> Hire<'_> {
        self.hire(Role::CityAdmin)
    }

    pub fn auditor(&self) -> Hire<'_> {
        self.hire(Role::Auditor)
    }
}

impl Hire<'_> {
    #[must_use]
    pub fn in_region(mut self, code: &str) -> Self {
        self.scope = code.to_owned();
        self
    }

    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    #[must_use]
    pub fn with_phone(mut self, phone: &str) -> Self {
        self.work_phone = Some(phone.to_owned());
        self
    }

    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.password = password.to_owned();
        self
    }

    /// Gets the account and signs in through the API.
    pub async fn sign_in(self) -> Actor {
        let Self { app, role, scope, name, work_phone, password } = self;
        let login = format!("{}.{}", role.code(), app.counter.fetch_add(1, Ordering::SeqCst));
        let scope = RegionCode::parse(&scope).expect("a region code");
        let account = NewAccount { login, name, role, scope, work_phone, password: Some(password.clone()) };
        let (user, _) = app.app.add_account(account, None).await.expect("an account");
        Actor::sign_in(app, &user.login, &password).await
    }
}

/// Somebody who is signed in.
pub struct Actor {
    pub id: Uuid,
    pub login: String,
    pub password: String,
    pub role: Role,
    pub scope: RegionCode,
    pub device: Uuid,
    pub token: String,
    /// The refresh token.
    pub cookie: String,
    http: Client,
    base: String,
    clock: Clock,
    db: Db,
    next_seq: AtomicI64,
    epoch: AtomicI64,
}

impl Actor {
    /// Signs in on a new device.
    pub async fn sign_in(app: &TestApp, login: &str, password: &str) -> Self {
        Self::sign_in_on(app, login, password, Uuid::now_v7()).await
    }

    /// Signs in on this device.
    pub async fn sign_in_on(app: &TestApp, login: &str, password: &str, device: Uuid) -> Self {
        let reply = app.logs_in(login, password, device).await;
        let session = reply.ok();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Self {
            id: text(&session["user"]["id"]).parse().expect("an id"),
            login: login.to_owned(),
            password: password.to_owned(),
            role: text(&session["user"]["role"]).parse().expect("a role"),
            scope: RegionCode::parse(&text(&session["user"]["scope"])).expect("a region"),
            device,
            token: text(&session["access_token"]),
            cookie: reply.cookie(REFRESH_COOKIE).expect("a refresh cookie"),
            http: app.http.clone(),
            base: app.base.clone(),
            clock: app.clock.clone(),
            db: app.db().db().clone(),
            next_seq: AtomicI64::new(1),
            epoch: AtomicI64::new(1),
        }
    }

    /// A request in this person's name, still to be sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    pub async fn gets(&self, path: &str) -> Reply {
        send(self.request(Method::GET, path)).await
    }

    pub async fn posts(&self, path: &str, body: &Value) -> Reply {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub async fn patches(&self, path: &str, body: &Value) -> Reply {
        send(self.request(Method::PATCH, path).json(body)).await
    }

    pub async fn deletes(&self, path: &str) -> Reply {
        send(self.request(Method::DELETE, path)).await
    }

    /// An operation with the next number of this device.
    pub fn op(&self, kind: &str, subject: Uuid, body: &Value) -> Value {
        json!({
            "seq": self.next_seq.fetch_add(1, Ordering::SeqCst), "id": Uuid::now_v7(), "kind": kind, "version": 1,
            "subject": subject, "after": null, "recorded_at": self.clock.now(),
            "clock": { "offset_ms": 0, "monotonic_ms": 5 }, "body": body,
        })
    }

    /// The operation that sends a visit, and the visit as its sender knows it.
    pub fn submission(&self, draft: Draft) -> (Value, Visit) {
        let (visit, body) = draft.finish(self.clock.now());
        (self.op("visit.submit", visit.id, &body), visit)
    }

    /// Begins a new epoch: numbers start at 1 again.
    pub fn begins_epoch(&self, epoch: i64) {
        self.epoch.store(epoch, Ordering::SeqCst);
        self.next_seq.store(1, Ordering::SeqCst);
    }

    /// The body of a push.
    pub fn batch(&self, ops: &[Value]) -> Value {
        json!({
            "device": self.device, "epoch": self.epoch.load(Ordering::SeqCst), "protocol": 1, "app_build": "test",
            "manifest": { "count": ops.len(), "first_seq": null, "last_seq": null, "head": "" }, "ops": ops,
        })
    }

    /// Pushes operations.
    pub async fn pushes(&self, ops: &[Value]) -> Pushed {
        Pushed(self.posts("/api/v1/sync/push", &self.batch(ops)).await)
    }

    /// Sends a visit.
    pub async fn submits(&self, draft: Draft) -> Sent {
        let (op, visit) = self.submission(draft);
        Sent { pushed: self.pushes(&[op]).await, visit }
    }

    /// Takes a visit back.
    pub async fn withdraws(&self, visit: &Visit, reason: &str) -> Pushed {
        let body = json!({ "visit_id": visit.id, "rev": visit.rev, "reason": reason });
        self.pushes(&[self.op("visit.withdraw", visit.id, &body)]).await
    }

    /// One page, once everything that was committed before can be served.
    pub async fn pulls_page(&self, cursor: Option<&str>, limit: i64) -> Reply {
        settle(&self.db).await;
        self.posts("/api/v1/sync/pull", &json!({ "cursor": cursor, "limit": limit })).await
    }

    /// Everything after a cursor, put together as a phone would.
    pub async fn pulls(&self, cursor: Option<&str>, limit: i64) -> Phone {
        let mut phone = Phone { cursor: cursor.map(str::to_owned), ..Phone::default() };
        while phone.takes(&self.pulls_page(phone.cursor.as_deref(), limit).await.ok()) {}
        phone
    }

    /// The record of a visit.
    pub async fn opens(&self, visit: &Visit) -> Reply {
        self.gets(&format!("/api/v1/visits/{}", visit.id)).await
    }

    /// Approves what was seen.
    pub async fn approves(&self, approval: impl Into<Approval>) -> Reply {
        let Approval { visit, body } = approval.into();
        self.posts(&format!("/api/v1/visits/{visit}/approve"), &body).await
    }

    /// Sends a visit back for one reason.
    pub async fn returns(&self, visit: &Visit) -> Reply {
        let reasons = json!([{ "path": "residence_address", "code": "other", "text": "请写到门牌号" }]);
        let body = json!({ "visit_rev": visit.rev, "visit_hash": visit.hash, "reasons": reasons, "text": "请补充" });
        self.posts(&format!("/api/v1/visits/{}/return", visit.id), &body).await
    }

    /// Rejects a visit for good.
    pub async fn rejects(&self, visit: &Visit) -> Reply {
        self.rejects_as(visit, "duplicate").await
    }

    /// Rejects the visit for a reason.
    pub async fn rejects_as(&self, visit: &Visit, code: &str) -> Reply {
        let body = json!({ "visit_rev": visit.rev, "visit_hash": visit.hash, "code": code, "text": "已核实" });
        self.posts(&format!("/api/v1/visits/{}/reject", visit.id), &body).await
    }

    /// Puts a household into these hands.
    pub async fn assigns(&self, household: Uuid, contact: Option<Uuid>, responsible: Option<Uuid>) -> Reply {
        let body = json!({ "contact_id": contact, "responsible_id": responsible });
        self.posts(&format!("/api/v1/households/{household}/assign"), &body).await
    }
}

/// What a phone holds after some pages.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Phone {
    /// Bodies by kind and id.
    pub rows: BTreeMap<(String, String), Value>,
    pub cursor: Option<String>,
    /// The total that the first page named.
    pub total: Option<i64>,
    /// Everything that was evicted on the way.
    pub evicted: Vec<(String, String)>,
    /// Later answers to operations, in the order in which they came.
    pub outcomes: Vec<Receipt>,
    pub pages: usize,
}

impl Phone {
    /// Stores a page; whether more come.
    pub fn takes(&mut self, page: &Value) -> bool {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        for row in page["evict"].as_array().expect("evict") {
            let key = (text(&row["kind"]), text(&row["id"]));
            self.rows.remove(&key);
            self.evicted.push(key);
        }
        for row in page["changes"].as_array().expect("changes") {
            self.rows.insert((text(&row["kind"]), text(&row["id"])), row["body"].clone());
        }
        let outcomes = page["outcomes"].as_array().expect("outcomes").iter();
        self.outcomes.extend(outcomes.map(|row| Receipt(row["receipt"].clone())));
        self.total = page["total"].as_i64().or(self.total);
        self.cursor = Some(text(&page["cursor"]));
        self.pages += 1;
        page["more"] == true
    }

    /// A household's body.
    pub fn household(&self, id: Uuid) -> Option<&Value> {
        self.rows.get(&("household".to_owned(), id.to_string()))
    }

    /// A visit's body.
    pub fn visit(&self, id: Uuid) -> Option<&Value> {
        self.rows.get(&("visit".to_owned(), id.to_string()))
    }
}
