//! The command line. Every failure is one sentence on standard error and exit code 1.

pub mod open;
pub mod replay;
pub mod serve;
#[cfg(feature = "sim")]
pub mod sim;
pub mod user;
pub mod verify;

use crate::config::{Config, ConfigErrors};
use crate::{openapi, telemetry};
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Ruhu 入户: household visits, offline first.
///
/// Without a command: a demo with synthetic people on http://localhost:8080.
#[derive(Debug, Parser)]
#[command(name = "ruhu", version, after_help = SETTINGS)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

const SETTINGS: &str = "\
Settings (environment):
  RUHU_LISTEN           address and port, 127.0.0.1:8080
  RUHU_DATA             folder of the database and the key file, ./data
  RUHU_DATABASE_URL     sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME; sqlite:DATA/ruhu.db
  RUHU_KEYS             key file, DATA/keys.json; made on the first start; back it up
  RUHU_TLS_CERT, RUHU_TLS_KEY   certificate chain and private key, PEM
  RUHU_TRUSTED_PROXIES  addresses whose X-Forwarded-For is believed, with commas
  RUHU_WORKERS          worker threads, one per processor
  RUHU_LOG              what is logged, `info`
  RUHU_LOG_FORMAT       `pretty` or `json`
  RUHU_GROUP_COMMIT     transactions that share one commit at most, with SQLite (32)
  RUHU_DEMO_SIZE        households of a new demo
  RUHU_DEMO_SEED        seed of a new demo";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve with synthetic people; fills a new database (the default).
    Demo(Serving),
    /// Serve for real. Without an administrator, prints a token for the set-up page.
    Serve(Serving),
    /// Bring the database's tables up to date, and stop.
    Migrate,
    /// Look at the whole database and say what does not hold; changes nothing.
    ///
    /// A server may work on the database meanwhile. Exit code 0: nothing is broken; 3: something is; 1: it could not look.
    Verify(verify::Verifying),
    /// Try the parked operations again that this program may be able to take in now, and stop.
    ///
    /// A server does the same when it starts. What a person must decide stays where it is.
    Replay(replay::Replaying),
    /// Accounts, for whoever has the machine.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Print the description of the API (OpenAPI 3.1).
    Openapi,
    /// Answer requests from standard input, with a clock and randomness that the caller gives (tests/sim).
    #[cfg(feature = "sim")]
    #[command(hide = true)]
    Sim(sim::Simulated),
}

/// Where to serve.
#[derive(Debug, Default, clap::Args)]
pub struct Serving {
    /// Address and port; instead of RUHU_LISTEN.
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<std::net::SocketAddr>,
    /// Certificate chain, PEM; instead of RUHU_TLS_CERT.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key, PEM; instead of RUHU_TLS_KEY.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

/// A sentence for whoever typed the command.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

impl Failure {
    /// From anything that explains itself.
    pub fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        Self::of(errors)
    }
}

/// Runs what the arguments say.
pub async fn run(
    arguments: impl IntoIterator<Item = OsString>,
    vars: impl Iterator<Item = (String, String)>,
) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let is_help = !error.use_stderr();
            // Nothing is left to do when even this cannot be printed.
            let _ = error.print();
            return if is_help { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    match execute(arguments.command.unwrap_or_else(|| Command::Demo(Serving::default())), vars).await {
        Ok(code) => code,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "ruhu: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(command: Command, vars: impl Iterator<Item = (String, String)>) -> Result<ExitCode, Failure> {
    if let Command::Openapi = command {
        return say(openapi::text().trim_end()).map(|()| ExitCode::SUCCESS);
    }
    let mut config = Config::from_vars(vars)?;
    telemetry::start(&config.log).map_err(Failure::of)?;
    #[cfg(feature = "failpoints")]
    arm(&config.rig)?;
    match command {
        Command::Demo(serving) => {
            serving.apply(&mut config);
            serve::demo(&config).await
        }
        Command::Serve(serving) => {
            serving.apply(&mut config);
            serve::serve(&config).await
        }
        Command::Migrate => {
            let done = open::database(&config).await?.migrated;
            say(&if done.is_empty() { "up to date".to_owned() } else { done.join("\n") })
        }
        Command::Verify(how) => return verify::run(&config, how).await,
        Command::Replay(what) => replay::run(&config, what).await,
        Command::User(command) => user::run(&config, command).await,
        Command::Openapi => Ok(()),
        #[cfg(feature = "sim")]
        Command::Sim(how) => sim::run(how).await,
    }
    .map(|()| ExitCode::SUCCESS)
}

/// Does to this process what the crash rig wants.
#[cfg(feature = "failpoints")]
fn arm(rig: &crate::config::Rig) -> Result<(), Failure> {
    if let Some(plan) = &rig.failpoint {
        ruhu_store::failpoint::arm(plan.parse().map_err(|why| Failure(format!("RUHU_FAILPOINT: {why}")))?);
    }
    if let Some(bug) = &rig.bug {
        crate::app::sync::planted::plant(bug.parse().map_err(|why| Failure(format!("RUHU_PLANTED_BUG: {why}")))?);
    }
    Ok(())
}

impl Serving {
    fn apply(self, config: &mut Config) {
        if let Some(listen) = self.listen {
            config.http.listen = listen;
        }
        if let (Some(cert), Some(key)) = (self.tls_cert, self.tls_key) {
            config.http.tls = Some((cert, key));
        }
    }
}

/// A line for a person.
pub fn say(line: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}").map_err(Failure::of)
}
