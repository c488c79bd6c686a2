//! The log: one line per event on standard error, for people or for machines.
//! Nothing personal goes in: no token, name, phone number, address, answer or body.

use crate::config::log::{Log, LogFormat};
use std::io::IsTerminal;
use tracing::Subscriber;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::{EnvFilter, fmt};

/// A filter that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("RUHU_LOG is not a filter such as `info` or `ruhu_server=debug`")]
pub struct BadFilter;

/// A subscriber that writes to `writer`.
pub fn subscriber<W>(log: &Log, writer: W) -> Result<Box<dyn Subscriber + Send + Sync>, BadFilter>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&log.filter).map_err(|_| BadFilter)?;
    let builder = fmt::Subscriber::builder().with_env_filter(filter).with_writer(writer).with_target(false);
    // Colours are for terminals; a file or a collector gets plain text.
    let builder = builder.with_ansi(std::io::stderr().is_terminal());
    Ok(match log.format {
        LogFormat::Json => Box::new(builder.json().flatten_event(true).finish()),
        LogFormat::Pretty => Box::new(builder.compact().finish()),
    })
}

/// Starts logging to standard error. A second call changes nothing.
pub fn start(log: &Log) -> Result<(), BadFilter> {
    let subscriber = subscriber(log, std::io::stderr)?;
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        tracing::debug!("the log was already started");
    }
    Ok(())
}
