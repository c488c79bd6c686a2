//! For whoever watches the process, and for whoever writes a client.

use crate::app::App;
use crate::openapi;
use crate::problem::ApiResult;
use crate::views::meta::HealthView;
use actix_web::HttpResponse;
use actix_web::web::{Data, Json};

/// The process runs.
#[utoipa::path(get, path = "/healthz", tag = "health",
    responses((status = 200, description = "It runs", body = HealthView)))]
pub async fn get_health() -> Json<HealthView> {
    Json(HealthView { status: "ok" })
}

/// The process can serve: the database answers.
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = 200, description = "The database answers", body = HealthView),
        (status = 503, description = "It does not", body = crate::views::problem::Problem, content_type = "application/problem+json")))]
pub async fn get_readiness(app: Data<App>) -> ApiResult<Json<HealthView>> {
    app.check_database().await?;
    Ok(Json(HealthView { status: "ok" }))
}

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "health",
    responses((status = 200, description = "OpenAPI 3.1", body = crate::views::schema::JsonObject)))]
pub async fn get_openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(openapi::text())
}
