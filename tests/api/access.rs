//! Every operation × every role × a row within reach and one in another region,
//! with the domain's permission table as the oracle.

use reqwest::Method;
use ruhu_domain::actor::{self, Role};
use ruhu_domain::ids::UserId;
use ruhu_domain::policy::{self, Action, Target, Verdict};
use ruhu_domain::region::RegionCode;
use ruhu_server::extract::{Access, Operation};
use ruhu_server::routes::ROUTES;
use ruhu_tests::actors::PASSWORD;
use ruhu_tests::app::{method_of, send};
use ruhu_tests::factories::{OTHER_TOWN, TOWN};
use ruhu_tests::{Actor, TestApp, Visit, a_visit, on_both_databases, on_one_database};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Actions that are decided inside of a push or a pull rather than at a route.
const INSIDE_A_SYNC: [Action; 4] =
    [Action::SyncDevice, Action::SubmitVisit, Action::WithdrawVisit, Action::AnswerConflict];
/// A new public operation is a decision that is written down here.
const PUBLIC: [&str; 8] = [
    "create_first_admin",
    "get_about",
    "get_health",
    "get_openapi",
    "get_readiness",
    "get_setup",
    "login",
    "refresh_session",
];

/// Things that operations with an `{id}` may be about.
struct Row<'a> {
    visit: &'a Visit,
    /// A parked operation of this visitor.
    parked: Uuid,
    region: RegionCode,
    contact: Option<Uuid>,
    responsible: Option<Uuid>,
    visitor: Uuid,
    /// An account within this row's region.
    user: Uuid,
    device: Uuid,
}

impl Row<'_> {
    fn path(&self, operation: &Operation) -> String {
        let id = match operation.path {
            path if path.contains("/visits/") => self.visit.id,
            path if path.contains("/households/") => self.visit.household,
            path if path.contains("/users/") => self.user,
            path if path.contains("/devices/") => self.device,
            path if path.contains("/parked/") => self.parked,
            path => {
                assert!(!path.contains("{id}"), "say in access.rs what {{id}} of {path} is");
                Uuid::nil()
            }
        };
        operation.path.replace("{id}", &id.to_string())
    }

    fn target(&self, operation: &Operation) -> Target<'_> {
        let is_authored = ["/visits/", "/parked/"].iter().any(|part| operation.path.contains(part));
        let author = is_authored.then_some(UserId(self.visitor));
        let (contact, responsible) = (self.contact.map(UserId), self.responsible.map(UserId));
        Target { region: &self.region, contact, responsible, author }
    }

    /// A body that is right in itself but changes nothing that a later call needs, and the answer of whoever may.
    fn call(&self, operation: &Operation, by: &Actor) -> (Value, u16) {
        let stale = json!({ "visit_rev": 1, "visit_hash": "0" });
        let with = |more: Value| {
            let mut body = stale.clone();
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        match operation.id {
            "push" => (by.batch(&[]), 200),
            "pull" => (json!({}), 200),
            "logout" => (json!({}), 204),
            "change_password" => (json!({ "current": "another password", "new": "another password 2" }), 400),
            "approve_visit" => (with(json!({ "file_rev": 0, "decisions": [] })), 409),
            "return_visit" => {
                (with(json!({ "reasons": [{ "path": "", "code": "other", "text": "" }], "text": "" })), 409)
            }
            "reject_visit" => (with(json!({ "code": "other", "text": "" })), 409),
            "assign_household" => (json!({ "contact_id": self.contact, "responsible_id": self.responsible }), 200),
            "create_user" => {
                let login = format!("made-by-{}-{}", by.role.code(), self.region);
                (json!({ "login": login, "name": "示例人员", "role": "caseworker", "scope": "150602" }), 201)
            }
            "update_user" => (json!({}), 200),
            "decide_conflicts" => (json!({ "decisions": [{ "conflict_id": Uuid::nil(), "choice": "mine" }] }), 200),
            "clear_loss" => (json!({ "possible_loss": 1 }), 409),
            "replay_parked" => (Value::Null, 200),
            "dismiss_parked" => (json!({ "reason": "" }), 400),
            "revoke_device" => (Value::Null, 204),
            id => {
                assert_eq!(method_of(operation), Method::GET, "say in access.rs how {id} is called");
                (Value::Null, 200)
            }
        }
    }
}

