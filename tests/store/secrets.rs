//! What nobody may read in the database.

use crate::fixtures::{
    BANK_CARD, Done, ID_NO, NONCE, PHONE, at, caseworker, household, op, vault, vault_with, visited,
};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use ruhu_domain::actor::RowScope;
use ruhu_domain::form::{Definitions, canonical_hash};
use ruhu_domain::sync::operation::Outcome;
use ruhu_store::cipher::Place;
use ruhu_store::household_file::{self as files, Origin};
use ruhu_store::operation::{self as operations, OperationRow};
use ruhu_store::{Conn, KeyId, Keys, StoreError, Vault, household as households, schema, visit as visits};
use ruhu_tests::on_both_backends;
use std::sync::Arc;

const SECRETS: [&str; 5] = [ID_NO, PHONE, BANK_CARD, "ABC-98765", NONCE];

/// A household with a revision, a visit and a refused operation, all with numbers in them.
fn fill(c: &mut Conn) -> Done {
    let by = caseworker(c, 1)?;
    let (home, _) = visited(c, 1, "150602", by)?;
    visited(c, 2, "150602", by)?;
    let mut file = households::find_clear(c, &vault(), &RowScope::Own(by.0), home)?.unwrap();
    file.rev = 1;
    let origin = Origin { visit: None, by: by.0, at: at(3), changed: vec![] };
    files::update_file(c, &vault(), &file, 0, &origin)?;
    let row = OperationRow {
        device: by.1,
        epoch: 1,
        seq: 1,
        op_id: op(1),
        kind: "x".into(),
        version: 1,
        content_hash: "c".into(),
        outcome: Outcome::Parked,
        receipt: "{}".into(),
        recorded_at: at(1),
        received_at: at(2),
    };
    operations::insert(c, &vault(), &row, Some(&SECRETS.join(" ")))
}

#[derive(QueryableByName)]
struct Dump {
    #[diesel(sql_type = Nullable<Text>)]
    text: Option<String>,
}

#[test]
fn the_hash_of_a_file_is_keyed() {
    let file = household(1, "150602", None).file;
    let hash = vault().file_hash(&file).unwrap();
    assert_ne!(hash, canonical_hash(&file).unwrap(), "anybody could make it");
    assert_eq!(hash, vault_with("k2", 8).file_hash(&file).unwrap(), "a rotated field key leaves hashes as they are");
    assert_eq!(hash.len(), 64);
    let other =
        Keys::new(KeyId::parse("k1").unwrap(), [(KeyId::parse("k1").unwrap(), [7; 32])].into(), [10; 32]).unwrap();
    let other = Vault::new(other, Arc::new(Definitions::embedded().unwrap().dictionary().clone()));
    assert_ne!(hash, other.file_hash(&file).unwrap(), "another installation has other hashes");
}

on_both_backends! {
    async fn no_number_stands_in_clear(db: TestDb) {
        db.write(fill).await.unwrap();
        let mut bytes = Vec::new();
        if let Some(folder) = db.folder() {
            for file in std::fs::read_dir(folder).unwrap() {
                bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
            }
        } else {
            for table in ["households", "household_revisions", "person_keys", "visits", "visit_revisions", "operations"] {
                let sql = format!("SELECT string_agg(t::text, '') AS text FROM {table} t");
                let dump = db.read(move |c: &mut Conn| -> Result<Dump, StoreError> { Ok(diesel::sql_query(&sql).get_result(c)?) });
                bytes.extend(dump.await.unwrap().text.unwrap().into_bytes());
            }
        }
        assert!(find(&bytes, "示例社区"), "the search itself works");
        for secret in SECRETS {
            assert!(!find(&bytes, secret), "{secret} stands in clear");
        }
    }

    async fn a_ciphertext_moved_to_another_row_does_not_open(db: TestDb) {
        db.write(fill).await.unwrap();
        db.write(|c: &mut Conn| -> Done {
            use schema::{households as h, visits as v};
            let rows: Vec<(String, String, String)> = h::table.select((h::id, h::body, h::sealed)).order(h::id).load(c)?;
            diesel::update(h::table.find(&rows[0].0)).set((h::body.eq(&rows[1].1), h::sealed.eq(&rows[1].2))).execute(c)?;
            let moved = households::find_unscoped(c, rows[0].0.parse().unwrap())?.unwrap();
            assert!(matches!(moved.phones(&vault()), Err(StoreError::Sealed(_))));
            assert!(matches!(moved.into_clear(&vault()), Err(StoreError::Sealed(_))));
            let rows: Vec<(String, String)> = v::table.select((v::id, v::sealed)).order(v::id).load(c)?;
            diesel::update(v::table.find(&rows[0].0)).set(v::sealed.eq(&rows[1].1)).execute(c)?;
            let moved = visits::find_proposal(c, &vault(), rows[0].0.parse().unwrap());
            assert!(matches!(moved, Err(StoreError::Sealed(_))));
            Ok(())
        }).await.unwrap();
    }
}

fn find(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_value_opens_in_its_place_with_its_key_only() {
    let place = Place { table: "households", row: "1", pointer: "/a" };
    let (vault, other) = (vault(), vault_with("k1", 8));
    let sealed = vault.keys().seal(place, "一二三").unwrap();
    assert_eq!(vault.keys().open(place, &sealed).unwrap(), "一二三");
    assert_ne!(vault.keys().seal(place, "一二三").unwrap(), sealed, "never twice the same");
    let elsewhere = [Place { table: "visits", ..place }, Place { row: "2", ..place }, Place { pointer: "/b", ..place }];
    for place in elsewhere {
        assert!(vault.keys().open(place, &sealed).is_err());
    }
    assert!(other.keys().open(place, &sealed).is_err());
    assert!(vault_with("k2", 7).keys().open(place, &sealed).is_err(), "an unknown key id");
    for damaged in ["", "v1", "v1.k1.", "v1.k1.AAAA", "v2.k1.AAAA", &sealed[..sealed.len() - 2]] {
        assert!(vault.keys().open(place, damaged).is_err(), "{damaged}");
    }
}

#[test]
fn keys_never_show() {
    assert_eq!(format!("{:?}", vault().keys()), "Keys(***)");
    assert!(format!("{:?}", vault()).starts_with("Vault { keys: Keys(***)"));
}

#[test]
fn equal_values_of_one_kind_have_equal_indexes() {
    let keys = vault();
    let keys = keys.keys();
    assert_eq!(keys.index("id_no", ID_NO), keys.index("id_no", ID_NO));
    assert_ne!(keys.index("id_no", ID_NO), keys.index("phone", ID_NO));
    assert!(!keys.index("phone", PHONE).contains(PHONE));
}
