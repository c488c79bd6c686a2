//! The audit: append-only, one hash chain per shard, so that a row cannot be changed or taken out unseen.
//! A shard is one actor, so that people who work at the same time do not wait for one another.

use crate::error::{StoreError, raced};
use crate::schema::{audit, audit_heads};
use crate::{Conn, Result};
use diesel::prelude::*;
use ruhu_domain::form::canonical_hash;
use ruhu_domain::ids::{DeviceId, UserId};
use ruhu_domain::time::Time;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

/// The shard of events without an actor.
const NOBODY: &str = "system";

/// What happened. `detail` never holds a person's data: codes, counts, revisions, paths.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub at: Time,
    /// `None` when the system acted by itself, or nobody was signed in.
    pub actor: Option<UserId>,
    pub device: Option<DeviceId>,
    /// A dotted name such as `visit.approve`.
    pub action: String,
    pub subject_kind: String,
    pub subject_id: Uuid,
    pub detail: Value,
}

/// One row of the audit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Serialize)]
#[diesel(table_name = audit)]
pub struct AuditRow {
    pub shard: String,
    pub seq: i64,
    #[serde(serialize_with = "micros")]
    pub at: chrono::NaiveDateTime,
    pub actor_id: Option<String>,
    pub device_id: Option<String>,
    pub action: String,
    pub subject_kind: String,
    pub subject_id: String,
    /// JSON text.
    pub detail: String,
    pub prev_hash: String,
    /// SHA-256 over the RFC 8785 form of all the others.
    #[serde(skip)]
    pub hash: String,
}

/// As the text of a `Time`, which is the same whichever database gave it.
fn micros<S: serde::Serializer>(at: &chrono::NaiveDateTime, s: S) -> std::result::Result<S::Ok, S::Error> {
    Time::from_naive_utc(*at).serialize(s)
}

/// Appends an event to its actor's chain.
pub fn append(c: &mut Conn, event: &Event) -> Result<()> {
    let shard = event.actor.map_or_else(|| NOBODY.to_owned(), |user| user.to_string());
    let head: Option<(i64, String)> =
        audit_heads::table.find(&shard).select((audit_heads::seq, audit_heads::hash)).get_result(c).optional()?;
    let (seq, prev_hash) = head.clone().unwrap_or_default();
    let mut row = AuditRow {
        shard,
        seq: seq + 1,
        at: event.at.naive_utc(),
        actor_id: event.actor.map(|user| user.to_string()),
        device_id: event.device.map(|device| device.to_string()),
        action: event.action.clone(),
        subject_kind: event.subject_kind.clone(),
        subject_id: event.subject_id.to_string(),
        detail: event.detail.to_string(),
        prev_hash,
        hash: String::new(),
    };
    row.hash = canonical_hash(&row)?;
    move_head(c, &row, head.is_some())?;
    diesel::insert_into(audit::table).values(&row).execute(c)?;
    Ok(())
}

/// Two transactions of one actor that reach for the same number: the second one is repeated.
fn move_head(c: &mut Conn, row: &AuditRow, exists: bool) -> Result<()> {
    if !exists {
        let first = (audit_heads::shard.eq(&row.shard), audit_heads::seq.eq(row.seq), audit_heads::hash.eq(&row.hash));
        return diesel::insert_into(audit_heads::table).values(first).execute(c).map(drop).map_err(raced);
    }
    let seen = audit_heads::table.find(&row.shard).filter(audit_heads::seq.eq(row.seq - 1));
    let hit = diesel::update(seen).set((audit_heads::seq.eq(row.seq), audit_heads::hash.eq(&row.hash))).execute(c)?;
    if hit == 1 { Ok(()) } else { Err(StoreError::Contended(diesel::result::Error::NotFound)) }
}

/// What happened to one thing, oldest first.
pub fn list_for_subject(c: &mut Conn, kind: &str, id: Uuid) -> Result<Vec<AuditRow>> {
    Ok(audit::table
        .filter(audit::subject_kind.eq(kind))
        .filter(audit::subject_id.eq(id.to_string()))
        .order((audit::at, audit::shard, audit::seq))
        .select(AuditRow::as_select())
        .load(c)?)
}

/// Every shard that has a chain.
pub fn list_shards(c: &mut Conn) -> Result<Vec<String>> {
    Ok(audit_heads::table.order(audit_heads::shard).select(audit_heads::shard).load(c)?)
}

/// Checks a chain from its first row to its head; the number of the first row that does not fit, if any.
pub fn find_break(c: &mut Conn, shard: &str) -> Result<Option<i64>> {
    const STEP: i64 = 1000;
    let head: Option<(i64, String)> =
        audit_heads::table.find(shard).select((audit_heads::seq, audit_heads::hash)).get_result(c).optional()?;
    let (mut seq, mut hash) = (0, String::new());
    loop {
        let rows: Vec<AuditRow> = audit::table
            .filter(audit::shard.eq(shard))
            .filter(audit::seq.gt(seq))
            .order(audit::seq)
            .limit(STEP)
            .select(AuditRow::as_select())
            .load(c)?;
        for row in &rows {
            if row.seq != seq + 1 || row.prev_hash != hash || canonical_hash(row)? != row.hash {
                return Ok(Some(seq + 1));
            }
            (seq, hash) = (row.seq, row.hash.clone());
        }
        if rows.is_empty() {
            return Ok(if head.unwrap_or_default() == (seq, hash) { None } else { Some(seq + 1) });
        }
    }
}
