//! `application/problem+json`: the only place that knows which refusal has which HTTP status.
//! Unforeseen errors are opaque; their cause is in the log, under the same request id.

use crate::app::error::{AppError, Detail, Refused};
use crate::views::problem::{Problem, ProblemError};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use ruhu_domain::refusal::Kind;
use ruhu_store::StoreError;
use std::fmt;

/// What handlers answer.
pub type ApiResult<T> = Result<T, ApiError>;

/// A refusal on its way out. The edge of the server writes its body, because only the edge knows the request id.
#[derive(Debug, Clone)]
pub struct ApiError(pub std::rc::Rc<Outline>);

/// A problem without its request id.
#[derive(Debug)]
pub struct Outline {
    pub status: StatusCode,
    pub code: String,
    pub title: String,
    pub errors: Vec<ProblemError>,
    pub detail: Detail,
    pub retry_after_s: Option<u64>,
    /// For the log only.
    pub cause: Option<String>,
}

impl ApiError {
    /// A problem with nothing but a code and a sentence.
    pub fn plain(status: StatusCode, code: &str, title: &str) -> Self {
        Self::from(Outline::plain(status, code, title))
    }

    /// The input is not what the operation reads.
    pub fn malformed(code: &str, title: &str) -> Self {
        Self::plain(StatusCode::BAD_REQUEST, code, title)
    }
}

impl Outline {
    fn plain(status: StatusCode, code: &str, title: &str) -> Self {
        let (code, title) = (code.to_owned(), title.to_owned());
        Self { status, code, title, errors: Vec::new(), detail: Detail::Nothing, retry_after_s: None, cause: None }
    }

    /// A bug or an outage: says nothing but its request id.
    pub fn opaque(cause: String) -> Self {
        let title = "Something went wrong here; tell us the request id";
        let plain = Self::plain(StatusCode::INTERNAL_SERVER_ERROR, "server.error", title);
        Self { cause: Some(cause), ..plain }
    }

    /// What a status alone says, for answers that the framework made.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, title) = match status {
            StatusCode::NOT_FOUND => ("not_found", "There is no such thing"),
            StatusCode::METHOD_NOT_ALLOWED => ("request.method", "This path has no such method"),
            StatusCode::PAYLOAD_TOO_LARGE => ("request.too_large", "The request is too large"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ("request.media_type", "This content type is not read here"),
            StatusCode::REQUEST_TIMEOUT => ("request.timeout", "The request took too long to arrive"),
            status if status.is_client_error() => ("request.malformed", "The request cannot be read"),
            _ => return Self { status, ..Self::opaque(status.to_string()) },
        };
        Self::plain(status, code, title)
    }

    /// The body, once the request id is known.
    pub fn body(&self, request_id: &str) -> Problem {
        let mut problem = Problem {
            kind: format!("/problems/{}", self.code),
            title: self.title.clone(),
            status: self.status.as_u16(),
            code: self.code.clone(),
            request_id: request_id.to_owned(),
            errors: self.errors.clone(),
            next_seq: None,
            since: None,
            decided: None,
            paths: None,
            visit_id: None,
            retry_after_s: self.retry_after_s,
        };
        match &self.detail {
            Detail::Nothing => {}
            Detail::Gap { next_seq } => problem.next_seq = Some(*next_seq),
            Detail::Stale(since) => problem.since = Some(since.clone()),
            Detail::Decided(decided) => problem.decided = Some(decided.clone()),
            Detail::Clash(paths) => problem.paths = Some(paths.clone()),
            Detail::Visit(id) => problem.visit_id = Some(*id),
        }
        problem
    }
}

impl From<Outline> for ApiError {
    fn from(outline: Outline) -> Self {
        Self(std::rc::Rc::new(outline))
    }
}

impl From<AppError> for ApiError {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Refused(refused) => Outline::from(*refused),
            AppError::Unauthenticated(code) => Outline::plain(StatusCode::UNAUTHORIZED, code, "Sign in to do this"),
            AppError::Throttled { retry_after_s } => Outline {
                retry_after_s: Some(retry_after_s),
                ..Outline::plain(StatusCode::TOO_MANY_REQUESTS, "auth.throttled", "Too many attempts; wait a while")
            },
            AppError::TooLarge(code) => {
                Outline::plain(StatusCode::PAYLOAD_TOO_LARGE, code, "The request holds more than is allowed")
            }
            AppError::Store(error) => of_store(error),
            AppError::Broken(cause) => Outline::opaque(cause),
        }
        .into()
    }
}

fn of_store(error: StoreError) -> Outline {
    match error {
        StoreError::BadCursor => {
            Outline::plain(StatusCode::BAD_REQUEST, "request.cursor", "The cursor is not one of this list")
        }
        StoreError::Stale => {
            Outline::plain(StatusCode::CONFLICT, "state.moved", "Somebody changed it meanwhile; look again")
        }
        StoreError::Unavailable(cause) => Outline {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "server.unavailable".into(),
            title: "The database does not answer; try again soon".into(),
            retry_after_s: Some(5),
            ..Outline::opaque(cause)
        },
        other => Outline::opaque(other.to_string()),
    }
}

impl From<Refused> for Outline {
    fn from(refused: Refused) -> Self {
        let status = match refused.kind {
            Kind::Invalid => StatusCode::BAD_REQUEST,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::Conflict => StatusCode::CONFLICT,
        };
        Self {
            errors: refused.errors.into_iter().map(ProblemError::from).collect(),
            detail: refused.detail,
            ..Self::plain(status, refused.code, &refused.title)
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.code)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.0.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.0.status);
        response.extensions_mut().insert(self.clone());
        if let Some(seconds) = self.0.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from(seconds));
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            let bearer = header::HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}
