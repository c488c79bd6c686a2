//! One's own devices, and what has not arrived from those of one's area.

use crate::app::App;
use crate::extract::{Params, PathId, Signed, ValidJson};
use crate::problem::ApiResult;
use crate::views::auth::DeviceList;
use crate::views::device::{ClearLossRequest, OutstandingList};
use crate::views::household::PageQuery;
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

/// Phones that hold what has not arrived, the longest waiting first.
#[utoipa::path(get, path = "/api/v1/devices/outstanding", tag = "devices", params(PageQuery),
    responses((status = 200, description = "One page of phones", body = OutstandingList)))]
pub async fn list_outstanding(
    app: Data<App>,
    actor: Signed,
    page: Params<PageQuery>,
) -> ApiResult<Json<OutstandingList>> {
    Ok(Json(app.list_outstanding(&actor.0, page.0).await?))
}

/// Somebody has asked what became of the records that a phone held no more.
#[utoipa::path(post, path = "/api/v1/devices/{id}/loss", tag = "devices", params(("id" = Id, Path)),
    request_body = ClearLossRequest, responses((status = 204, description = "It is looked into")))]
pub async fn clear_loss(
    app: Data<App>,
    actor: Signed,
    id: PathId<DeviceId>,
    body: ValidJson<ClearLossRequest>,
) -> ApiResult<HttpResponse> {
    app.clear_loss(&actor.0, id.0, body.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
