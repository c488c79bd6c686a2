//! Signing in, sessions, devices, passwords.

use super::schema::{Id, Moment};
use super::user::UserView;
use ruhu_domain::ids::DeviceId;
use ruhu_domain::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The installation that signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceClaim {
    /// Made by the app once per user and installation.
    #[schema(value_type = Id)]
    pub id: DeviceId,
    /// How the user recognises it, for example "Chrome, Android".
    #[schema(max_length = 120)]
    pub label: String,
}

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    #[schema(max_length = 64)]
    pub login: String,
    #[schema(max_length = 128)]
    pub password: String,
    pub device: DeviceClaim,
}

/// A session that just began or went on; the refresh token travels in a cookie of its own.
#[derive(Serialize, ToSchema)]
pub struct SessionView {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// Seconds until the access token ends.
    pub expires_in_s: i64,
    pub user: UserView,
    #[schema(value_type = Id)]
    pub device_id: DeviceId,
    #[schema(value_type = Moment)]
    pub server_time: Time,
    /// Another value than before means that the server was restored from a backup.
    pub history_id: String,
}

/// A new password of one's own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    #[schema(max_length = 128)]
    pub current: String,
    #[schema(min_length = 12, max_length = 128)]
    pub new: String,
}

/// One of the user's installations.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceView {
    #[schema(value_type = Id)]
    pub id: Uuid,
    pub label: String,
    #[schema(value_type = Moment)]
    pub first_seen_at: Time,
    #[schema(value_type = Moment)]
    pub last_seen_at: Time,
    /// The device that asks.
    pub current: bool,
    /// Its sessions were ended; the next sign-in on it lets it in again.
    pub revoked: bool,
}

/// All of the user's installations.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeviceList {
    pub items: Vec<DeviceView>,
}
