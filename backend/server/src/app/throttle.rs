//! Guessing passwords is slow: after some failures each further try must wait, twice as long every time.

use crate::app::AppResult;
use crate::app::error::AppError;
use crate::config::auth::Auth;
use ruhu_domain::form::sha256_hex;
use ruhu_domain::ids::DeviceId;
use ruhu_domain::time::Time;
use ruhu_store::throttle::{self, Throttle};
use ruhu_store::{Conn, StoreError};

/// Failures are forgotten after this.
const WINDOW_MS: i64 = 24 * 3_600_000;

/// Forgets what is so old that it counts for nobody any more.
pub fn forget_old(c: &mut Conn, now: Time) -> Result<usize, StoreError> {
    throttle::clear_before(c, now.plus_ms(-2 * WINDOW_MS))
}

/// The keys of one attempt: the account and the address. Both are hashed, since a login may be a phone number.
#[derive(Debug, Clone)]
pub struct Attempt {
    account: String,
    address: String,
}

impl Attempt {
    /// For a login typed by somebody at an address.
    pub fn new(login: &str, address: &str) -> Self {
        let account = format!("account:{}", sha256_hex(login.trim().to_lowercase().as_bytes()));
        Self { account, address: format!("address:{}", sha256_hex(address.as_bytes())) }
    }

    /// The same from a device that the account's owner has signed in on: it has a count of its own.
    #[must_use]
    pub fn on_device(mut self, device: DeviceId) -> Self {
        self.account = format!("{}:{device}", self.account);
        self
    }

    /// Refuses while either key has to wait; else counts the attempt as a failure until `succeeded` takes it back,
    /// so that many attempts at once are counted, too.
    pub fn begin(&self, c: &mut Conn, auth: &Auth, now: Time) -> AppResult<()> {
        self.check(c, now)?;
        Ok(self.note_failure(c, auth, now)?)
    }

    fn check(&self, c: &mut Conn, now: Time) -> AppResult<()> {
        let mut wait_ms = 0;
        for key in [&self.account, &self.address] {
            let until = throttle::find(c, key)?.and_then(|state| state.blocked_until);
            wait_ms = wait_ms.max(until.map_or(0, |until| until.ms_since(now)));
        }
        if wait_ms <= 0 {
            return Ok(());
        }
        Err(AppError::Throttled { retry_after_s: u64::try_from(wait_ms.div_euclid(1000) + 1).unwrap_or(1) })
    }

    fn note_failure(&self, c: &mut Conn, auth: &Auth, now: Time) -> Result<(), StoreError> {
        for (key, free) in [(&self.account, auth.free_failures), (&self.address, auth.free_failures_of_address)] {
            let known = throttle::find(c, key)?.filter(|state| now.ms_since(state.window_started_at) < WINDOW_MS);
            let failures = known.as_ref().map_or(0, |state| state.failures) + 1;
            let delay_s = delay_s(failures - free, auth.longest_delay_s);
            let window_started_at = known.map_or(now, |state| state.window_started_at);
            let blocked_until = (delay_s > 0).then(|| now.plus_ms(delay_s * 1000));
            throttle::upsert(c, &Throttle { key: key.clone(), failures, window_started_at, blocked_until })?;
        }
        Ok(())
    }

    /// Takes back what `begin` noted: the account is forgotten, the address loses this one.
    pub fn succeeded(&self, c: &mut Conn) -> Result<(), StoreError> {
        throttle::clear(c, &self.account)?;
        match throttle::find(c, &self.address)? {
            Some(state) if state.failures > 1 => {
                let failures = state.failures - 1;
                throttle::upsert(c, &Throttle { failures, blocked_until: None, ..state })
            }
            _ => throttle::clear(c, &self.address),
        }
    }
}

/// 1, 2, 4, … seconds for the first, second, third failure above what is free.
fn delay_s(above: i64, longest: i64) -> i64 {
    match u32::try_from(above) {
        Ok(above @ 1..) => 2_i64.checked_pow(above - 1).unwrap_or(longest).min(longest),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_and_ends_somewhere() {
        let delays: Vec<i64> = (-1..6).map(|above| delay_s(above, 10)).collect();
        assert_eq!(delays, [0, 0, 1, 2, 4, 8, 10]);
        assert_eq!(delay_s(1_000_000, 900), 900);
    }
}
