//! Whether a body keeps its secrets: each is encrypted, its place covered.

use serde_json::Value;
use std::collections::BTreeSet;

/// A body as it is kept, and as it ought to be.
pub(super) struct Body<'a> {
    /// The covered text that is kept.
    pub kept: &'a Value,
    /// The pointers that are encrypted beside it.
    pub sealed: &'a BTreeSet<String>,
    /// The same body opened and covered again.
    pub covered: &'a Value,
    /// The pointers of its secrets.
    pub secret: &'a BTreeSet<String>,
}

impl Body<'_> {
    /// What is kept otherwise than it ought to be, each as a sentence.
    pub(super) fn faults(&self) -> Vec<String> {
        let unsealed = self.secret.difference(self.sealed).map(|at| format!("holds a secret at {at} unencrypted"));
        let needless = self.sealed.difference(self.secret).map(|at| format!("encrypts {at}, which is no secret"));
        let uncovered = self
            .secret
            .iter()
            .filter(|at| self.kept.pointer(at) != self.covered.pointer(at))
            .map(|at| format!("does not cover the secret at {at}"));
        unsealed.chain(needless).chain(uncovered).collect()
    }
}
