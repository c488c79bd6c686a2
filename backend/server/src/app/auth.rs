//! Signing in and out; what a token stands for.

use crate::app::error::AppError;
use crate::app::throttle::{self, Attempt};
use crate::app::token::{Bearer, Refresh};
use crate::app::{App, AppResult, account, password};
use crate::views::auth::SessionView;
use crate::views::user::UserView;
use ruhu_domain::actor::Actor;
use ruhu_domain::ids::{DeviceId, SessionId, UserId};
use ruhu_domain::time::Time;
use ruhu_store::audit::{self, Event};
use ruhu_store::session::{self, Session};
use ruhu_store::user::{self, User};
use ruhu_store::{Conn, StoreError, device};
use serde_json::json;
use subtle::ConstantTimeEq;

const LABEL_MAX_CHARS: usize = 120;
const LOGIN_MAX_BYTES: usize = 256;

/// What somebody typed, and on what.
pub struct Credentials {
    pub login: String,
    pub password: String,
    pub device: DeviceId,
    pub label: String,
}

/// A session and the secret that continues it.
pub struct Opened {
    pub session: SessionView,
    pub refresh_token: String,
    /// Seconds until the refresh token ends.
    pub refresh_s: i64,
}

impl App {
    /// Signs in. An unknown login, a wrong password and a disabled account look and last the same.
    pub async fn login(&self, typed: Credentials, address: &str) -> AppResult<Opened> {
        if typed.login.len() > LOGIN_MAX_BYTES || typed.password.len() > LOGIN_MAX_BYTES * 4 {
            return Err(AppError::Unauthenticated("auth.failed"));
        }
        let attempt = Attempt::new(&typed.login, address);
        let (auth, now) = (self.auth.clone(), self.now());
        let (login, device) = (typed.login.clone(), typed.device);
        let (user, attempt) = self
            .db
            .write(move |c: &mut Conn| -> AppResult<_> {
                let user = user::find_by_login(c, &login)?;
                // Guesses from elsewhere do not shut out the owner's own device.
                let known = device::find(c, device)?.filter(|device| device.revoked_at.is_none());
                let is_own = known.zip(user.as_ref()).is_some_and(|(device, user)| device.user_id == user.id);
                let attempt = if is_own { attempt.clone().on_device(device) } else { attempt.clone() };
                attempt.begin(c, &auth, now)?;
                Ok((user, attempt))
            })
            .await?;
        let user = user.filter(|user| user.disabled_at.is_none());
        let is_right =
            self.passwords.verify(typed.password, user.as_ref().map(|user| user.password_hash.clone())).await?;
        let (Some(user), true) = (user, is_right) else { return Err(AppError::Unauthenticated("auth.failed")) };
        self.open_session(user, typed.device, typed.label.chars().take(LABEL_MAX_CHARS).collect(), attempt).await
    }

    async fn open_session(&self, user: User, device: DeviceId, label: String, attempt: Attempt) -> AppResult<Opened> {
        let id = SessionId(self.env.id()?);
        let refresh = self.tokens.first_refresh(id, &self.env)?;
        let (now, owner, stamp, idle_s) = (self.now(), user.id, user.stamp, self.auth.session_idle_s);
        let refresh_hash = refresh.hash();
        let saved = self
            .db
            .write(move |c: &mut Conn| -> AppResult<()> {
                // The password was checked outside of this transaction: what it was checked against must still hold.
                let is_same = |known: &User| known.stamp == stamp && known.disabled_at.is_none();
                if !user::find(c, owner)?.as_ref().is_some_and(is_same) {
                    return Err(AppError::Unauthenticated("auth.failed"));
                }
                attempt.succeeded(c)?;
                throttle::forget_old(c, now)?;
                device::upsert(c, device, owner, &label, now)?;
                // One sign-in per device: an older one of it is over.
                session::revoke_for_device(c, device, now)?;
                let session = Session {
                    id,
                    user_id: owner,
                    device_id: device,
                    refresh_hash: refresh_hash.clone(),
                    previous_hash: None,
                    created_at: now,
                    rotated_at: now,
                    expires_at: now.plus_ms(idle_s * 1000),
                    revoked_at: None,
                };
                session::insert(c, &session)?;
                audit::append(c, &event(now, owner, device, "session.open", id))?;
                Ok(())
            })
            .await;
        match saved {
            Err(AppError::Store(StoreError::ForeignDevice)) => {
                Err(AppError::conflict("auth.device", "This device id belongs to somebody else; make another"))
            }
            other => other.and_then(|()| self.opened(&user, id, device, &refresh)),
        }
    }

