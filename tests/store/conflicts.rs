//! Conflicts: kept sealed, listed while open, ended once.

use crate::fixtures::{Done, at, caseworker, region, vault, visited};
use diesel::prelude::*;
use ruhu_domain::actor::RowScope;
use ruhu_domain::ids::{ConflictId, HouseholdId, UserId, VisitId};
use ruhu_domain::sync::conflict::{Conflict, ConflictState, Decision, Side};
use ruhu_domain::sync::merge::{Choice, Clash, ClashKind};
use ruhu_store::conflict::{self, ConflictFilter};
use ruhu_store::{Conn, PageRequest, StoreError, schema};
use ruhu_tests::on_both_backends;
use serde_json::json;
use uuid::Uuid;

fn a_conflict(n: u128, home: HouseholdId, visit: VisitId, by: UserId, other: UserId) -> Conflict {
    Conflict {
        id: ConflictId(Uuid::from_u128(0x900 + n)),
        household: home,
        clash: Clash {
            kind: ClashKind::Path,
            path: "floor_area".into(),
            paths: vec!["floor_area".into()],
            base: json!("60.0"),
            theirs: json!("55.5"),
            mine: json!("48.0"),
            waiting: vec![],
        },
        visit,
        visit_rev: 1,
        visitor: by,
        mine_at: at(5),
        theirs: Some(Side { by: other, at: at(4), visit: None }),
        state: ConflictState::Open,
        visitor_until: at(100),
        decision: None,
        created_at: at(i64::try_from(n).unwrap()),
    }
}

fn decided(of: Conflict, by: UserId) -> Conflict {
    let decision =
        Decision {
            choice: Choice::Other, value: Some(json!("50.0")), reason: Some("重新量过".into()), by, at: at(50)
        };
    Conflict { state: ConflictState::Decided, decision: Some(decision), ..of }
}

on_both_backends! {
    async fn a_conflict_comes_back_as_it_was_and_ends_once(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (by, _) = caseworker(c, 1)?;
            let (other, _) = caseworker(c, 2)?;
            let (home, visit) = visited(c, 1, "150602", (by, ruhu_domain::ids::DeviceId(Uuid::from_u128(0x1001))))?;
            let conflict = a_conflict(1, home, visit, by, other);
            conflict::insert(c, &vault(), &conflict)?;
            assert_eq!(conflict::find_unscoped(c, &vault(), conflict.id)?, Some(conflict.clone()));
            let kept: Vec<(String, Option<String>)> =
                schema::conflicts::table.select((schema::conflicts::sealed, schema::conflicts::decision)).load(c)?;
            assert!(!format!("{kept:?}").contains("48.0"), "values are sealed");
            assert_eq!(conflict::list_open_ids(c, home)?, [conflict.id]);
            let ended = decided(conflict, by);
            conflict::update_end(c, &vault(), &ended)?;
            assert_eq!(conflict::find_unscoped(c, &vault(), ended.id)?, Some(ended.clone()));
            let kept: Vec<Option<String>> = schema::conflicts::table.select(schema::conflicts::decision).load(c)?;
            assert!(!format!("{kept:?}").contains("重新量过"), "reasons are sealed");
            assert_eq!(conflict::list_open_ids(c, home)?, []);
            assert!(matches!(conflict::update_end(c, &vault(), &ended), Err(StoreError::Stale)));
            Ok(())
        }).await.unwrap();
    }

    async fn lists_show_what_is_in_scope_and_come_in_pages(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (by, device) = caseworker(c, 1)?;
            let (other, _) = caseworker(c, 2)?;
            let (stranger, _) = caseworker(c, 3)?;
            let (home, visit) = visited(c, 1, "150602", (by, device))?;
            for n in 1..=3 {
                conflict::insert(c, &vault(), &a_conflict(n, home, visit, by, other))?;
            }
            let ids = |rows: Vec<Conflict>| rows.into_iter().map(|row| row.id.0.as_u128() - 0x900).collect::<Vec<_>>();
            let filter = ConflictFilter { state: Some(ConflictState::Open), ..ConflictFilter::default() };
            let scope = |user| RowScope::Own(user);
            let page = PageRequest { cursor: None, limit: 2 };
            let first = conflict::list(c, &vault(), &scope(by), &filter, &page)?;
            assert_eq!((first.total, ids(first.items)), (3, vec![1, 2]));
            let page = PageRequest { cursor: first.next_cursor, limit: 2 };
            let last = conflict::list(c, &vault(), &scope(by), &filter, &page)?;
            assert_eq!((ids(last.items), last.next_cursor), (vec![3], None));
            let page = PageRequest { cursor: None, limit: 10 };
            for user in [other, stranger] {
                let seen = conflict::list(c, &vault(), &scope(user), &filter, &page)?.total;
                assert_eq!(seen, 0, "only whose visit is asked sees the values of both");
            }
            let due = ConflictFilter { due_at: Some(at(99)), ..filter.clone() };
            assert_eq!(conflict::list(c, &vault(), &scope(by), &due, &page)?.total, 0);
            let due = ConflictFilter { due_at: Some(at(100)), ..filter.clone() };
            assert_eq!(conflict::list(c, &vault(), &scope(by), &due, &page)?.total, 3);
            ruhu_store::user::find(c, by)?.expect("the visitor");
            diesel::update(schema::users::table.find(by.to_string()))
                .set(schema::users::disabled_at.eq(at(60).naive_utc())).execute(c)?;
            let due = ConflictFilter { due_at: Some(at(60)), ..filter };
            let desk = RowScope::Region(region("150602"));
            assert_eq!(conflict::list(c, &vault(), &desk, &due, &page)?.total, 3, "nobody waits for a shut account");
            Ok(())
        }).await.unwrap();
    }
}
