//! Bare SQL on SQLite: one connection behind a lock, as the server has one writer, with the server's settings.

use crate::Result;
use crate::bare::{BareRun, SELECT_HOUSEHOLDS, SELECT_VISITS, STEPS, Sorter, Work, positions_sql};
use crate::feed::Bare;
use rusqlite::types::Value;
use rusqlite::{Connection, TransactionBehavior, params, params_from_iter};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

fn open(path: &str) -> Result<Connection> {
    let conn = Connection::open(path)?;
    conn.execute_batch(
        "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 20000;",
    )?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(conn)
}

/// Reads what these devices' pushes wrote.
pub fn load(path: &str, devices: &[String]) -> Result<Work<Value>> {
    let conn = open(path)?;
    let mut positions = conn.prepare(&positions_sql(devices, ""))?;
    let positions = positions.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut sorter = Sorter::new(positions.collect::<rusqlite::Result<Vec<_>>>()?);
    for step in &STEPS {
        let mut select = conn.prepare(&step.select_sql(devices, ""))?;
        let names: Vec<String> = select.column_names().into_iter().skip(2).map(str::to_owned).collect();
        sorter.begin(step.write_sql(&names).replace('$', "?"));
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let cells = (2..names.len() + 2).map(|at| row.get(at)).collect::<rusqlite::Result<_>>()?;
            sorter.add((row.get(0)?, row.get(1)?), cells);
        }
    }
    Ok(sorter.finish())
}

/// Writes it, one thread for each device.
pub fn write(path: &str, work: &Work<Value>) -> Result<BareRun> {
    let conn = Mutex::new(open(path)?);
    let began = Instant::now();
    thread::scope(|scope| -> Result<()> {
        let lanes: Vec<_> = work
            .lanes
            .iter()
            .map(|lane| {
                let conn = &conn;
                scope.spawn(move || -> Result<()> {
                    for transaction in lane {
                        let mut conn = conn.lock().map_err(|_| "another writer broke down")?;
                        let open = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
                        for (step, cells) in &transaction.rows {
                            let mut statement = open.prepare_cached(&work.statements[*step])?;
                            statement.execute(params_from_iter(cells))?;
                        }
                        open.commit()?;
                    }
                    Ok(())
                })
            })
            .collect();
        lanes.into_iter().try_for_each(|lane| lane.join().map_err(|_| "a writer broke down")?)
    })?;
    Ok(BareRun { rows: work.rows(), took: began.elapsed() })
}

/// Reads what a user's first sync reads; how long, and how many records.
pub fn read(path: &str, user: &str, page: usize) -> Result<(Duration, usize)> {
    let conn = open(path)?;
    let mut households = conn.prepare(&SELECT_HOUSEHOLDS.replace('$', "?"))?;
    let mut visits = conn.prepare(&SELECT_VISITS.replace('$', "?"))?;
    let (mut after, mut records) = (String::new(), 0);
    let limit = i64::try_from(page)?;
    let began = Instant::now();
    loop {
        let found = all(&mut households, params![user, after, limit])?;
        records += found.len() + all(&mut visits, params![user, after, limit])?.len();
        match found.last().and_then(|row| row.first()) {
            Some(Value::Text(id)) if found.len() == page => after.clone_from(id),
            _ => return Ok((began.elapsed(), records)),
        }
    }
}

/// The server's own database, for what the feed holds.
pub struct Feed {
    conn: Connection,
    from: (i64, i64),
}

impl Feed {
    /// Remembers where the feed of this user stands.
    pub fn open(path: &str, user: &str) -> Result<Self> {
        let conn = open(path)?;
        let last = "SELECT COALESCE(MAX(seq), 0) FROM changes WHERE user_id = ?1";
        let seq = conn.query_row(last, params![user], |row| row.get(0))?;
        Ok(Self { conn, from: (0, seq) })
    }
}

impl Bare for Feed {
    fn write_changes(&mut self, sql: &str, user: &str, most: i64) -> Result<u64> {
        Ok(u64::try_from(self.conn.execute(&sql.replace('$', "?"), params![user, most])?)?)
    }

    fn read_changed(&mut self, sql: [&str; 3], user: &str, page: usize) -> Result<(Duration, usize)> {
        let [feed, households, visits] = sql.map(|sql| sql.replace('$', "?"));
        let (mut feed, mut households) = (self.conn.prepare(&feed)?, self.conn.prepare(&households)?);
        let mut visits = self.conn.prepare(&visits)?;
        let (mut at, mut records) = (self.from, 0);
        let limit = i64::try_from(page)?;
        let began = Instant::now();
        loop {
            let values = params![user, at.0, at.1, limit];
            let rows = all(&mut feed, values)?;
            records += all(&mut households, values)?.len() + all(&mut visits, values)?.len();
            match rows.last().map(Vec::as_slice) {
                Some([Value::Integer(tx), Value::Integer(seq)]) if rows.len() == page => at = (*tx, *seq),
                _ => return Ok((began.elapsed(), records)),
            }
        }
    }
}

fn all(statement: &mut rusqlite::Statement<'_>, values: impl rusqlite::Params) -> Result<Vec<Vec<Value>>> {
    let columns = statement.column_count();
    let rows = statement.query_map(values, |row| (0..columns).map(|at| row.get(at)).collect())?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
