//! The feed: rows that will be served, about things that exist; whoever is at a household's door was told of what
//! happened there, and whoever is not any more was told to drop it.

use super::{Invariant, Run, STEP, audit_of, load_each};
use crate::audit::AuditRow;
use crate::schema::{changes, conflicts, households, operations, users, visits};
use crate::{Conn, Result};
use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use ruhu_domain::actor::Role;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// What the people at a door hear of.
const HOUSEHOLD_EVENTS: [&str; 2] = ["household.create", "household.assign"];
const VISIT_EVENTS: [&str; 4] = ["visit.submit", "visit.approve", "visit.return", "visit.reject"];
const WITHDRAWAL: &str = "visit.withdraw";
/// What the clocks of two servers may differ by.
const CLOCKS_APART: TimeDelta = TimeDelta::seconds(2);

/// A reader of a feed.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct Reader {
    id: String,
    role: String,
    scope: String,
    scope_version: i64,
}

/// One row of a feed.
#[derive(Queryable, Selectable)]
#[diesel(table_name = changes)]
struct Row {
    seq: i64,
    tx: i64,
    kind: String,
    entity_id: String,
    at: NaiveDateTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Thing {
    Household(Uuid),
    Visit(Uuid),
}

/// When a reader last heard of a thing, and whether they ever were told to drop it.
#[derive(Clone, Copy)]
struct Told {
    at: NaiveDateTime,
    is_evicted: bool,
}

type Feed = HashMap<Thing, Told>;

/// A household in somebody's hands.
struct Door {
    id: String,
    contact: Option<String>,
    responsible: Option<String>,
    region: String,
}

pub(super) fn check(c: &mut Conn, run: &mut Run<'_>) -> Result<()> {
    let end = end(c)?;
    let mut after = String::new();
    loop {
        let readers: Vec<Reader> = users::table
            .filter(users::id.gt(&after))
            .order(users::id)
            .limit(STEP)
            .select(Reader::as_select())
            .load(c)?;
        let Some(last) = readers.last().map(|reader| reader.id.clone()) else { return Ok(()) };
        for reader in &readers {
            let feed = read(c, run, reader, end)?;
            check_told(c, run, reader, &feed)?;
            check_own(c, run, reader, &feed)?;
            check_lost(c, run, reader, &feed)?;
        }
        after = last;
    }
}

/// Transactions from here on have not begun (PostgreSQL); rows that name one are never served. SQLite names none.
fn end(c: &mut Conn) -> Result<i64> {
    if !c.is_postgres() {
        return Ok(1);
    }
    let xmax = diesel::dsl::sql::<BigInt>("pg_snapshot_xmax(pg_current_snapshot())::text::bigint");
    Ok(diesel::select(xmax).get_result(c)?)
}

/// A reader's feed, in the order in which it is served.
fn read(c: &mut Conn, run: &mut Run<'_>, reader: &Reader, end: i64) -> Result<Feed> {
    let mut feed = Feed::new();
    let mut after = (i64::MIN, i64::MIN);
    loop {
        let later = changes::tx.gt(after.0).or(changes::tx.eq(after.0).and(changes::seq.gt(after.1)));
        let places: Vec<(i64, i64)> = changes::table
            .filter(changes::user_id.eq(&reader.id))
            .filter(later)
            .order((changes::tx, changes::seq))
            .limit(STEP)
            .select((changes::tx, changes::seq))
            .load(c)?;
        let Some(last) = places.last() else { return Ok(feed) };
        after = *last;
        let seqs: Vec<i64> = places.into_iter().map(|(_, seq)| seq).collect();
        let (rows, unreadable) = load_each(c, &seqs, |c: &mut Conn, seqs: &[i64]| {
            changes::table.filter(changes::seq.eq_any(seqs)).order(changes::seq).select(Row::as_select()).load(c)
        })?;
        for seq in unreadable {
            run.broke(Invariant::I4, "feed", &format!("{}/{seq}", reader.id), "has a row that cannot be read");
        }
        run.looked_at(Invariant::I4, "feed rows", rows.len());
        let there = existing(c, &rows)?;
        for row in rows {
            let name = format!("{}/{}", reader.id, row.seq);
            if row.tx >= end {
                run.broke(
                    Invariant::I4,
                    "feed",
                    &name,
                    format!("stands at transaction {}, which is never served", row.tx),
                );
            }
            if !there.contains(&row.entity_id) {
                let says = format!("tells of {} {}, which is not there", row.kind, row.entity_id);
                run.broke(Invariant::I4, "feed", &name, says);
            }
            let Ok(id) = row.entity_id.parse() else { continue };
            let thing = match row.kind.as_str() {
                "household" | "evict" => Thing::Household(id),
                "visit" => Thing::Visit(id),
                _ => continue,
            };
            let told = feed.entry(thing).or_insert(Told { at: row.at, is_evicted: false });
            told.at = told.at.max(row.at);
            told.is_evicted |= row.kind == "evict";
        }
    }
}

/// Those of the things that feed rows name which are there. Kinds that are added later count as there.
fn existing(c: &mut Conn, rows: &[Row]) -> Result<BTreeSet<String>> {
    let named = |kinds: &[&str]| -> BTreeSet<String> {
        rows.iter().filter(|row| kinds.contains(&row.kind.as_str())).map(|row| row.entity_id.clone()).collect()
    };
    let mut there: BTreeSet<String> = rows
        .iter()
        .filter(|row| !["household", "evict", "visit", "conflict", "outcome"].contains(&row.kind.as_str()))
        .map(|row| row.entity_id.clone())
        .collect();
    let homes = households::table.filter(households::id.eq_any(named(&["household", "evict"])));
    there.extend(homes.select(households::id).load::<String>(c)?);
    let made = visits::table.filter(visits::id.eq_any(named(&["visit"])));
    there.extend(made.select(visits::id).load::<String>(c)?);
    let clashes = conflicts::table.filter(conflicts::id.eq_any(named(&["conflict"])));
    there.extend(clashes.select(conflicts::id).load::<String>(c)?);
    let ops = operations::table.filter(operations::op_id.eq_any(named(&["outcome"])));
    there.extend(ops.select(operations::op_id).load::<String>(c)?);
    Ok(there)
}

fn thing(make: fn(Uuid) -> Thing, id: &str) -> Option<Thing> {
    id.parse().ok().map(make)
}

/// Whether the reader has heard of a thing at this time or later. Servers of one database have clocks of their own.
fn knows(feed: &Feed, thing: Option<Thing>, at: NaiveDateTime) -> bool {
    thing.and_then(|thing| feed.get(&thing)).is_some_and(|told| told.at + CLOCKS_APART >= at)
}

/// The last of these events, if there was any.
fn last(audit: Option<&Vec<AuditRow>>, actions: &[&str]) -> Option<NaiveDateTime> {
    let rows = audit.into_iter().flatten().filter(|row| actions.contains(&row.action.as_str()));
    rows.map(|row| row.at).max()
}

/// The households in the reader's hands, with their visits: what happened to each since anybody could be told.
fn check_told(c: &mut Conn, run: &mut Run<'_>, reader: &Reader, feed: &Feed) -> Result<()> {
    let mut after = String::new();
    loop {
        let in_hands = households::contact_id.eq(&reader.id).or(households::responsible_id.eq(&reader.id));
        let ids: Vec<String> = households::table
            .filter(in_hands)
            .filter(households::id.gt(&after))
            .order(households::id)
            .limit(STEP)
            .select(households::id)
            .load(c)?;
        let Some(last_id) = ids.last().cloned() else { return Ok(()) };
        let of_homes: Vec<(String, String)> = visits::table
            .filter(visits::household_id.eq_any(&ids))
            .select((visits::id, visits::household_id))
            .load(c)?;
        let visit_ids: Vec<String> = of_homes.iter().map(|(visit, _)| visit.clone()).collect();
        let of_households = audit_of(c, "household", &ids)?;
        let of_visits = audit_of(c, "visit", &visit_ids)?;
        let mut happened: HashMap<&str, NaiveDateTime> = HashMap::new();
        let own = ids.iter().filter_map(|id| Some((id.as_str(), last(of_households.get(id), &HOUSEHOLD_EVENTS)?)));
        let brought = of_homes
            .iter()
            .filter_map(|(visit, home)| Some((home.as_str(), last(of_visits.get(visit), &VISIT_EVENTS)?)));
        for (home, at) in own.chain(brought) {
            happened.entry(home).and_modify(|known| *known = at.max(*known)).or_insert(at);
        }
        run.looked_at(Invariant::I4, "households at a door", happened.len());
        for (home, at) in happened {
            if !knows(feed, thing(Thing::Household, home), at) {
                let says = format!("was not told of the last change of household {home}");
                run.broke(Invariant::I4, "user", &reader.id, says);
            }
        }
        check_visits(run, reader, feed, &visit_ids, &of_visits);
        after = last_id;
    }
}

fn check_visits(
    run: &mut Run<'_>,
    reader: &Reader,
    feed: &Feed,
    ids: &[String],
    audit: &HashMap<String, Vec<AuditRow>>,
) {
    for id in ids {
        let happened = last(audit.get(id), &VISIT_EVENTS).max(last(audit.get(id), &[WITHDRAWAL]));
        let Some(at) = happened else { continue };
        run.looked_at(Invariant::I4, "visits at a door", 1);
        if !knows(feed, thing(Thing::Visit, id), at) {
            run.broke(Invariant::I4, "user", &reader.id, format!("was not told of the last change of visit {id}"));
        }
    }
}

/// The reader's own visits, to whomever.
fn check_own(c: &mut Conn, run: &mut Run<'_>, reader: &Reader, feed: &Feed) -> Result<()> {
    let mut after = String::new();
    loop {
        let ids: Vec<String> = visits::table
            .filter(visits::visitor_id.eq(&reader.id))
            .filter(visits::id.gt(&after))
            .order(visits::id)
            .limit(STEP)
            .select(visits::id)
            .load(c)?;
        let Some(last_id) = ids.last().cloned() else { return Ok(()) };
        let audit = audit_of(c, "visit", &ids)?;
        check_visits(run, reader, feed, &ids, &audit);
        after = last_id;
    }
}

/// Households that the reader heard of and may not see any more: they were told when they lost them. A reader whose
/// own scope changed starts afresh at the next contact, so they are let off.
fn check_lost(c: &mut Conn, run: &mut Run<'_>, reader: &Reader, feed: &Feed) -> Result<()> {
    let role: Option<Role> = reader.role.parse().ok();
    let is_field = matches!(role, Some(Role::Caseworker | Role::Responsible | Role::GrassrootsAdmin));
    if !is_field || reader.scope_version > 1 {
        return Ok(());
    }
    let mut held: Vec<String> = feed
        .keys()
        .filter_map(|thing| match thing {
            Thing::Household(id) => Some(id.to_string()),
            Thing::Visit(_) => None,
        })
        .collect();
    held.sort_unstable();
    for ids in held.chunks(STEP as usize) {
        let rows: Vec<(String, Option<String>, Option<String>, String)> = households::table
            .filter(households::id.eq_any(ids))
            .select((households::id, households::contact_id, households::responsible_id, households::region_code))
            .load(c)?;
        let doors =
            rows.into_iter().map(|(id, contact, responsible, region)| Door { id, contact, responsible, region });
        let lost: Vec<Door> = doors.filter(|door| !door.is_of(reader, role)).collect();
        run.looked_at(Invariant::I11, "households told of", ids.len());
        let ids: Vec<String> = lost.iter().map(|door| door.id.clone()).collect();
        let audit = audit_of(c, "household", &ids)?;
        for door in &lost {
            let told = thing(Thing::Household, &door.id).and_then(|thing| feed.get(&thing));
            let lost_at = last(audit.get(&door.id), &["household.assign"]);
            let is_told =
                told.is_some_and(|told| told.is_evicted || lost_at.is_some_and(|at| told.at + CLOCKS_APART >= at));
            if !is_told {
                let says = format!("lost household {}, and was never told to drop it", door.id);
                run.broke(Invariant::I11, "user", &reader.id, says);
            }
        }
    }
    Ok(())
}

impl Door {
    fn is_of(&self, reader: &Reader, role: Option<Role>) -> bool {
        if role == Some(Role::GrassrootsAdmin) {
            return self.region.starts_with(&reader.scope);
        }
        [&self.contact, &self.responsible].into_iter().flatten().any(|user| *user == reader.id)
    }
}
