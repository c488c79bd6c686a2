//! Push and pull of field devices (docs/SYNC.md).

pub mod mended;
pub mod operations;
pub mod parking;
#[cfg(feature = "failpoints")]
pub mod planted;
pub mod prepare;
pub mod pull;
pub mod push;
pub mod replay;
