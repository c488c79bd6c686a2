//! Being signed in is a parameter type.

use super::access::{Access, Table};
use crate::app::App;
use crate::app::error::AppError;
use crate::problem::ApiError;
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use ruhu_domain::actor::Actor;
use ruhu_domain::policy;
use std::future::Future;
use std::pin::Pin;

/// The signed-in person whose role may attempt this operation.
#[derive(Debug)]
pub struct Signed(pub Actor);

impl FromRequest for Signed {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move {
            let app = req.app_data::<web::Data<App>>().ok_or_else(|| broken("the app is missing"))?;
            let actor = app.authenticate(bearer(&req)?).await?;
            tracing::Span::current().record("actor.id", tracing::field::display(actor.user));
            // An operation outside of the table, or a public one with an actor, is a mistake of ours: refuse.
            let Some(Access::Signed(action)) = Table::of(&req).map(|operation| operation.access) else {
                return Err(broken("the operation is not in the route table"));
            };
            if !policy::may_attempt(actor.role, action) {
                return Err(AppError::forbidden("auth.not_allowed", "Your role does not do this").into());
            }
            Ok(Self(actor))
        })
    }
}

fn bearer(req: &HttpRequest) -> Result<&str, ApiError> {
    let mut values = req.headers().get_all(AUTHORIZATION);
    let token = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")),
        _ => None,
    };
    token.ok_or_else(|| AppError::Unauthenticated("auth.required").into())
}

fn broken(cause: &str) -> ApiError {
    AppError::Broken(cause.to_owned()).into()
}
