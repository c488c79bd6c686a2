//! `openapi.json`: what `utoipa` reads off the handlers, completed by what the route table knows.

use crate::extract::Access;
use crate::routes::{Documented, ROUTES};
use crate::views::{problem::Problem, schema::JsonObject, sync, visit};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, Response};
use utoipa::{Modify, OpenApi as _, ToSchema};

const PROBLEM: &str = "application/problem+json";
const BEARER: &str = "bearer";

/// Refusals that any operation may answer with.
const ALWAYS: [(&str, &str); 2] = [("400", "The request cannot be read, or a rule refuses it"), ("500", "A bug")];
/// Refusals of operations that read a body.
const WITH_BODY: [(&str, &str); 2] = [("413", "The body is too large"), ("415", "The body is not JSON")];
/// Refusals of operations that need a signed-in person.
const SIGNED: [(&str, &str); 2] = [("401", "Nobody is signed in, or not any more"), ("403", "Not for this person")];

/// The document.
pub fn document() -> OpenApi {
    let mut document = Documented::openapi();
    document.info = utoipa::openapi::InfoBuilder::new()
        .title("Ruhu 入户")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Household visits, offline first. See docs/SYNC.md for the meaning of each call."))
        .license(Some(utoipa::openapi::License::new("AGPL-3.0-only")))
        .build();
    Complete.modify(&mut document);
    document
}

/// The document as it is checked in.
pub fn text() -> String {
    let mut text = document().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

struct Complete;

impl Modify for Complete {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.security_schemes.insert(BEARER.to_owned(), bearer.into());
        let mut schemas = Vec::new();
        add::<Problem>(&mut schemas);
        add::<visit::SubmitVisitBody>(&mut schemas);
        add::<visit::WithdrawVisitBody>(&mut schemas);
        add::<sync::OperationBody>(&mut schemas);
        add::<JsonObject>(&mut schemas);
        components.schemas.extend(schemas);
        for operation in ROUTES {
            let Some(item) = document.paths.paths.get_mut(operation.path) else { continue };
            let documented = match (operation.method)().as_str() {
                "GET" => &mut item.get,
                "POST" => &mut item.post,
                "PATCH" => &mut item.patch,
                _ => &mut item.delete,
            };
            if let Some(documented) = documented {
                complete(documented, operation.access, operation.path);
            }
        }
    }
}

fn add<T: ToSchema>(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

fn complete(operation: &mut Operation, access: Access, path: &str) {
    ALWAYS.into_iter().for_each(|(status, why)| refuse(operation, status, why));
    if operation.request_body.is_some() {
        WITH_BODY.into_iter().for_each(|(status, why)| refuse(operation, status, why));
        refuse(operation, "409", "The state of things forbids it");
    }
    if path.ends_with("/replay") {
        refuse(operation, "409", "The state of things forbids it");
    }
    if path.contains("{id}") {
        refuse(operation, "404", "There is no such thing, or not for this person");
    }
    match access {
        Access::Signed(_) => {
            SIGNED.into_iter().for_each(|(status, why)| refuse(operation, status, why));
            operation.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
        }
        Access::Public if path.contains("/auth/") => {
            refuse(operation, "401", "Wrong login, password or refresh token");
            refuse(operation, "429", "Too many attempts; see Retry-After");
        }
        Access::Public => {}
    }
    if path.ends_with("/me/password") || path.ends_with("/setup") {
        refuse(operation, "429", "Too many attempts; see Retry-After");
    }
}

fn refuse(operation: &mut Operation, status: &str, why: &str) {
    let mut response = Response::new(why);
    response.content.insert(PROBLEM.to_owned(), Content::new(Some(Ref::from_schema_name("Problem"))).into());
    operation.responses.responses.entry(status.to_owned()).or_insert_with(|| response.into());
}
