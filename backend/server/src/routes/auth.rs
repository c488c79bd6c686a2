//! Signing in and out, one's own account.

use crate::app::App;
use crate::app::auth::{Credentials, Opened};
use crate::app::error::AppError;
use crate::extract::{Client, Signed, ValidJson};
use crate::problem::{ApiError, ApiResult};
use crate::views::auth::{LoginRequest, PasswordChange, SessionView};
use crate::views::user::UserView;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};

/// `__Host-` binds it to this host, TLS (or localhost) and the root path.
const REFRESH_COOKIE: &str = "__Host-ruhu_refresh";
/// A form of another site cannot set a header, so this one proves a script of ours.
const CLIENT_HEADER: &str = "x-ruhu-client";

/// Signs in with login and password.
#[utoipa::path(post, path = "/api/v1/auth/login", tag = "auth", request_body = LoginRequest,
    responses((status = 200, description = "Signed in; sets the refresh cookie", body = SessionView)))]
pub async fn login(app: Data<App>, client: Client, body: ValidJson<LoginRequest>) -> ApiResult<HttpResponse> {
    let LoginRequest { login, password, device } = body.0;
    let credentials = Credentials { login, password, device: device.id, label: device.label };
    Ok(opened(app.login(credentials, &client.address).await?))
}

/// Goes on with a session.
#[utoipa::path(post, path = "/api/v1/auth/refresh", tag = "auth",
    params(("X-Ruhu-Client" = String, Header, description = "`pwa`")),
    responses((status = 200, description = "A new access token; rotates the refresh cookie", body = SessionView)))]
pub async fn refresh_session(app: Data<App>, req: HttpRequest) -> ApiResult<HttpResponse> {
    if !req.headers().contains_key(CLIENT_HEADER) {
        return Err(ApiError::malformed("request.client", "The header X-Ruhu-Client is missing"));
    }
    let cookie = req.cookie(REFRESH_COOKIE).ok_or(AppError::Unauthenticated("auth.required"))?;
    Ok(opened(app.refresh_session(cookie.value()).await?))
}

/// Ends the session.
#[utoipa::path(post, path = "/api/v1/auth/logout", tag = "auth",
    responses((status = 204, description = "The session is over; clears the refresh cookie")))]
pub async fn logout(app: Data<App>, actor: Signed) -> ApiResult<HttpResponse> {
    app.logout(&actor.0).await?;
    Ok(HttpResponse::NoContent().cookie(refresh_cookie(String::new(), Duration::ZERO)).finish())
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/me", tag = "auth",
    responses((status = 200, description = "The signed-in person", body = UserView)))]
pub async fn get_me(app: Data<App>, actor: Signed) -> ApiResult<Json<UserView>> {
    Ok(Json(app.get_me(&actor.0).await?))
}

/// Changes one's own password.
#[utoipa::path(post, path = "/api/v1/me/password", tag = "auth", request_body = PasswordChange,
    responses((status = 204, description = "Changed; every other session of the user ended")))]
pub async fn change_password(
    app: Data<App>,
    actor: Signed,
    client: Client,
    body: ValidJson<PasswordChange>,
) -> ApiResult<HttpResponse> {
    app.change_password(&actor.0, body.0.current, body.0.new, &client.address).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn opened(opened: Opened) -> HttpResponse {
    let cookie = refresh_cookie(opened.refresh_token, Duration::seconds(opened.refresh_s));
    HttpResponse::Ok().cookie(cookie).json(opened.session)
}

fn refresh_cookie(value: String, age: Duration) -> Cookie<'static> {
    Cookie::build(REFRESH_COOKIE, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(age)
        .finish()
}
