//! The outermost layer: gives the request its id and span, catches panics, writes the bodies of problems,
//! hardens the headers and logs the end. What it logs names no person and quotes no body, path parameter or query.

use crate::env::Env;
use crate::extract::client::{is_secure, operation_name};
use crate::middleware::headers::harden;
use crate::problem::{ApiError, Outline};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError, web};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;
use std::time::Instant;
use tracing::{Instrument, Span, error, field::Empty, info, info_span};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps everything else.
pub async fn edge<B: MessageBody + 'static>(req: ServiceRequest, next: Next<B>) -> Result<ServiceResponse, Error> {
    let env = req.app_data::<web::Data<Env>>().cloned();
    let request_id = env.and_then(|env| env.id().ok()).unwrap_or_default().to_string();
    let method = req.method().clone();
    let secure = is_secure(req.request());
    let span = info_span!("request", request_id = %request_id, operation = Empty, actor.id = Empty);
    let started = Instant::now();
    let mut answer = next.call(req);
    let caught = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(_) => Poll::Ready(Err(())),
    });
    let answer = caught.instrument(span.clone()).await;
    let _inside = span.enter();
    let (req, mut response) = match answer {
        Ok(Ok(response)) => {
            let (req, response) = response.into_parts();
            (Some(req), response.map_into_boxed_body())
        }
        Ok(Err(error)) => (None, error.error_response()),
        Err(()) => (None, ApiError::from(Outline::opaque("a handler panicked".to_owned())).error_response()),
    };
    if response.error().is_some() || response.status().is_client_error() || response.status().is_server_error() {
        response = write_problem(response, &request_id);
    }
    harden(response.headers_mut(), secure);
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    log_end(req.as_ref(), method.as_str(), response.status().as_u16(), started);
    match req {
        Some(req) => Ok(ServiceResponse::new(req, response)),
        None => Err(InternalError::from_response("no request", response).into()),
    }
}

/// Gives a refusal its body, whoever refused.
fn write_problem(response: HttpResponse, request_id: &str) -> HttpResponse {
    let status = response.status();
    let known = response.extensions().get::<ApiError>().map(|error| error.0.clone());
    let outline = known.unwrap_or_else(|| std::rc::Rc::new(Outline::of_status(status)));
    if let Some(cause) = &outline.cause {
        error!(cause, "a request failed");
    }
    let body = serde_json::to_vec(&outline.body(request_id)).unwrap_or_default();
    let mut response = response.set_body(BoxBody::new(body));
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::CONTENT_ENCODING);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

fn log_end(req: Option<&HttpRequest>, method: &str, status: u16, started: Instant) {
    let operation = req.map_or("-", operation_name);
    Span::current().record("operation", operation);
    let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    info!(method, status, took_ms, "answered {operation} with {status}");
}
