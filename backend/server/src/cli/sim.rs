//! `ruhu sim`: the real server without a socket, a clock or chance of its own. It reads one message per line and
//! answers each with one line, so that the same messages give the same answers. tests/sim drives it.
//!
//! Only with the feature `sim`, which no release has.

use super::{Failure, say};
use crate::app::account::NewAccount;
use crate::app::verify::verify_database;
use crate::app::{App, Ingredients};
use crate::config::auth::Auth;
use crate::config::http::Http;
use crate::config::keys::Keys;
use crate::env::{Env, RandomError};
use crate::startup;
use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::Method;
use actix_web::test::{TestRequest, init_service};
use ruhu_domain::actor::Role;
use ruhu_domain::form::Definitions;
use ruhu_domain::region::RegionCode;
use ruhu_domain::time::Time;
use ruhu_store::{Conn, Db, DbOptions, StoreError, meta, sim};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{self, BufRead};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What a process ends with that was told to die.
const KILLED: i32 = 137;

/// Where the database lies and how time and chance begin.
#[derive(Debug, clap::Args)]
pub struct Simulated {
    /// SQLite file; made when missing.
    #[arg(long, value_name = "FILE")]
    database: PathBuf,
    /// Where chance begins.
    #[arg(long)]
    seed: u64,
    /// When the clock begins, milliseconds since 1970.
    #[arg(long, value_name = "MS")]
    now_ms: i64,
    /// The database comes from a backup: its history gets a new name.
    #[arg(long)]
    restored: bool,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Message {
    /// A request; its answer is `{status, headers, body}`.
    Ask { now_ms: i64, method: String, path: String, headers: Vec<(String, String)>, body: String, trap: Option<Trap> },
    /// Makes an account, as `ruhu user add` does.
    Hire { now_ms: i64, login: String, name: String, role: Role, scope: RegionCode, password: String },
    /// What `ruhu verify` finds.
    Verify,
    /// Runs statements on the writer's connection; `{error}` when the database refuses them.
    Execute { sql: String },
    /// The column `line` of a query, as JSON texts.
    Lines { sql: String },
}

/// Something bad that happens at the so-manieth look at the clock or draw of chance within a request.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trap {
    at: u64,
    what: Mishap,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Mishap {
    /// The process is gone, wherever it was.
    Die,
    Panic,
    /// The operating system gives no randomness.
    NoRandom,
}

/// Clock and chance in the caller's hands.
#[derive(Default)]
struct Outside {
    now_us: AtomicI64,
    chance: AtomicU64,
    looks: AtomicU64,
    trap: Mutex<Option<Trap>>,
    /// Whether the trap of this request has gone off.
    sprung: AtomicU64,
}

impl Outside {
    fn set_now(&self, now_ms: i64) {
        self.now_us.store(now_ms.saturating_mul(1000), Ordering::SeqCst);
    }

    fn arm(&self, trap: Option<Trap>) {
        self.looks.store(0, Ordering::SeqCst);
        self.sprung.store(0, Ordering::SeqCst);
        *self.trap.lock().unwrap_or_else(PoisonError::into_inner) = trap;
    }

    /// Counts a look; whether randomness fails at it.
    fn look(&self, is_draw: bool) -> Result<(), RandomError> {
        let number = self.looks.fetch_add(1, Ordering::SeqCst);
        let trap = *self.trap.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Trap { what, .. }) = trap.filter(|trap| number >= trap.at) else { return Ok(()) };
        if self.sprung.load(Ordering::SeqCst) > 0 || (what == Mishap::NoRandom && !is_draw) {
            return Ok(());
        }
        self.sprung.store(1, Ordering::SeqCst);
        match what {
            Mishap::Die => std::process::exit(KILLED),
            Mishap::Panic => std::panic::panic_any("the simulator wants a panic here"),
            Mishap::NoRandom => Err(RandomError),
        }
    }

