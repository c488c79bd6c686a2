//! A phone that was away comes back with an old cursor: 100,000 rows of the change feed, page by page.

use crate::Result;
use crate::bare::{INSERT_CHANGES, SELECT_CHANGED};
use crate::figures::{FeedFigures, median};
use crate::http::Client;
use crate::pull::{BROWSER, Fetched, PLAIN, fetch};
use crate::seed::Worker;
use crate::server::Server;
use ruhu_server::demo;
use serde_json::Value;
use std::time::Duration;

/// A database as bare SQL reaches it.
pub trait Bare {
    /// Runs one statement, with the user as `$1` and a number as `$2`; how many rows it wrote.
    fn write_changes(&mut self, sql: &str, user: &str, most: i64) -> Result<u64>;
    /// Reads the feed after a position in pages; how long, and how many records.
    fn read_changed(&mut self, sql: [&str; 3], user: &str, page: usize) -> Result<(Duration, usize)>;
}

/// Where the feed stood before the rows were written, in the words of `SELECT_CHANGED`.
pub fn run(server: &Server, worker: &Worker, bare: &mut dyn Bare, rows: usize, rounds: usize) -> Result<FeedFigures> {
    let mut client = Client::connect(server.address)?;
    client.sign_in(&worker.login, demo::PASSWORD, &worker.device.to_string())?;
    let old = fetch(&mut client, PLAIN, Value::Null)?.cursor;
    let mut written = 0;
    while written < rows {
        let most = i64::try_from(rows - written)?;
        let count = usize::try_from(bare.write_changes(INSERT_CHANGES, &worker.user, most)?)?;
        if count == 0 {
            return Err("this phone holds nothing that could change".into());
        }
        written += count;
    }
    let mut catch_up = |codings: &str| -> Result<Vec<Fetched>> {
        (0..rounds).map(|_| fetch(&mut client, codings, old.clone())).collect()
    };
    let (packed, plain) = (catch_up(BROWSER)?, catch_up(PLAIN)?);
    let bare = (0..rounds).map(|_| bare.read_changed(SELECT_CHANGED, &worker.user, crate::pull::PAGE));
    let bare = bare.collect::<Result<Vec<_>>>()?;
    let records = packed.first().map_or(0, |one| one.households + one.visits);
    if let Some((_, count)) = bare.iter().find(|(_, count)| *count != records) {
        return Err(format!("the feed brought {records} records, bare SQL {count}").into());
    }
    let seconds = |of: &[Fetched]| median(of.iter().map(|one| one.took.as_secs_f64()).collect());
    Ok(FeedFigures {
        rows: written,
        records,
        wire_bytes: packed.first().map_or(0, |one| one.wire_bytes),
        packed_s: seconds(&packed),
        plain_s: seconds(&plain),
        bare_s: median(bare.iter().map(|(took, _)| took.as_secs_f64()).collect()),
    })
}
