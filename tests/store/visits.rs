//! Visits: revisions, decisions, queue.

use crate::fixtures::{Done, at, caseworker, household, made, op, proposal, region, user, vault, visit, visited};
use ruhu_domain::actor::{Role, RowScope};
use ruhu_domain::ids::{HouseholdId, VisitId};
use ruhu_domain::visit::{Decision, Reason, Review, Visit, VisitState, VisitType};
use ruhu_store::visit_list::{self as lists, VisitFilter};
use ruhu_store::{Conn, PageRequest, StoreError, household as households, user as users, visit as visits};
use ruhu_tests::on_both_backends;

fn review(by: ruhu_domain::ids::UserId, decision: Decision) -> Review {
    let reason = Reason { path: "narrative".into(), code: "income_unclear".into(), text: "再问".into() };
    Review { by, at: at(300), decision, reasons: vec![reason], text: "请补".into() }
}

on_both_backends! {
    async fn a_visit_comes_back_as_it_arrived(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let by = caseworker(c, 1)?;
            let (home, id) = visited(c, 1, "150602001", by)?;
            let sent = proposal(0x5001, home, 1);
            let row = visits::find(c, &RowScope::Own(by.0), id)?.unwrap();
            assert_eq!((row.region.as_str(), row.warnings), ("150602001", 1));
            assert_eq!(Visit::from(row), visit(&sent, by.0, by.1, 101));
            assert_eq!(visits::find_proposal(c, &vault(), id)?, Some(sent.clone()));
            assert_eq!(visits::find_proposal_at(c, &vault(), id, 1)?, Some(sent));
            assert_eq!(visits::find_proposal_at(c, &vault(), id, 2)?, None);
            let masked = visits::find_proposal_masked(c, id)?.unwrap();
            assert!(masked.contains("154****5678") && masked.contains("110***********002X"), "{masked}");
            let again = visits::insert_revision(c, &vault(), &visit(&proposal(0x5001, home, 1), by.0, by.1, 102),
                &region("150602"), &vault().cover(&proposal(0x5001, home, 1))?, op(2));
            assert!(matches!(again, Err(StoreError::Duplicate(_))));
            Err(StoreError::Stale) // PostgreSQL ends a transaction at its first error
        }).await.unwrap_err();
    }

    async fn a_returned_visit_comes_again_and_every_revision_keeps_its_review(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let by = caseworker(c, 1)?;
            let boss = user(9, Role::BannerSupervisor, "150602");
            users::insert(c, &boss)?;
            let (home, id) = visited(c, 1, "150602001", by)?;
            let first = Visit::from(visits::find_unscoped(c, id)?.unwrap());
            let back = first.decided(review(boss.id, Decision::Returned), None).unwrap();
            visits::update_state(c, &back, VisitState::InReview, at(300))?;
            assert!(matches!(visits::update_state(c, &back, VisitState::InReview, at(301)), Err(StoreError::Stale)));

            let again = proposal(0x5001, home, 2);
            let mended = back.mended(&again, "hash-2".into(), by.0, by.1, at(400)).unwrap();
            visits::insert_revision(c, &vault(), &mended, &region("150602002"), &vault().cover(&again)?, op(3))?;
            let row = visits::find_unscoped(c, id)?.unwrap();
            assert_eq!((row.rev, row.state, row.region.as_str()), (2, VisitState::InReview, "150602002"));
            assert!(row.review.is_some(), "the reviewer's words stay visible");
            assert_eq!(visits::find_proposal(c, &vault(), id)?.unwrap().rev, 2);

            let done = Visit::from(row).decided(review(boss.id, Decision::Approved), Some(1)).unwrap();
            visits::update_state(c, &done, VisitState::InReview, at(500))?;
            let revisions = visits::list_revisions(c, id)?;
            let decisions: Vec<_> = revisions.iter().map(|row| row.review.as_ref().unwrap().decision).collect();
            assert_eq!(decisions, [Decision::Returned, Decision::Approved]);
            assert_eq!((revisions[0].op_id, revisions[1].op_id), (op(1), op(3)));
            assert_eq!(visits::find_unscoped(c, id)?.unwrap().file_rev, Some(1));
            Ok(())
        }).await.unwrap();
    }

    async fn a_revision_follows_the_one_before(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let by = caseworker(c, 1)?;
            let (home, id) = visited(c, 1, "150602001", by)?;
            let far = proposal(0x5001, home, 3);
            let mut third = Visit::from(visits::find_unscoped(c, id)?.unwrap());
            third.rev = 3;
            let sent = visits::insert_revision(c, &vault(), &third, &region("150602"), &vault().cover(&far)?, op(4));
            assert!(matches!(sent, Err(StoreError::Stale)));
            Ok(())
        }).await.unwrap();
    }

    async fn a_visit_is_seen_by_its_visitor_its_household_and_its_region(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (ana, ben) = (caseworker(c, 1)?, caseworker(c, 2)?);
            let eve = caseworker(c, 3)?;
            let (home, id) = visited(c, 1, "150602001", ana)?;
            households::assign(c, home, 0, Some(ben.0), None, at(2))?;
            let sees = |c: &mut Conn, scope: RowScope| visits::find(c, &scope, id).map(|row| row.is_some());
            assert!(sees(c, RowScope::Own(ana.0))? && sees(c, RowScope::Own(ben.0))?);
            assert!(!sees(c, RowScope::Own(eve.0))? && !sees(c, RowScope::Nothing)?);
            assert!(sees(c, RowScope::Region(region("150602")))? && !sees(c, RowScope::Region(region("150603")))?);
            assert_eq!(lists::list_for_households(c, &RowScope::Own(ben.0), &[home])?.len(), 1);
            assert_eq!(lists::list_for_households(c, &RowScope::Own(eve.0), &[home])?.len(), 0);
            assert_eq!(lists::list_by_ids(c, &RowScope::Own(ana.0), &[id])?.rows.len(), 1);
            assert_eq!(lists::list_own_elsewhere(c, ana.0)?, [id]);
            assert_eq!(lists::list_own_elsewhere(c, ben.0)?, Vec::<VisitId>::new());
            Ok(())
        }).await.unwrap();
    }

    async fn the_queue_is_oldest_first_and_narrowed(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (ana, ben) = (caseworker(c, 1)?, caseworker(c, 2)?);
            for n in 1..=6 {
                visited(c, n, if n < 5 { "150602001" } else { "150603" }, if n % 2 == 0 { ben } else { ana })?;
            }
            let mut withdrawn = Visit::from(visits::find_unscoped(c, VisitId(uuid::Uuid::from_u128(0x5002)))?.unwrap());
            withdrawn = withdrawn.withdrawn(ben.0, 1).unwrap();
            visits::update_state(c, &withdrawn, VisitState::InReview, at(9))?;
            let city = RowScope::Region(region("1506"));
            let mut ids = |filter: VisitFilter| -> Result<Vec<u128>, StoreError> {
                let (mut found, mut cursor) = (Vec::new(), None);
                loop {
                    let page = lists::list(c, &city, &filter, &PageRequest { cursor, limit: 2 })?;
                    for row in &page.items {
                        found.push(row.id.uuid().as_u128() - 0x5000);
                    }
                    cursor = page.next_cursor;
                    if cursor.is_none() {
                        assert_eq!(page.total as usize, found.len());
                        return Ok(found);
                    }
                }
            };
            let waiting = VisitFilter { state: Some(VisitState::InReview), ..Default::default() };
            assert_eq!(ids(waiting.clone())?, [1, 3, 4, 5, 6]);
            assert_eq!(ids(VisitFilter { region: Some(region("150603")), ..waiting.clone() })?, [5, 6]);
            assert_eq!(ids(VisitFilter { visitor: Some(ben.0), ..waiting.clone() })?, [4, 6]);
            assert_eq!(ids(VisitFilter { q: Some("乌云3".into()), ..waiting.clone() })?, [3]);
            assert_eq!(ids(VisitFilter { has_warnings: Some(false), ..waiting.clone() })?, Vec::<u128>::new());
            assert_eq!(ids(VisitFilter { has_warnings: Some(true), ..waiting.clone() })?.len(), 5);
            assert_eq!(ids(VisitFilter { visit_type: Some(VisitType::Routine), ..waiting })?, Vec::<u128>::new());
            assert_eq!(ids(VisitFilter { state: Some(VisitState::Withdrawn), ..Default::default() })?, [2]);
            Ok(())
        }).await.unwrap();
    }

    async fn a_visit_needs_its_household(db: TestDb) {
        let orphan = db.write(|c: &mut Conn| -> Done {
            let by = caseworker(c, 1)?;
            households::insert(c, &vault(), &household(1, "150602", None), made(by.0))?;
            let sent = proposal(0x5001, HouseholdId(uuid::Uuid::from_u128(99)), 1);
            visits::insert_revision(c, &vault(), &visit(&sent, by.0, by.1, 5), &region("150602"), &vault().cover(&sent)?, op(1))
        }).await;
        assert!(matches!(orphan, Err(StoreError::Broken(_))), "foreign keys hold: {orphan:?}");
    }
}
