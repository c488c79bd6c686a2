//! People of one's area.

use crate::app::App;
use crate::extract::{Params, PathId, Signed, ValidJson};
use crate::problem::ApiResult;
use crate::views::schema::Id;
use crate::views::user::{CreateUser, PatchUser, StaffList, StaffQuery, StaffSaved};
use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use ruhu_domain::ids::UserId;

/// The accounts of one's area.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(StaffQuery),
    responses((status = 200, description = "One page of accounts", body = StaffList)))]
pub async fn list_users(app: Data<App>, actor: Signed, query: Params<StaffQuery>) -> ApiResult<Json<StaffList>> {
    Ok(Json(app.list_users(&actor.0, query.0).await?))
}

/// Makes an account.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = CreateUser,
    responses((status = 201, description = "Made; a password made by the server is shown once", body = StaffSaved)))]
pub async fn create_user(app: Data<App>, actor: Signed, body: ValidJson<CreateUser>) -> ApiResult<HttpResponse> {
    Ok(HttpResponse::Created().json(app.create_user(&actor.0, body.0).await?))
}

/// Changes an account: name, phone, role, area, disabled, a new password.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users", params(("id" = Id, Path)), request_body = PatchUser,
    responses((status = 200, description = "Changed; a password made by the server is shown once", body = StaffSaved)))]
pub async fn update_user(
    app: Data<App>,
    actor: Signed,
    id: PathId<UserId>,
    body: ValidJson<PatchUser>,
) -> ApiResult<Json<StaffSaved>> {
    Ok(Json(app.update_user(&actor.0, id.0, body.0).await?))
}
