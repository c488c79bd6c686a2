//! The crash rig: the real binary with phones behind a network that does harm, ended again and again at random and
//! at named places of a push (docs/ASSURANCE.md). What a phone was told must be there, once, as it was told.
//!
//! The binary is built with the feature `failpoints`; `tests/run crash` does that.

mod campaign;
mod check;
mod ledger;
mod outbox;
mod phone;
mod place;
mod proxy;
mod random;
mod server;
mod world;

use campaign::{Outcome, Plan};
use clap::Parser;
use place::Kind;
use ruhu_server::env::Env;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use tokio::signal::unix::{SignalKind, signal};

/// Anything that ends a run, in words.
type Failure = Box<dyn std::error::Error + Send + Sync>;
/// What every step answers.
type Result<T, E = Failure> = std::result::Result<T, E>;

/// Kills of one campaign at most: each has a database of its own, which stays small enough to be looked at often.
const CAMPAIGN_KILLS: u64 = 20;
/// A planted bug must be found within so many kills.
const BUG_KILLS: u64 = 20;
/// Bugs that can be planted, as the server calls them.
const BUGS: [&str; 4] = ["ack-before-commit", "no-receipt-lookup", "no-id-lookup", "effect-before-receipt"];

/// Ends the server again and again, and looks at what is left.
#[derive(Debug, Parser)]
struct Arguments {
    /// Kills on SQLite.
    #[arg(long, default_value_t = 20)]
    sqlite: u64,
    /// Kills on PostgreSQL, which needs RUHU_TEST_POSTGRES_URL, the address of an administrator.
    #[arg(long, default_value_t = 10)]
    postgres: u64,
    /// What repeats a run; by the clock when missing.
    #[arg(long)]
    seed: Option<u64>,
    /// Plants a bug instead, by its name or `all`; the run succeeds when every one is found.
    #[arg(long)]
    plant: Option<String>,
    /// The server, built with the feature `failpoints`.
    #[arg(long, default_value = "target/crash/ruhu")]
    bin: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let work = async {
        match &arguments.plant {
            Some(bug) => plant(&arguments, bug).await,
            None => crash(&arguments).await,
        }
    };
    // Ended from outside, it takes its server and its database along.
    let done = tokio::select! {
        done = work => done,
        told = told_to_end() => told.and(Err("ended from outside".into())),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            complain(&format!("crash: {failure}"));
            ExitCode::FAILURE
        }
    }
}

async fn told_to_end() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        told = tokio::signal::ctrl_c() => told?,
        _ = terminate.recv() => {}
    }
    Ok(())
}

impl Arguments {
    fn seed(&self) -> u64 {
        // Small enough to be typed.
        self.seed.unwrap_or_else(|| Env::system().now().micros().unsigned_abs() % 1_000_000)
    }

    fn plan(&self, kind: Kind, seed: u64, kills: u64) -> Plan {
        let admin = std::env::var("RUHU_TEST_POSTGRES_URL").ok();
        Plan { binary: self.bin.clone(), kind, admin, seed, kills, bug: None, is_shared: seed.is_multiple_of(2) }
    }
}

/// The run itself; whether nothing was found.
async fn crash(arguments: &Arguments) -> Result<bool> {
    let (began, seed) = (Instant::now(), arguments.seed());
    let mut figures = serde_json::Map::new();
    let mut is_sound = true;
    for (kind, kills) in [(Kind::Sqlite, arguments.sqlite), (Kind::Postgres, arguments.postgres)] {
        let (mut sum, mut left, mut at) = (Outcome::default(), kills, seed);
        while left > 0 && is_sound {
            let plan = arguments.plan(kind, at, left.min(CAMPAIGN_KILLS));
            let outcome = campaign::run(&plan).await.map_err(|failure| format!("{failure}\n{}", repeat(&plan)))?;
            is_sound = outcome.findings.is_empty();
            if !is_sound {
                outcome.findings.iter().for_each(|finding| complain(finding));
                complain(&repeat(&plan));
            }
            // A long run that somebody ends has said what it did so far.
            let (name, killed, acknowledged) = (kind.name(), outcome.killed(), outcome.acknowledged);
            let (lost, doubled) = (outcome.lost, outcome.doubled);
            complain(&format!(
                "{name} seed {at}: {killed} kills, {acknowledged} acknowledged, {lost} lost, {doubled} doubled"
            ));
            (left, at) = (left - plan.kills, at + 1);
            add(&mut sum, outcome);
        }
        figures.insert(kind.name().to_owned(), as_json(&sum));
    }
    let seconds = began.elapsed().as_secs();
    say(&json!({ "crash": figures, "seed": seed, "seconds": seconds, "sound": is_sound }).to_string())?;
    Ok(is_sound)
}

/// Plants bugs; whether each was found.
async fn plant(arguments: &Arguments, bug: &str) -> Result<bool> {
    let (began, seed) = (Instant::now(), arguments.seed());
    let mut found = BTreeMap::new();
    for bug in BUGS.iter().filter(|name| bug == "all" || bug == **name) {
        // Halfway commits need a transaction that is nobody else's.
        let bug_plan =
            Plan { bug: Some((*bug).to_owned()), is_shared: false, ..arguments.plan(Kind::Sqlite, seed, BUG_KILLS) };
        let outcome = campaign::run(&bug_plan).await?;
        let first = outcome.findings.first().cloned();
        found.insert(*bug, json!({ "found": first.is_some(), "kills": outcome.killed(), "first": first }));
    }
    let is_found = !found.is_empty() && found.values().all(|one| one["found"] == true);
    let seconds = began.elapsed().as_secs();
    say(&json!({ "planted": found, "seed": seed, "seconds": seconds, "found": is_found }).to_string())?;
    Ok(is_found)
}

fn add(sum: &mut Outcome, one: Outcome) {
    for (place, count) in one.kills {
        *sum.kills.entry(place).or_insert(0) += count;
    }
    sum.verified += one.verified;
    sum.acknowledged += one.acknowledged;
    sum.faults += one.faults;
    sum.lost += one.lost;
    sum.doubled += one.doubled;
    sum.findings.extend(one.findings);
    sum.failures.extend(one.failures);
    sum.kept = one.kept.or(sum.kept.take());
}

fn as_json(sum: &Outcome) -> Value {
    json!({
        "kills": sum.killed(), "at": sum.kills, "verified": sum.verified, "acknowledged": sum.acknowledged,
        "faults": sum.faults, "lost": sum.lost, "doubled": sum.doubled, "findings": sum.findings.len(),
        "server_errors": sum.failures.len(), "first_error": sum.failures.first(), "kept": sum.kept,
    })
}

/// The line that repeats a campaign.
fn repeat(plan: &Plan) -> String {
    let (sqlite, postgres) = if plan.kind == Kind::Sqlite { (plan.kills, 0) } else { (0, plan.kills) };
    format!("repeat: tests/run crash --sqlite {sqlite} --postgres {postgres} --seed {}", plan.seed)
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(io::stdout(), "{text}")?)
}

fn complain(text: &str) {
    // Nothing is left to do when even this cannot be printed.
    let _ = writeln!(io::stderr(), "{text}");
}
