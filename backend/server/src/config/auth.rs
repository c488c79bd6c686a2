//! Costs and lifetimes of passwords, tokens and sessions.

/// Settings of signing in. The defaults are the product's; tests make passwords cheaper.
#[derive(Debug, Clone)]
pub struct Auth {
    /// Memory of one argon2id computation, KiB.
    pub argon2_memory_kib: u32,
    pub argon2_passes: u32,
    pub argon2_lanes: u32,
    /// Life of an access token, seconds.
    pub access_s: i64,
    /// A session without a refresh ends after this, seconds. Long, because the field has no signal.
    pub session_idle_s: i64,
    /// A session ends after this in any case, seconds.
    pub session_max_s: i64,
    /// Wrong passwords in a row before a delay begins.
    pub free_failures: i64,
    /// The same for one address, which a whole office may share.
    pub free_failures_of_address: i64,
    /// The longest delay, seconds; nobody is locked out for good.
    pub longest_delay_s: i64,
}

impl Default for Auth {
    fn default() -> Self {
        const DAY_S: i64 = 86_400;
        Self {
            argon2_memory_kib: 19_456,
            argon2_passes: 2,
            argon2_lanes: 1,
            access_s: 900,
            session_idle_s: 60 * DAY_S,
            session_max_s: 365 * DAY_S,
            free_failures: 5,
            free_failures_of_address: 50,
            longest_delay_s: 900,
        }
    }
}
