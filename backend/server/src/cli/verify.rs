//! `ruhu verify`

use super::{Failure, say};
use crate::app::verify::verify_database;
use crate::config::Config;
use crate::config::keys::Keys;
use ruhu_domain::form::Definitions;
use ruhu_store::verify::{Beyond, Invariant, Report, Section};
use ruhu_store::{Db, DbOptions, StoreError};
use serde_json::{Value, json};
use std::process::ExitCode;
use std::sync::Arc;

/// Something does not hold. Not the code of a command that could not do its work.
const BROKEN: u8 = 3;

/// How to report.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Verifying {
    /// One JSON document instead of text.
    #[arg(long)]
    json: bool,
}

/// Looks at the database and reports. It makes nothing: no file, no key, no table.
pub async fn run(config: &Config, how: Verifying) -> Result<ExitCode, Failure> {
    let report = look(config).await?;
    if how.json {
        say(&as_json(&report).to_string())?;
    } else {
        for line in as_text(&report) {
            say(&line)?;
        }
    }
    Ok(if report.broken() == 0 { ExitCode::SUCCESS } else { ExitCode::from(BROKEN) })
}

/// The report; a sentence when there is no database, or not the keys to read it with.
pub async fn look(config: &Config) -> Result<Report, Failure> {
    let definitions =
        Definitions::embedded().map_err(|error| Failure(format!("the definitions are wrong: {error}")))?;
    let url = &config.database_url;
    let cannot = |error: StoreError| {
        // PostgreSQL's words come in several lines.
        let why = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        Failure(format!("the database {url} cannot be used: {why}"))
    };
    let db = Db::open_to_look(url.expose(), DbOptions::default()).map_err(cannot)?;
    if !db.is_ready().await.map_err(cannot)? {
        let what = "does not have the tables of this version; run `ruhu migrate` after a backup";
        return Err(Failure(format!("the database {url} {what}")));
    }
    let keys = Keys::load(&config.keys).map_err(Failure::of)?;
    verify_database(&db, &keys, &Arc::new(definitions)).await.map_err(Failure::of)
}

/// What a machine reads.
pub fn as_json(report: &Report) -> Value {
    let section = |(invariant, section): (Invariant, &Section)| {
        let not_checked = match invariant.beyond() {
            Beyond::Nothing => None,
            Beyond::Part(what) | Beyond::All(what) => Some(what),
        };
        json!({
            "name": invariant.name(),
            "statement": invariant.statement(),
            "checked": section.checked,
            "broken": section.broken,
            "findings": section.findings,
            "not_checked": not_checked,
            "is_checked": !matches!(invariant.beyond(), Beyond::All(_)),
        })
    };
    let invariants: Vec<Value> = report.sections().map(section).collect();
    json!({ "checked": report.checked(), "broken": report.broken(), "invariants": invariants })
}

/// What a person reads, line by line.
pub fn as_text(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for (invariant, section) in report.sections() {
        lines.push(format!("{:<7}{}", invariant.name(), invariant.statement()));
        let checked: Vec<String> = section.checked.iter().map(|(what, count)| format!("{count} {what}")).collect();
        let verdict = match (section.total(), section.broken, invariant.beyond()) {
            (_, 0, Beyond::All(why)) => format!("not checked: {why}"),
            (0, 0, _) => "nothing to check".to_owned(),
            (_, 0, _) => format!("holds for {}", checked.join(", ")),
            (_, broken, _) => format!("BROKEN, findings: {broken}; looked at {}", checked.join(", ")),
        };
        lines.push(format!("       {verdict}"));
        for finding in &section.findings {
            lines.push(format!("       - {} {} {}", finding.kind, finding.id, finding.says));
        }
        let more = section.broken - section.findings.len() as u64;
        if more > 0 {
            lines.push(format!("       … and {more} more"));
        }
        if let Beyond::Part(what) = invariant.beyond() {
            lines.push(format!("       not seen here: {what}"));
        }
    }
    lines.push(summary(report));
    lines
}

fn summary(report: &Report) -> String {
    let broken: Vec<&str> =
        report.sections().filter(|(_, section)| section.broken > 0).map(|(invariant, _)| invariant.name()).collect();
    match (report.checked(), broken.as_slice()) {
        (0, []) => "There is nothing to check: the database holds no work yet.".to_owned(),
        (checked, []) => format!("Nothing is broken; checks made: {checked}."),
        (checked, broken) => {
            let (count, names) = (report.broken(), broken.join(", "));
            format!("BROKEN: {names}; findings: {count}, checks made: {checked}.")
        }
    }
}
