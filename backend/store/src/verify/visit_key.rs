//! The blind indexes of a visit's ID numbers follow from its proposal. Visits from before they were kept have none.

use super::{Invariant, Run, STEP};
use crate::schema::{visit_keys, visits};
use crate::vault::Home;
use crate::visit::TABLE;
use crate::{Conn, Result};
use diesel::prelude::*;
use ruhu_domain::sync::twice::numbers;
use ruhu_domain::visit::Proposal;
use std::collections::BTreeMap;

/// A visit with one of its people: id, body, sealed part, person, index.
type Row = (String, String, String, String, String);

pub(super) fn check(c: &mut Conn, run: &mut Run<'_>) -> Result<()> {
    let mut after = String::new();
    loop {
        let ids: Vec<String> = visit_keys::table
            .filter(visit_keys::visit_id.gt(&after))
            .select(visit_keys::visit_id)
            .distinct()
            .order(visit_keys::visit_id)
            .limit(STEP)
            .load(c)?;
        let Some(last) = ids.last().cloned() else { return Ok(()) };
        let rows: Vec<Row> = visits::table
            .inner_join(visit_keys::table.on(visit_keys::visit_id.eq(visits::id)))
            .filter(visits::id.eq_any(&ids))
            .select((visits::id, visits::body, visits::sealed, visit_keys::person_id, visit_keys::id_no_index))
            .load(c)?;
        let mut kept: BTreeMap<(String, String, String), BTreeMap<String, String>> = BTreeMap::new();
        for (id, body, sealed, person, index) in rows {
            kept.entry((id, body, sealed)).or_default().insert(person, index);
        }
        for ((id, body, sealed), there) in kept {
            run.looked_at(Invariant::I3, "visit indexes", there.len());
            // What does not open is a finding where the visits are looked at.
            let Ok(opened) = run.vault.open(Home { table: TABLE, row: &id }, &body, &sealed) else { continue };
            let Ok(proposal) = serde_json::from_value::<Proposal>(opened) else { continue };
            let mut expected = BTreeMap::new();
            for one in numbers(run.definitions.dictionary(), &proposal.changes) {
                expected.entry(one.person).or_insert_with(|| run.vault.keys().index("id_no", &one.number));
            }
            if expected != there {
                run.broke(Invariant::I3, "visit", &id, "has blind indexes that are not those of its proposal");
            }
        }
        after = last;
    }
}
