//! TABLE OF CONTENTS: every operation with its method, path, handler and access.
//!
//! The handler's name is the operation's id, here, in `openapi.json` and in the app. What is not in this table
//! is not served; what is `Signed` names the action that `domain/policy.rs` decides about.

pub mod auth;
pub mod conflicts;
pub mod devices;
pub mod health;
pub mod households;
pub mod meta;
pub mod parking;
pub mod pwa;
pub mod reviews;
pub mod setup;
pub mod sync;
pub mod users;
pub mod visits;

use crate::extract::Operation;
use crate::extract::access::Access::{Public, Signed};
use actix_web::http::Method;
use actix_web::web;
use ruhu_domain::policy::Action::*;

macro_rules! routes {
    ($($verb:ident $method:ident $path:literal $module:ident :: $handler:ident $access:expr;)+) => {
        /// Every operation.
        pub const ROUTES: &[Operation] = &[$(Operation {
            method: || Method::$method,
            path: $path,
            id: stringify!($handler),
            access: $access,
            route: || web::$verb().to($module::$handler),
        }),+];

        /// The same operations, as `utoipa` reads them off the handlers.
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($module::$handler),+))]
        pub struct Documented;
    };
}

routes! {
    get GET "/api/v1/about" meta::get_about Public;
    get GET "/api/v1/setup" setup::get_setup Public;
    post POST "/api/v1/setup" setup::create_first_admin Public;

    post POST "/api/v1/auth/login" auth::login Public;
    post POST "/api/v1/auth/refresh" auth::refresh_session Public;
    post POST "/api/v1/auth/logout" auth::logout Signed(UseOwnAccount);
    get GET "/api/v1/me" auth::get_me Signed(UseOwnAccount);
    post POST "/api/v1/me/password" auth::change_password Signed(UseOwnAccount);
    get GET "/api/v1/devices" devices::list_devices Signed(UseOwnAccount);
    get GET "/api/v1/devices/outstanding" devices::list_outstanding Signed(ListOutstanding);
    post POST "/api/v1/devices/{id}/loss" devices::clear_loss Signed(ClearLoss);
    delete DELETE "/api/v1/devices/{id}" devices::revoke_device Signed(UseOwnAccount);

    get GET "/api/v1/definitions" meta::get_definitions Signed(UseOwnAccount);
    get GET "/api/v1/regions" meta::list_regions Signed(UseOwnAccount);

    post POST "/api/v1/sync/push" sync::push Signed(HandIn);
    post POST "/api/v1/sync/pull" sync::pull Signed(HandIn);

    get GET "/api/v1/visits" visits::list_visits Signed(ListVisits);
    get GET "/api/v1/visits/{id}" visits::find_visit Signed(ViewVisit);
    post POST "/api/v1/visits/{id}/approve" reviews::approve_visit Signed(ReviewVisit);
    post POST "/api/v1/visits/{id}/return" reviews::return_visit Signed(ReviewVisit);
    post POST "/api/v1/visits/{id}/reject" reviews::reject_visit Signed(ReviewVisit);

    get GET "/api/v1/conflicts" conflicts::list_conflicts Signed(ListConflicts);
    post POST "/api/v1/conflicts/decide" conflicts::decide_conflicts Signed(DecideConflict);

    get GET "/api/v1/parked" parking::list_parked Signed(ListParked);
    get GET "/api/v1/parked/{id}" parking::find_parked Signed(ListParked);
    post POST "/api/v1/parked/{id}/replay" parking::replay_parked Signed(ReplayParked);
    post POST "/api/v1/parked/{id}/dismiss" parking::dismiss_parked Signed(DismissParked);

    get GET "/api/v1/households" households::list_households Signed(ListHouseholds);
    get GET "/api/v1/households/{id}" households::find_household Signed(ViewHousehold);
    get GET "/api/v1/households/{id}/revisions" households::list_revisions Signed(ViewHousehold);
    get GET "/api/v1/households/{id}/flight" households::find_flight Signed(AssignHousehold);
    post POST "/api/v1/households/{id}/assign" households::assign_household Signed(AssignHousehold);

    get GET "/api/v1/users" users::list_users Signed(ListUsers);
    post POST "/api/v1/users" users::create_user Signed(ManageUsers);
    patch PATCH "/api/v1/users/{id}" users::update_user Signed(ManageUsers);

    get GET "/healthz" health::get_health Public;
    get GET "/readyz" health::get_readiness Public;
    get GET "/api/openapi.json" health::get_openapi Public;
}

/// Registers every operation; one resource per path, so that a wrong method is a 405.
pub fn configure(config: &mut web::ServiceConfig) {
    let mut paths: Vec<&str> = ROUTES.iter().map(|operation| operation.path).collect();
    paths.dedup();
    for path in paths {
        let mut resource = web::resource(path);
        for operation in ROUTES.iter().filter(|operation| operation.path == path) {
            resource = resource.route((operation.route)());
        }
        config.service(resource);
    }
}
