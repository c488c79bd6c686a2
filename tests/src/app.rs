//! A server of one test: the real one, on a port of its own, over a fresh database.

use crate::backends::{Backend, TestDb};
use crate::log;
use crate::matchers::Reply;
use actix_web::dev::ServerHandle;
use diesel::{RunQueryDsl, sql_query};
use reqwest::{Client, Method, RequestBuilder};
use ruhu_domain::form::Definitions;
use ruhu_domain::time::Time;
use ruhu_server::app::verify::verify_database;
use ruhu_server::app::{App, Ingredients};
use ruhu_server::config::auth::Auth;
use ruhu_server::config::http::Http;
use ruhu_server::config::keys::Keys;
use ruhu_server::env::{Env, RandomError};
use ruhu_server::extract::Operation;
use ruhu_server::startup;
use ruhu_store::{Conn, Db, StoreError};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// The name of the cookie that continues a session.
pub const REFRESH_COOKIE: &str = "__Host-ruhu_refresh";
/// Where every test's clock begins: a Monday morning in Shanghai.
const MORNING: &str = "\"2026-11-23T01:00:00.123456Z\"";

/// The clock that a test turns.
#[derive(Debug, Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    fn new() -> Self {
        let morning: Time = serde_json::from_str(MORNING).expect("a time");
        Self(Arc::new(AtomicI64::new(morning.micros())))
    }

    /// This moment.
    pub fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::SeqCst))
    }

    /// Lets seconds pass.
    pub fn pass_s(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

/// A running server.
pub struct TestApp {
    /// The app behind the server: for hiring people, not for asking it.
    pub app: App,
    pub clock: Clock,
    pub keys: Keys,
    pub base: String,
    pub http: Client,
    pub(crate) counter: AtomicI64,
    is_damaged: AtomicBool,
    server: ServerHandle,
    /// Last, so that the server is told to stop before its database goes.
    db: TestDb,
}

impl TestApp {
    /// A server on this database; `None` when PostgreSQL was switched off.
    pub async fn new(backend: Backend) -> Option<Self> {
        Some(Self::over(TestDb::new(backend).await?).await)
    }

    /// A server on SQLite, for tests that are not about what the database does.
    pub async fn on_sqlite() -> Self {
        Self::new(Backend::Sqlite).await.expect("SQLite is always there")
    }

    async fn over(db: TestDb) -> Self {
        log::capture();
        let clock = Clock::new();
        let env = env(&clock);
        let keys = Keys::generate(&env).expect("random keys");
        let auth = Auth { argon2_memory_kib: 8, argon2_passes: 1, argon2_lanes: 1, ..Auth::default() };
        let ingredients =
            Ingredients { db: db.db().clone(), keys: keys.clone(), definitions: definitions(), env, auth };
        let app = App::open(ingredients).await.expect("an app");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let http = Http { workers: Some(2), ..Http::default() };
        let server = startup::server(app.clone(), &http, listener, None).expect("a server");
        let handle = server.handle();
        tokio::spawn(server);
        let (counter, is_damaged) = (AtomicI64::new(1), AtomicBool::new(false));
        Self { app, clock, keys, base, http: client(), counter, is_damaged, server: handle, db }
    }

    /// The test damages its database on purpose and leaves it so.
    pub fn leaves_damage(&self) {
        self.is_damaged.store(true, Ordering::SeqCst);
    }

    /// How every test ends: whatever it was about, the invariants still hold.
    pub async fn ends_sound(&self) {
        if self.is_damaged.load(Ordering::SeqCst) {
            return;
        }
        let report = verify_database(self.db.db(), &self.keys, &self.app.definitions).await.expect("a look");
        let found: Vec<_> = report.findings().collect();
        assert!(found.is_empty(), "the test is over, and its database is broken: {found:#?}");
    }

    /// This moment of the test's clock.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// The database behind the server, for what no answer shows.
    pub fn db(&self) -> &TestDb {
        &self.db
    }

    /// A request of nobody, still to be sent.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// A request of nobody.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let request = self.request(method, path);
        send(body.map_or(request.try_clone().expect("no body yet"), |body| request.json(body))).await
    }

    /// Signs in, on a device.
    pub async fn logs_in(&self, login: &str, password: &str, device: Uuid) -> Reply {
        let device = json!({ "id": device, "label": "测试手机" });
        let body = json!({ "login": login, "password": password, "device": device });
        self.call(Method::POST, "/api/v1/auth/login", Some(&body)).await
    }

    /// Goes on with a session.
    pub async fn refreshes(&self, cookie: &str) -> Reply {
        let request = self.request(Method::POST, "/api/v1/auth/refresh").header("x-ruhu-client", "pwa");
        send(request.header("cookie", format!("{REFRESH_COOKIE}={cookie}"))).await
    }

    /// Asks something with this access token.
    pub async fn asks_with_token(&self, token: &str) -> Reply {
        send(self.request(Method::GET, "/api/v1/me").header("authorization", format!("Bearer {token}"))).await
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // The command is on its way as soon as the future exists; nobody needs to wait for it.
        drop(self.server.stop(false));
    }
}

