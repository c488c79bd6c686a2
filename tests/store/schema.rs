//! The schema loads every table, and the migrations are twins.

use crate::fixtures::Done;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use ruhu_store::{Conn, Db, StoreError, migrate, schema};
use ruhu_tests::backends::{Backend, TestDb};
use ruhu_tests::on_both_backends;
use std::collections::BTreeSet;

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    of: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    required: bool,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct SqlitePlan {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct PostgresPlan {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    detail: String,
}

const SQLITE_COLUMNS: &str = "SELECT m.name AS \"of\", p.name AS name, (p.\"notnull\" <> 0 OR p.pk <> 0) AS required
    FROM sqlite_master m JOIN pragma_table_info(m.name) p
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND m.name NOT LIKE '!_!_%' ESCAPE '!'";
const POSTGRES_COLUMNS: &str =
    "SELECT table_name::text AS \"of\", column_name::text AS name, is_nullable = 'NO' AS required
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '!_!_%' ESCAPE '!'";
const SQLITE_INDEXES: &str = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL";
const POSTGRES_INDEXES: &str = "SELECT indexname::text AS name FROM pg_indexes WHERE schemaname = 'public'
    AND indexname NOT LIKE '%pkey' AND indexname NOT LIKE '%_key' AND tablename NOT LIKE '!_!_%' ESCAPE '!'";

async fn columns(db: &Db) -> BTreeSet<Column> {
    let sql = if db.is_postgres() { POSTGRES_COLUMNS } else { SQLITE_COLUMNS };
    let read = move |c: &mut Conn| -> Result<Vec<Column>, StoreError> { Ok(diesel::sql_query(sql).load(c)?) };
    db.read(read).await.unwrap().into_iter().collect()
}

async fn indexes(db: &Db) -> BTreeSet<Index> {
    let sql = if db.is_postgres() { POSTGRES_INDEXES } else { SQLITE_INDEXES };
    let read = move |c: &mut Conn| -> Result<Vec<Index>, StoreError> { Ok(diesel::sql_query(sql).load(c)?) };
    db.read(read).await.unwrap().into_iter().collect()
}

/// Selects all columns of each table, and gives (table, column) as the schema names them.
macro_rules! load_all {
    ($c:ident: $($table:ident),+ $(,)?) => {{
        let mut named = BTreeSet::new();
        $(
            schema::$table::table.limit(1).execute($c)?;
            let text = diesel::debug_query::<diesel::sqlite::Sqlite, _>(&schema::$table::table.select(schema::$table::all_columns))
                .to_string();
            let select = text.split(" FROM ").next().unwrap_or_default();
            for column in select.split(", ") {
                let name = column.split('`').nth(3).expect("`table`.`column`");
                named.insert((stringify!($table).to_owned(), name.to_owned()));
            }
        )+
        named
    }};
}

fn in_schema(c: &mut Conn) -> Result<BTreeSet<(String, String)>, StoreError> {
    Ok(load_all!(c: meta, regions, users, devices, sessions, login_throttle, households, household_revisions,
        person_keys, visit_keys, visits, visit_revisions, operations, parked, conflicts, changes, definitions, audit, audit_heads))
}

on_both_backends! {
    async fn a_program_goes_on_when_a_newer_one_has_migrated(db: TestDb) {
        let newer = "INSERT INTO __diesel_schema_migrations (version, run_on) VALUES ('99991231000000', CURRENT_TIMESTAMP)";
        let older = "DELETE FROM __diesel_schema_migrations WHERE version < '99991231000000'";
        for (statement, is_ready) in [(newer, true), (older, false)] {
            db.write(move |c: &mut Conn| -> Done { Ok(diesel::sql_query(statement).execute(c).map(drop)?) }).await.unwrap();
            assert_eq!(db.is_ready().await.unwrap(), is_ready, "{statement}");
        }
    }

    async fn the_schema_names_every_column_there_is(db: TestDb) {
        let named = db.read(in_schema).await.unwrap();
        let there: BTreeSet<_> = columns(&db).await.into_iter().map(|column| (column.of, column.name)).collect();
        assert_eq!(named, there);
    }

    async fn the_migrations_come_down_and_go_up_again(db: TestDb) {
        assert!(db.is_ready().await.unwrap());
        let before = columns(&db).await;
        assert_eq!(db.migrate().await.unwrap(), Vec::<String>::new());
        assert!(!db.revert_migrations().await.unwrap().is_empty());
        assert!(columns(&db).await.is_empty());
        assert!(!db.is_ready().await.unwrap());
        db.migrate().await.unwrap();
        assert_eq!(columns(&db).await, before);
    }

    async fn the_end_of_parked_work_is_found_in_the_feed_without_reading_it_all(db: TestDb) {
        let asked = "SELECT user_id FROM changes WHERE kind = 'outcome' AND entity_id IN ('a', 'b')";
        let plan = db.read(move |c: &mut Conn| -> Result<Vec<String>, StoreError> {
            if !c.is_postgres() {
                let lines: Vec<SqlitePlan> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {asked}")).load(c)?;
                return Ok(lines.into_iter().map(|line| line.detail).collect());
            }
            // An empty table is read faster than its index.
            diesel::sql_query("SET LOCAL enable_seqscan = off").execute(c)?;
            let lines: Vec<PostgresPlan> = diesel::sql_query(format!("EXPLAIN {asked}")).load(c)?;
            Ok(lines.into_iter().map(|line| line.detail).collect())
        }).await.unwrap();
        assert!(plan.iter().any(|line| line.contains("changes_outcome")), "{plan:?}");
    }

    async fn a_code_outside_its_list_is_refused(db: TestDb) {
        let wrote = db.write(|c: &mut Conn| -> Done {
            use schema::changes as t;
            let (user, _) = crate::fixtures::caseworker(c, 1)?;
            diesel::insert_into(t::table)
                .values((t::user_id.eq(user.to_string()), t::kind.eq("gossip"), t::entity_id.eq("x"),
                    t::at.eq(crate::fixtures::at(1).naive_utc())))
                .execute(c)?;
            Ok(())
        }).await;
        assert!(wrote.is_err());
    }
}

#[test]
fn every_migration_has_its_twin() {
    let (sqlite, postgres) = migrate::list_names().unwrap();
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, postgres);
}

#[tokio::test]
async fn both_databases_have_the_same_columns_and_indexes() {
    let Some(postgres) = TestDb::new(Backend::Postgres).await else { return };
    let sqlite = TestDb::new(Backend::Sqlite).await.unwrap();
    assert_eq!(columns(&sqlite).await, columns(&postgres).await);
    assert_eq!(indexes(&sqlite).await, indexes(&postgres).await);
}
