//! What could not be taken in: seen, played again, dismissed.

use crate::app::App;
use crate::extract::{Params, PathId, Signed, ValidJson};
use crate::problem::ApiResult;
use crate::views::parking::{DismissRequest, ParkedList, ParkedQuery, ParkedView};
use crate::views::schema::Id;
use actix_web::web::{Data, Json};
use ruhu_domain::ids::OpId;

/// Parked operations of one's district, the oldest first.
#[utoipa::path(get, path = "/api/v1/parked", tag = "parking", params(ParkedQuery),
    responses((status = 200, description = "One page of parked operations", body = ParkedList)))]
pub async fn list_parked(app: Data<App>, actor: Signed, query: Params<ParkedQuery>) -> ApiResult<Json<ParkedList>> {
    Ok(Json(app.list_parked(&actor.0, query.0).await?))
}

/// One of them, by the operation's id, with what happened to it.
#[utoipa::path(get, path = "/api/v1/parked/{id}", tag = "parking", params(("id" = Id, Path)),
    responses((status = 200, description = "The parked operation", body = ParkedView)))]
pub async fn find_parked(app: Data<App>, actor: Signed, id: PathId<OpId>) -> ApiResult<Json<ParkedView>> {
    Ok(Json(app.find_parked(&actor.0, id.0).await?))
}

/// Has it decided again, in its author's name.
#[utoipa::path(post, path = "/api/v1/parked/{id}/replay", tag = "parking", params(("id" = Id, Path)),
    responses((status = 200, description = "What came of it; it may wait still", body = ParkedView)))]
pub async fn replay_parked(app: Data<App>, actor: Signed, id: PathId<OpId>) -> ApiResult<Json<ParkedView>> {
    Ok(Json(app.replay_operation(&actor.0, id.0).await?))
}

/// Ends it with a reason, which its author reads. Nothing is deleted.
#[utoipa::path(post, path = "/api/v1/parked/{id}/dismiss", tag = "parking", params(("id" = Id, Path)),
    request_body = DismissRequest,
    responses((status = 200, description = "Dismissed", body = ParkedView)))]
pub async fn dismiss_parked(
    app: Data<App>,
    actor: Signed,
    id: PathId<OpId>,
    body: ValidJson<DismissRequest>,
) -> ApiResult<Json<ParkedView>> {
    Ok(Json(app.dismiss_operation(&actor.0, id.0, &body.0.reason).await?))
}
