//! One's own devices.

use crate::app::App;
use crate::extract::{PathId, Signed};
use crate::problem::ApiResult;
use crate::views::auth::DeviceList;
use crate::views::schema::Id;
use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use ruhu_domain::ids::DeviceId;

/// The user's devices, the one seen last first.
#[utoipa::path(get, path = "/api/v1/devices", tag = "devices",
    responses((status = 200, description = "Own devices", body = DeviceList)))]
pub async fn list_devices(app: Data<App>, actor: Signed) -> ApiResult<Json<DeviceList>> {
    Ok(Json(app.list_devices(&actor.0).await?))
}

/// Ends every session of one of the user's devices. Its unsent work stays on it.
#[utoipa::path(delete, path = "/api/v1/devices/{id}", tag = "devices", params(("id" = Id, Path)),
    responses((status = 204, description = "Its sessions are over")))]
pub async fn revoke_device(app: Data<App>, actor: Signed, id: PathId<DeviceId>) -> ApiResult<HttpResponse> {
    app.revoke_device(&actor.0, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
