//! JSON bodies: the right content type, not too long, also not after decompression, and no unknown keys.

use crate::config::http::Http;
use crate::problem::ApiError;
use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use std::future::Future;
use std::io::{self, Read};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::timeout;

/// 2 MiB, which the usual levels declare: a decoder takes no more memory for a body of 1 MiB.
const ZSTD_WINDOW_LOG: u32 = 21;

/// A body that was read and understood.
#[derive(Debug)]
pub struct ValidJson<T>(pub T);

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Zstd,
}

impl<T: DeserializeOwned + 'static> FromRequest for ValidJson<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let http = req.app_data::<web::Data<Http>>();
        let (max, patience_s) = http.map_or((0, 0), |http| (http.body_max_bytes, http.body_timeout_s));
        let coding = check_headers(req);
        let bytes = web::Payload::from_request(req, payload).into_inner();
        let is_push = req.path().ends_with("/sync/push");
        Box::pin(async move {
            let coding = coding?;
            let too_large = || too_large(is_push);
            let payload = bytes.map_err(|_| ApiError::malformed("request.malformed", "The request cannot be read"))?;
            let received = timeout(Duration::from_secs(patience_s), payload.to_bytes_limited(max)).await;
            let received = received.map_err(|_| too_slow())?.map_err(|_| too_large())?;
            let received = received
                .map_err(|_| ApiError::malformed("request.malformed", "The request broke off or cannot be read"))?;
            let body = match coding {
                Coding::Identity => received.to_vec(),
                Coding::Gzip => expand(flate2::read::MultiGzDecoder::new(&received[..]), max, too_large)?,
                Coding::Zstd => {
                    let mut decoder = zstd::stream::read::Decoder::new(&received[..]).map_err(|_| bad_coding())?;
                    decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(|_| bad_coding())?;
                    expand(decoder, max, too_large)?
                }
            };
            // A push holds many operations, of which one must not stop the others: each is looked at by itself.
            if !is_push && holds_nul(&body) {
                return Err(ApiError::malformed(
                    "request.shape",
                    "The body holds the character NUL, which no text has",
                ));
            }
            serde_json::from_slice(&body).map(Self).map_err(|error| malformed(&error))
        })
    }
}

/// Whether JSON holds an escaped NUL, which PostgreSQL keeps in no text. A bare one is no JSON.
fn holds_nul(body: &[u8]) -> bool {
    let mut rest = body;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let escape = rest.get(at + 1..).unwrap_or_default();
        if escape.starts_with(b"u0000") {
            return true;
        }
        rest = escape.get(1..).unwrap_or_default();
    }
    false
}

/// Reads at most `max` bytes out of a decoder, so that a small bomb stays small.
fn expand(decoder: impl Read, max: usize, too_large: impl Fn() -> ApiError) -> Result<Vec<u8>, ApiError> {
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    let mut body = Vec::new();
    let read: io::Result<usize> = decoder.take(limit).read_to_end(&mut body);
    read.map_err(|_| bad_coding())?;
    if body.len() > max { Err(too_large()) } else { Ok(body) }
}

fn check_headers(req: &HttpRequest) -> Result<Coding, ApiError> {
    let text = |name| req.headers().get(name).map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    let media = text(header::CONTENT_TYPE).unwrap_or_default();
    if media.split(';').next().map(str::trim) != Some("application/json") {
        let (code, title) = ("request.media_type", "Send application/json");
        return Err(ApiError::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, title));
    }
    match text(header::CONTENT_ENCODING).as_deref() {
        None | Some("identity") => Ok(Coding::Identity),
        Some("gzip") => Ok(Coding::Gzip),
        Some("zstd") => Ok(Coding::Zstd),
        Some(_) => Err(bad_coding()),
    }
}

fn bad_coding() -> ApiError {
    let (code, title) = ("request.encoding", "The content encoding is gzip or zstd, and the body holds what it says");
    ApiError::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, code, title)
}

fn too_slow() -> ApiError {
    ApiError::plain(StatusCode::REQUEST_TIMEOUT, "request.timeout", "The request took too long to arrive")
}

fn too_large(is_push: bool) -> ApiError {
    let code = if is_push { "sync.batch_too_large" } else { "request.too_large" };
    ApiError::plain(StatusCode::PAYLOAD_TOO_LARGE, code, "The request is too large")
}

/// What serde says may quote values, so only the place and the kind go out.
fn malformed(error: &serde_json::Error) -> ApiError {
    use serde_json::error::Category;
    let (code, what) = match error.classify() {
        Category::Data => ("request.shape", "The body has an unknown key, lacks one, or holds a value of another type"),
        _ => ("request.json", "The body is not JSON"),
    };
    ApiError::malformed(code, &format!("{what} (line {}, column {})", error.line(), error.column()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_nul_is_found_and_a_written_one_is_not() {
        for (text, expected) in [
            (r#"{"q":"a\u0000"}"#, true),
            (r#"{"q":"\\\u0000"}"#, true),
            (r#"{"q":"\\u0000"}"#, false),
            (r#"{"q":"\""#, false),
        ] {
            assert_eq!(holds_nul(text.as_bytes()), expected, "{text}");
        }
    }
}
