//! Requests that change something come from our own pages, or from no page at all.

use crate::problem::ApiError;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError};

/// Refuses what another site's page sends.
pub async fn same_origin<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let is_reading = matches!(*req.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !is_reading && is_foreign(&req) {
        let title = "This comes from another site";
        let refusal = ApiError::plain(StatusCode::FORBIDDEN, "request.origin", title).error_response();
        return Ok(req.into_response(refusal).map_into_right_body());
    }
    Ok(next.call(req).await?.map_into_left_body())
}

fn is_foreign(req: &ServiceRequest) -> bool {
    let text = |name: &str| req.headers().get(name).map(|value| value.to_str().unwrap_or("?"));
    let is_cross = text("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let host = req.uri().authority().map(ToString::to_string).or_else(|| text("host").map(str::to_owned));
    let is_other_host = text(header::ORIGIN.as_str()).is_some_and(|origin| {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        authority.is_none() || authority != host.as_deref()
    });
    is_cross || is_other_host
}
