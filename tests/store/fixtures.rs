//! Made-up people, households and visits.

use ruhu_domain::actor::Role;
use ruhu_domain::form::Definitions;
use ruhu_domain::household::{FileStatus, Household};
use ruhu_domain::ids::{DeviceId, HouseholdId, OpId, SessionId, UserId, VisitId};
use ruhu_domain::region::RegionCode;
use ruhu_domain::time::Time;
use ruhu_domain::visit::{Proposal, Visit};
use ruhu_store::household::Made;
use ruhu_store::session::Session;
use ruhu_store::user::User;
use ruhu_store::{Conn, KeyId, Keys, StoreError, Vault};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// The example number of the national standard; nobody's.
pub const ID_NO: &str = "11010519491231002X";
/// 154 is not given out to people.
pub const PHONE: &str = "15400005678";
pub const NONCE: &str = "q9fK2mX7vN4rT1sW8yZ0bQ";
pub const BANK_CARD: &str = "9999990000000000014";

pub type Done = Result<(), StoreError>;

pub fn vault() -> Vault {
    vault_with("k1", 7)
}

pub fn vault_with(id: &str, byte: u8) -> Vault {
    let id = KeyId::parse(id).unwrap();
    let keys = Keys::new(id.clone(), BTreeMap::from([(id, [byte; 32])]), [9; 32]).unwrap();
    Vault::new(keys, Arc::new(Definitions::embedded().unwrap().dictionary().clone()))
}

pub fn at(second: i64) -> Time {
    Time::from_micros(1_795_000_000_000_000 + second * 1_000_000 + 123_456)
}

pub fn region(code: &str) -> RegionCode {
    RegionCode::parse(code).unwrap()
}

pub fn user(n: u128, role: Role, scope: &str) -> User {
    User {
        id: UserId(Uuid::from_u128(n)),
        login: format!("user{n}"),
        name: format!("示例{n}"),
        work_phone: None,
        password_hash: "$argon2id$…".into(),
        role,
        scope: region(scope),
        disabled_at: None,
        scope_version: 1,
        stamp: 1,
        is_synthetic: true,
        created_at: at(0),
    }
}

/// A caseworker with a device.
pub fn caseworker(c: &mut Conn, n: u128) -> Result<(UserId, DeviceId), StoreError> {
    let user = user(n, Role::Caseworker, "150602");
    ruhu_store::user::insert(c, &user)?;
    let device = DeviceId(Uuid::from_u128(n + 0x1000));
    ruhu_store::device::upsert(c, device, user.id, "测试机", at(0))?;
    Ok((user.id, device))
}

pub fn session(n: u128, user: UserId, device: DeviceId) -> Session {
    Session {
        id: SessionId(Uuid::from_u128(n)),
        user_id: user,
        device_id: device,
        refresh_hash: format!("hash-{n}-0"),
        previous_hash: None,
        created_at: at(0),
        rotated_at: at(0),
        expires_at: at(1000),
        revoked_at: None,
    }
}

pub fn household(n: u128, code: &str, contact: Option<UserId>) -> Household {
    let person = Uuid::from_u128(n + 0x9000);
    let file = json!({
        "residence_address": format!("示例社区{n:02}号楼"),
        "bank_card_no": BANK_CARD,
        "dibao_cert_no": "ABC-98765",
        "persons": { person.to_string(): { "name": format!("乌云{n}"), "is_worker": true, "id_no": ID_NO, "phone": PHONE } }
    });
    let file = file.as_object().unwrap().clone();
    Household {
        id: HouseholdId(Uuid::from_u128(n)),
        rev: 0,
        status: FileStatus::Lead,
        file_no: Some(format!("E{n:06}")),
        region: region(code),
        contact,
        responsible: None,
        hash: vault().file_hash(&file).unwrap(),
        file,
        next_visit_due_on: Some(format!("2026-12-{:02}", 1 + n % 28).parse().unwrap()),
        last_visit_on: None,
    }
}

pub fn made(author: UserId) -> Made {
    Made { author, at: at(1), is_synthetic: true }
}

pub fn proposal(visit: u128, household: HouseholdId, rev: i64) -> Proposal {
    serde_json::from_value(json!({
        "id": Uuid::from_u128(visit), "rev": rev, "household_id": household, "base_rev": 0, "visit_type": "V01",
        "form": {"id": "V01", "version": 1}, "dictionary_version": 1, "app_version": "t", "nonce": NONCE,
        "started_at": at(10), "ended_at": at(20), "monotonic_ms": 10_000, "clock_offset_ms": 0,
        "visit": {"outcome": "done"},
        "changes": [
            {"path": format!("persons/{}/phone", Uuid::from_u128(5)), "from": null, "to": PHONE},
            {"path": format!("persons/{}", Uuid::from_u128(6)), "from": {"name": "旧", "id_no": ID_NO}, "to": null}
        ],
        "later": [], "unchanged": [],
        "warnings": [{"code": "W7", "path": "visit", "reason": "路远"}],
        "evidence": [], "signatures": []
    }))
    .unwrap()
}

pub fn visit(proposal: &Proposal, visitor: UserId, device: DeviceId, received: i64) -> Visit {
    Visit::received(proposal, format!("hash-{}", proposal.rev), visitor, device, at(received)).unwrap()
}

/// A household of this contact and a visit of theirs that waits for review.
pub fn visited(
    c: &mut Conn,
    n: u128,
    code: &str,
    by: (UserId, DeviceId),
) -> Result<(HouseholdId, VisitId), StoreError> {
    let household = household(n, code, Some(by.0));
    ruhu_store::household::insert(c, &vault(), &household, made(by.0))?;
    let proposal = proposal(n + 0x5000, household.id, 1);
    let visit = visit(&proposal, by.0, by.1, 100 + n as i64);
    ruhu_store::visit::insert_revision(c, &vault(), &visit, &household.region, &vault().cover(&proposal)?, op(n))?;
    Ok((household.id, visit.id))
}

pub fn op(n: u128) -> OpId {
    OpId(Uuid::from_u128(n + 0x7000))
}
