//! The first administrator.

use crate::app::App;
use crate::extract::{Client, ValidJson};
use crate::problem::ApiResult;
use crate::views::meta::{SetupRequest, SetupView};
use actix_web::HttpResponse;
use actix_web::web::{Data, Json};

/// Whether the first administrator is still missing.
#[utoipa::path(get, path = "/api/v1/setup", tag = "setup",
    responses((status = 200, description = "Whether set-up is needed", body = SetupView)))]
pub async fn get_setup(app: Data<App>) -> ApiResult<Json<SetupView>> {
    Ok(Json(app.get_setup().await?))
}

/// Makes the first city administrator, once, with the token that the server printed.
#[utoipa::path(post, path = "/api/v1/setup", tag = "setup", request_body = SetupRequest,
    responses((status = 204, description = "Made; sign in now")))]
pub async fn create_first_admin(
    app: Data<App>,
    client: Client,
    body: ValidJson<SetupRequest>,
) -> ApiResult<HttpResponse> {
    app.create_first_admin(body.0, &client.address).await?;
    Ok(HttpResponse::NoContent().finish())
}
