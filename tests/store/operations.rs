//! Operations, regions, definitions, facts.

use crate::fixtures::{Done, ID_NO, at, caseworker, op, vault};
use ruhu_domain::ids::DeviceId;
use ruhu_domain::sync::operation::Outcome;
use ruhu_store::definition::{self, Definition};
use ruhu_store::operation::{self as operations, OperationRow};
use ruhu_store::region::{self as regions, Region};
use ruhu_store::{Conn, StoreError, meta};
use ruhu_tests::on_both_backends;

fn row(device: DeviceId, epoch: i64, seq: i64, outcome: Outcome) -> OperationRow {
    OperationRow {
        device,
        epoch,
        seq,
        op_id: op(1),
        kind: "visit.submit".into(),
        version: 1,
        content_hash: "c".into(),
        outcome,
        receipt: format!("{{\"seq\": {seq},  \"word\": \"for word\"}}"),
        recorded_at: at(1),
        received_at: at(2),
    }
}

on_both_backends! {
    async fn a_receipt_comes_back_word_for_word(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (_, phone) = caseworker(c, 1)?;
            let first = row(phone, 1, 1, Outcome::Refused);
            let body = format!("{{\"id_no\": \"{ID_NO}\"}}");
            operations::insert(c, &vault(), &first, Some(&body))?;
            operations::insert(c, &vault(), &row(phone, 2, 1, Outcome::Duplicate), None)?;
            assert_eq!(operations::find(c, phone, 1, 1)?, Some(first.clone()));
            assert_eq!(operations::find(c, phone, 1, 2)?, None);
            assert_eq!(operations::find_by_op_id(c, op(1))?, Some(first.clone()));
            assert_eq!(operations::find_by_op_id(c, op(2))?, None);
            assert_eq!(operations::find_body(c, &vault(), &first)?, Some(body));
            assert_eq!(operations::find_body(c, &vault(), &row(phone, 2, 1, Outcome::Duplicate))?, None);
            Ok(())
        }).await.unwrap();
    }

    async fn a_position_is_taken_once(db: TestDb) {
        let again = db.write(|c: &mut Conn| -> Done {
            let (_, phone) = caseworker(c, 1)?;
            operations::insert(c, &vault(), &row(phone, 1, 1, Outcome::Applied), None)?;
            operations::insert(c, &vault(), &row(phone, 1, 1, Outcome::Applied), None)
        }).await;
        assert!(matches!(again, Err(StoreError::Duplicate(_))));
    }

    async fn regions_are_renamed_in_place(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let mut city = Region { code: "1506".into(), parent: None, zh: "鄂尔多斯".into(), en: "Ordos".into() };
            let banner = Region { code: "150602".into(), parent: Some("1506".into()), zh: "东胜区".into(), en: "Dongsheng".into() };
            regions::upsert(c, &banner)?;
            regions::upsert(c, &city)?;
            city.zh = "鄂尔多斯市".into();
            regions::upsert(c, &city)?;
            assert_eq!(regions::list(c)?, [city, banner]);
            Ok(())
        }).await.unwrap();
    }

    async fn a_published_definition_never_changes(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let form = Definition {
                kind: "form".into(), key: "V01".into(), version: 1,
                body: "{}".into(), hash: "h1".into(), published_at: at(1),
            };
            definition::publish(c, &form)?;
            definition::publish(c, &Definition { published_at: at(2), ..form.clone() })?;
            let other = Definition { hash: "h2".into(), ..form.clone() };
            let refused = definition::publish(c, &other);
            assert!(matches!(&refused, Err(StoreError::DefinitionChanged(what)) if what == "form V01 version 1"));
            definition::publish(c, &Definition { version: 2, ..other })?;
            assert_eq!(definition::find(c, "form", "V01", 1)?, Some(form));
            assert_eq!(definition::list(c)?.len(), 2);
            Ok(())
        }).await.unwrap();
    }

    async fn the_history_id_stays(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            assert_eq!(meta::find(c, meta::HISTORY_ID)?, None);
            assert_eq!(meta::ensure_history_id(c, "a", at(1))?, "a");
            assert_eq!(meta::ensure_history_id(c, "b", at(2))?, "a");
            meta::upsert(c, meta::DEMO, "1", at(1))?;
            meta::upsert(c, meta::DEMO, "0", at(1))?;
            assert_eq!(meta::find(c, meta::DEMO)?.as_deref(), Some("0"));
            Ok(())
        }).await.unwrap();
    }
}
