//! Bare SQL on PostgreSQL: one connection and one set of prepared statements for each device.

use crate::Result;
use crate::bare::{BareRun, SELECT_HOUSEHOLDS, SELECT_VISITS, STEPS, Sorter, Work, positions_sql};
use crate::feed::Bare;
use chrono::NaiveDateTime;
use postgres::types::{ToSql, Type};
use postgres::{Client, NoTls, Row, Statement};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// Makes a time the text that sorts like it.
const AS_TEXT: &str = "::text";

/// A value of the types that the schema uses.
pub enum Cell {
    Text(Option<String>),
    Number(Option<i64>),
    Flag(Option<bool>),
    At(Option<NaiveDateTime>),
}

impl Cell {
    fn read(row: &Row, at: usize) -> Result<Self> {
        Ok(match *row.columns()[at].type_() {
            Type::TEXT => Self::Text(row.try_get(at)?),
            Type::INT8 => Self::Number(row.try_get(at)?),
            Type::BOOL => Self::Flag(row.try_get(at)?),
            Type::TIMESTAMP => Self::At(row.try_get(at)?),
            ref other => return Err(format!("a column of type {other}").into()),
        })
    }

    fn value(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Text(value) => value,
            Self::Number(value) => value,
            Self::Flag(value) => value,
            Self::At(value) => value,
        }
    }
}

/// Reads what these devices' pushes wrote.
pub fn load(url: &str, devices: &[String]) -> Result<Work<Cell>> {
    let mut client = Client::connect(url, NoTls)?;
    let positions = client.query(&positions_sql(devices, AS_TEXT), &[])?;
    let mut sorter = Sorter::new(positions.iter().map(|row| (row.get(0), row.get(1))));
    for step in &STEPS {
        let select = client.prepare(&step.select_sql(devices, AS_TEXT))?;
        let names: Vec<String> = select.columns().iter().skip(2).map(|column| column.name().to_owned()).collect();
        sorter.begin(step.write_sql(&names));
        for row in client.query(&select, &[])? {
            let cells = (2..row.len()).map(|at| Cell::read(&row, at)).collect::<Result<_>>()?;
            sorter.add((row.get(0), row.get(1)), cells);
        }
    }
    Ok(sorter.finish())
}

/// Writes it, one thread and one connection for each device.
pub fn write(url: &str, work: &Work<Cell>) -> Result<BareRun> {
    let mut connections = Vec::with_capacity(work.lanes.len());
    for _ in &work.lanes {
        let mut client = Client::connect(url, NoTls)?;
        let statements = work.statements.iter().map(|sql| client.prepare(sql)).collect::<Result<Vec<_>, _>>()?;
        connections.push((client, statements));
    }
    let start = Barrier::new(work.lanes.len() + 1);
    let began = thread::scope(|scope| -> Result<Instant> {
        let lanes: Vec<_> = work
            .lanes
            .iter()
            .zip(connections)
            .map(|(lane, (mut client, statements))| {
                let start = &start;
                scope.spawn(move || -> Result<()> {
                    start.wait();
                    for transaction in lane {
                        let mut open = client.transaction()?;
                        for (step, cells) in &transaction.rows {
                            let values: Vec<_> = cells.iter().map(Cell::value).collect();
                            open.execute(&statements[*step], &values)?;
                        }
                        open.commit()?;
                    }
                    Ok(())
                })
            })
            .collect();
        start.wait();
        let began = Instant::now();
        lanes.into_iter().try_for_each(|lane| lane.join().map_err(|_| "a writer broke down")?)?;
        Ok(began)
    })?;
    Ok(BareRun { rows: work.rows(), took: began.elapsed() })
}

/// Reads what a user's first sync reads; how long, and how many records.
pub fn read(url: &str, user: &str, page: usize) -> Result<(Duration, usize)> {
    let mut client = Client::connect(url, NoTls)?;
    let (households, visits) = (client.prepare(SELECT_HOUSEHOLDS)?, client.prepare(SELECT_VISITS)?);
    let (mut after, mut records) = (String::new(), 0);
    let limit = i64::try_from(page)?;
    let began = Instant::now();
    loop {
        let found = all(&mut client, &households, &[&user, &after, &limit])?;
        records += found.len() + all(&mut client, &visits, &[&user, &after, &limit])?.len();
        match found.last().and_then(|row| row.first()) {
            Some(Cell::Text(Some(id))) if found.len() == page => after.clone_from(id),
            _ => return Ok((began.elapsed(), records)),
        }
    }
}

/// The server's own database, for what the feed holds.
pub struct Feed {
    client: Client,
    from: (i64, i64),
}

impl Feed {
    /// Remembers where the feed of this user stands.
    pub fn open(url: &str, user: &str) -> Result<Self> {
        let mut client = Client::connect(url, NoTls)?;
        let last = "SELECT tx, seq FROM changes WHERE user_id = $1 ORDER BY tx DESC, seq DESC LIMIT 1";
        let last = client.query_opt(last, &[&user])?;
        let from = last.map_or((0, 0), |row| (row.get(0), row.get(1)));
        Ok(Self { client, from })
    }
}

impl Bare for Feed {
    fn write_changes(&mut self, sql: &str, user: &str, most: i64) -> Result<u64> {
        Ok(self.client.execute(sql, &[&user, &most])?)
    }

    fn read_changed(&mut self, sql: [&str; 3], user: &str, page: usize) -> Result<(Duration, usize)> {
        self.client.batch_execute("ANALYZE changes")?;
        let feed = self.client.prepare(sql[0])?;
        let (households, visits) = (self.client.prepare(sql[1])?, self.client.prepare(sql[2])?);
        let (mut at, mut records) = (self.from, 0);
        let limit = i64::try_from(page)?;
        let began = Instant::now();
        loop {
            let values: [&(dyn ToSql + Sync); 4] = [&user, &at.0, &at.1, &limit];
            let rows = self.client.query(&feed, &values)?;
            records +=
                all(&mut self.client, &households, &values)?.len() + all(&mut self.client, &visits, &values)?.len();
            match rows.last() {
                Some(row) if rows.len() == page => at = (row.get(0), row.get(1)),
                _ => return Ok((began.elapsed(), records)),
            }
        }
    }
}

fn all(client: &mut Client, statement: &Statement, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Vec<Cell>>> {
    let rows = client.query(statement, values)?;
    rows.iter().map(|row| (0..row.len()).map(|at| Cell::read(row, at)).collect()).collect()
}
