//! Bugs that the crash rig must find, planted one at a time. Only under the cargo feature `failpoints`.

use crate::app::{App, AppResult};
use ruhu_store::Conn;
use std::str::FromStr;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::sync::oneshot;

/// How much later than its answer a push is committed.
const LATE: Duration = Duration::from_millis(200);

static PLANTED: OnceLock<Bug> = OnceLock::new();

/// What a careless hand could have done to a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// The answer goes out before its commit.
    AckBeforeCommit,
    /// A number that was answered before is decided anew.
    NoReceiptLookup,
    /// An operation that was decided under another number is decided anew.
    NoIdLookup,
    /// The effect is committed before its receipt.
    EffectBeforeReceipt,
}

impl Bug {
    /// All of them, by their names.
    pub const ALL: [(&str, Self); 4] = [
        ("ack-before-commit", Self::AckBeforeCommit),
        ("no-receipt-lookup", Self::NoReceiptLookup),
        ("no-id-lookup", Self::NoIdLookup),
        ("effect-before-receipt", Self::EffectBeforeReceipt),
    ];
}

impl FromStr for Bug {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, bug)| *bug);
        found.ok_or_else(|| format!("there are {}", Self::ALL.map(|(name, _)| name).join(", ")))
    }
}

/// Plants a bug in this process; the first one stays.
pub fn plant(bug: Bug) {
    PLANTED.get_or_init(|| bug);
}

/// Whether this bug is in this process.
pub fn is(bug: Bug) -> bool {
    PLANTED.get() == Some(&bug)
}

/// Runs the transaction of a push, and with `AckBeforeCommit` answers too early.
pub async fn write<T, F>(app: &App, mut transaction: F) -> AppResult<T>
where
    T: Clone + Send + 'static,
    F: FnMut(&mut Conn) -> AppResult<T> + Send + 'static,
{
    if !is(Bug::AckBeforeCommit) {
        return app.db.write(transaction).await;
    }
    let (early, answer) = oneshot::channel();
    let (db, mut early) = (app.db.clone(), Some(early));
    let written = tokio::spawn(async move {
        let late = move |c: &mut Conn| -> AppResult<T> {
            let done = transaction(c)?;
            if let Some(early) = early.take() {
                // Nobody hears it when the phone has gone.
                let _ = early.send(done.clone());
            }
            std::thread::sleep(LATE);
            Ok(done)
        };
        db.write(late).await
    });
    match answer.await {
        Ok(done) => Ok(done),
        Err(_) => written.await.map_err(|error| crate::app::error::AppError::Broken(error.to_string()))?,
    }
}
