//! What rarely changes: the server's name, the definitions, the regions.

use crate::app::App;
use crate::extract::Signed;
use crate::problem::ApiResult;
use crate::views::meta::{AboutView, DefinitionsView, RegionsView};
use actix_web::http::header::{self, ETag, EntityTag, IfNoneMatch};
use actix_web::web::{Data, Header, Json};
use actix_web::{HttpResponse, http::StatusCode};

/// Which server this is.
#[utoipa::path(get, path = "/api/v1/about", tag = "meta",
    responses((status = 200, description = "Name, version and history of the server", body = AboutView)))]
pub async fn get_about(app: Data<App>) -> ApiResult<Json<AboutView>> {
    Ok(Json(app.get_about()))
}

/// Dictionary, code tables and forms.
#[utoipa::path(get, path = "/api/v1/definitions", tag = "meta",
    params(("If-None-Match" = Option<String>, Header)),
    responses((status = 200, description = "All definitions, with an ETag", body = DefinitionsView),
        (status = 304, description = "As the caller has it")))]
pub async fn get_definitions(app: Data<App>, _: Signed, seen: Header<IfNoneMatch>) -> ApiResult<HttpResponse> {
    let definitions = app.definitions();
    Ok(unless_seen(&seen.0, definitions.version(), definitions.definitions_json()))
}

/// City, banners, towns and streets.
#[utoipa::path(get, path = "/api/v1/regions", tag = "meta",
    params(("If-None-Match" = Option<String>, Header)),
    responses((status = 200, description = "All regions, with an ETag", body = RegionsView),
        (status = 304, description = "As the caller has it")))]
pub async fn list_regions(app: Data<App>, _: Signed, seen: Header<IfNoneMatch>) -> ApiResult<HttpResponse> {
    Ok(unless_seen(&seen.0, &app.regions.version, &app.regions.json))
}

fn unless_seen(seen: &IfNoneMatch, version: &str, json: &str) -> HttpResponse {
    // Weak, because the same content also travels compressed.
    let tag = EntityTag::new_weak(version.to_owned());
    let is_seen = matches!(seen, IfNoneMatch::Items(tags) if tags.iter().any(|known| known.weak_eq(&tag)));
    let mut response = HttpResponse::build(if is_seen { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    response.insert_header(ETag(tag)).insert_header((header::CACHE_CONTROL, "private, no-cache"));
    if is_seen { response.finish() } else { response.content_type("application/json").body(json.to_owned()) }
}
