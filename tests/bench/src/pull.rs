//! First sync: one phone fetches everything in its scope, page by page, as the app does.

use crate::Result;
use crate::figures::{PullFigures, median};
use crate::http::Client;
use crate::seed::Worker;
use crate::server::Server;
use ruhu_server::demo;
use serde_json::{Value, json};
use std::time::Duration;

/// Households of one page: what the app asks for on a good link.
pub const PAGE: usize = 200;
/// What browsers offer.
pub const BROWSER: &str = "gzip, deflate, br, zstd";
pub const PLAIN: &str = "";
/// A feed that never ends would be a fault.
const PAGES_MAX: usize = 1_000;

/// Everything that a pull brought, page by page.
#[derive(Default)]
pub struct Fetched {
    pub households: usize,
    pub visits: usize,
    pub wire_bytes: usize,
    pub coding: String,
    pub took: Duration,
    /// Where the next pull goes on.
    pub cursor: Value,
}

/// Several first syncs, packed as for a browser and plain; figures are medians.
pub fn run(server: &Server, worker: &Worker, rounds: usize) -> Result<PullFigures> {
    let mut client = Client::connect(server.address)?;
    client.sign_in(&worker.login, demo::PASSWORD, &worker.device.to_string())?;
    let first = fetch(&mut client, BROWSER, Value::Null)?;
    let cpu_before = server.cpu_ms()?;
    let packed = (0..rounds).map(|_| fetch(&mut client, BROWSER, Value::Null)).collect::<Result<Vec<_>>>()?;
    let cpu_between = server.cpu_ms()?;
    let plain = (0..rounds).map(|_| fetch(&mut client, PLAIN, Value::Null)).collect::<Result<Vec<_>>>()?;
    let cpu_after = server.cpu_ms()?;
    let seconds = |of: &[Fetched]| median(of.iter().map(|one| one.took.as_secs_f64()).collect());
    let plain_bytes = plain.first().map_or(0, |one| one.wire_bytes);
    Ok(PullFigures {
        households: first.households,
        records: first.households + first.visits,
        wire_bytes: first.wire_bytes,
        plain_bytes,
        first_s: first.took.as_secs_f64(),
        packed_s: seconds(&packed),
        plain_s: seconds(&plain),
        packed_cpu_ms: (cpu_between - cpu_before) / rounds as f64,
        plain_cpu_ms: (cpu_after - cpu_between) / rounds as f64,
        coding: first.coding,
    })
}

/// Pages from a cursor (`null`: a first sync) until the server has no more; unpacking and reading them is not counted.
pub fn fetch(client: &mut Client, codings: &str, from: Value) -> Result<Fetched> {
    let mut all = Fetched::default();
    let mut cursor = from;
    for _ in 0..PAGES_MAX {
        let body = json!({ "cursor": cursor, "limit": PAGE }).to_string();
        let reply = client.post("/api/v1/sync/pull", body.as_bytes(), codings)?.expect_ok()?;
        all.took += reply.took;
        all.wire_bytes += reply.body.len();
        if all.coding.is_empty() {
            all.coding.clone_from(&reply.coding);
        }
        let page: Value = serde_json::from_slice(&reply.plain()?)?;
        for change in page["changes"].as_array().ok_or("a page without changes")? {
            match change["kind"].as_str() {
                Some("household") => all.households += 1,
                Some("visit") => all.visits += 1,
                _ => return Err("a change of an unknown kind".into()),
            }
        }
        cursor = page["cursor"].clone();
        if page["more"] != json!(true) {
            return Ok(Fetched { cursor, ..all });
        }
    }
    Err("the pull did not end".into())
}
