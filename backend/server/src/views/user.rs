//! People.

use super::schema::{Id, Moment, RoleCode};
use ruhu_domain::actor::Role;
use ruhu_domain::ids::UserId;
use ruhu_domain::region::RegionCode;
use ruhu_domain::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// The signed-in person.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UserView {
    #[schema(value_type = Id)]
    pub id: UserId,
    pub login: String,
    pub name: String,
    #[schema(value_type = RoleCode)]
    pub role: Role,
    /// Region code prefix: everything this person may ever see lies in it.
    #[schema(value_type = String)]
    pub scope: RegionCode,
    pub scope_zh: String,
    pub scope_en: String,
}

/// Somebody, by name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonRef {
    #[schema(value_type = Id)]
    pub id: UserId,
    pub name: String,
}

/// Somebody a household may call.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StaffRef {
    #[schema(value_type = Id)]
    pub id: UserId,
    pub name: String,
    #[schema(required)]
    pub work_phone: Option<String>,
}

/// An account, as an administrator sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffView {
    #[schema(value_type = Id)]
    pub id: UserId,
    pub login: String,
    pub name: String,
    #[schema(value_type = RoleCode)]
    pub role: Role,
    #[schema(value_type = String)]
    pub scope: RegionCode,
    pub scope_zh: String,
    pub scope_en: String,
    #[schema(required)]
    pub work_phone: Option<String>,
    pub disabled: bool,
    #[schema(value_type = Moment)]
    pub created_at: Time,
}

/// Accounts of one's area.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffList {
    pub items: Vec<StaffView>,
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// Filter of the account list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StaffQuery {
    /// Part of a name or login.
    pub q: Option<String>,
    /// A role's code.
    #[param(value_type = Option<RoleCode>)]
    pub role: Option<Role>,
    #[param(value_type = Option<String>)]
    pub region: Option<RegionCode>,
    /// Items of one page, 1 to 200; 50 when missing.
    pub limit: Option<i64>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A new account. Without a password the server makes one and shows it once.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUser {
    #[schema(max_length = 64)]
    pub login: String,
    #[schema(max_length = 50)]
    pub name: String,
    #[schema(value_type = RoleCode)]
    pub role: Role,
    #[schema(value_type = String)]
    pub scope: RegionCode,
    pub work_phone: Option<String>,
    #[schema(min_length = 12, max_length = 128)]
    pub password: Option<String>,
}

/// What changes of an account; missing keys stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatchUser {
    #[schema(max_length = 50)]
    pub name: Option<String>,
    pub work_phone: Option<String>,
    #[schema(value_type = Option<RoleCode>)]
    pub role: Option<Role>,
    #[schema(value_type = Option<String>)]
    pub scope: Option<RegionCode>,
    pub disabled: Option<bool>,
    /// `true` makes a new password, shown once, and ends the user's sessions.
    pub reset_password: Option<bool>,
}

/// An account after a change.
#[derive(Serialize, ToSchema)]
pub struct StaffSaved {
    pub user: StaffView,
    /// Made by the server; shown once and never kept.
    #[schema(required)]
    pub password: Option<String>,
}
