//! Use cases: authorise → load → decide (domain) → save → audit → feed, each in one transaction.
//! Nothing here knows HTTP. The views are plain data, and the answers of most use cases.

pub mod account;
pub mod audience;
pub mod auth;
pub mod case;
pub mod conflict;
pub mod device;
pub mod error;
pub mod household;
pub mod names;
pub mod outstanding;
pub mod parking;
pub mod password;
pub mod record;
pub mod review;
pub mod settle;
pub mod setup;
pub mod submission;
pub mod sync;
pub mod tenure;
pub mod throttle;
pub mod token;
pub mod twice;
pub mod user;
pub mod verify;
pub mod visit;

use crate::config::auth::Auth;
use crate::config::keys::{Key, Keys};
use crate::env::Env;
use crate::views::meta::AboutView;
use error::AppError;
use names::RegionNames;
use password::Passwords;
use ruhu_domain::form::{Definitions, canonical_hash};
use ruhu_domain::time::Time;
use ruhu_store::definition::{self, Definition};
use ruhu_store::{Conn, Db, KeyId, StoreError, Vault, meta};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::Deref;
use std::sync::Arc;
use token::Tokens;

/// What is said of a key file that belongs to another database.
const WRONG_KEYS: &str =
    "the key file is not the one that this database was written with; put that one back from the backup";

/// What every use case answers.
pub type AppResult<T> = Result<T, AppError>;

/// Everything the use cases need; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// The parts of the app.
pub struct Parts {
    pub db: Db,
    pub vault: Vault,
    pub definitions: Arc<Definitions>,
    pub env: Env,
    pub auth: Auth,
    pub tokens: Tokens,
    pub passwords: Passwords,
    pub regions: RegionNames,
    /// The database's history; phones start afresh when it changes.
    pub history_id: String,
    pub is_demo: bool,
    /// Proves to `setup` that the caller reads the server's console.
    pub setup_token: Option<String>,
    /// One turn for each processor, for what a push prepares.
    pub preparing: tokio::sync::Semaphore,
    /// Whoever sets up waits for whoever is at it: there is one first administrator.
    pub setup_turn: tokio::sync::Mutex<()>,
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What an app is made from.
pub struct Ingredients {
    pub db: Db,
    pub keys: Keys,
    pub definitions: Arc<Definitions>,
    pub env: Env,
    pub auth: Auth,
}

impl App {
    /// Reads what the database knows of itself, and notes its history id when it is new. Fails when the keys are
    /// not those of the database, and when a form that it saw published has changed.
    pub async fn open(from: Ingredients) -> AppResult<Self> {
        let Ingredients { db, keys, definitions, env, auth } = from;
        let (fresh, now) = (env.id()?.to_string(), env.now());
        let shipped = definitions.clone();
        let forms = published_forms(&definitions, now)?;
        let vault = vault(&keys, &definitions)?;
        let checked = vault.keys().clone();
        let (history_id, is_demo, has_admin, regions) = db
            .write(move |c: &mut Conn| -> AppResult<_> {
                if !meta::are_keys_right(c, &checked, now)? {
                    return Err(AppError::Broken(WRONG_KEYS.to_owned()));
                }
                let history_id = meta::ensure_history_id(c, &fresh, now)?;
                forms.iter().try_for_each(|form| definition::publish(c, form))?;
                throttle::forget_old(c, now)?;
                let is_demo = meta::find(c, meta::DEMO)?.is_some();
                RegionNames::store(c, &shipped)?;
                let has_admin = ruhu_store::user::any_admin_exists(c)?;
                Ok((history_id, is_demo, has_admin, RegionNames::load(c)?))
            })
            .await?;
        let setup_token = if has_admin { None } else { Some(password::generate(&env)?) };
        Ok(Self(Arc::new(Parts {
            vault,
            tokens: Tokens::new(&keys.token, auth.access_s)?,
            passwords: Passwords::new(&auth, &env)?,
            regions,
            db,
            definitions,
            env,
            auth,
            history_id,
            is_demo,
            setup_token,
            preparing: tokio::sync::Semaphore::new(std::thread::available_parallelism().map_or(1, NonZero::get)),
            setup_turn: tokio::sync::Mutex::new(()),
        })))
    }

    /// The definitions in force.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// This moment.
    pub fn now(&self) -> Time {
        self.env.now()
    }

    /// Which server this is.
    pub fn get_about(&self) -> AboutView {
        AboutView {
            name: "ruhu",
            version: env!("CARGO_PKG_VERSION"),
            demo: self.is_demo,
            history_id: self.history_id.clone(),
            server_time: self.now(),
        }
    }

    /// Whether the database answers.
    pub async fn check_database(&self) -> AppResult<()> {
        if self.db.is_ready().await? {
            return Ok(());
        }
        Err(StoreError::Unavailable("the database is not as this program expects it".to_owned()).into())
    }
}

/// The forms as they are noted when they are published.
fn published_forms(definitions: &Definitions, now: Time) -> AppResult<Vec<Definition>> {
    #[derive(Deserialize)]
    struct Served {
        forms: Vec<Value>,
    }
    let served: Served = serde_json::from_str(definitions.definitions_json())?;
    let form = |form: Value| {
        Ok(Definition {
            kind: "form".to_owned(),
            key: form["id"].as_str().unwrap_or_default().to_owned(),
            version: form["version"].as_i64().unwrap_or_default(),
            body: form.to_string(),
            hash: canonical_hash(&form)?,
            published_at: now,
        })
    };
    served.forms.into_iter().map(form).collect()
}

/// The vault over the installation's keys.
pub fn vault(keys: &Keys, definitions: &Arc<Definitions>) -> AppResult<Vault> {
    let Key(field) = &keys.field;
    let broken = |error: ruhu_store::cipher::BadKeys| AppError::Broken(error.to_string());
    let id = KeyId::parse("k1").map_err(broken)?;
    let all = BTreeMap::from([(id.clone(), *field)]);
    let keys = ruhu_store::Keys::new(id, all, keys.index.0).map_err(broken)?;
    Ok(Vault::new(keys, Arc::new(definitions.dictionary().clone())))
}