fn as_domain(person: &Actor) -> actor::Actor {
    actor::Actor {
        user: UserId(person.id),
        role: person.role,
        scope: person.scope.clone(),
        session: Uuid::nil().into(),
        device: person.device.into(),
    }
}

/// What the table says: 403, 404, or the answer of whoever may.
fn expected(
    person: &Actor,
    operation: &Operation,
    action: Action,
    row: &Row<'_>,
    is_within: bool,
    allowed: u16,
) -> u16 {
    if !policy::may_attempt(person.role, action) {
        return 403;
    }
    // A push or a pull is open to whoever was in the field once; nobody here was in another role before.
    if ["push", "pull"].contains(&operation.id) && !policy::may_attempt(person.role, Action::SyncDevice) {
        return 403;
    }
    if !operation.path.contains("{id}") {
        return allowed;
    }
    if operation.path.contains("/devices/") || operation.path.contains("/users/") {
        return if is_within { allowed } else { 404 };
    }
    match policy::may(&as_domain(person), action, &row.target(operation)) {
        Verdict::Yes => allowed,
        Verdict::No => 403,
        Verdict::Unseen => 404,
    }
}

async fn meets_the_table(app: &TestApp, person: &Actor, row: &Row<'_>, is_within: bool) {
    for operation in ROUTES {
        let Access::Signed(action) = operation.access else { continue };
        // These end a session: each gets one of its own.
        let ends = matches!(operation.id, "logout" | "revoke_device");
        let extra = if ends { Some(Actor::sign_in(app, &person.login, PASSWORD).await) } else { None };
        let by = extra.as_ref().filter(|_| operation.id == "logout").unwrap_or(person);
        let device = extra.as_ref().filter(|_| is_within).map_or(row.device, |extra| extra.device);
        let row = Row { device, region: row.region.clone(), ..*row };
        let (body, allowed) = row.call(operation, by);
        let request = by.request(method_of(operation), &row.path(operation));
        let reply = send(if body.is_null() { request } else { request.json(&body) }).await;
        let wanted = expected(by, operation, action, &row, is_within, allowed);
        let what = format!("{} as {} on {}: {}", operation.id, person.role, row.region, reply.text());
        assert_eq!(reply.status, wanted, "{what}");
        match wanted {
            403 => drop(reply.refused_with("auth.not_allowed")),
            404 => drop(reply.refused_with("not_found")),
            _ => {}
        }
        if !is_within || wanted >= 403 {
            assert!(!reply.text().contains("金丝雀"), "{what}");
        }
    }
}

#[test]
fn every_action_of_the_table_is_used_and_every_public_operation_is_meant_to_be() {
    let signed = ROUTES.iter().filter_map(|operation| match operation.access {
        Access::Signed(action) => Some(action),
        Access::Public => None,
    });
    assert_eq!(signed.chain(INSIDE_A_SYNC).collect::<BTreeSet<_>>(), Action::ALL.into_iter().collect());
    let public = ROUTES.iter().filter(|operation| operation.access == Access::Public).map(|operation| operation.id);
    assert_eq!(public.collect::<BTreeSet<_>>(), PUBLIC.into_iter().collect());
}