    /// Goes on with a session: the current token gives the next one, the one before it the same next one again;
    /// anything older means that a token was stolen or restored, and ends the session.
    pub async fn refresh_session(&self, token: &str) -> AppResult<Opened> {
        let shown = Refresh::parse(token)?;
        let next = self.tokens.next_refresh(&shown)?;
        let (shown_hash, next_hash, id) = (shown.hash(), next.hash(), shown.session);
        let (now, auth) = (self.now(), self.auth.clone());
        let found = self
            .db
            .write(move |c: &mut Conn| -> AppResult<_> {
                let Some(session) = session::find(c, id)? else { return Ok(None) };
                let owner = user::find(c, session.user_id)?.filter(|user| user.disabled_at.is_none());
                let device = device::find(c, session.device_id)?.filter(|device| device.revoked_at.is_none());
                let (Some(owner), Some(device)) = (owner, device) else { return Ok(None) };
                let ends_at = session.created_at.plus_ms(auth.session_max_s * 1000);
                if session.revoked_at.is_some() || session.expires_at <= now || ends_at <= now {
                    return Ok(None);
                }
                let is = |known: &str| bool::from(known.as_bytes().ct_eq(shown_hash.as_bytes()));
                if is(&session.refresh_hash) {
                    let expires_at = now.plus_ms(auth.session_idle_s * 1000).min(ends_at);
                    if !session::rotate(c, id, &shown_hash, &next_hash, now, expires_at)? {
                        return Err(StoreError::Stale.into());
                    }
                } else if !session.previous_hash.as_deref().is_some_and(is) {
                    session::revoke(c, id, now)?;
                    audit::append(c, &event(now, owner.id, device.id, "session.reused", id))?;
                    return Ok(Some(Err("auth.reused")));
                }
                Ok(Some(Ok((owner, device.id))))
            })
            .await?;
        match found {
            None => Err(AppError::Unauthenticated("auth.expired")),
            Some(Err(code)) => Err(AppError::Unauthenticated(code)),
            Some(Ok((owner, device))) => self.opened(&owner, id, device, &next),
        }
    }

    fn opened(&self, user: &User, session: SessionId, device: DeviceId, refresh: &Refresh) -> AppResult<Opened> {
        let now = self.now();
        let bearer = Bearer { user: user.id, session, device, stamp: user.stamp };
        let session = SessionView {
            access_token: self.tokens.sign(bearer, now)?,
            expires_in_s: self.auth.access_s,
            user: self.user_view(user),
            device_id: device,
            server_time: now,
            history_id: self.history_id.clone(),
        };
        Ok(Opened { session, refresh_token: refresh.text(), refresh_s: self.auth.session_idle_s })
    }

    /// Whom an access token stands for, if its session, device and account still stand.
    pub async fn authenticate(&self, token: &str) -> AppResult<Actor> {
        let claims = self.tokens.read(token, self.now())?;
        let id = claims.sid;
        let live = self.db.read(move |c: &mut Conn| session::find_live(c, id)).await?;
        let live = live.ok_or(AppError::Unauthenticated("auth.revoked"))?;
        let is_same = live.actor.user == claims.sub && live.actor.device == claims.did;
        if !is_same || live.stamp != claims.stamp {
            return Err(AppError::Unauthenticated("auth.revoked"));
        }
        Ok(live.actor)
    }

    /// Ends the session.
    pub async fn logout(&self, actor: &Actor) -> AppResult<()> {
        let (actor, now) = (actor.clone(), self.now());
        self.db
            .write(move |c: &mut Conn| -> AppResult<()> {
                session::revoke(c, actor.session, now)?;
                audit::append(c, &event(now, actor.user, actor.device, "session.close", actor.session))?;
                Ok(())
            })
            .await
    }

    /// Who is signed in.
    pub async fn get_me(&self, actor: &Actor) -> AppResult<UserView> {
        let id = actor.user;
        let user = self.db.read(move |c: &mut Conn| user::find(c, id)).await?;
        Ok(self.user_view(&user.ok_or_else(AppError::not_found)?))
    }

    /// A new password of one's own; every other session of the user ends.
    pub async fn change_password(&self, actor: &Actor, current: String, new: String, address: &str) -> AppResult<()> {
        let (id, device, auth, now) = (actor.user, actor.device, self.auth.clone(), self.now());
        let (address, wanted) = (address.to_owned(), new.clone());
        let (user, attempt) = self
            .db
            .write(move |c: &mut Conn| -> AppResult<_> {
                let user = user::find(c, id)?.ok_or_else(AppError::not_found)?;
                // A weak choice is no guess at the current password, so it is refused before the guess is counted.
                password::check_password(&wanted, &user.login, "new")?;
                let attempt = Attempt::new(&user.login, &address).on_device(device);
                attempt.begin(c, &auth, now)?;
                Ok((user, attempt))
            })
            .await?;
        if !self.passwords.verify(current, Some(user.password_hash.clone())).await? {
            return Err(AppError::invalid_field("current", "password.wrong", "The current password is another one"));
        }
        let hash = self.passwords.hash(new, &self.env).await?;
        let actor = actor.clone();
        self.db
            .write(move |c: &mut Conn| -> AppResult<()> {
                attempt.succeeded(c)?;
                user::update_password(c, id, &hash, user.stamp)?;
                session::revoke_for_user(c, id, Some(actor.session), now)?;
                audit::append(c, &account::event(now, Some(&actor), "user.password", id, json!({})))?;
                Ok(())
            })
            .await
    }

    /// The view of an account's owner.
    pub fn user_view(&self, user: &User) -> UserView {
        let (scope_zh, scope_en) = self.regions.of(&user.scope);
        UserView {
            id: user.id,
            login: user.login.clone(),
            name: user.name.clone(),
            role: user.role,
            scope: user.scope.clone(),
            scope_zh,
            scope_en,
        }
    }
}

fn event(at: Time, user: UserId, device: DeviceId, action: &str, session: SessionId) -> Event {
    Event {
        at,
        actor: Some(user),
        device: Some(device),
        action: action.to_owned(),
        subject_kind: "session".to_owned(),
        subject_id: session.uuid(),
        detail: json!({}),
    }
}
