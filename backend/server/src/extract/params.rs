//! Ids in paths and filters in queries.

use crate::problem::ApiError;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};
use uuid::Uuid;

/// The `{id}` of a path. What is no id names nothing, so the answer is "not found".
#[derive(Debug, Clone, Copy)]
pub struct PathId<T>(pub T);

impl<T: From<Uuid>> FromRequest for PathId<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = req.match_info().get("id").and_then(|text| Uuid::try_parse(text).ok());
        let missing = || ApiError::from(crate::app::error::AppError::not_found());
        ready(id.map(|id| Self(T::from(id))).ok_or_else(missing))
    }
}

/// The query string. Unknown keys are refused by the target type.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Params<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        // PostgreSQL keeps no NUL in a text, and nobody looks for one.
        if req.query_string().contains("%00") {
            return ready(Err(ApiError::malformed("request.query", "The query holds the character NUL")));
        }
        let read = web::Query::<T>::from_query(req.query_string());
        let malformed = |_| ApiError::malformed("request.query", "The query has an unknown key or a wrong value");
        ready(read.map(|query| Self(query.into_inner())).map_err(malformed))
    }
}