on_both_databases! {
    async fn every_operation_answers_every_role_as_the_table_says(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let far = app.caseworker().in_region("150603").sign_in().await;
        let boss = app.supervisor().sign_in().await;
        let canary = |town| a_visit().in_town(town).set("residence_address", json!("金丝雀社区07号楼7单元"));
        let theirs = far.submits(canary(OTHER_TOWN)).await.applied();
        let parked = |by: &Actor| by.op("visit.dance", Uuid::now_v7(), &json!({}));
        let (near_op, far_op) = (parked(&ana), parked(&far));
        ana.pushes(std::slice::from_ref(&near_op)).await.receipt().parked_with("op.unknown");
        far.pushes(std::slice::from_ref(&far_op)).await.receipt().parked_with("op.unknown");
        let id = |op: &Value| op["id"].as_str().unwrap().parse::<Uuid>().unwrap();
        for role in Role::ALL {
            let person = app.hire(role).in_region("150602").sign_in().await;
            let visit = ana.submits(a_visit()).await.applied();
            let (contact, responsible) = match role {
                Role::Caseworker => (Some(person.id), None),
                Role::Responsible => (Some(ana.id), Some(person.id)),
                _ => (Some(ana.id), None),
            };
            boss.assigns(visit.household, contact, responsible).await.ok();
            let region = |code| RegionCode::parse(code).unwrap();
            let near = Row {
                visit: &visit,
                parked: id(&near_op),
                region: region(TOWN),
                contact,
                responsible,
                visitor: ana.id,
                user: ana.id,
                device: ana.device,
            };
            meets_the_table(app, &person, &near, true).await;
            let other = Row {
                visit: &theirs,
                parked: id(&far_op),
                region: region(OTHER_TOWN),
                contact: Some(far.id),
                responsible: None,
                visitor: far.id,
                user: far.id,
                device: far.device,
            };
            // Whom an assignment names must not matter for whether the row is seen.
            meets_the_table(app, &person, &other, false).await;
        }
    }

    async fn what_a_push_does_follows_the_table_too(app: &TestApp) {
        for role in Role::ALL {
            let person = app.hire(role).in_region("150602").sign_in().await;
            let pushed = person.submits(a_visit()).await.pushed;
            if policy::may_attempt(role, Action::SubmitVisit) {
                pushed.receipt().applied();
            } else {
                pushed.0.refused(403, "auth.not_allowed");
            }
        }
    }

    async fn a_household_of_a_colleague_in_the_same_region_stays_unseen_for_whoever_sees_only_their_own(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        let visit = ana.submits(a_visit()).await.applied();
        for role in [Role::Caseworker, Role::Responsible] {
            let stranger = app.hire(role).sign_in().await;
            stranger.opens(&visit).await.refused(404, "not_found");
            for path in ["", "/revisions"] {
                stranger.gets(&format!("/api/v1/households/{}{path}", visit.household)).await.refused(404, "not_found");
            }
        }
    }
}

on_one_database! {
    async fn without_a_token_nothing_but_the_public_answers(app: &TestApp) {
        for operation in ROUTES {
            let path = operation.path.replace("{id}", &Uuid::now_v7().to_string());
            for body in [None, Some(json!({}))] {
                let reply = app.call(method_of(operation), &path, body.as_ref()).await;
                match operation.access {
                    Access::Signed(_) => {
                        reply.refused(401, "auth.required");
                        assert_eq!(reply.header("www-authenticate"), "Bearer");
                    }
                    Access::Public => assert!(!reply.text().contains("auth.not_allowed"), "{}", operation.id),
                }
            }
        }
    }

    async fn an_ended_session_reaches_nothing(app: &TestApp) {
        let ana = app.caseworker().sign_in().await;
        ana.posts("/api/v1/auth/logout", &json!({})).await.ok();
        for operation in ROUTES.iter().filter(|operation| operation.access != Access::Public) {
            let path = operation.path.replace("{id}", &Uuid::now_v7().to_string());
            let row_of_nobody = ana.request(method_of(operation), &path).json(&ana.batch(&[]));
            let reply = send(row_of_nobody).await;
            // A body that is of another operation may be refused first; nothing else may happen.
            assert!(matches!(reply.status, 401 | 400), "{}: {}", operation.id, reply.text());
        }
    }
}
