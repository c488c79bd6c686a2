//! Accounts: making and changing them, whoever asks (an administrator, the set-up page, the command line).

use crate::app::error::AppError;
use crate::app::{App, AppResult, password};
use ruhu_domain::actor::{Actor, Role};
use ruhu_domain::ids::UserId;
use ruhu_domain::region::RegionCode;
use ruhu_domain::time::Time;
use ruhu_store::audit::{self, Event};
use ruhu_store::user::{self, User};
use ruhu_store::{Conn, StoreError, session};
use serde_json::{Value, json};

const LOGIN_CHARS: std::ops::RangeInclusive<usize> = 2..=64;
const NAME_MAX_CHARS: usize = 50;

/// An account to be made.
pub struct NewAccount {
    pub login: String,
    pub name: String,
    pub role: Role,
    pub scope: RegionCode,
    pub work_phone: Option<String>,
    /// `None` lets the server make one.
    pub password: Option<String>,
}

impl App {
    /// Makes an account; gives back the password that was made, if one was.
    pub async fn add_account(&self, new: NewAccount, by: Option<Actor>) -> AppResult<(User, Option<String>)> {
        let login = check_login(&new.login)?;
        let name = check_name(&new.name)?;
        let work_phone = check_phone(new.work_phone.as_deref())?;
        if !self.regions.knows(&new.scope) {
            return Err(AppError::invalid_field("scope", "region.unknown", "This region is not known"));
        }
        let (plain, shown) = match new.password {
            Some(plain) => (plain, None),
            None => {
                let made = password::generate(&self.env)?;
                (made.clone(), Some(made))
            }
        };
        password::check_password(&plain, &login, "password")?;
        let user = User {
            id: UserId(self.env.id()?),
            login,
            name,
            work_phone,
            password_hash: self.passwords.hash(plain, &self.env).await?,
            role: new.role,
            scope: new.scope,
            disabled_at: None,
            scope_version: 1,
            stamp: 1,
            is_synthetic: false,
            created_at: self.now(),
        };
        let saved = user.clone();
        let detail = json!({ "role": user.role, "scope": user.scope });
        let result = self
            .db
            .write(move |c: &mut Conn| -> AppResult<()> {
                user::insert(c, &saved)?;
                let event = event(saved.created_at, by.as_ref(), "user.create", saved.id, detail.clone());
                Ok(audit::append(c, &event)?)
            })
            .await;
        match result {
            Err(AppError::Store(StoreError::Duplicate(_))) => {
                Err(AppError::conflict("user.login_taken", "Somebody has this login already"))
            }
            other => other.map(|()| (user, shown)),
        }
    }

    /// Every account of the installation, for the command line.
    pub async fn list_accounts(&self) -> AppResult<Vec<User>> {
        let root = self.regions.city().ok_or_else(|| AppError::Broken("the regions name no city".to_owned()))?;
        let mut page = ruhu_store::PageRequest::first(ruhu_store::page::PAGE_MAX);
        let mut users = Vec::new();
        loop {
            let (region, request) = (root.clone(), page.clone());
            let found = self.db.read(move |c: &mut Conn| user::list(c, &region, &request)).await?;
            users.extend(found.items);
            page.cursor = found.next_cursor;
            if page.cursor.is_none() {
                return Ok(users);
            }
        }
    }

    /// A new password made by the server; the user's sessions end.
    pub async fn reset_password(&self, login: &str) -> AppResult<String> {
        let user = self.find_account(login).await?;
        let made = password::generate(&self.env)?;
        let hash = self.passwords.hash(made.clone(), &self.env).await?;
        let now = self.now();
        self.db
            .write(move |c: &mut Conn| -> AppResult<()> {
                user::update_password(c, user.id, &hash, user.stamp)?;
                session::revoke_for_user(c, user.id, None, now)?;
                Ok(audit::append(c, &event(now, None, "user.password", user.id, json!({})))?)
            })
            .await?;
        Ok(made)
    }

    /// Shuts an account out; its sessions end.
    pub async fn disable_account(&self, login: &str) -> AppResult<()> {
        let (user, now) = (self.find_account(login).await?, self.now());
        self.db
            .write(move |c: &mut Conn| -> AppResult<()> {
                user::set_disabled(c, user.id, Some(now), user.stamp)?;
                session::revoke_for_user(c, user.id, None, now)?;
                Ok(audit::append(c, &event(now, None, "user.disable", user.id, json!({})))?)
            })
            .await
    }

    async fn find_account(&self, login: &str) -> AppResult<User> {
        let login = login.to_owned();
        let user = self.db.read(move |c: &mut Conn| user::find_by_login(c, &login)).await?;
        user.ok_or_else(|| AppError::invalid_field("login", "user.unknown", "Nobody has this login"))
    }
}

/// An event about an account.
pub fn event(at: Time, by: Option<&Actor>, action: &str, user: UserId, detail: Value) -> Event {
    Event {
        at,
        actor: by.map(|actor| actor.user),
        device: by.map(|actor| actor.device),
        action: action.to_owned(),
        subject_kind: "user".to_owned(),
        subject_id: user.uuid(),
        detail,
    }
}

/// Lower-case letters, digits, dot, hyphen, underscore.
fn check_login(login: &str) -> AppResult<String> {
    let login = login.trim().to_lowercase();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    if LOGIN_CHARS.contains(&login.chars().count()) && login.chars().all(fits) {
        return Ok(login);
    }
    let title = "A login has 2 to 64 letters a-z, digits, dots, hyphens or underscores";
    Err(AppError::invalid_field("login", "user.login_format", title))
}

/// Not empty, not too long.
pub fn check_name(name: &str) -> AppResult<String> {
    let name = name.trim();
    if (1..=NAME_MAX_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(AppError::invalid_field("name", "user.name_format", "A name has 1 to 50 characters"))
}

/// Digits, hyphens and a plus; an empty text takes the phone away.
pub fn check_phone(phone: Option<&str>) -> AppResult<Option<String>> {
    let Some(phone) = phone.map(str::trim).filter(|phone| !phone.is_empty()) else { return Ok(None) };
    let fits = phone.len() <= 20 && phone.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '+'));
    if fits {
        return Ok(Some(phone.to_owned()));
    }
    Err(AppError::invalid_field("work_phone", "phone.format", "A phone number has digits and hyphens"))
}
