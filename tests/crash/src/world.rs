//! What everybody in a campaign shares: whether it is calm, where the server is, what was found.

use crate::Result;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery 7";
/// A campaign that goes wrong at every step says so only so often.
const FINDINGS_MAX: usize = 20;

/// A campaign, as its phones see it.
pub struct World {
    /// The proxy, as a URL.
    pub base: String,
    /// Folder of the ledgers.
    pub ledgers: PathBuf,
    is_calm: Arc<AtomicBool>,
    has_ended: AtomicBool,
    acknowledged: AtomicU64,
    findings: Mutex<Vec<String>>,
    failures: Mutex<Vec<String>>,
}

impl World {
    /// Begins in a storm.
    pub fn new(proxy: SocketAddr, is_calm: Arc<AtomicBool>, ledgers: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&ledgers)?;
        Ok(Self {
            base: format!("http://{proxy}"),
            ledgers,
            is_calm,
            has_ended: AtomicBool::new(false),
            acknowledged: AtomicU64::new(0),
            findings: Mutex::new(Vec::new()),
            failures: Mutex::new(Vec::new()),
        })
    }

    /// Whether phones come to their end: no faults, no kills, nothing new.
    pub fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::SeqCst)
    }

    /// Lets everybody come to an end.
    pub fn calm(&self) {
        self.is_calm.store(true, Ordering::SeqCst);
    }

    /// Whether the campaign is over, whatever is left.
    pub fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::SeqCst)
    }

    /// Ends it.
    pub fn end(&self) {
        self.calm();
        self.has_ended.store(true, Ordering::SeqCst);
    }

    /// One more receipt.
    pub fn count_acknowledged(&self) {
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
    }

    /// Receipts so far.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// Notes something that must not be.
    pub fn find(&self, what: String) {
        push(&self.findings, what);
    }

    /// Notes that the server answered with an error of its own: no harm to an operation, but not to be passed over.
    pub fn note_failure(&self, what: String) {
        push(&self.failures, what);
    }

    /// What was found so far.
    pub fn findings(&self) -> Vec<String> {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Errors of the server so far.
    pub fn failures(&self) -> Vec<String> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn push(list: &Mutex<Vec<String>>, what: String) {
    let mut list = list.lock().unwrap_or_else(PoisonError::into_inner);
    if list.len() < FINDINGS_MAX {
        list.push(what);
    }
}
