//! A reviewer's three answers.

use crate::app::App;
use crate::extract::{PathId, Signed, ValidJson};
use crate::problem::ApiResult;
use crate::views::review::{ApproveRequest, RejectRequest, ReturnRequest};
use crate::views::schema::Id;
use crate::views::visit::VisitSummary;
use actix_web::web::{Data, Json};
use ruhu_domain::ids::VisitId;

/// Approves what was seen; the accepted paths enter the file.
#[utoipa::path(post, path = "/api/v1/visits/{id}/approve", tag = "reviews", params(("id" = Id, Path)),
    request_body = ApproveRequest,
    responses((status = 200, description = "Approved", body = VisitSummary)))]
pub async fn approve_visit(
    app: Data<App>,
    actor: Signed,
    id: PathId<VisitId>,
    body: ValidJson<ApproveRequest>,
) -> ApiResult<Json<VisitSummary>> {
    Ok(Json(app.approve_visit(&actor.0, id.0, body.0).await?))
}

/// Sends the visit back to its visitor, with reasons.
#[utoipa::path(post, path = "/api/v1/visits/{id}/return", tag = "reviews", params(("id" = Id, Path)),
    request_body = ReturnRequest,
    responses((status = 200, description = "Returned", body = VisitSummary)))]
pub async fn return_visit(
    app: Data<App>,
    actor: Signed,
    id: PathId<VisitId>,
    body: ValidJson<ReturnRequest>,
) -> ApiResult<Json<VisitSummary>> {
    Ok(Json(app.return_visit(&actor.0, id.0, body.0).await?))
}

/// Rejects the visit for good.
#[utoipa::path(post, path = "/api/v1/visits/{id}/reject", tag = "reviews", params(("id" = Id, Path)),
    request_body = RejectRequest,
    responses((status = 200, description = "Rejected", body = VisitSummary)))]
pub async fn reject_visit(
    app: Data<App>,
    actor: Signed,
    id: PathId<VisitId>,
    body: ValidJson<RejectRequest>,
) -> ApiResult<Json<VisitSummary>> {
    Ok(Json(app.reject_visit(&actor.0, id.0, body.0).await?))
}
