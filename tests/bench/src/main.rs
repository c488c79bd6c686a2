//! Measures the real server beside bare SQL (docs/PERFORMANCE.md).
//!
//! For each database: synthetic people into a fresh one, a copy of it for bare SQL, the release binary on the first;
//! then memory at rest, first sync, push, memory at its peak, catching up from an old cursor; last, the rows that the push wrote, by bare SQL into
//! the copy. Everything is on this machine, bounded in number and time, and stopped or dropped at the end.

mod bare;
mod bare_postgres;
mod bare_sqlite;
mod database;
mod feed;
mod figures;
mod http;
mod pull;
mod push;
mod seed;
mod server;

use bare::BareRun;
use clap::{Parser, ValueEnum};
use database::{Databases, Kind};
use figures::{Figures, median};
use ruhu_domain::form::Definitions;
use ruhu_domain::time::Time;
use seed::Worker;
use server::Server;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Anything that ends a measurement, in words.
type Failure = Box<dyn std::error::Error + Send + Sync>;
/// What every step answers.
type Result<T, E = Failure> = std::result::Result<T, E>;

/// Phones that push at the same time, unless told otherwise.
const PHONES: usize = 8;

/// Push and first sync beside bare SQL, and memory.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which databases; PostgreSQL needs RUHU_TEST_POSTGRES_URL, the address of an administrator.
    #[arg(long, value_enum, default_value_t = Choice::Both)]
    db: Choice,
    /// A tenth of everything.
    #[arg(long)]
    quick: bool,
    /// Visits pushed in all; 4,000, or 400 with --quick.
    #[arg(long)]
    visits: Option<usize>,
    /// Households before the push; 7,800, so that one phone holds more than 2,000; 800 with --quick.
    #[arg(long)]
    households: Option<usize>,
    /// Changes that a phone with an old cursor catches up on; 100,000, or 10,000 with --quick.
    #[arg(long)]
    changes: Option<usize>,
    /// Phones that push at the same time.
    #[arg(long, default_value_t = PHONES)]
    phones: usize,
    /// Transactions that share a commit at most (SQLite); 1 gives each its own. The server's default when missing.
    #[arg(long)]
    group_commit: Option<usize>,
    /// The server.
    #[arg(long, default_value = "target/release/ruhu")]
    bin: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    Sqlite,
    Postgres,
    Both,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let definitions = Arc::new(Definitions::embedded()?);
    let kinds: &[Kind] = match arguments.db {
        Choice::Sqlite => &[Kind::Sqlite],
        Choice::Postgres => &[Kind::Postgres],
        Choice::Both => &[Kind::Sqlite, Kind::Postgres],
    };
    let mut json = serde_json::Map::new();
    json.insert("load_before".to_owned(), load().into());
    for kind in kinds {
        let figures = measure(*kind, arguments, &definitions)?;
        say(&figures.table())?;
        json.insert(figures.database.to_owned(), figures.json());
    }
    json.insert("load_after".to_owned(), load().into());
    say(&serde_json::json!({ "bench": json }).to_string())
}

fn measure(kind: Kind, arguments: &Arguments, definitions: &Arc<Definitions>) -> Result<Figures> {
    let (households, visits, rounds) = if arguments.quick { (800, 400, 3) } else { (7_800, 4_000, 5) };
    let (households, visits) = (arguments.households.unwrap_or(households), arguments.visits.unwrap_or(visits));
    let admin = std::env::var("RUHU_TEST_POSTGRES_URL").ok();
    let databases = Databases::create(kind, admin.as_deref())?;
    let (url, folder) = (databases.server_url(), databases.folder());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let seeded = runtime.block_on(seed::seed(&url, &folder, definitions, households, arguments.phones))?;
    drop(runtime);
    databases.fork()?;
    let workers: Vec<Worker> = seeded.workers.iter().take(arguments.phones).cloned().collect();
    if workers.len() < arguments.phones {
        return Err(format!("the demo has only {} caseworkers", workers.len()).into());
    }
    let first = workers.first().ok_or("the demo has no caseworker")?;
    let lanes = push::prepare(definitions, &workers, visits, Time::from_utc(chrono::Utc::now()))?;

    let server = Server::start(&arguments.bin, &folder, &url, arguments.group_commit)?;
    databases.settle()?;
    let idle_mib = server.resident_mib()?;
    let pull = pull::run(&server, first, rounds)?;
    let push = push::run(&server, &lanes)?;
    let peak_mib = server.peak_mib()?;
    let changes = arguments.changes.unwrap_or(if arguments.quick { 10_000 } else { 100_000 });
    let mut own: Box<dyn feed::Bare> = match kind {
        Kind::Sqlite => Box::new(bare_sqlite::Feed::open(&databases.server_place(), &first.user)?),
        Kind::Postgres => Box::new(bare_postgres::Feed::open(&databases.server_place(), &first.user)?),
    };
    let feed = feed::run(&server, first, own.as_mut(), changes, rounds)?;
    drop(own);
    drop(server);
    drop(lanes);

    let devices: Vec<String> = workers.iter().map(|worker| worker.device.to_string()).collect();
    let (from, to) = (databases.server_place(), databases.bare_place());
    let ((bare, bare_cpu_ms), reads) = match kind {
        Kind::Sqlite => {
            let reads =
                (0..rounds).map(|_| bare_sqlite::read(&to, &first.user, pull::PAGE)).collect::<Result<Vec<_>>>()?;
            let work = bare_sqlite::load(&from, &devices)?;
            (timed(|| bare_sqlite::write(&to, &work))?, reads)
        }
        Kind::Postgres => {
            let reads =
                (0..rounds).map(|_| bare_postgres::read(&to, &first.user, pull::PAGE)).collect::<Result<Vec<_>>>()?;
            let work = bare_postgres::load(&from, &devices)?;
            databases.settle()?;
            (timed(|| bare_postgres::write(&to, &work))?, reads)
        }
    };
    check_reads(&reads, pull.records)?;
    Ok(Figures {
        database: kind.name(),
        durability: databases.durability()?,
        seeded_households: seeded.households,
        seeded_visits: seeded.visits,
        bare_cpu_ms_per_op: bare_cpu_ms / push.operations as f64,
        push,
        bare,
        pull,
        feed,
        bare_read_s: median(reads.iter().map(|(took, _)| took.as_secs_f64()).collect()),
        idle_mib,
        peak_mib,
    })
}

/// The bare side's run, with the processor time that this process used for it, milliseconds.
fn timed(write: impl FnOnce() -> Result<BareRun>) -> Result<(BareRun, f64)> {
    let before = server::cpu_ms(std::process::id())?;
    let run = write()?;
    Ok((run, server::cpu_ms(std::process::id())? - before))
}

/// Both sides must have read the same number of records, or the comparison is none.
fn check_reads(reads: &[(Duration, usize)], records: usize) -> Result<()> {
    match reads.iter().find(|(_, count)| *count != records) {
        Some((_, count)) => Err(format!("the first sync brought {records} records, bare SQL {count}").into()),
        None => Ok(()),
    }
}

/// How busy the machine was in the last minute, as the kernel counts.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{text}")?)
}