/// The method of an operation, as the client writes it.
pub fn method_of(operation: &Operation) -> Method {
    (operation.method)().as_str().parse().expect("a method")
}

/// Sends a request.
pub async fn send(request: RequestBuilder) -> Reply {
    Reply::read(request.send().await.expect("an answer")).await
}

/// Waits until PostgreSQL serves everything that was committed before now: it keeps the change feed back while an
/// older transaction runs anywhere on the server, also one of the test beside this one.
pub(crate) async fn settle(db: &Db) {
    if !db.is_postgres() {
        return;
    }
    let horizon = |edge: &'static str| {
        db.read(move |c: &mut Conn| {
            let query = format!("SELECT pg_snapshot_{edge}(pg_current_snapshot())::text::bigint AS tx");
            Ok::<i64, StoreError>(sql_query(query).get_result::<Horizon>(c)?.tx)
        })
    };
    let next = horizon("xmax").await.expect("the next transaction");
    while horizon("xmin").await.expect("the oldest transaction") < next {
        tokio::task::yield_now().await;
    }
}

#[derive(diesel::QueryableByName)]
struct Horizon {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    tx: i64,
}

/// A client that follows no redirect and keeps no cookie. It lets go of an idle connection well before the server
/// does, so that no request of a slow test meets one that is being closed.
fn client() -> Client {
    let builder = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    builder.pool_idle_timeout(std::time::Duration::from_secs(1)).build().expect("a client")
}

fn env(clock: &Clock) -> Env {
    let clock = clock.clone();
    let system = Env::system();
    Env::new(
        move || clock.now(),
        move |bytes| {
            for part in bytes.chunks_mut(16) {
                let random: [u8; 16] = system.bytes()?;
                part.copy_from_slice(&random[..part.len()]);
            }
            Ok::<(), RandomError>(())
        },
    )
}

/// The definitions that the program ships, read once per process.
pub fn definitions() -> Arc<Definitions> {
    static SHIPPED: OnceLock<Arc<Definitions>> = OnceLock::new();
    SHIPPED.get_or_init(|| Arc::new(Definitions::embedded().expect("the shipped definitions"))).clone()
}

/// Writes a test once and runs it against a server on each database: the function gets a `&TestApp`.
/// At its end the database is verified; a test that damages it says so with `leaves_damage`.
///
/// `on_both_databases! { async fn nobody_reviews_their_own_visit(app: &TestApp) { … } }`
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: &TestApp) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            $(#[$meta])*
            async fn run($app: &$crate::TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                if let Some(app) = $crate::TestApp::new($crate::backends::Backend::Sqlite).await {
                    run(&app).await;
                    app.ends_sound().await;
                }
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(app) = $crate::TestApp::new($crate::backends::Backend::Postgres).await {
                    run(&app).await;
                    app.ends_sound().await;
                }
            }
        }
    )+};
}

/// Writes a test that runs on SQLite only, because no database has a say in it.
#[macro_export]
macro_rules! on_one_database {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: &TestApp) $body:block)+) => {$(
        $(#[$meta])*
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            async fn run($app: &$crate::TestApp) $body
            let app = $crate::TestApp::on_sqlite().await;
            run(&app).await;
            app.ends_sound().await;
        }
    )+};
}
