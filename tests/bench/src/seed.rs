//! Fills the server's database with synthetic people before the server starts, so that its memory is its own.

use crate::Result;
use ruhu_domain::actor::Role;
use ruhu_domain::form::Definitions;
use ruhu_domain::ids::DeviceId;
use ruhu_domain::region::RegionCode;
use ruhu_server::app::{self, App, Ingredients};
use ruhu_server::config::auth::Auth;
use ruhu_server::config::keys::Keys;
use ruhu_server::demo;
use ruhu_server::env::Env;
use ruhu_store::{Conn, Db, DbOptions, StoreError, device, region, user};
use std::path::Path;
use std::sync::Arc;
use uuid::Uuid;

/// The demo gives each banner one caseworker at least; as long as these are enough, the first one's phone holds a
/// whole banner.
const BANNERS: usize = 9;
const CITY: &str = "1506";

/// A caseworker with a phone that has sent nothing yet.
#[derive(Debug, Clone)]
pub struct Worker {
    pub login: String,
    pub user: String,
    pub device: DeviceId,
    /// Twelve-digit codes of the communities in reach.
    pub communities: Vec<String>,
}

/// What the database holds.
pub struct Seeded {
    pub households: usize,
    pub visits: usize,
    /// The printed `caseworker` is the first.
    pub workers: Vec<Worker>,
}

/// Migrates, fills, and closes the database again.
pub async fn seed(
    url: &str,
    folder: &Path,
    definitions: &Arc<Definitions>,
    households: usize,
    phones: usize,
) -> Result<Seeded> {
    // One of them has left, so that the demo shows it.
    let caseworkers = if phones <= BANNERS { 1 } else { phones + 1 };
    let env = Env::system();
    let (keys, _) = Keys::load_or_create(&folder.join("keys.json"), &env)?;
    let db = Db::open(url, DbOptions::default())?;
    db.migrate().await?;
    let vault = app::vault(&keys, definitions)?;
    let ingredients =
        Ingredients { db: db.clone(), keys, definitions: definitions.clone(), env: env.clone(), auth: Auth::default() };
    let app = App::open(ingredients).await?;
    let hash = app.passwords.hash(demo::PASSWORD.to_owned(), &env).await?;
    let options = demo::Options { households, caseworkers, ..demo::Options::default() };
    let made = demo::seed(&db, &vault, definitions, options, env.now(), &hash).await?;
    let city = RegionCode::parse(CITY)?;
    let now = env.now();
    let workers = db.write(move |c: &mut Conn| give_phones(c, &city, now)).await?;
    Ok(Seeded { households: made.households, visits: made.visits, workers })
}

/// Gives every caseworker who still works a fresh phone.
fn give_phones(c: &mut Conn, city: &RegionCode, now: ruhu_domain::time::Time) -> Result<Vec<Worker>, StoreError> {
    let regions = region::list(c)?;
    let mut staff = user::list_by_role(c, Role::Caseworker, city)?;
    staff.retain(|user| user.disabled_at.is_none());
    staff.sort_by_key(|user| (user.login != "caseworker", user.login.clone()));
    let mut workers = Vec::with_capacity(staff.len());
    for person in staff {
        let phone = DeviceId(Uuid::now_v7());
        device::upsert(c, phone, person.id, "bench", now)?;
        let within = |code: &str| code.len() == 12 && code.starts_with(person.scope.as_str());
        let communities = regions.iter().map(|region| region.code.clone()).filter(|code| within(code)).collect();
        workers.push(Worker { login: person.login, user: person.id.to_string(), device: phone, communities });
    }
    Ok(workers)
}
