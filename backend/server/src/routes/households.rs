//! Household files at the desk.

use crate::app::App;
use crate::extract::{Params, PathId, Signed, ValidJson};
use crate::problem::ApiResult;
use crate::views::device::FlightView;
use crate::views::household::{
    AssignRequest, HouseholdBody, HouseholdList, HouseholdQuery, HouseholdView, PageQuery, RevisionList,
};
use crate::views::schema::Id;
use actix_web::web::{Data, Json};
use ruhu_domain::ids::HouseholdId;

/// Households in scope.
#[utoipa::path(get, path = "/api/v1/households", tag = "households", params(HouseholdQuery),
    responses((status = 200, description = "One page of households", body = HouseholdList)))]
pub async fn list_households(
    app: Data<App>,
    actor: Signed,
    query: Params<HouseholdQuery>,
) -> ApiResult<Json<HouseholdList>> {
    Ok(Json(app.list_households(&actor.0, query.0).await?))
}

/// The file, masked, with its visits.
#[utoipa::path(get, path = "/api/v1/households/{id}", tag = "households", params(("id" = Id, Path)),
    responses((status = 200, description = "The file and its visits", body = HouseholdView)))]
pub async fn find_household(app: Data<App>, actor: Signed, id: PathId<HouseholdId>) -> ApiResult<Json<HouseholdView>> {
    Ok(Json(app.find_household(&actor.0, id.0).await?))
}

/// Every revision of the file: who, when, from which visit, what changed.
#[utoipa::path(get, path = "/api/v1/households/{id}/revisions", tag = "households",
    params(("id" = Id, Path), PageQuery),
    responses((status = 200, description = "One page of revisions, newest first", body = RevisionList)))]
pub async fn list_revisions(
    app: Data<App>,
    actor: Signed,
    id: PathId<HouseholdId>,
    page: Params<PageQuery>,
) -> ApiResult<Json<RevisionList>> {
    Ok(Json(app.list_revisions(&actor.0, id.0, page.0).await?))
}

/// What may still be on its way: phones of those who have the household, and visits to it that are not decided.
#[utoipa::path(get, path = "/api/v1/households/{id}/flight", tag = "households", params(("id" = Id, Path)),
    responses((status = 200, description = "What a hand-over would leave behind", body = FlightView)))]
pub async fn find_flight(app: Data<App>, actor: Signed, id: PathId<HouseholdId>) -> ApiResult<Json<FlightView>> {
    Ok(Json(app.find_flight(&actor.0, id.0).await?))
}

/// Says who visits the household and who answers for it.
#[utoipa::path(post, path = "/api/v1/households/{id}/assign", tag = "households", params(("id" = Id, Path)),
    request_body = AssignRequest,
    responses((status = 200, description = "The household as it is now", body = HouseholdBody)))]
pub async fn assign_household(
    app: Data<App>,
    actor: Signed,
    id: PathId<HouseholdId>,
    body: ValidJson<AssignRequest>,
) -> ApiResult<Json<HouseholdBody>> {
    Ok(Json(app.assign_household(&actor.0, id.0, body.0).await?))
}
