//! The audit's hash chains.

use crate::fixtures::{Done, at};
use diesel::prelude::*;
use ruhu_domain::ids::UserId;
use ruhu_store::audit::{self, Event};
use ruhu_store::{Conn, StoreError, schema};
use ruhu_tests::on_both_backends;
use serde_json::json;
use uuid::Uuid;

fn event(actor: Option<u128>, second: i64) -> Event {
    Event {
        at: at(second),
        actor: actor.map(|n| UserId(Uuid::from_u128(n))),
        device: None,
        action: "visit.approve".into(),
        subject_kind: "visit".into(),
        subject_id: Uuid::from_u128(5),
        detail: json!({"rev": second}),
    }
}

on_both_backends! {
    async fn each_actor_has_a_chain_and_a_broken_one_shows(db: TestDb) {
        let shard = Uuid::from_u128(1).to_string();
        db.write(|c: &mut Conn| -> Done {
            for second in 0..5 {
                audit::append(c, &event(Some(1), second))?;
                audit::append(c, &event(None, second))?;
            }
            Ok(())
        }).await.unwrap();
        db.write(move |c: &mut Conn| -> Done {
            assert_eq!(audit::list_shards(c)?, [shard.clone(), "system".into()]);
            assert_eq!(audit::list_for_subject(c, "visit", Uuid::from_u128(5))?.len(), 10);
            assert_eq!(audit::find_break(c, &shard)?, None);
            assert_eq!(audit::find_break(c, "system")?, None);
            let third = schema::audit::table.find((shard.clone(), 3_i64));
            diesel::update(third.clone()).set(schema::audit::detail.eq("{}")).execute(c)?;
            assert_eq!(audit::find_break(c, &shard)?, Some(3), "a changed row");
            diesel::delete(third).execute(c)?;
            assert_eq!(audit::find_break(c, &shard)?, Some(3), "a missing row");
            diesel::delete(schema::audit::table.filter(schema::audit::shard.eq("system")).filter(schema::audit::seq.eq(5)))
                .execute(c)?;
            assert_eq!(audit::find_break(c, "system")?, Some(5), "the last row is gone");
            Ok(())
        }).await.unwrap();
    }

    async fn one_actor_on_many_threads_keeps_one_chain(db: TestDb) {
        let tasks: Vec<_> = (0..8).map(|_| {
            let db = db.db().clone();
            tokio::spawn(async move {
                for second in 0..5 {
                    db.write(move |c: &mut Conn| -> Done { audit::append(c, &event(Some(1), second)) }).await?;
                }
                Ok::<(), StoreError>(())
            })
        }).collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        db.read(|c: &mut Conn| -> Done {
            assert_eq!(audit::find_break(c, &Uuid::from_u128(1).to_string())?, None);
            assert_eq!(audit::list_for_subject(c, "visit", Uuid::from_u128(5))?.len(), 40);
            Ok(())
        }).await.unwrap();
    }
}