    /// SplitMix64.
    fn draw(&self) -> u64 {
        let step = 0x9E37_79B9_7F4A_7C15;
        let mut z = self.chance.fetch_add(step, Ordering::SeqCst).wrapping_add(step);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn env(self: &Arc<Self>) -> Env {
        let (clock, chance) = (self.clone(), self.clone());
        Env::new(
            move || {
                // A clock cannot fail; the mishap is left to the next draw.
                let _ = clock.look(false);
                Time::from_micros(clock.now_us.load(Ordering::SeqCst))
            },
            move |bytes| {
                chance.look(true)?;
                for part in bytes.chunks_mut(8) {
                    let drawn = chance.draw().to_le_bytes();
                    part.copy_from_slice(&drawn[..part.len()]);
                }
                Ok(())
            },
        )
    }
}

/// Answers messages until standard input ends.
pub async fn run(how: Simulated) -> Result<(), Failure> {
    let outside = Arc::new(Outside::default());
    outside.set_now(how.now_ms);
    let definitions = Arc::new(Definitions::embedded().map_err(Failure::of)?);
    // Waiting for a lock is real time, and a simulated lock never goes away by waiting.
    let options = DbOptions { busy_timeout_ms: 0, pool_size: 2, ..DbOptions::default() };
    let db = Db::open(&format!("sqlite:{}", how.database.display()), options).map_err(Failure::of)?;
    db.migrate().await.map_err(Failure::of)?;
    let env = outside.env();
    // The keys of a simulated installation are everybody's.
    outside.chance.store(1, Ordering::SeqCst);
    let keys = Keys::generate(&env).map_err(Failure::of)?;
    outside.chance.store(how.seed, Ordering::SeqCst);
    if how.restored {
        let (fresh, now) = (env.id().map_err(Failure::of)?.to_string(), env.now());
        db.write(move |c: &mut Conn| meta::upsert(c, meta::HISTORY_ID, &fresh, now)).await.map_err(Failure::of)?;
    }
    let auth = Auth { argon2_memory_kib: 8, argon2_passes: 1, argon2_lanes: 1, ..Auth::default() };
    let ingredients = Ingredients { db: db.clone(), keys: keys.clone(), definitions, env, auth };
    let app = App::open(ingredients).await.map_err(Failure::of)?;
    let service = init_service(startup::shell(&startup::Shared::new(app.clone(), &Http::default()))).await;
    say(&json!({ "history_id": app.history_id }).to_string())?;
    for line in io::stdin().lock().lines() {
        let message: Message = serde_json::from_str(&line.map_err(Failure::of)?).map_err(Failure::of)?;
        let answer = match message {
            Message::Ask { now_ms, method, path, headers, body, trap } => {
                outside.set_now(now_ms);
                outside.arm(trap);
                let method: Method = method.parse().map_err(Failure::of)?;
                let request = TestRequest::with_uri(&path).method(method).set_payload(body);
                let request = headers.into_iter().fold(request, |request, header| request.append_header(header));
                let mut answer = ask(&service, request.to_request()).await;
                answer["looks"] = json!(outside.looks.load(Ordering::SeqCst));
                outside.arm(None);
                answer
            }
            Message::Hire { now_ms, login, name, role, scope, password } => {
                outside.set_now(now_ms);
                let new = NewAccount { login, name, role, scope, work_phone: None, password: Some(password) };
                let (user, _) = app.add_account(new, None).await.map_err(Failure::of)?;
                json!({ "id": user.id })
            }
            Message::Verify => {
                let report = verify_database(&db, &keys, &app.definitions).await.map_err(Failure::of)?;
                super::verify::as_json(&report)
            }
            Message::Execute { sql } => {
                let done = db.write(move |c: &mut Conn| sim::execute(c, &sql)).await;
                done.map_or_else(|error| json!({ "error": error.to_string() }), |()| json!({}))
            }
            Message::Lines { sql } => {
                let read = db.read(move |c: &mut Conn| -> Result<_, StoreError> { sim::lines(c, &sql) }).await;
                json!({ "lines": read.map_err(Failure::of)? })
            }
        };
        say(&answer.to_string())?;
    }
    Ok(())
}

/// One request through everything that a real one passes, and its answer.
async fn ask<S, R, B>(service: &S, request: R) -> Value
where
    S: Service<R, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody + 'static,
{
    let response = match service.call(request).await {
        Ok(response) => response.into_parts().1.map_into_boxed_body(),
        Err(error) => error.error_response(),
    };
    let (head, body) = response.into_parts();
    let body = to_bytes(body).await.unwrap_or_default();
    let headers = head.headers().iter();
    let headers: Vec<_> = headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default())).collect();
    json!({ "status": head.status().as_u16(), "headers": headers, "body": String::from_utf8_lossy(&body) })
}
