//! Conflicts at the desk; phones get theirs by a pull, and decide by a push.

use crate::app::App;
use crate::extract::{Params, Signed, ValidJson};
use crate::problem::ApiResult;
use crate::views::conflict::{ConflictList, ConflictQuery, DecideRequest, DecideView};
use actix_web::web::{Data, Json};

/// Conflicts in scope, the oldest first.
#[utoipa::path(get, path = "/api/v1/conflicts", tag = "conflicts", params(ConflictQuery),
    responses((status = 200, description = "One page of conflicts", body = ConflictList)))]
pub async fn list_conflicts(
    app: Data<App>,
    actor: Signed,
    query: Params<ConflictQuery>,
) -> ApiResult<Json<ConflictList>> {
    Ok(Json(app.list_conflicts(&actor.0, query.0).await?))
}

/// Decides conflicts, one or many; each stands alone.
#[utoipa::path(post, path = "/api/v1/conflicts/decide", tag = "conflicts", request_body = DecideRequest,
    responses((status = 200, description = "What became of each", body = DecideView)))]
pub async fn decide_conflicts(
    app: Data<App>,
    actor: Signed,
    body: ValidJson<DecideRequest>,
) -> ApiResult<Json<DecideView>> {
    Ok(Json(app.decide_conflicts(&actor.0, body.0).await?))
}
