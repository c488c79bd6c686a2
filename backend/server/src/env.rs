//! What the shell takes from the outside world besides data: the clock, and randomness for ids and secrets.
//! Everything else receives an `Env`, so that tests turn the clock.

use ruhu_domain::time::Time;
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;

type Clock = dyn Fn() -> Time + Send + Sync;
type Random = dyn Fn(&mut [u8]) -> Result<(), RandomError> + Send + Sync;

/// The operating system gave no randomness.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub struct RandomError;

/// Clock and randomness.
#[derive(Clone)]
pub struct Env {
    clock: Arc<Clock>,
    random: Arc<Random>,
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env")
    }
}

impl Env {
    /// The machine's clock and the operating system's randomness.
    pub fn system() -> Self {
        Self::new(|| Time::from_utc(chrono::Utc::now()), |bytes| getrandom::getrandom(bytes).map_err(|_| RandomError))
    }

    /// Any clock and any source of random bytes.
    pub fn new(
        clock: impl Fn() -> Time + Send + Sync + 'static,
        random: impl Fn(&mut [u8]) -> Result<(), RandomError> + Send + Sync + 'static,
    ) -> Self {
        Self { clock: Arc::new(clock), random: Arc::new(random) }
    }

    /// This moment.
    pub fn now(&self) -> Time {
        (self.clock)()
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], RandomError> {
        let mut bytes = [0; N];
        (self.random)(&mut bytes)?;
        Ok(bytes)
    }

    /// A new id: UUID version 7 of this moment.
    pub fn id(&self) -> Result<Uuid, RandomError> {
        let millis = u64::try_from(self.now().micros() / 1000).unwrap_or_default();
        Ok(uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()?).into_uuid())
    }
}
