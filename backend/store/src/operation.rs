//! Operations as they arrived, each with its receipt: the answer that a repeated request gets word for word.

use crate::columns::{At, Stored};
use crate::schema::operations;
use crate::vault::{Home, Vault};
use crate::{Conn, Result, StoreError};
use diesel::prelude::*;
use ruhu_domain::ids::{DeviceId, OpId};
use ruhu_domain::sync::operation::Outcome;
use ruhu_domain::time::Time;

pub(crate) const TABLE: &str = "operations";

/// An operation without its body.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = operations)]
pub struct OperationRow {
    #[diesel(deserialize_as = Stored<DeviceId>, column_name = device_id)]
    pub device: DeviceId,
    pub epoch: i64,
    pub seq: i64,
    #[diesel(deserialize_as = Stored<OpId>)]
    pub op_id: OpId,
    pub kind: String,
    pub version: i64,
    /// SHA-256 over what the phone sent, lower-case hex.
    pub content_hash: String,
    #[diesel(deserialize_as = Stored<Outcome>)]
    pub outcome: Outcome,
    /// JSON text of the receipt.
    pub receipt: String,
    #[diesel(deserialize_as = At)]
    pub recorded_at: Time,
    #[diesel(deserialize_as = At)]
    pub received_at: Time,
}

/// The operation at a position of a device.
pub fn find(c: &mut Conn, device: DeviceId, epoch: i64, seq: i64) -> Result<Option<OperationRow>> {
    Ok(operations::table
        .find((device.to_string(), epoch, seq))
        .select(OperationRow::as_select())
        .get_result(c)
        .optional()?)
}

/// The answers to an operation id, under whatever positions it came, in the order of arrival;
/// `duplicate` answers are left out. More than one when it was parked and offered again.
pub fn list_by_op_id(c: &mut Conn, op_id: OpId) -> Result<Vec<OperationRow>> {
    Ok(operations::table
        .filter(operations::op_id.eq(op_id.to_string()))
        .filter(operations::outcome.ne(Outcome::Duplicate.code()))
        .order((operations::received_at, operations::epoch, operations::seq))
        .select(OperationRow::as_select())
        .load(c)?)
}

/// The answer that stands for an operation id: the first that decided it, else the first at all.
pub fn find_by_op_id(c: &mut Conn, op_id: OpId) -> Result<Option<OperationRow>> {
    let mut rows = list_by_op_id(c, op_id)?;
    let standing = rows.iter().position(|row| row.outcome != Outcome::Parked).unwrap_or(0);
    Ok((!rows.is_empty()).then(|| rows.swap_remove(standing)))
}

/// Keeps an operation and its receipt. `body` is kept, sealed whole, for what was refused or parked, and where
/// the effect does not hold all of it; else what was applied lives in its effect.
/// `Duplicate` when the position is taken.
pub fn insert(c: &mut Conn, vault: &Vault, row: &OperationRow, body: Option<&str>) -> Result<()> {
    let key = row_key(row);
    let home = Home { table: TABLE, row: &key };
    let sealed = body.map(|body| vault.seal_whole(home, body)).transpose()?;
    diesel::insert_into(operations::table)
        .values((
            operations::device_id.eq(row.device.to_string()),
            operations::epoch.eq(row.epoch),
            operations::seq.eq(row.seq),
            operations::op_id.eq(row.op_id.to_string()),
            operations::kind.eq(&row.kind),
            operations::version.eq(row.version),
            operations::content_hash.eq(&row.content_hash),
            operations::outcome.eq(row.outcome.code()),
            operations::receipt.eq(&row.receipt),
            operations::sealed.eq(sealed),
            operations::recorded_at.eq(row.recorded_at.naive_utc()),
            operations::received_at.eq(row.received_at.naive_utc()),
        ))
        .execute(c)?;
    Ok(())
}

/// The body of an operation as the phone sent it, where it is kept.
pub fn find_body(c: &mut Conn, vault: &Vault, row: &OperationRow) -> Result<Option<String>> {
    let sealed: Option<Option<String>> = operations::table
        .find((row.device.to_string(), row.epoch, row.seq))
        .select(operations::sealed)
        .get_result(c)
        .optional()?;
    let key = row_key(row);
    let home = Home { table: TABLE, row: &key };
    sealed.ok_or(StoreError::Stale)?.map(|sealed| vault.open_whole(home, &sealed)).transpose()
}

fn row_key(row: &OperationRow) -> String {
    format!("{}/{}/{}", row.device, row.epoch, row.seq)
}
