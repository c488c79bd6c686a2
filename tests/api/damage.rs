//! A damaged row takes nothing with it: phones and lists go on without it, and it comes once it is mended.

use crate::conflicts::{a_home, the_card};
use crate::parking::execute;
use ruhu_store::change::ChangeKind;
use ruhu_tests::actors::Phone;
use ruhu_tests::{TestApp, a_first_survey, a_revisit, a_visit, log, on_both_databases};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// One row that can be damaged and mended again.
struct Row {
    kind: ChangeKind,
    id: Uuid,
    column: &'static str,
}

impl Row {
    fn new(kind: ChangeKind, id: Uuid, column: &'static str) -> Self {
        Self { kind, id, column }
    }

    fn key(&self) -> (String, String) {
        (self.kind.code().to_owned(), self.id.to_string())
    }

    async fn writes(&self, app: &TestApp, value: &str) {
        let Self { kind, id, column } = self;
        let statement = format!("UPDATE {}s SET {column} = {value} WHERE id = '{id}'", kind.code());
        assert_eq!(execute(app, statement).await, 1);
    }

    async fn is_damaged(&self, app: &TestApp) {
        self.writes(app, &format!("'%' || COALESCE({}, '')", self.column)).await;
    }

    async fn is_mended(&self, app: &TestApp) {
        self.writes(app, &format!("NULLIF(substr({}, 2), '')", self.column)).await;
    }
}

fn keys(phone: &Phone) -> BTreeSet<(String, String)> {
    phone.rows.keys().cloned().collect()
}

fn ids(list: &Value) -> Vec<Uuid> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["id"].as_str().unwrap().parse().unwrap()).collect()
}

on_both_databases! {
    async fn a_damaged_row_is_left_out_of_a_pull_and_comes_once_it_is_mended(app: &TestApp) {
        let home = a_home(app).await;
        let early = home.ben.pulls(None, 500).await.cursor;
        home.two_addresses(app).await;
        let own = home.ben.submits(a_first_survey()).await.applied();
        home.boss.returns(&own).await.ok();
        home.ben.submits(a_visit()).await.applied();
        let card: Uuid = the_card(&home.ben).await["id"].as_str().unwrap().parse().unwrap();
        let whole = home.ben.pulls(None, 500).await;
        for row in [
            Row::new(ChangeKind::Household, own.household, "body"),
            Row::new(ChangeKind::Household, own.household, "sealed"),
            Row::new(ChangeKind::Household, own.household, "next_visit_due_on"),
            Row::new(ChangeKind::Visit, own.id, "body"),
            Row::new(ChangeKind::Visit, own.id, "sealed"),
            Row::new(ChangeKind::Visit, own.id, "review"),
            Row::new(ChangeKind::Conflict, card, "sealed"),
        ] {
            let what = format!("{} {}", row.kind.code(), row.column);
            row.is_damaged(app).await;
            let mut sound = keys(&whole);
            assert!(sound.remove(&row.key()), "{what}");
            let mut begun = home.ben.pulls(None, 1).await;
            assert_eq!(keys(&begun), sound, "a first sync, {what}");
            let later = home.ben.pulls(early.as_deref(), 2).await;
            assert!(later.evicted.is_empty(), "what cannot be read is not gone: {what}, {:?}", later.evicted);
            assert!(!later.rows.contains_key(&row.key()) && later.rows.len() > 2, "the feed, {what}");
            assert!(log::text().contains(&row.id.to_string()), "{what}");
            assert!(app.app.tell_mended(row.id).await.is_err(), "{what}");
            row.is_mended(app).await;
            assert_eq!(app.app.tell_mended(row.id).await.unwrap(), Some(row.kind), "{what}");
            while begun.takes(&home.ben.pulls_page(begun.cursor.as_deref(), 500).await.ok()) {}
            assert_eq!(begun.rows, whole.rows, "{what}");
        }
        assert_eq!(app.app.tell_mended(Uuid::now_v7()).await.unwrap(), None);
    }

    async fn lists_go_on_without_a_damaged_row(app: &TestApp) {
        let home = a_home(app).await;
        let (_, west) = home.two_addresses(app).await;
        let mut waiting = vec![west];
        for _ in 0..2 {
            app.clock.pass_s(1);
            waiting.push(home.ben.submits(a_visit()).await.applied());
        }
        app.clock.pass_s(1);
        waiting.push(home.ben.submits(a_revisit(&home.first, 1)).await.applied());
        // The queue: page by page, over the damaged one.
        let bad = Row::new(ChangeKind::Visit, waiting[1].id, "review");
        bad.is_damaged(app).await;
        let unnamed = Row::new(ChangeKind::Household, waiting[2].household, "next_visit_due_on");
        unnamed.is_damaged(app).await;
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = home.boss.gets(&format!("/api/v1/visits?state=all&limit=1{cursor}")).await.ok();
            assert_eq!(page["total"], 6, "it counts");
            seen.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen.len(), 5);
        assert!(!seen.iter().any(|item| item["id"] == json!(bad.id)));
        let of_unnamed = seen.iter().find(|item| item["household_id"] == json!(unnamed.id)).unwrap();
        assert_eq!(of_unnamed["name"], Value::Null);
        // Households and the file of one whose visit is damaged.
        let list = home.boss.gets("/api/v1/households").await.ok();
        assert_eq!((&list["total"], ids(&list).len()), (&json!(3), 2));
        let file = home.boss.gets(&format!("/api/v1/households/{}", waiting[1].household)).await.ok();
        assert_eq!(file["visits"], json!([]));
        unnamed.is_mended(app).await;
        bad.is_mended(app).await;
        // Conflicts.
        let third = home.ana.submits(a_revisit(&home.first, 1).moved_to(crate::conflicts::THIRD)).await.in_conflict();
        let list = home.boss.gets("/api/v1/conflicts").await.ok();
        let bad = Row::new(ChangeKind::Conflict, ids(&list)[0], "sealed");
        bad.is_damaged(app).await;
        let left = home.boss.gets("/api/v1/conflicts").await.ok();
        assert_eq!((&left["total"], ids(&left)), (&list["total"], ids(&list)[1..].to_vec()));
        assert!(!ids(&left).is_empty(), "{third:?}");
        bad.is_mended(app).await;
        // A card of a household that cannot be read has no name.
        let home_row = Row::new(ChangeKind::Household, home.first.household, "next_visit_due_on");
        home_row.is_damaged(app).await;
        let list = home.boss.gets("/api/v1/conflicts").await.ok();
        assert_eq!((&list["items"][0]["household_name"], &list["items"][0]["may_decide"]), (&Value::Null, &json!(false)));
        home_row.is_mended(app).await;
    }
}
