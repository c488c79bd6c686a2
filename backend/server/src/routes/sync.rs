//! Push and pull of a field device (docs/SYNC.md).

use crate::app::App;
use crate::extract::{Signed, ValidJson};
use crate::problem::ApiResult;
use crate::views::sync::{PullRequest, PullView, PushRequest, PushView};
use actix_web::web::{Data, Json};

/// Hands over operations; each gets its receipt.
#[utoipa::path(post, path = "/api/v1/sync/push", tag = "sync", request_body = PushRequest,
    responses((status = 200, description = "A receipt for each operation, in the order of the request", body = PushView)))]
pub async fn push(app: Data<App>, actor: Signed, body: ValidJson<PushRequest>) -> ApiResult<Json<PushView>> {
    Ok(Json(app.push(&actor.0, body.0).await?))
}

/// Fetches what changed since the cursor.
#[utoipa::path(post, path = "/api/v1/sync/pull", tag = "sync", request_body = PullRequest,
    responses((status = 200, description = "One page of changes and the next cursor", body = PullView)))]
pub async fn pull(app: Data<App>, actor: Signed, body: ValidJson<PullRequest>) -> ApiResult<Json<PullView>> {
    Ok(Json(app.pull(&actor.0, body.0).await?))
}
