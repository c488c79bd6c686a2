//! The app's own files, embedded in the binary, in the smallest form that the browser reads.

use crate::problem::ApiError;
use actix_web::http::header::{self, ETag, EntityTag, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/pwa"]
struct Files;

const INDEX: &str = "index.html";
/// Paths that never are pages of the app.
const RESERVED: [&str; 2] = ["api/", "c/"];
/// Names that carry their content's hash never change.
const IMMUTABLE: &str = "assets/";
/// Compressed twins beside the files, best first.
const TWINS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];
const WITHOUT_APP: &str = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>Ruhu 入户</title>\
    <p>此程序未包含应用界面，仅提供接口。</p><p>This binary was built without the app; it serves the API only.</p></html>\n";

/// Whether the binary holds the app.
pub fn is_embedded() -> bool {
    Files::get(INDEX).is_some()
}

/// Everything that is no operation: a file of the app, or the page that its own router goes on from.
pub async fn serve(req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let path = req.path().trim_start_matches('/');
    let missing = || ApiError::plain(StatusCode::NOT_FOUND, "not_found", "There is no such thing");
    if RESERVED.iter().any(|prefix| path.starts_with(prefix)) || path == "api" {
        return Err(missing());
    }
    if !matches!(*req.method(), Method::GET | Method::HEAD) {
        return Err(ApiError::plain(StatusCode::METHOD_NOT_ALLOWED, "request.method", "This path has no such method"));
    }
    let is_twin = TWINS.iter().any(|(_, ending)| path.ends_with(ending));
    let is_page = !path.rsplit('/').next().unwrap_or_default().contains('.');
    match Files::get(path) {
        Some(file) if !is_twin => Ok(answer(&req, path, file)),
        _ if is_page => Ok(match Files::get(INDEX) {
            Some(index) => answer(&req, INDEX, index),
            None => HttpResponse::Ok().content_type("text/html; charset=utf-8").body(WITHOUT_APP),
        }),
        _ => Err(missing()),
    }
}

fn answer(req: &HttpRequest, path: &str, plain: EmbeddedFile) -> HttpResponse {
    let accepted = TWINS.iter().filter(|(coding, _)| accepts(req.headers(), coding));
    let twin = accepted.filter_map(|(coding, ending)| Some((*coding, Files::get(&format!("{path}{ending}"))?))).next();
    // Saying "identity" keeps the compressing layer from making yet another form under the same tag.
    let (coding, file) = twin.unwrap_or(("identity", plain));
    let tag = EntityTag::new_strong(hex(&file.metadata.sha256_hash()));
    let is_known = req.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = is_known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag.to_string()));
    let mut response = HttpResponse::build(if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    let lasts = if path.starts_with(IMMUTABLE) { "public, max-age=31536000, immutable" } else { "no-cache" };
    response
        .insert_header(ETag(tag))
        .insert_header((header::CACHE_CONTROL, lasts))
        .insert_header((header::VARY, "accept-encoding"));
    if is_known {
        return response.finish();
    }
    response.content_type(media_type(path)).insert_header((header::CONTENT_ENCODING, coding)).body(file.data)
}

fn media_type(path: &str) -> String {
    let guess = mime_guess::from_path(path).first_or_octet_stream();
    match (guess.type_().as_str(), guess.subtype().as_str()) {
        _ if path.ends_with(".webmanifest") => "application/manifest+json".to_owned(),
        ("text", _) | (_, "javascript") => format!("{}; charset=utf-8", guess.essence_str()),
        _ => guess.essence_str().to_owned(),
    }
}

fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let offered = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    offered.split(',').any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let is_refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
        is_named && !is_refused
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
