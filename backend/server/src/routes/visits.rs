//! The review queue and one record of it.

use crate::app::App;
use crate::extract::{Params, PathId, Signed};
use crate::problem::ApiResult;
use crate::views::review::RecordView;
use crate::views::schema::Id;
use crate::views::visit::{VisitList, VisitQuery};
use actix_web::web::{Data, Json};
use ruhu_domain::ids::VisitId;

/// Visits in scope, the oldest first.
#[utoipa::path(get, path = "/api/v1/visits", tag = "visits", params(VisitQuery),
    responses((status = 200, description = "One page of visits", body = VisitList)))]
pub async fn list_visits(app: Data<App>, actor: Signed, query: Params<VisitQuery>) -> ApiResult<Json<VisitList>> {
    Ok(Json(app.list_visits(&actor.0, query.0).await?))
}

/// Everything a reviewer looks at.
#[utoipa::path(get, path = "/api/v1/visits/{id}", tag = "visits", params(("id" = Id, Path)),
    responses((status = 200, description = "The record", body = RecordView)))]
pub async fn find_visit(app: Data<App>, actor: Signed, id: PathId<VisitId>) -> ApiResult<Json<RecordView>> {
    Ok(Json(app.find_visit(&actor.0, id.0).await?))
}
