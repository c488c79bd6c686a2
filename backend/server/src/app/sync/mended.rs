//! What a pull left out because it could not be read comes once it is mended: everybody concerned is told of it again.

use crate::app::audience::audience;
use crate::app::settle::tell;
use crate::app::{App, AppResult};
use ruhu_domain::ids::{ConflictId, HouseholdId, OpId, UserId, VisitId};
use ruhu_domain::time::Time;
use ruhu_store::change::{self, ChangeKind};
use ruhu_store::household::{self, HouseholdRow};
use ruhu_store::{Conn, StoreError, conflict, operation, parking, visit};
use serde_json::value::RawValue;
use uuid::Uuid;

impl App {
    /// Tells the phones of a household, visit, conflict or parked operation that was damaged; what it is, or `None` when
    /// there is nothing of this id. Fails while it still cannot be read.
    pub async fn tell_mended(&self, id: Uuid) -> AppResult<Option<ChangeKind>> {
        let (app, now) = (self.clone(), self.now());
        self.db.write(move |c: &mut Conn| tell_all(&app, c, id, now)).await
    }
}

fn tell_all(app: &App, c: &mut Conn, id: Uuid, now: Time) -> AppResult<Option<ChangeKind>> {
    if let Some(row) = household::find_unscoped(c, HouseholdId(id))? {
        let users = around(c, &row, None)?;
        row.into_clear(&app.vault)?;
        change::record(c, &users, ChangeKind::Household, id, now)?;
        return Ok(Some(ChangeKind::Household));
    }
    if let Some(row) = visit::find_unscoped(c, VisitId(id))? {
        visit::find_proposal(c, &app.vault, row.id)?;
        let home = home(c, row.household_id)?;
        let users = around(c, &home, Some(row.visitor))?;
        change::record(c, &users, ChangeKind::Visit, id, now)?;
        return Ok(Some(ChangeKind::Visit));
    }
    if let Some(row) = conflict::find_unscoped(c, &app.vault, ConflictId(id))? {
        let home = home(c, row.household)?;
        tell(c, &home, &row, now)?;
        return Ok(Some(ChangeKind::Conflict));
    }
    let Some(row) = parking::find(c, OpId(id))? else { return Ok(None) };
    let receipt = match parking::find_receipt(c, row.op_id)? {
        Some(receipt) => Some(receipt),
        None => operation::find_by_op_id(c, row.op_id)?.map(|row| row.receipt),
    };
    receipt.map(RawValue::from_string).transpose()?;
    change::record(c, &[row.author], ChangeKind::Outcome, id, now)?;
    Ok(Some(ChangeKind::Outcome))
}

fn home(c: &mut Conn, id: HouseholdId) -> AppResult<HouseholdRow> {
    let missing = || StoreError::Broken("it is of a household that is not there".to_owned());
    Ok(household::find_unscoped(c, id)?.ok_or_else(missing)?)
}

fn around(c: &mut Conn, row: &HouseholdRow, visitor: Option<UserId>) -> Result<Vec<UserId>, StoreError> {
    audience(c, &row.region, [row.contact, row.responsible, visitor])
}
