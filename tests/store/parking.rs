//! Parked operations: what was parked before there was a place for it gets one.

use crate::fixtures::{Done, at, caseworker, op, vault};
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use ruhu_domain::actor::Role;
use ruhu_domain::ids::DeviceId;
use ruhu_domain::sync::operation::Outcome;
use ruhu_domain::sync::parking::{Dependency, ParkReason, ParkState};
use ruhu_store::operation::{self as operations, OperationRow};
use ruhu_store::{Conn, StoreError, parking};
use ruhu_tests::on_both_backends;
use std::collections::HashMap;

const SQLITE: [&str; 2] = [
    include_str!("../../migrations/sqlite/2026-11-30-000001_parking/up.sql"),
    include_str!("../../migrations/sqlite/2026-11-30-000001_parking/down.sql"),
];
const POSTGRES: [&str; 2] = [
    include_str!("../../migrations/postgres/2026-11-30-000001_parking/up.sql"),
    include_str!("../../migrations/postgres/2026-11-30-000001_parking/down.sql"),
];
const UP: usize = 0;
const DOWN: usize = 1;

/// An answer of a server that knew no parking.
fn answer(device: DeviceId, number: u128, seq: i64, outcome: Outcome, code: &str) -> OperationRow {
    let subject = op(0x50 + number);
    OperationRow {
        device,
        epoch: 1,
        seq,
        op_id: op(number),
        kind: "visit.submit".into(),
        version: 1,
        content_hash: "c".into(),
        outcome,
        receipt: format!(
            "{{\"seq\":{seq},\"op_id\":\"{}\",\"outcome\":\"{}\",\"code\":\"{code}\",\"subject\":{{\"kind\":\"visit\",\"id\":\"{subject}\"}}}}",
            op(number),
            outcome.code()
        ),
        recorded_at: at(number.try_into().unwrap()),
        received_at: at(100 + seq),
    }
}

fn migrate(c: &mut Conn, way: usize) -> Done {
    match c {
        Conn::Sqlite(c) => c.batch_execute(SQLITE[way])?,
        Conn::Postgres(c) => c.batch_execute(POSTGRES[way])?,
    }
    Ok(())
}

on_both_backends! {
    async fn what_was_parked_before_gets_its_row_and_what_was_decided_does_not(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            diesel::sql_query("DROP TABLE parked").execute(c)?;
            let (author, phone) = caseworker(c, 1)?;
            for (number, seq, outcome, code) in [
                (1, 1, Outcome::Parked, "op.after"),
                (2, 2, Outcome::Parked, "op.unknown"),
                (3, 3, Outcome::Parked, "op.failed"),
                // Offered again, first in vain.
                (3, 4, Outcome::Parked, "op.unknown"),
                (2, 5, Outcome::Applied, ""),
                (4, 6, Outcome::Refused, "visit.rev"),
            ] {
                operations::insert(c, &vault(), &answer(phone, number, seq, outcome, code), Some("{}"))?;
            }
            migrate(c, UP)?;
            let keys = parking::list_waiting_after(c, None, 10)?;
            let rows = parking::list_sound(c, &keys.iter().map(|(_, op)| *op).collect::<Vec<_>>())?;
            let seen: Vec<_> = rows.iter().map(|row| (row.op_id, row.reason, row.seq, row.tries)).collect();
            assert_eq!(seen, [(op(1), ParkReason::WaitsFor, 1, 1), (op(3), ParkReason::Unknown, 4, 2)]);
            let row = &rows[1];
            assert_eq!((row.author, row.author_role, row.region.as_str()), (author, Role::Caseworker, "150602"));
            assert_eq!((row.subject, row.household, row.after), (op(0x53).uuid(), None, None));
            assert_eq!((row.recorded_at, row.parked_at, row.tried_at), (at(3), at(103), at(104)));
            Ok(())
        }).await.unwrap();
    }

    async fn what_was_ended_does_not_begin_again_when_the_table_goes_and_comes(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            let (_, phone) = caseworker(c, 1)?;
            for number in [1, 2, 3] {
                let row = answer(phone, number, number.try_into().unwrap(), Outcome::Parked, "op.failed");
                operations::insert(c, &vault(), &row, Some("{}"))?;
            }
            migrate(c, DOWN)?;
            migrate(c, UP)?;
            for (number, outcome, state) in [(1, "applied", ParkState::Played), (2, "refused", ParkState::Dismissed)] {
                let row = parking::find(c, op(number))?.unwrap();
                let receipt = format!("{{\"outcome\":\"{outcome}\",\"subject\":{{\"kind\":\"visit\",\"id\":\"{}\"}}}}", row.subject);
                parking::update(c, &parking::ParkedRow { state, ended_at: Some(at(200)), receipt: Some(receipt), ..row })?;
            }
            migrate(c, DOWN)?;
            migrate(c, UP)?;
            let waiting = parking::list_waiting_after(c, None, 10)?;
            assert_eq!(waiting.iter().map(|(_, op)| *op).collect::<Vec<_>>(), [op(3)]);
            for (seq, outcome) in [(1, Outcome::Applied), (2, Outcome::Refused), (3, Outcome::Parked)] {
                assert_eq!(operations::find(c, phone, 1, seq)?.unwrap().outcome, outcome);
            }
            Ok(())
        }).await.unwrap();
    }

    async fn what_others_hang_on_stands_as_its_answers_say(db: TestDb) {
        db.write(|c: &mut Conn| -> Done {
            diesel::sql_query("DROP TABLE parked").execute(c)?;
            let (_, phone) = caseworker(c, 1)?;
            for (number, seq, outcome, code) in [
                (1, 1, Outcome::Parked, "op.after"),
                (2, 2, Outcome::Applied, ""),
                (3, 3, Outcome::Refused, "visit.rev"),
                (4, 4, Outcome::Parked, "op.failed"),
            ] {
                operations::insert(c, &vault(), &answer(phone, number, seq, outcome, code), Some("{}"))?;
            }
            migrate(c, UP)?;
            let row = parking::find(c, op(4))?.unwrap();
            let over = parking::ParkedRow { state: ParkState::Dismissed, ended_at: Some(at(200)), receipt: Some("{}".into()), ..row };
            parking::update(c, &over)?;
            assert!(matches!(parking::update(c, &over), Err(StoreError::Stale)), "it ends once");
            let standings = parking::list_standings(c, &[op(1), op(2), op(3), op(4), op(5)])?;
            let expected = [(1, Dependency::Parked), (2, Dependency::Done), (3, Dependency::Over), (4, Dependency::Over)];
            assert_eq!(standings, expected.map(|(number, standing)| (op(number), standing)).into_iter().collect::<HashMap<_, _>>());
            assert_eq!(parking::find_receipt(c, op(4))?, Some("{}".to_owned()));
            assert_eq!(parking::find_receipt(c, op(1))?, None);
            Ok(())
        }).await.unwrap();
    }
}
