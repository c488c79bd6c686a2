//! A run over everything that is parked: at the start of a server, and for `ruhu replay`.

use crate::app::error::AppError;
use crate::app::sync::operations::is_known;
use crate::app::sync::parking::{Cause, Turns, play, play_behind};
use crate::app::{App, AppResult};
use ruhu_domain::ids::OpId;
use ruhu_domain::sync::parking::{ParkReason, ParkState};
use ruhu_domain::time::Time;
use ruhu_store::parking::{self, ParkedRow};
use ruhu_store::{Conn, StoreError};
use std::collections::HashSet;

/// Operations that one step looks at.
const STEP: i64 = 100;

/// What a run over everything that waits came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Decided again.
    pub tried: usize,
    pub played: usize,
    pub refused: usize,
    /// Still in the way of nobody, and still waiting.
    pub waiting: usize,
}

impl App {
    /// Tries what this server may be able to decide now: kinds and versions that it has learnt, failures whose cause
    /// may be mended, and what hangs on an operation that is done. It goes on to the end, the oldest first; each that is
    /// due has a transaction of its own, the others and what cannot be read have none.
    pub async fn replay_parked(&self) -> AppResult<Replayed> {
        let (mut sum, mut after) = (Replayed::default(), None);
        loop {
            let step = self.db.read(move |c: &mut Conn| look_at_step(c, after)).await?;
            let Some(last) = step.last else { break };
            after = Some(last);
            sum.waiting += step.looked_at - step.due.len();
            for op in step.due {
                let (app, now) = (self.clone(), self.now());
                let tried = self.db.write(move |c: &mut Conn| replay_by_server(&app, c, op, now)).await;
                sum.add(op, tried)?;
            }
        }
        let Replayed { tried, played, refused, waiting } = sum;
        if tried + waiting > 0 {
            tracing::info!(tried, played, refused, waiting, "looked through the parked operations");
        }
        Ok(sum)
    }
}

impl Replayed {
    fn add(&mut self, op: OpId, tried: AppResult<Option<ParkState>>) -> AppResult<()> {
        let state = match tried {
            Ok(state) => state,
            Err(AppError::Store(error)) if error.is_infrastructure() => return Err(error.into()),
            Err(cause) => {
                tracing::error!(op.id = %op, %cause, "parked operation {op} could not be looked at");
                None
            }
        };
        self.tried += usize::from(state.is_some());
        match state {
            Some(ParkState::Played) => self.played += 1,
            Some(ParkState::Refused | ParkState::Dismissed) => self.refused += 1,
            Some(ParkState::Waiting) | None => self.waiting += 1,
        }
        Ok(())
    }
}

/// What waits from behind a key on, as far as one step goes.
struct Step {
    looked_at: usize,
    due: Vec<OpId>,
    /// Where the next step goes on; `None` at the end.
    last: Option<(Time, OpId)>,
}

fn look_at_step(c: &mut Conn, after: Option<(Time, OpId)>) -> Result<Step, StoreError> {
    let keys = parking::list_waiting_after(c, after, STEP)?;
    let ops: Vec<OpId> = keys.iter().map(|(_, op)| *op).collect();
    let rows = parking::list_sound(c, &ops)?;
    let on: Vec<OpId> = rows.iter().filter_map(|row| row.after).collect();
    let done = parking::list_done(c, &on)?;
    let due = rows.iter().filter(|row| is_due(row, &done)).map(|row| row.op_id).collect();
    Ok(Step { looked_at: keys.len(), due, last: keys.last().copied() })
}

/// Whether a try may come to something, now that these operations had their effect.
fn is_due(row: &ParkedRow, done: &HashSet<OpId>) -> bool {
    match row.reason {
        ParkReason::Unknown => is_known(&row.kind, row.version),
        ParkReason::Failed => true,
        ParkReason::WaitsFor => row.after.is_some_and(|after| done.contains(&after)),
    }
}

/// Decides one that was due a moment ago, unless it ended meanwhile.
fn replay_by_server(app: &App, c: &mut Conn, op: OpId, now: Time) -> AppResult<Option<ParkState>> {
    parking::hold(c, op)?;
    let Some(row) = parking::find(c, op)?.filter(|row| row.state == ParkState::Waiting) else { return Ok(None) };
    let author = row.author;
    let played = play(app, c, row, Cause::Server, now)?;
    if played.state == ParkState::Played {
        play_behind(app, c, author, op, now, &mut Turns::begin())?;
    }
    Ok(Some(played.state))
}
