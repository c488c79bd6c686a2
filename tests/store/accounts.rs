//! Users, devices, sessions, throttle.

use crate::fixtures::{Done, at, caseworker, region, session, user};
use ruhu_domain::actor::Role;
use ruhu_domain::ids::{DeviceId, UserId};
use ruhu_domain::sync::operation::{Manifest, Position};
use ruhu_store::throttle::{self, Throttle};
use ruhu_store::{Conn, PageRequest, StoreError, device, session as sessions, user as users};
use ruhu_tests::on_both_backends;
use uuid::Uuid;

on_both_backends! {
    async fn a_user_comes_back_as_they_went_in(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let mut ana = user(1, Role::BannerSupervisor, "150602");
            ana.work_phone = Some("0477-8500001".into());
            users::insert(c, &ana)?;
            assert_eq!(users::find(c, ana.id)?, Some(ana.clone()));
            assert_eq!(users::find_by_login(c, " USER1 ")?, Some(ana.clone()));
            assert_eq!(users::find_by_login(c, "nobody")?, None);
            let people = users::list_persons(c, &[ana.id, UserId(Uuid::from_u128(99))])?;
            assert_eq!(people.len(), 1);
            assert_eq!(people[0].work_phone.as_deref(), Some("0477-8500001"));
            Ok(())
        }).await.unwrap();
    }

    async fn a_login_is_taken_once_whatever_its_case(db: TestDb) {
        let again = db.write(|c: &mut Conn| -> Done {
            users::insert(c, &user(1, Role::CityAdmin, "1506"))?;
            let mut other = user(2, Role::CityAdmin, "1506");
            other.login = "USER1".into();
            users::insert(c, &other)
        }).await;
        assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
        let nobody: Result<bool, StoreError> = db.read(users::any_admin_exists).await;
        assert!(!nobody.unwrap(), "the whole transaction was taken back");
    }

    async fn the_people_of_a_region_come_in_pages(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            for (n, scope) in [(1, "1506"), (2, "150602"), (3, "150602001"), (4, "150603"), (5, "1507")] {
                users::insert(c, &user(n, Role::Auditor, scope))?;
            }
            let first = users::list(c, &region("150602"), &PageRequest::first(1))?;
            assert_eq!((first.total, first.items[0].login.as_str()), (2, "user2"));
            let second = users::list(c, &region("150602"), &PageRequest { cursor: first.next_cursor, limit: 1 })?;
            assert_eq!((second.items[0].login.as_str(), second.next_cursor), ("user3", None));
            assert_eq!(users::list(c, &region("150600"), &PageRequest::first(10))?.total, 4);
            let reviewers = users::list_by_role(c, Role::Auditor, &region("150602"))?;
            assert_eq!(reviewers.iter().map(|user| user.login.as_str()).collect::<Vec<_>>(), ["user1", "user2", "user3"]);
            Ok(())
        }).await.unwrap();
    }

    async fn a_change_of_an_account_names_the_stamp_it_saw(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let ana = user(1, Role::CityAdmin, "1506");
            users::insert(c, &ana)?;
            users::update_password(c, ana.id, "$new", 1)?;
            assert!(matches!(users::update_password(c, ana.id, "$late", 1), Err(StoreError::Stale)));
            users::set_disabled(c, ana.id, Some(at(5)), 2)?;
            users::update_role(c, ana.id, Role::Auditor, &region("150602"), 3)?;
            users::update_name(c, ana.id, "新名", Some("0477-8500002"), 4)?;
            let now = users::find(c, ana.id)?.unwrap();
            assert_eq!((now.password_hash.as_str(), now.stamp, now.scope_version), ("$new", 4, 2));
            assert_eq!((now.disabled_at, now.role, now.name.as_str()), (Some(at(5)), Role::Auditor, "新名"));
            Ok(())
        }).await.unwrap();
    }

    async fn a_device_belongs_to_one_user(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (ana, phone) = caseworker(c, 1)?;
            let (ben, _) = caseworker(c, 2)?;
            assert!(matches!(device::upsert(c, phone, ben, "偷", at(3)), Err(StoreError::ForeignDevice)));
            assert!(!device::revoke(c, phone, ben, at(4))?);
            assert!(device::revoke(c, phone, ana, at(4))?);
            assert_eq!(device::find(c, phone)?.unwrap().revoked_at, Some(at(4)));
            let back = device::upsert(c, phone, ana, "新标签", at(5))?;
            assert_eq!((back.revoked_at, back.label.as_str(), back.last_seen_at), (None, "新标签", at(5)));
            assert_eq!(device::list_for_user(c, ana)?.len(), 1);
            Ok(())
        }).await.unwrap();
    }

    async fn a_device_moves_on_from_where_it_stands_only(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (ana, phone) = caseworker(c, 1)?;
            let (ben, _) = caseworker(c, 2)?;
            let start = Position { device: phone, epoch: 1, next_seq: 1 };
            assert_eq!(device::lock_position(c, phone, ana)?, Some(start));
            assert_eq!(device::lock_position(c, phone, ben)?, None);
            device::revoke(c, phone, ana, at(2))?;
            assert_eq!(device::lock_position(c, phone, ana)?, None, "a revoked device sends nothing");
            device::upsert(c, phone, ana, "测试机", at(3))?;
            let held = Manifest { count: 3, first_seq: Some(5), last_seq: Some(7), head: "h".into() };
            device::advance(c, start, 1, 5, &held, "0.1.0", at(9))?;
            assert!(matches!(device::advance(c, start, 1, 6, &held, "0.1.0", at(9)), Err(StoreError::Stale)));
            let now = device::find(c, phone)?.unwrap();
            assert_eq!(now.position(), Position { device: phone, epoch: 1, next_seq: 5 });
            assert_eq!((now.held_count, now.held_last_seq, now.app_build.as_str()), (3, Some(7), "0.1.0"));
            Ok(())
        }).await.unwrap();
    }

    async fn a_refresh_token_is_swapped_once(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (ana, phone) = caseworker(c, 1)?;
            let first = session(1, ana, phone);
            sessions::insert(c, &first)?;
            assert_eq!(sessions::find(c, first.id)?, Some(first.clone()));
            assert!(sessions::rotate(c, first.id, "hash-1-0", "next", at(5), at(2000))?);
            assert!(!sessions::rotate(c, first.id, "hash-1-0", "other", at(6), at(2000))?);
            let now = sessions::find(c, first.id)?.unwrap();
            assert_eq!((now.refresh_hash.as_str(), now.previous_hash.as_deref()), ("next", Some("hash-1-0")));
            sessions::revoke(c, first.id, at(7))?;
            assert!(!sessions::rotate(c, first.id, "next", "more", at(8), at(2000))?, "a revoked session stays so");
            Ok(())
        }).await.unwrap();
    }

    async fn an_access_token_lives_as_long_as_session_user_and_device(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (ana, phone) = caseworker(c, 1)?;
            for n in 1..=3 {
                sessions::insert(c, &session(n, ana, phone))?;
            }
            let ids: Vec<_> = (1..=3).map(|n| session(n, ana, phone).id).collect();
            let live = sessions::find_live(c, ids[0])?.unwrap();
            assert_eq!((live.actor.user, live.actor.device, live.actor.session), (ana, phone, ids[0]));
            assert_eq!((live.actor.role, live.actor.scope.as_str(), live.stamp), (Role::Caseworker, "150602", 1));
            assert_eq!(sessions::revoke_for_user(c, ana, Some(ids[1]), at(5))?, 2);
            assert_eq!(sessions::find_live(c, ids[0])?, None);
            assert!(sessions::find_live(c, ids[1])?.is_some());
            users::set_disabled(c, ana, Some(at(6)), 1)?;
            assert_eq!(sessions::find_live(c, ids[1])?, None, "the user is disabled");
            users::set_disabled(c, ana, None, 2)?;
            device::revoke(c, phone, ana, at(7))?;
            assert_eq!(sessions::find_live(c, ids[1])?, None, "the device is revoked");
            assert_eq!(sessions::revoke_for_device(c, phone, at(8))?, 1);
            assert_eq!(sessions::revoke_for_device(c, DeviceId(Uuid::nil()), at(8))?, 0);
            Ok(())
        }).await.unwrap();
    }

    async fn failures_are_counted_and_forgotten(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let mut row = Throttle { key: "login:ana".into(), failures: 1, window_started_at: at(0), blocked_until: None };
            throttle::upsert(c, &row)?;
            (row.failures, row.blocked_until) = (5, Some(at(60)));
            throttle::upsert(c, &row)?;
            assert_eq!(throttle::find(c, "login:ana")?, Some(row.clone()));
            assert_eq!(throttle::clear_before(c, at(0))?, 0);
            assert_eq!(throttle::clear_before(c, at(1))?, 1);
            throttle::upsert(c, &row)?;
            throttle::clear(c, "login:ana")?;
            assert_eq!(throttle::find(c, "login:ana")?, None);
            Ok(())
        }).await.unwrap();
    }
}
