//! The audit: every chain from its first row to its head, and no chain without a head.

use super::{Invariant, Run, load_each};
use crate::audit::AuditRow;
use crate::schema::{audit, audit_heads, users};
use crate::{Conn, Result};
use diesel::prelude::*;
use ruhu_domain::form::{canonical_hash, number_in};

/// Rows of one step; they are small.
const STEP: i64 = 1000;

pub(super) fn check(c: &mut Conn, run: &mut Run<'_>) -> Result<()> {
    let mut after = String::new();
    loop {
        // The next chain, whether the heads know it or only the rows.
        let of_heads = audit_heads::table.filter(audit_heads::shard.gt(&after)).select(audit_heads::shard);
        let of_rows = audit::table.filter(audit::shard.gt(&after)).select(audit::shard);
        let of_heads: Option<String> = of_heads.order(audit_heads::shard).first(c).optional()?;
        let of_rows: Option<String> = of_rows.order(audit::shard).first(c).optional()?;
        let Some(shard) = of_heads.into_iter().chain(of_rows).min() else { break };
        check_chain(c, run, &shard)?;
        after = shard;
    }
    check_users(c, run)
}

fn check_chain(c: &mut Conn, run: &mut Run<'_>, shard: &str) -> Result<()> {
    let head: Option<(i64, String)> =
        audit_heads::table.find(shard).select((audit_heads::seq, audit_heads::hash)).first(c).optional()?;
    run.looked_at(Invariant::I14, "audit chains", 1);
    let (mut at, mut hash, mut is_whole) = (0, String::new(), true);
    loop {
        let later = audit::table.filter(audit::shard.eq(shard)).filter(audit::seq.gt(at));
        let seqs: Vec<i64> = later.order(audit::seq).limit(STEP).select(audit::seq).load(c)?;
        let Some(last) = seqs.last().copied() else { break };
        let load = |c: &mut Conn, seqs: &[i64]| {
            let query = audit::table.filter(audit::shard.eq(shard)).filter(audit::seq.eq_any(seqs));
            query.order(audit::seq).select(AuditRow::as_select()).load(c)
        };
        let (rows, unreadable) = load_each(c, &seqs, load)?;
        run.looked_at(Invariant::I14, "audit rows", seqs.len());
        for seq in unreadable {
            run.broke(Invariant::I14, "audit", &format!("{shard}/{seq}"), "has a row that cannot be read");
        }
        for row in &rows {
            let name = format!("{shard}/{}", row.seq);
            if row.seq != at + 1 {
                let says = format!("misses the rows {} to {}", at + 1, row.seq - 1);
                run.broke(Invariant::I14, "audit", &name, says);
                is_whole = false;
            } else if row.prev_hash != hash {
                run.broke(Invariant::I14, "audit", &name, "does not follow from the row before it");
                is_whole = false;
            }
            if canonical_hash(row).ok().as_deref() != Some(row.hash.as_str()) {
                run.broke(Invariant::I14, "audit", &name, "was changed after it was written");
            }
            check_secrets(run, row, &name);
            (at, hash) = (row.seq, row.hash.clone());
        }
        at = last;
    }
    match head {
        None => run.broke(Invariant::I14, "audit", shard, "has rows and no head"),
        Some((seq, _)) if seq > at => {
            run.broke(Invariant::I14, "audit", shard, format!("ends at row {at}, and its head at row {seq}"));
        }
        Some(head) if head != (at, hash) && is_whole => {
            run.broke(Invariant::I14, "audit", shard, "has a head that is not its last row");
        }
        Some(_) => {}
    }
    Ok(())
}

fn check_secrets(run: &mut Run<'_>, row: &AuditRow, name: &str) {
    run.looked_at(Invariant::Sealed, "audit rows", 1);
    if let Some(number) = number_in(&row.detail) {
        run.broke(Invariant::Sealed, "audit", name, format!("has {number} in its detail"));
    }
}

/// Every account was made by somebody, except those of a demo.
fn check_users(c: &mut Conn, run: &mut Run<'_>) -> Result<()> {
    let mut after = String::new();
    loop {
        let query = users::table.filter(users::id.gt(&after)).order(users::id).limit(super::STEP);
        let rows: Vec<(String, bool)> = query.select((users::id, users::is_synthetic)).load(c)?;
        let Some((last, _)) = rows.last().cloned() else { return Ok(()) };
        let made = rows.iter().filter(|(_, is_synthetic)| !(run.is_demo && *is_synthetic)).map(|(id, _)| id.clone());
        let made: Vec<String> = made.collect();
        let audit = super::audit_of(c, "user", &made)?;
        run.looked_at(Invariant::I14, "accounts", made.len());
        for id in made {
            if !audit.get(&id).is_some_and(|rows| rows.iter().any(|row| row.action == "user.create")) {
                run.broke(Invariant::I14, "user", &id, "has no audit row of its account's creation");
            }
        }
        after = last;
    }
}
