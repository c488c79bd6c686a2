//! The first administrator of a new installation.

use crate::app::account::NewAccount;
use crate::app::error::AppError;
use crate::app::throttle::Attempt;
use crate::app::{App, AppResult};
use crate::views::meta::{SetupRequest, SetupView};
use ruhu_domain::actor::Role;
use ruhu_store::{Conn, user};
use subtle::ConstantTimeEq;

/// The throttle's name for tries of the set-up token; no login looks like it.
const THROTTLE_KEY: &str = "/setup";

impl App {
    /// Whether the first administrator is still missing.
    pub async fn get_setup(&self) -> AppResult<SetupView> {
        let exists = self.db.read(user::any_admin_exists).await?;
        Ok(SetupView { needed: !exists })
    }

    /// Makes the first city administrator, once.
    pub async fn create_first_admin(&self, request: SetupRequest, address: &str) -> AppResult<()> {
        let _turn = self.setup_turn.lock().await;
        if !self.get_setup().await?.needed {
            return Err(AppError::conflict("setup.done", "There is an administrator already"));
        }
        let attempt = Attempt::new(THROTTLE_KEY, address);
        let (begun, auth, now) = (attempt.clone(), self.auth.clone(), self.now());
        self.db.write(move |c: &mut Conn| begun.begin(c, &auth, now)).await?;
        let known = self.setup_token.as_deref().unwrap_or_default();
        let is_right = !known.is_empty() && bool::from(known.as_bytes().ct_eq(request.token.trim().as_bytes()));
        if !is_right {
            return Err(AppError::forbidden("setup.token", "This is not the token that the server printed"));
        }
        let scope = self.regions.city().ok_or_else(|| AppError::Broken("the regions name no city".to_owned()))?;
        let SetupRequest { login, name, password, .. } = request;
        let (role, password) = (Role::CityAdmin, Some(password));
        self.add_account(NewAccount { login, name, role, scope, work_phone: None, password }, None).await?;
        self.db.write(move |c: &mut Conn| -> AppResult<()> { Ok(attempt.succeeded(c)?) }).await
    }
}
