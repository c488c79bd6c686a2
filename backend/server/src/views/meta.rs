//! The server itself, its definitions, regions and first set-up.

use super::schema::{JsonObject, Moment};
use ruhu_domain::time::Time;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which server this is.
#[derive(Debug, Serialize, ToSchema)]
pub struct AboutView {
    pub name: &'static str,
    pub version: &'static str,
    /// Whether the people in it are synthetic and their passwords printed.
    pub demo: bool,
    pub history_id: String,
    #[schema(value_type = Moment)]
    pub server_time: Time,
}

/// Everything the form engine needs (docs/FORMS.md).
#[derive(Debug, ToSchema)]
#[schema(as = DefinitionsView)]
pub struct DefinitionsView {
    /// Changes with any of the parts.
    pub version: String,
    #[schema(value_type = JsonObject)]
    pub dictionary: (),
    #[schema(value_type = JsonObject)]
    pub codes: (),
    #[schema(value_type = Vec<JsonObject>)]
    pub forms: (),
}

/// A region with its names.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RegionView {
    pub code: String,
    pub zh: String,
    pub en: String,
}

/// Every region known.
#[derive(Debug, Serialize, ToSchema)]
pub struct RegionsView {
    pub version: String,
    pub regions: Vec<RegionView>,
}

/// Whether the first administrator is still missing.
#[derive(Debug, Serialize, ToSchema)]
pub struct SetupView {
    pub needed: bool,
}

/// The first city administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// Printed by the server at its start.
    pub token: String,
    #[schema(max_length = 64)]
    pub login: String,
    #[schema(max_length = 50)]
    pub name: String,
    #[schema(min_length = 12, max_length = 128)]
    pub password: String,
}

/// A sign of life.
#[derive(Debug, Serialize, ToSchema)]
pub struct HealthView {
    pub status: &'static str,
}
