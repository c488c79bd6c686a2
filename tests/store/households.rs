//! Household files: scope, revisions, lists.

use crate::fixtures::{Done, ID_NO, PHONE, at, caseworker, household, made, region, vault};
use ruhu_domain::actor::RowScope;
use ruhu_domain::household::{FileStatus, Household};
use ruhu_domain::ids::{HouseholdId, UserId, VisitId};
use ruhu_store::household::{self as households, HouseholdRow};
use ruhu_store::household_file::{self as files, Origin};
use ruhu_store::household_list::{self as lists, HouseholdFilter};
use ruhu_store::{Conn, PageRequest, StoreError};
use ruhu_tests::on_both_backends;
use serde_json::json;
use uuid::Uuid;

fn origin(by: UserId, n: i64) -> Origin {
    Origin { visit: Some((VisitId(Uuid::from_u128(77)), 1)), by, at: at(n), changed: vec!["residence_address".into()] }
}

/// The next revision, with another address.
fn moved(mut household: Household, address: &str) -> Household {
    household.rev += 1;
    household.status = FileStatus::Active;
    household.file.insert("residence_address".into(), json!(address));
    household.hash = vault().file_hash(&household.file).unwrap();
    household
}

on_both_backends! {
    async fn a_file_comes_back_masked_or_clear(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (ana, _) = caseworker(c, 1)?;
            let one = household(1, "150602001001", Some(ana));
            households::insert(c, &vault(), &one, made(ana))?;
            let scope = RowScope::Own(ana);
            assert_eq!(households::find_clear(c, &vault(), &scope, one.id)?, Some(one.clone()));
            let row: HouseholdRow = households::find_masked(c, &scope, one.id)?.unwrap();
            for hidden in [ID_NO, PHONE, "ABC-98765"] {
                assert!(!row.masked.contains(hidden), "{}", row.masked);
            }
            assert!(row.masked.contains("110***********002X"));
            assert_eq!((row.name.as_str(), row.address.as_str()), ("乌云1", "示例社区01号楼"));
            assert_eq!(row.phones(&vault())?.into_values().collect::<Vec<_>>(), [json!(PHONE)]);
            Ok(())
        }).await.unwrap();
    }

    async fn a_file_out_of_scope_is_not_there(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (ana, _) = caseworker(c, 1)?;
            let (ben, _) = caseworker(c, 2)?;
            let one = household(1, "150602001001", Some(ana));
            households::insert(c, &vault(), &one, made(ben))?;
            let mut sees = |scope: RowScope| -> Result<bool, StoreError> {
                Ok(households::find_masked(c, &scope, one.id)?.is_some() && lists::count(c, &scope)? == 1)
            };
            assert!(sees(RowScope::Own(ana))?);
            assert!(!sees(RowScope::Own(ben))?, "the author alone does not see it");
            assert!(!sees(RowScope::Nothing)?);
            for (code, inside) in [("15", true), ("1506", true), ("150602", true), ("150602001001", true),
                                   ("150603", false), ("150602001002", false), ("1507", false)] {
                assert_eq!(sees(RowScope::Region(region(code)))?, inside, "{code}");
            }
            Ok(())
        }).await.unwrap();
    }

    async fn every_revision_of_a_file_stays(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (ana, _) = caseworker(c, 1)?;
            let zero = household(1, "150602001001", Some(ana));
            households::insert(c, &vault(), &zero, made(ana))?;
            let one = moved(zero.clone(), "一号楼");
            files::update_file(c, &vault(), &one, 0, &origin(ana, 5))?;
            let two = moved(one.clone(), "二号楼");
            files::update_file(c, &vault(), &two, 1, &origin(ana, 6))?;
            assert!(matches!(files::update_file(c, &vault(), &two, 1, &origin(ana, 7)), Err(StoreError::Stale)));
            assert_eq!(files::find_file_at(c, &vault(), one.id, 1)?, Some(one.file.clone()));
            assert_eq!(files::find_file_at(c, &vault(), one.id, 2)?, Some(two.file.clone()));
            assert_eq!(files::find_file_at(c, &vault(), one.id, 3)?, None);
            assert!(files::find_file_at(c, &vault(), one.id, 0)?.unwrap().is_empty());
            let page = files::list_revisions(c, one.id, &PageRequest::first(1))?;
            assert_eq!((page.total, page.items[0].rev, page.items[0].by), (2, 2, ana));
            assert_eq!(page.items[0].changed, ["residence_address"]);
            let page = files::list_revisions(c, one.id, &PageRequest { cursor: page.next_cursor, limit: 1 })?;
            assert_eq!((page.items[0].rev, &page.items[0].hash, page.next_cursor), (1, &one.hash, None));
            let now = households::find_unscoped(c, one.id)?.unwrap();
            assert_eq!((now.rev, now.address.as_str(), now.status), (2, "二号楼", FileStatus::Active));
            assert_eq!((now.created_at, now.updated_at), (at(1), at(6)));
            assert_eq!(now.into_clear(&vault())?, two);
            Ok(())
        }).await.unwrap();
    }

    async fn an_approved_file_can_be_brought_in(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (ana, _) = caseworker(c, 1)?;
            let one = moved(household(1, "150602001001", None), "一号楼");
            let from = Origin { visit: None, ..origin(ana, 2) };
            files::insert_approved(c, &vault(), &one, made(ana), &from)?;
            assert_eq!(files::find_file_at(c, &vault(), one.id, 1)?, Some(one.file));
            assert_eq!(files::list_revisions(c, one.id, &PageRequest::first(9))?.items[0].visit_id, None);
            Ok(())
        }).await.unwrap();
    }

    async fn hands_change_beside_the_file(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (ana, _) = caseworker(c, 1)?;
            let (ben, _) = caseworker(c, 2)?;
            let one = household(1, "150602001001", Some(ana));
            households::insert(c, &vault(), &one, made(ana))?;
            assert!(matches!(households::assign(c, one.id, 1, Some(ben), None, at(3)), Err(StoreError::Stale)));
            households::assign(c, one.id, 0, Some(ben), Some(ana), at(3))?;
            assert!(households::find_masked(c, &RowScope::Own(ben), one.id)?.is_some());
            assert!(households::find_masked(c, &RowScope::Own(ana), one.id)?.is_some(), "as the responsible person");
            Ok(())
        }).await.unwrap();
    }

    async fn a_file_number_is_given_once(db: TestDb) {
        let again = db.write(|c: &mut Conn| -> Done {
            let (ana, _) = caseworker(c, 1)?;
            households::insert(c, &vault(), &household(1, "150602", None), made(ana))?;
            let mut two = household(2, "150602", None);
            two.file_no = Some("E000001".into());
            households::insert(c, &vault(), &two, made(ana))
        }).await;
        assert!(matches!(again, Err(StoreError::Duplicate(_))));
    }

    async fn a_list_is_narrowed_counted_and_paged(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (ana, _) = caseworker(c, 1)?;
            for n in 1..=9 {
                let code = if n < 8 { "150602001001" } else { "150603" };
                households::insert(c, &vault(), &household(n, code, Some(ana)), made(ana))?;
            }
            let mut none = household(10, "150602", Some(ana));
            (none.next_visit_due_on, none.file_no) = (None, None);
            households::insert(c, &vault(), &none, made(ana))?;
            let city = RowScope::Region(region("1506"));
            let mut ids = |filter: HouseholdFilter, limit: i64| -> Result<Vec<u128>, StoreError> {
                let (mut found, mut cursor) = (Vec::new(), None);
                loop {
                    let page = lists::list(c, &city, &filter, &PageRequest { cursor, limit })?;
                    assert!(page.items.len() as i64 <= limit && page.total as usize >= found.len());
                    found.extend(page.items.iter().map(|line| line.id.uuid().as_u128()));
                    cursor = page.next_cursor;
                    if cursor.is_none() {
                        assert_eq!(page.total as usize, found.len());
                        return Ok(found);
                    }
                }
            };
            assert_eq!(ids(HouseholdFilter::default(), 3)?, (1..=10).collect::<Vec<_>>());
            let due = Some("2026-12-05".parse().unwrap());
            assert_eq!(ids(HouseholdFilter { due_by: due, ..Default::default() }, 2)?, [1, 2, 3, 4]);
            let in_region = HouseholdFilter { region: Some(region("150603")), ..Default::default() };
            assert_eq!(ids(in_region, 5)?, [8, 9]);
            let search = |q: &str| HouseholdFilter { q: Some(q.into()), ..Default::default() };
            assert_eq!(ids(search("乌云3"), 5)?, [3]);
            assert_eq!(ids(search("社区04"), 5)?, [4]);
            assert_eq!(ids(search("E000005"), 5)?, [5]);
            assert_eq!(ids(search("e000005"), 5)?, [5], "in any case, on both databases");
            assert_eq!(ids(search("%"), 5)?, Vec::<u128>::new());
            let status = HouseholdFilter { status: Some(FileStatus::Active), ..Default::default() };
            assert_eq!(ids(status, 5)?, Vec::<u128>::new());
            let bad = PageRequest { cursor: Some("a~b~c".into()), limit: 1 };
            assert!(matches!(lists::list(c, &city, &HouseholdFilter::default(), &bad), Err(StoreError::BadCursor)));
            Ok(())
        }).await.unwrap();
    }

    async fn a_first_sync_walks_the_scope_by_id(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (ana, _) = caseworker(c, 1)?;
            let (ben, _) = caseworker(c, 2)?;
            for n in 1..=5 {
                let contact = if n == 3 { ben } else { ana };
                households::insert(c, &vault(), &household(n, "150602", Some(contact)), made(ana))?;
            }
            let scope = RowScope::Own(ana);
            assert_eq!(lists::count(c, &scope)?, 4);
            let page = lists::list_ids_after(c, &scope, None, 2)?;
            assert_eq!(page.iter().map(|id| id.uuid().as_u128()).collect::<Vec<_>>(), [1, 2]);
            let page = lists::list_ids_after(c, &scope, Some(page[1].uuid()), 9)?;
            assert_eq!(page.iter().map(|id| id.uuid().as_u128()).collect::<Vec<_>>(), [4, 5]);
            let ids: Vec<HouseholdId> = (1..=9).map(|n| HouseholdId(Uuid::from_u128(n))).collect();
            assert_eq!(lists::list_by_ids(c, &scope, &ids)?.rows.len(), 4);
            assert!(lists::list_by_ids(c, &scope, &[])?.rows.is_empty());
            Ok(())
        }).await.unwrap();
    }
}
