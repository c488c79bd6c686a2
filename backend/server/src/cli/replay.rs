//! `ruhu replay`: what is parked is tried again, and phones hear of what was mended.

use super::{Failure, open, say};
use crate::app::sync::replay::Replayed;
use crate::config::Config;
use uuid::Uuid;

/// What else is to be done.
#[derive(Debug, Default, clap::Args)]
pub struct Replaying {
    /// A household, visit, conflict or operation whose row was damaged and is mended: the phones hear of it.
    #[arg(long, value_name = "ID")]
    mended: Vec<Uuid>,
}

/// Tries everything once, and says what came of it.
pub async fn run(config: &Config, what: Replaying) -> Result<(), Failure> {
    let app = open::app(open::database(config).await?, config).await?;
    for id in what.mended {
        let told = app.tell_mended(id).await.map_err(|error| Failure(format!("{id} still cannot be read: {error}")))?;
        let kind = told.ok_or_else(|| Failure(format!("there is nothing of the id {id}")))?;
        say(&format!("{} {id}: the phones will hear of it.", kind.code()))?;
    }
    let Replayed { tried, played, refused, waiting } = app.replay_parked().await.map_err(Failure::of)?;
    say(&format!("{tried} tried again: {played} taken in, {refused} refused. {waiting} still wait."))
}
