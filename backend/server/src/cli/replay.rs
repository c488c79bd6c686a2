//! `ruhu replay`: what is parked is tried again.

use super::{Failure, open, say};
use crate::app::sync::parking::Replayed;
use crate::config::Config;

/// Tries everything once, and says what came of it.
pub async fn run(config: &Config) -> Result<(), Failure> {
    let app = open::app(open::database(config).await?, config).await?;
    let Replayed { tried, played, refused, waiting } = app.replay_parked().await.map_err(Failure::of)?;
    say(&format!("{tried} tried again: {played} taken in, {refused} refused. {waiting} still wait."))
}
